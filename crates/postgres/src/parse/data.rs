//! Statements that read and write rows.

use segue_model::{
    Assignment, Change, DataChange, Expression, Ident, Inheritance, InsertColumns, InsertSource,
    Persistence, Predicate, QualifiedName, Query, Reach, Reaction, RowLock, Selects, SessionChange,
    SettingScope, Shape, TableChange, TableDefinition, Target, TruncateIdentity,
};
use squawk_syntax::{
    SyntaxNode,
    ast::{self, AstNode},
};

use super::{
    names::CATALOG,
    query::{Limit, picks},
    reader::{ReadError, Reader},
    uses::{Source, Uses, Walk, add},
};

type Changes = Result<Vec<Change>, ReadError>;

/// The condition of an UPDATE or DELETE.
struct Filter {
    reach: Reach,
    condition: Option<Expression>,
}

impl Reader<'_> {
    /// SELECT, VALUES, TABLE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn select(&mut self, written: &ast::SelectVariant) -> Changes {
        let mut changes = self.with_writes(written.syntax())?;
        let (query, uses) = self.query_with_uses(written)?;
        changes.extend(self.settings_in(written));
        let is_setting_only = !changes.is_empty() && is_quiet(&query);
        for sequence in uses.sequences_set {
            changes.push(Change::Data(DataChange::SetSequenceValue(sequence)));
        }
        if !is_setting_only {
            changes.push(Change::Data(DataChange::Select(query)));
        }
        Ok(changes)
    }

    /// `SELECT … INTO table`: a table is created.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn select_into(&mut self, written: &ast::SelectInto) -> Changes {
        let into = self.require(written.into_clause(), written, "INTO")?;
        let table = self.require(into.table_name(), &into, "the name of a table")?;
        let persistence = match into.persistence() {
            None => Persistence::Permanent,
            Some(kind) => persistence_of(kind.syntax()),
        };
        let name = match persistence {
            Persistence::Temporary => self.temporary(&table)?,
            Persistence::Permanent | Persistence::Unlogged => self.new_qualified(&table)?,
        };
        let query = self.query(&ast::SelectVariant::SelectInto(written.clone()))?;
        let definition = TableDefinition {
            columns: Vec::new(),
            constraints: Vec::new(),
            like: Vec::new(),
            inheritance: Inheritance::None,
            partitioning: None,
            persistence,
            query: Some(query),
            parameters: Vec::new(),
            tablespace: None,
            server: None,
        };
        let change = TableChange::Create(Box::new(definition));
        Ok(vec![Change::Table(Target::required(name), change)])
    }

    /// INSERT.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn insert(&mut self, insert: &ast::Insert) -> Changes {
        let mut changes = self.with_writes(insert.syntax())?;
        let outer = self.bring_with(insert.with_clause())?;
        let change = self.insert_itself(insert);
        self.scope.with.truncate(outer);
        changes.push(Change::Data(change?));
        Ok(changes)
    }

    fn insert_itself(&mut self, insert: &ast::Insert) -> Result<DataChange, ReadError> {
        let table = self.require_qualified(insert.relation_name_ref(), insert, "a table")?;
        let columns = match insert.column_target_list() {
            Some(list) => InsertColumns::Named(self.column_targets(&list)?),
            None => InsertColumns::Positional,
        };
        let mut each = None;
        let source = self.require(insert.insert_source(), insert, "VALUES or a query")?;
        let source = match source {
            ast::InsertSource::DefaultValues(_) => InsertSource::Defaults,
            ast::InsertSource::SelectVariant(ast::SelectVariant::Values(values))
                if values.with_clause().is_none() =>
            {
                let rows = self.require(values.row_list(), &values, "rows")?;
                InsertSource::Values {
                    rows: rows.rows().count(),
                }
            }
            ast::InsertSource::SelectVariant(query) => {
                each = self.row_by_row(insert, &query);
                InsertSource::Query(self.query(&query)?)
            }
        };
        if let Some(returning) = insert.returning_clause() {
            self.check(returning.syntax())?;
        }
        Ok(DataChange::Insert {
            table,
            columns,
            source,
            each: each.map(Box::new),
        })
    }

    /// UPDATE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn update(&mut self, update: &ast::Update) -> Changes {
        let mut changes = self.with_writes(update.syntax())?;
        let outer = self.bring_with(update.with_clause())?;
        let change = self.update_itself(update);
        self.scope.with.truncate(outer);
        changes.push(Change::Data(change?));
        Ok(changes)
    }

    fn update_itself(&mut self, update: &ast::Update) -> Result<DataChange, ReadError> {
        let target = self.require(update.relation_name(), update, "a table")?;
        let table = self.qualified(&target)?;
        let from = update.from_clause();
        let from = from.as_ref().map(AstNode::syntax);
        let (sources, mut reads) = self.sources(&table, update.alias(), from)?;
        let set = self.require(update.set_clause(), update, "SET")?;
        let list = self.require(set.set_column_list(), &set, "an assignment")?;
        let mut assignments = Vec::new();
        for column in list.set_columns() {
            self.assign(&column, &sources, (&mut assignments, &mut reads))?;
        }
        if assignments.is_empty() {
            return Err(self.missing(&set, "an assignment"));
        }
        let clause = update.where_clause_or_current_of();
        let filter = self.filter(clause, &sources, &mut reads)?;
        Ok(DataChange::Update {
            table,
            assignments,
            reach: filter.reach,
            filter: filter.condition,
            reads,
        })
    }

    /// DELETE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn delete(&mut self, delete: &ast::Delete) -> Changes {
        let mut changes = self.with_writes(delete.syntax())?;
        let outer = self.bring_with(delete.with_clause())?;
        let change = self.delete_itself(delete);
        self.scope.with.truncate(outer);
        changes.push(Change::Data(change?));
        Ok(changes)
    }

    fn delete_itself(&mut self, delete: &ast::Delete) -> Result<DataChange, ReadError> {
        let target = self.require(delete.relation_name(), delete, "a table")?;
        let table = self.qualified(&target)?;
        let using = delete.using_clause();
        let using = using.as_ref().map(AstNode::syntax);
        let (sources, mut reads) = self.sources(&table, delete.alias(), using)?;
        let clause = delete.where_clause_or_current_of();
        let filter = self.filter(clause, &sources, &mut reads)?;
        Ok(DataChange::Delete {
            table,
            reach: filter.reach,
            filter: filter.condition,
            reads,
        })
    }

    /// MERGE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn merge(&mut self, merge: &ast::Merge) -> Changes {
        let mut changes = self.with_writes(merge.syntax())?;
        let outer = self.bring_with(merge.with_clause())?;
        let change = self.merge_itself(merge);
        self.scope.with.truncate(outer);
        changes.push(Change::Data(change?));
        Ok(changes)
    }

    fn merge_itself(&mut self, merge: &ast::Merge) -> Result<DataChange, ReadError> {
        let target = self.require(merge.table_relation_name(), merge, "a table")?;
        let table = self.qualified(&target)?;
        let source = self.require(merge.using_on_clause(), merge, "USING")?;
        if merge.merge_when_clauses().next().is_none() {
            return Err(self.missing(merge, "WHEN"));
        }
        let (_, mut reads) = self.sources(&table, merge.alias(), Some(source.syntax()))?;
        for clause in merge.merge_when_clauses() {
            let uses = self.uses_of(clause.syntax())?;
            extend(&mut reads, uses.relations);
        }
        Ok(DataChange::Merge { table, reads })
    }

    /// TRUNCATE.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn truncate(&mut self, truncate: &ast::Truncate) -> Changes {
        let list = self.require(truncate.table_list(), truncate, "a table")?;
        let mut tables = Vec::new();
        for table in list.table_relation_names() {
            tables.push(self.qualified(&table)?);
        }
        if tables.is_empty() {
            return Err(self.missing(truncate, "a table"));
        }
        let reaction = match truncate.drop_behavior() {
            Some(ast::DropBehavior::Cascade(_)) => Reaction::Cascade,
            Some(ast::DropBehavior::Restrict(_)) | None => Reaction::Restrict,
        };
        let identity = match truncate.identity_action() {
            Some(ast::IdentityAction::RestartIdentity(_)) => TruncateIdentity::Restart,
            Some(ast::IdentityAction::ContinueIdentity(_)) | None => TruncateIdentity::Continue,
        };
        Ok(vec![Change::Data(DataChange::Truncate {
            tables,
            reaction,
            identity,
        })])
    }

    /// COPY.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn copy(&mut self, copy: &ast::Copy) -> Changes {
        let direction = self.require(copy.copy_direction(), copy, "FROM or TO")?;
        if let Some(query) = copy.copy_query() {
            let inner = self.require(query.preparable_stmt(), &query, "a query")?;
            let uses = self.uses_of(inner.syntax())?;
            return Ok(vec![Change::Data(DataChange::CopyOut {
                reads: uses.relations,
            })]);
        }
        let table = self.require(copy.copy_table(), copy, "a table")?;
        let table = self.require_qualified(table.table_name_ref(), &table, "a table")?;
        Ok(vec![Change::Data(match direction {
            ast::CopyDirection::CopyFrom(_) => DataChange::CopyIn { table },
            ast::CopyDirection::CopyTo(_) => DataChange::CopyOut { reads: vec![table] },
        })])
    }

    /// CALL: what the procedure does is not asked.
    ///
    /// # Errors
    /// A required part is missing.
    pub(super) fn call(&mut self, call: &ast::Call) -> Changes {
        let name = self.require(call.procedure_name_ref(), call, "a procedure")?;
        let procedure = self.qualified_quietly(&name)?;
        let segments = self.segments(name.syntax(), super::reader::NameRole::Used)?;
        let arguments = self.require(call.arg_list(), call, "arguments")?;
        let mut uses = self.uses_of(arguments.syntax())?;
        let is_qualified = segments.len() > 1;
        add(
            &mut uses.functions,
            segue_model::FunctionUse {
                namespace: is_qualified.then_some(procedure.namespace),
                name: procedure.name,
                built_in: segue_model::Volatility::Unknown,
            },
        );
        Ok(vec![Change::Data(DataChange::Select(Query {
            text: self.verbatim(call),
            relations: uses.relations,
            columns: uses.columns,
            functions: uses.functions,
            selects: Selects::Named,
            row_lock: RowLock::None,
            output: Vec::new(),
            reach: Reach::Unknown,
        }))])
    }

    /// What the data-modifying queries in a WITH clause write.
    fn with_writes(&mut self, statement: &SyntaxNode) -> Changes {
        let mut changes = Vec::new();
        let Some(clause) = statement.children().find_map(ast::WithClause::cast) else {
            return Ok(changes);
        };
        let outer = self.scope.with.len();
        for with in clause.with_tables() {
            let written = match self.require(with.query(), &with, "a query")? {
                ast::WithQuery::Insert(insert) => self.insert(&insert),
                ast::WithQuery::Update(update) => self.update(&update),
                ast::WithQuery::Delete(delete) => self.delete(&delete),
                ast::WithQuery::Merge(merge) => self.merge(&merge),
                ast::WithQuery::Select(_)
                | ast::WithQuery::Values(_)
                | ast::WithQuery::CompoundSelect(_)
                | ast::WithQuery::ParenSelect(_)
                | ast::WithQuery::Table(_) => Ok(Vec::new()),
            };
            changes.extend(written?);
            let name = self.require_ident(with.name(), &with, "the name of a WITH query")?;
            self.scope.with.push(name);
        }
        self.scope.with.truncate(outer);
        Ok(changes)
    }

    /// Makes the names of a WITH clause known; the number of those that were known before.
    fn bring_with(&mut self, clause: Option<ast::WithClause>) -> Result<usize, ReadError> {
        let outer = self.scope.with.len();
        for with in clause.into_iter().flat_map(|clause| clause.with_tables()) {
            let name = self.require_ident(with.name(), &with, "the name of a WITH query")?;
            self.scope.with.push(name);
        }
        Ok(outer)
    }

    fn column_targets(&mut self, list: &ast::ColumnTargetList) -> Result<Vec<Ident>, ReadError> {
        list.column_targets()
            .map(|target| self.require_ident(target.name(), &target, "a column"))
            .collect()
    }

    /// The relations that a statement's conditions may name, the target first; and those it reads besides.
    fn sources(
        &mut self,
        table: &QualifiedName,
        alias: Option<ast::OptionalAsAlias>,
        from: Option<&SyntaxNode>,
    ) -> Result<(Vec<Source>, Vec<QualifiedName>), ReadError> {
        let alias = match alias.and_then(|alias| alias.name()) {
            Some(alias) => self.ident(&alias)?,
            None => table.name.clone(),
        };
        let mut walk = Walk::new(self);
        walk.bring(Source {
            alias,
            relation: Some(table.clone()),
        });
        if let Some(from) = from {
            walk.visit(from)?;
        }
        let sources = walk.sources();
        Ok((sources, walk.finish().relations))
    }

    fn uses_of(&mut self, node: &SyntaxNode) -> Result<Uses, ReadError> {
        let mut walk = Walk::new(self);
        walk.visit(node)?;
        Ok(walk.finish())
    }

    /// Names in a clause that is not kept are checked all the same.
    fn check(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        self.uses_of(node).map(|_| ())
    }

    fn assign(
        &mut self,
        column: &ast::SetColumn,
        sources: &[Source],
        (assignments, reads): (&mut Vec<Assignment>, &mut Vec<QualifiedName>),
    ) -> Result<(), ReadError> {
        match column {
            ast::SetColumn::SetSingleColumn(single) => {
                let target = self.require(single.column_target(), single, "a column")?;
                let column = self.require_ident(target.name(), &target, "a column")?;
                let value = self.require(single.set_expr(), single, "a value")?;
                let value = self.set_value(&value, sources, reads)?;
                assignments.push(Assignment { column, value });
            }
            ast::SetColumn::SetMultipleColumns(several) => {
                let list = self.require(several.column_target_list(), several, "columns")?;
                let columns = self.column_targets(&list)?;
                let values = self.set_values(several, sources, reads)?;
                let single = values.len() == 1;
                if !single && values.len() != columns.len() {
                    return Err(self.missing(several, "as many values as columns"));
                }
                let pairs = columns.into_iter().zip(values.into_iter().cycle());
                assignments.extend(pairs.map(|(column, value)| Assignment { column, value }));
            }
        }
        Ok(())
    }

    fn set_values(
        &mut self,
        several: &ast::SetMultipleColumns,
        sources: &[Source],
        reads: &mut Vec<QualifiedName>,
    ) -> Result<Vec<Expression>, ReadError> {
        if let Some(list) = several.set_expr_list() {
            return list
                .set_exprs()
                .map(|value| self.set_value(&value, sources, reads))
                .collect();
        }
        let select = self.require(several.paren_select(), several, "values")?;
        let uses = self.uses_of(select.syntax())?;
        extend(reads, uses.relations);
        Ok(vec![Expression {
            text: self.verbatim(&select),
            columns: Vec::new(),
            functions: uses.functions,
            shape: Shape::Other,
            logic: Predicate::Unknown,
        }])
    }

    fn set_value(
        &mut self,
        value: &ast::SetExpr,
        sources: &[Source],
        reads: &mut Vec<QualifiedName>,
    ) -> Result<Expression, ReadError> {
        if value.default_token().is_some() {
            return Ok(Expression {
                text: self.verbatim(value),
                columns: Vec::new(),
                functions: Vec::new(),
                shape: Shape::Other,
                logic: Predicate::Unknown,
            });
        }
        let written = self.require(value.expr(), value, "a value")?;
        let (expression, uses) = self.expression_over(&written, sources)?;
        extend(reads, uses.relations);
        Ok(expression)
    }

    fn filter(
        &mut self,
        clause: Option<ast::WhereClauseOrCurrentOf>,
        sources: &[Source],
        reads: &mut Vec<QualifiedName>,
    ) -> Result<Filter, ReadError> {
        match clause {
            None => Ok(Filter {
                reach: Reach::All,
                condition: None,
            }),
            Some(ast::WhereClauseOrCurrentOf::WhereCurrentOf(_)) => Ok(Filter {
                reach: Reach::Some,
                condition: None,
            }),
            Some(ast::WhereClauseOrCurrentOf::WhereClause(clause)) => {
                let written = self.require(clause.expr(), &clause, "a condition")?;
                let (condition, uses) = self.expression_over(&written, sources)?;
                extend(reads, uses.relations);
                Ok(Filter {
                    reach: picks(Some(&clause), Limit::None),
                    condition: Some(condition),
                })
            }
        }
    }

    /// `SELECT set_config('name', 'value', is_local)`: a setting, as `pg_dump` writes it.
    fn settings_in(&mut self, written: &ast::SelectVariant) -> Vec<Change> {
        let targets = written
            .target_list()
            .into_iter()
            .flat_map(|list| list.targets());
        let calls = targets.filter_map(|target| match target.expr() {
            Some(ast::Expr::CallExpr(call)) => Some(call),
            Some(_) | None => None,
        });
        calls
            .collect::<Vec<_>>()
            .iter()
            .filter_map(|call| self.setting_call(call))
            .collect()
    }

    fn setting_call(&mut self, call: &ast::CallExpr) -> Option<Change> {
        let name = call
            .syntax()
            .first_child()?
            .text()
            .to_string()
            .to_ascii_lowercase();
        if name != "set_config" && name.strip_prefix(CATALOG) != Some(".set_config") {
            return None;
        }
        let mut literals = call
            .arg_list()?
            .args()
            .map(|argument| match argument.expr() {
                Some(ast::Expr::Literal(literal)) => Some(literal),
                Some(_) | None => None,
            });
        let setting = literals.next()??.string_value()?.to_ascii_lowercase();
        let value = literals.next()??;
        let is_local = literals.next().flatten().is_some_and(|literal| {
            literal
                .syntax()
                .text()
                .to_string()
                .eq_ignore_ascii_case("true")
        });
        let scope = if is_local {
            SettingScope::Local
        } else {
            SettingScope::Session
        };
        if setting == "search_path" {
            self.search_path(value.string_value()?.split(','), scope);
        }
        Some(Change::Session(SessionChange::Set {
            name: Ident::new(setting),
            value: Some(self.verbatim(&value)),
            scope,
        }))
    }
}

/// Permanent unless the words say otherwise.
fn persistence_of(node: &SyntaxNode) -> Persistence {
    let text = node.text().to_string().to_ascii_lowercase();
    if text.contains("temp") {
        Persistence::Temporary
    } else if text.contains("unlogged") {
        Persistence::Unlogged
    } else {
        Persistence::Permanent
    }
}

/// True for a query that only sets settings.
fn is_quiet(query: &Query) -> bool {
    query.relations.is_empty()
        && query
            .functions
            .iter()
            .all(|call| call.name.as_str() == "set_config")
}

fn extend(reads: &mut Vec<QualifiedName>, more: Vec<QualifiedName>) {
    for name in more {
        add(reads, name);
    }
}

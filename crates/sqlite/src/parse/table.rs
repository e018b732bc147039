//! CREATE TABLE, its columns and constraints; what ALTER TABLE does to them.
//!
//! What the model has no place for (conflict clauses, sorted keys) is kept as the table parameter `not_authored`: such a
//! table is known, and Segue never writes it anew.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{
    Change, ChosenName, Collation, Column, ColumnChange, Constraint, ConstraintChange,
    ConstraintKind, DataType, Deferral, Enforcement, Fill, ForeignKey, Ident, Inheritance,
    KeyColumns, Nullability, Parameter, Persistence, Presence, QualifiedName, Reaction,
    ReferentialAction, TableChange, TableDefinition, Target, TypeName, Validity,
};
use sqlite3_parser::ast::{
    AlterTableBody, ColumnConstraint, ColumnDefinition, CreateTableBody, DeferSubclause, Expr,
    ForeignKeyClause, InitDeferredPred, NamedTableConstraint, RefAct, RefArg, Select, SortOrder,
    SortedColumn, TabFlags, TableConstraint, Type, TypeSize,
};

use super::{names, statement::ReadError, uses};

/// The parameter of a table that Segue must not write anew.
pub(crate) const NOT_AUTHORED: &str = "not_authored";
/// The parameter of a WITHOUT ROWID table.
pub(crate) const WITHOUT_ROWID: &str = "without_rowid";
/// The parameter of a STRICT table.
pub(crate) const STRICT: &str = "strict";
/// The words of a column that counts up: kept in `Column::storage`.
pub(crate) const AUTOINCREMENT: &str = "AUTOINCREMENT";

/// Where a table's parts are collected.
pub(super) struct Parts<'a> {
    table: &'a QualifiedName,
    constraints: Vec<Constraint>,
    not_authored: Option<&'static str>,
    keys: usize,
    place: Place,
}

/// Where a constraint is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Beside this column: it goes when the column does.
    Column(Ident),
    /// After the columns.
    Table,
}

/// What the names of unnamed constraints beside a column start with.
const BESIDE: [&str; 2] = ["sqlite_columncheck_", "sqlite_columnforeignkey_"];

/// True for an unnamed CHECK or foreign key that was written beside some column.
fn is_beside(name: &Ident) -> bool {
    BESIDE.iter().any(|start| name.as_str().starts_with(start))
}

/// True for an unnamed CHECK or foreign key that was written beside this column.
pub(crate) fn is_beside_column(name: &Ident, column: &Ident) -> bool {
    let name = name.as_str().to_ascii_lowercase();
    let end = [".", &column.as_str().to_ascii_lowercase()].concat();
    BESIDE.iter().any(|start| name.starts_with(start)) && name.ends_with(&end)
}

impl<'a> Parts<'a> {
    pub(super) fn new(table: &'a QualifiedName) -> Self {
        Self {
            table,
            constraints: Vec::new(),
            not_authored: None,
            keys: 0,
            place: Place::Table,
        }
    }

    /// The name SQLite gives, or one of our own for what SQLite leaves without a name.
    fn generated(&self, label: &'static str, number: usize) -> ChosenName {
        let table = self.table.name.written();
        let mut name = ["sqlite_", label, "_", table, "_", &number.to_string()].concat();
        if let (Place::Column(column), true) = (&self.place, label != "autoindex") {
            name.push('.');
            name.push_str(column.written());
        }
        ChosenName::Generated(Ident::caseless(name))
    }

    fn add(&mut self, name: Option<&sqlite3_parser::ast::Name<'_>>, kind: ConstraintKind) {
        self.add_deferrable(name, kind, None);
    }

    fn add_deferrable(
        &mut self,
        name: Option<&sqlite3_parser::ast::Name<'_>>,
        kind: ConstraintKind,
        defer: Option<&DeferSubclause>,
    ) {
        let number = 1 + self
            .constraints
            .iter()
            .filter(|other| {
                std::mem::discriminant(&other.kind) == std::mem::discriminant(&kind)
                    && is_beside(other.name.ident()) == (self.place != Place::Table)
            })
            .count();
        let (check, foreign_key) = match self.place {
            Place::Column(_) => ("columncheck", "columnforeignkey"),
            Place::Table => ("check", "foreignkey"),
        };
        let generated = match &kind {
            ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => self.generated(check, number),
            ConstraintKind::ForeignKey(_) => self.generated(foreign_key, number),
            ConstraintKind::Unique(_)
            | ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Exclude { .. } => {
                self.keys += 1;
                self.generated("autoindex", self.keys)
            }
        };
        self.constraints.push(Constraint {
            name: name.map_or(generated, |name| ChosenName::Given(names::ident(name))),
            kind,
            validity: Validity::Valid,
            enforcement: Enforcement::Enforced,
            deferral: deferral(defer),
        });
    }

    fn key(&mut self, columns: &[SortedColumn<'_>]) -> KeyColumns {
        let mut found = Vec::new();
        for key in columns {
            match &key.expr {
                Expr::Id(id) => found.push(names::unquoted(id.0)),
                Expr::Name(name) => found.push(names::ident(name)),
                Expr::Collate(inner, _) => {
                    self.not_authored = Some("a collation in a key");
                    if let Expr::Id(id) = inner {
                        found.push(names::unquoted(id.0));
                    }
                }
                _ => self.not_authored = Some("an expression in a key"),
            }
            if key.order == Some(SortOrder::Desc) {
                self.not_authored = Some("a descending key");
            }
        }
        build(found)
    }

    /// A column; its constraints except NOT NULL, DEFAULT and COLLATE go beside it.
    pub(super) fn column(
        &mut self,
        definition: &ColumnDefinition<'_>,
    ) -> Result<Column, ReadError> {
        let name = names::ident(&definition.col_name);
        self.place = Place::Column(name.clone());
        let mut column = Column {
            name,
            data_type: data_type(definition.col_type.as_ref()),
            collation: None,
            nullability: Nullability::Nullable,
            fill: Fill::None,
            storage: None,
        };
        for constraint in definition.constraints {
            self.column_constraint(&mut column, constraint)?;
        }
        Ok(column)
    }

    fn column_constraint(
        &mut self,
        column: &mut Column,
        constraint: &sqlite3_parser::ast::NamedColumnConstraint<'_>,
    ) -> Result<(), ReadError> {
        let name = constraint.name.as_ref();
        let own = || build(vec![column.name.clone()]);
        match &constraint.constraint {
            ColumnConstraint::PrimaryKey {
                order,
                conflict_clause,
                auto_increment,
            } => {
                if *auto_increment {
                    column.storage = Some(AUTOINCREMENT.to_owned());
                }
                if *order == Some(SortOrder::Desc) {
                    self.not_authored = Some("a descending key");
                }
                self.conflict(conflict_clause.as_ref());
                self.add(name, ConstraintKind::PrimaryKey(own()));
            }
            ColumnConstraint::NotNull {
                nullable,
                conflict_clause,
            } => {
                self.conflict(conflict_clause.as_ref());
                if !nullable {
                    column.nullability = Nullability::NotNull;
                }
            }
            ColumnConstraint::Unique(conflict) => {
                self.conflict(conflict.as_ref());
                self.add(name, ConstraintKind::Unique(own()));
            }
            ColumnConstraint::Check(expr) => {
                self.add(name, ConstraintKind::Check(uses::expression(expr)));
            }
            ColumnConstraint::Default(expr) => {
                column.fill = Fill::Default(uses::expression(expr));
            }
            ColumnConstraint::Defer(clause) => self.defer_last(clause)?,
            ColumnConstraint::Collate { collation_name } => {
                column.collation = Some(collation(collation_name));
            }
            ColumnConstraint::ForeignKey {
                clause,
                defer_clause,
            } => {
                let key = self.foreign_key(vec![column.name.clone()], clause);
                self.add_deferrable(name, key, defer_clause.as_ref());
            }
            ColumnConstraint::Generated { expr, typ } => {
                column.fill = generated(expr, typ.as_ref());
            }
        }
        Ok(())
    }

    /// The parser gives the DEFERRABLE of a column's foreign key as a constraint of its own, after it.
    fn defer_last(&mut self, clause: &DeferSubclause) -> Result<(), ReadError> {
        match self.constraints.last_mut() {
            Some(constraint) if matches!(constraint.kind, ConstraintKind::ForeignKey(_)) => {
                constraint.deferral = deferral(Some(clause));
                Ok(())
            }
            Some(_) | None => Err(ReadError::not_modelled("a DEFERRABLE that stands alone")),
        }
    }

    fn conflict<T>(&mut self, clause: Option<&T>) {
        if clause.is_some() {
            self.not_authored = Some("an ON CONFLICT clause");
        }
    }

    /// A constraint of the table.
    pub(super) fn table_constraint(&mut self, constraint: &NamedTableConstraint<'_>) {
        self.place = Place::Table;
        let name = constraint.name.as_ref();
        match &constraint.constraint {
            TableConstraint::PrimaryKey {
                columns,
                auto_increment,
                conflict_clause,
            } => {
                self.conflict(conflict_clause.as_ref());
                if *auto_increment {
                    self.not_authored = Some("AUTOINCREMENT beside the columns");
                }
                let key = self.key(columns);
                self.add(name, ConstraintKind::PrimaryKey(key));
            }
            TableConstraint::Unique {
                columns,
                conflict_clause,
            } => {
                self.conflict(conflict_clause.as_ref());
                let key = self.key(columns);
                self.add(name, ConstraintKind::Unique(key));
            }
            TableConstraint::Check(expr, conflict) => {
                self.conflict(conflict.as_ref());
                self.add(name, ConstraintKind::Check(uses::expression(expr)));
            }
            TableConstraint::ForeignKey {
                columns,
                clause,
                defer_clause,
            } => {
                let columns = columns
                    .iter()
                    .map(|column| names::ident(&column.col_name))
                    .collect();
                let key = self.foreign_key(columns, clause);
                self.add_deferrable(name, key, defer_clause.as_ref());
            }
        }
    }

    fn foreign_key(
        &mut self,
        columns: Vec<Ident>,
        clause: &ForeignKeyClause<'_>,
    ) -> ConstraintKind {
        let mut key = ForeignKey {
            columns,
            references: self.table.sibling(names::ident(&clause.tbl_name)),
            referenced_columns: clause
                .columns
                .unwrap_or_default()
                .iter()
                .map(|column| names::ident(&column.col_name))
                .collect(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
        };
        for argument in clause.args {
            match argument {
                RefArg::OnDelete(act) => key.on_delete = action(*act),
                RefArg::OnUpdate(act) => key.on_update = action(*act),
                // Both are read by SQLite and have no effect. Source: sqlite.org/foreignkeys.html, section 6.
                RefArg::OnInsert(_) | RefArg::Match(_) => {}
            }
        }
        ConstraintKind::ForeignKey(key)
    }
}

fn generated(expr: &Expr<'_>, kind: Option<&sqlite3_parser::ast::Id<'_>>) -> Fill {
    let expression = uses::expression(expr);
    if kind.is_some_and(|word| word.0.eq_ignore_ascii_case("stored")) {
        Fill::Stored(expression)
    } else {
        Fill::Virtual(expression)
    }
}

fn build(columns: Vec<Ident>) -> KeyColumns {
    KeyColumns::Build {
        columns,
        include: Vec::new(),
    }
}

fn action(act: RefAct) -> ReferentialAction {
    match act {
        RefAct::SetNull => ReferentialAction::SetNull,
        RefAct::SetDefault => ReferentialAction::SetDefault,
        RefAct::Cascade => ReferentialAction::Cascade,
        RefAct::Restrict => ReferentialAction::Restrict,
        RefAct::NoAction => ReferentialAction::NoAction,
    }
}

/// Only `DEFERRABLE INITIALLY DEFERRED` defers. Source: sqlite.org/foreignkeys.html, section 4.2.
fn deferral(clause: Option<&DeferSubclause>) -> Deferral {
    match clause {
        Some(clause) if clause.deferrable => match clause.init_deferred {
            Some(InitDeferredPred::InitiallyDeferred) => Deferral::InitiallyDeferred,
            Some(InitDeferredPred::InitiallyImmediate) | None => Deferral::InitiallyImmediate,
        },
        Some(_) | None => Deferral::NotDeferrable,
    }
}

/// A collation by name.
pub(super) fn collation(name: &sqlite3_parser::ast::Name<'_>) -> Collation {
    QualifiedName {
        namespace: Ident::from(names::MAIN),
        name: names::ident(name),
    }
}

/// A type as written, lower case; the empty name where none is written.
pub(super) fn data_type(written: Option<&Type<'_>>) -> DataType {
    let Some(written) = written else {
        return DataType::built_in("");
    };
    let words: Vec<&str> = written.name.split_whitespace().collect();
    let modifiers = match &written.size {
        Some(TypeSize::MaxSize(size)) => vec![size.to_string()],
        Some(TypeSize::TypeSize(size, scale)) => vec![size.to_string(), scale.to_string()],
        None => Vec::new(),
    };
    DataType {
        name: TypeName::BuiltIn(words.join(" ").to_ascii_lowercase()),
        modifiers,
        dimensions: 0,
    }
}

/// The body of CREATE TABLE.
pub(super) fn definition(
    table: &QualifiedName,
    body: &CreateTableBody<'_>,
    query: impl FnOnce(&Select<'_>) -> Result<segue_model::Query, ReadError>,
) -> Result<TableDefinition, ReadError> {
    let mut made = TableDefinition {
        columns: Vec::new(),
        constraints: Vec::new(),
        like: Vec::new(),
        inheritance: Inheritance::None,
        partitioning: None,
        persistence: if table.namespace.as_str() == names::TEMP {
            Persistence::Temporary
        } else {
            Persistence::Permanent
        },
        query: None,
        parameters: Vec::new(),
        tablespace: None,
        server: None,
    };
    match body {
        CreateTableBody::AsSelect(select) => made.query = Some(query(select)?),
        CreateTableBody::ColumnsAndConstraints {
            columns,
            constraints,
            flags,
        } => {
            let mut parts = Parts::new(table);
            for column in columns {
                made.columns.push(parts.column(column)?);
            }
            for constraint in constraints.unwrap_or_default() {
                parts.table_constraint(constraint);
            }
            made.parameters = parameters(*flags, parts.not_authored);
            // As they are written again: beside the columns first.
            let (mut constraints, others): (Vec<_>, Vec<_>) = parts
                .constraints
                .into_iter()
                .partition(|constraint| is_beside(constraint.name.ident()));
            constraints.extend(others);
            made.constraints = constraints;
        }
    }
    Ok(made)
}

fn parameters(flags: TabFlags, not_authored: Option<&'static str>) -> Vec<Parameter> {
    let parameter = |name: &str, value: Option<&str>| Parameter {
        name: Ident::from(name),
        value: Some(value.unwrap_or("true").to_owned()),
    };
    let mut list = Vec::new();
    if flags.contains(TabFlags::WithoutRowid) {
        list.push(parameter(WITHOUT_ROWID, None));
    }
    if flags.contains(TabFlags::Strict) {
        list.push(parameter(STRICT, None));
    }
    if not_authored.is_some() {
        list.push(parameter(NOT_AUTHORED, not_authored));
    }
    list
}

/// The change of ALTER TABLE.
pub(super) fn alter(table: QualifiedName, body: &AlterTableBody<'_>) -> Result<Change, ReadError> {
    let mut parts = Parts::new(&table);
    let column = match body {
        AlterTableBody::RenameTo(name) => {
            let change = TableChange::Rename(names::ident(name));
            return Ok(Change::Table(Target::required(table), change));
        }
        AlterTableBody::AddConstraint(constraint) => {
            parts.table_constraint(constraint);
            let constraint = parts
                .constraints
                .pop()
                .ok_or_else(|| ReadError::not_modelled("this constraint"))?;
            let change = ConstraintChange::Add(constraint);
            return Ok(Change::Constraint(Target::required(table), change));
        }
        AlterTableBody::DropConstraint(name) => {
            let change = ConstraintChange::Drop {
                name: names::ident(name),
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            };
            return Ok(Change::Constraint(Target::required(table), change));
        }
        AlterTableBody::AddColumn(definition) => {
            let column = parts.column(definition)?;
            if let Some(what) = parts.not_authored {
                return Err(ReadError::not_modelled(what));
            }
            ColumnChange::Add {
                column,
                constraints: parts.constraints,
                presence: Presence::Required,
            }
        }
        AlterTableBody::RenameColumn { old, new } => ColumnChange::Rename {
            from: names::ident(old),
            to: names::ident(new),
        },
        AlterTableBody::DropColumn(name) => ColumnChange::Drop {
            name: names::ident(name),
            presence: Presence::Required,
            reaction: Reaction::Restrict,
        },
        AlterTableBody::SetColumnNotNull(name, None) => {
            ColumnChange::SetNotNull(names::ident(name))
        }
        AlterTableBody::SetColumnNotNull(_, Some(_)) => {
            return Err(ReadError::not_modelled("an ON CONFLICT clause"));
        }
        AlterTableBody::DropColumnNotNull(name) => ColumnChange::DropNotNull(names::ident(name)),
    };
    Ok(Change::Column(Target::required(table), column))
}

//! What an expression or a query names: columns, functions, relations. One walk over the tree.
//!
//! Names only; it does not resolve them. Walks every part of a query, so that what is used is never left out.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{
    ColumnUse, Expression, FunctionUse, Ident, OutputColumn, Predicate, QualifiedName, Query,
    Reach, RowLock, Selects, Shape,
};
use sqlite3_parser::ast::{
    As, Expr, FromClause, FunctionCallOrder, FunctionTail, JoinConstraint, Limit, Literal,
    OneSelect, Over, ResultColumn, Select, SelectTable, SortedColumn, UnaryOperator, Window, With,
};

use super::names;
use crate::volatility;

/// What was met on the way.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Columns, with the relation or alias they are written with.
    columns: Vec<(Option<Ident>, Ident)>,
    functions: Vec<FunctionUse>,
    /// Relations with their alias.
    relations: Vec<(QualifiedName, Option<Ident>)>,
    /// Names of WITH queries.
    with: Vec<Ident>,
}

impl Uses {
    /// Walks an expression.
    pub(super) fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Id(id) => self.column(None, names::unquoted(id.0)),
            Expr::Name(name) => self.column(None, names::ident(name)),
            Expr::Qualified(table, column) | Expr::DoublyQualified(_, table, column) => {
                self.column(Some(names::ident(table)), names::ident(column));
            }
            Expr::Between {
                lhs, start, end, ..
            } => self.all([*lhs, *start, *end]),
            Expr::Binary(left, _, right) => self.all([*left, *right]),
            Expr::Case {
                base,
                when_then_pairs,
                else_expr,
            } => {
                self.all(base.iter().chain(else_expr).copied());
                for (when, then) in *when_then_pairs {
                    self.all([when, then]);
                }
            }
            Expr::Cast { expr, .. } | Expr::Collate(expr, _) | Expr::Unary(_, expr) => {
                self.expr(expr);
            }
            Expr::IsNull(expr) | Expr::NotNull(expr) => self.expr(expr),
            Expr::Exists(select) | Expr::Subquery(select) => self.select(select),
            Expr::FunctionCall { .. } | Expr::FunctionCallStar { .. } => self.call(expr),
            Expr::InList { lhs, rhs, .. } => {
                self.expr(lhs);
                self.all(rhs.iter().copied().flatten());
            }
            Expr::InSelect { lhs, rhs, .. } => {
                self.expr(lhs);
                self.select(rhs);
            }
            Expr::InTable { lhs, rhs, args, .. } => {
                self.expr(lhs);
                self.relation(names::qualified(rhs), None);
                self.all(args.iter().copied().flatten());
            }
            Expr::Like {
                lhs, rhs, escape, ..
            } => self.all([*lhs, *rhs].into_iter().chain(escape.iter().copied())),
            Expr::Parenthesized(inner) => self.all(inner.iter()),
            Expr::Raise(_, message) => self.all(message.iter().copied()),
            Expr::Literal(
                Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp,
            ) => self.function("current_timestamp"),
            Expr::Literal(_) | Expr::Variable(_) => {}
        }
    }

    fn call(&mut self, expr: &Expr<'_>) {
        let (name, tail) = match expr {
            Expr::FunctionCall {
                name,
                args,
                order_by,
                filter_over,
                ..
            } => {
                self.all(args.iter().copied().flatten());
                if let Some(FunctionCallOrder::SortList(sorted)) = order_by {
                    self.sorted(sorted);
                }
                (name, filter_over)
            }
            Expr::FunctionCallStar { name, filter_over } => (name, filter_over),
            _ => return,
        };
        self.function(names::unquoted(name.0).as_str());
        if let Some(tail) = tail {
            self.tail(tail);
        }
    }

    fn function(&mut self, name: &str) {
        let name = Ident::new(name.to_ascii_lowercase());
        let call = FunctionUse {
            namespace: None,
            built_in: volatility::of(name.as_str()),
            name,
        };
        if !self.functions.contains(&call) {
            self.functions.push(call);
        }
    }

    fn tail(&mut self, tail: &FunctionTail<'_>) {
        self.all(tail.filter_clause.iter().copied());
        match tail.over_clause {
            Some(Over::Window(window)) => self.window(window),
            Some(Over::Name(_)) | None => {}
        }
    }

    fn window(&mut self, window: &Window<'_>) {
        self.all(window.partition_by.iter().copied().flatten());
        self.sorted(window.order_by.unwrap_or_default());
    }

    /// Walks several expressions.
    pub(super) fn all<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr<'e>>) {
        for expr in list {
            self.expr(expr);
        }
    }

    /// Walks sort keys.
    pub(super) fn sorted(&mut self, list: &[SortedColumn<'_>]) {
        for key in list {
            self.expr(&key.expr);
        }
    }

    /// Walks a LIMIT.
    pub(super) fn limit(&mut self, limit: Option<&Limit<'_>>) {
        if let Some(limit) = limit {
            self.expr(&limit.expr);
            if let Some(offset) = &limit.offset {
                self.expr(offset);
            }
        }
    }

    /// Walks what a statement gives back.
    pub(super) fn results(&mut self, columns: &[ResultColumn<'_>]) {
        for column in columns {
            match column {
                ResultColumn::Expr(expr, _) => self.expr(expr),
                ResultColumn::Star | ResultColumn::TableStar(_) => {}
            }
        }
    }

    /// Walks the queries of a WITH; their names are no relations.
    pub(super) fn with(&mut self, with: Option<&With<'_>>) {
        let Some(with) = with else { return };
        for query in with.ctes {
            self.with.push(names::ident(&query.tbl_name));
        }
        for query in with.ctes {
            self.select(query.select);
        }
    }

    /// Walks a query.
    pub(super) fn select(&mut self, select: &Select<'_>) {
        self.with(select.with.as_ref());
        self.one(&select.body.select);
        for compound in select.body.compounds.iter().flatten() {
            self.one(&compound.select);
        }
        self.sorted(select.order_by.unwrap_or_default());
        self.limit(select.limit);
    }

    fn one(&mut self, select: &OneSelect<'_>) {
        match select {
            OneSelect::Select {
                columns,
                from,
                where_clause,
                group_by,
                having,
                window_clause,
                ..
            } => {
                self.from(from.as_ref());
                self.results(columns);
                self.all(where_clause.iter().copied());
                self.all(group_by.iter().copied().flatten());
                self.all(having.iter().copied());
                for definition in window_clause.iter().copied().flatten() {
                    self.window(&definition.window);
                }
            }
            OneSelect::Values(rows) => {
                for row in rows {
                    self.all(row.iter());
                }
            }
        }
    }

    /// Walks a FROM.
    pub(super) fn from(&mut self, from: Option<&FromClause<'_>>) {
        let Some(from) = from else { return };
        if let Some(table) = from.select {
            self.source(table);
        }
        for join in from.joins.iter().flatten() {
            self.source(&join.table);
            match &join.constraint {
                Some(JoinConstraint::On(on)) => self.expr(on),
                Some(JoinConstraint::Using(columns)) => {
                    for column in columns.iter() {
                        self.column(None, names::ident(column));
                    }
                }
                None => {}
            }
        }
    }

    fn source(&mut self, source: &SelectTable<'_>) {
        match source {
            SelectTable::Table(name, alias, _) => {
                let is_with = name.db_name.is_none() && self.is_with(&names::ident(&name.name));
                if !is_with {
                    self.relation(names::qualified(name), alias.as_ref().map(alias_of));
                }
            }
            SelectTable::TableCall(name, args, _) => {
                self.function(names::ident(&name.name).as_str());
                self.all(args.iter().copied().flatten());
            }
            SelectTable::Select(select, _) => self.select(select),
            SelectTable::Sub(from, _) => self.from(Some(from)),
        }
    }

    fn is_with(&self, name: &Ident) -> bool {
        self.with
            .iter()
            .any(|with| with.as_str().eq_ignore_ascii_case(name.as_str()))
    }

    fn column(&mut self, relation: Option<Ident>, column: Ident) {
        let used = (relation, column);
        if !self.columns.contains(&used) {
            self.columns.push(used);
        }
    }

    fn relation(&mut self, name: QualifiedName, alias: Option<Ident>) {
        let used = (name, alias);
        if !self.relations.contains(&used) {
            self.relations.push(used);
        }
    }

    /// The columns written as those of the row a trigger fires for: `NEW.x`, `OLD.x`.
    pub(super) fn of_the_row(&self) -> Vec<Ident> {
        let mut found: Vec<Ident> = Vec::new();
        for (qualifier, column) in &self.columns {
            let is_row = qualifier.as_ref().is_some_and(|qualifier| {
                qualifier.as_str().eq_ignore_ascii_case("new")
                    || qualifier.as_str().eq_ignore_ascii_case("old")
            });
            if is_row && !found.contains(column) {
                found.push(column.clone());
            }
        }
        found
    }

    /// The relations met, each once.
    pub(super) fn relations(&self) -> Vec<QualifiedName> {
        let mut found = Vec::new();
        for (name, _) in &self.relations {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        found
    }

    /// The relation that a column's qualifier means; the only relation where none is written.
    fn resolve(&self, qualifier: Option<&Ident>) -> Option<QualifiedName> {
        let Some(qualifier) = qualifier else {
            return match self.relations.as_slice() {
                [(only, _)] => Some(only.clone()),
                [] | [_, ..] => None,
            };
        };
        self.relations
            .iter()
            .find(|(name, alias)| alias.as_ref().unwrap_or(&name.name) == qualifier)
            .map(|(name, _)| name.clone())
    }
}

fn alias_of(alias: &As<'_>) -> Ident {
    match alias {
        As::As(name) | As::Elided(name) => names::ident(name),
    }
}

/// An expression with what it names.
pub(super) fn expression(expr: &Expr<'_>) -> Expression {
    let mut uses = Uses::default();
    uses.expr(expr);
    let mut columns = Vec::new();
    for (_, column) in uses.columns {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Expression {
        text: expr.to_string(),
        columns,
        functions: uses.functions,
        shape: shape(expr),
        logic: logic(expr),
    }
}

fn shape(expr: &Expr<'_>) -> Shape {
    match expr {
        Expr::Literal(Literal::Null) => Shape::Null,
        Expr::Literal(
            Literal::Numeric(_) | Literal::String(_) | Literal::Blob(_) | Literal::Keyword(_),
        ) => Shape::Constant,
        Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, inner) => {
            match shape(inner) {
                Shape::Constant => Shape::Constant,
                Shape::Null
                | Shape::Column(_)
                | Shape::Cast { .. }
                | Shape::NextValue(_)
                | Shape::Other => Shape::Other,
            }
        }
        Expr::Parenthesized(inner) => match inner.as_slice() {
            [only] => shape(only),
            [] | [_, ..] => Shape::Other,
        },
        Expr::Id(id) => Shape::Column(names::unquoted(id.0)),
        Expr::Name(name) => Shape::Column(names::ident(name)),
        _ => Shape::Other,
    }
}

fn logic(expr: &Expr<'_>) -> Predicate {
    match expr {
        Expr::NotNull(inner) => match shape(inner) {
            Shape::Column(column) => Predicate::NotNull(column),
            Shape::Null
            | Shape::Constant
            | Shape::Cast { .. }
            | Shape::NextValue(_)
            | Shape::Other => Predicate::Unknown,
        },
        _ => Predicate::Unknown,
    }
}

/// A query with what it reads.
pub(super) fn query(select: &Select<'_>, text: &str) -> Query {
    let mut uses = Uses::default();
    uses.select(select);
    let columns = uses
        .columns
        .iter()
        .map(|(qualifier, column)| ColumnUse {
            relation: uses.resolve(qualifier.as_ref()),
            column: column.clone(),
        })
        .collect();
    let (selects, output, picks) = match &select.body.select {
        OneSelect::Select {
            columns,
            where_clause,
            ..
        } => (
            star(columns),
            outputs(columns, &uses),
            where_clause.is_some(),
        ),
        OneSelect::Values(_) => (Selects::Named, Vec::new(), false),
    };
    Query {
        text: text.to_owned(),
        relations: uses.relations(),
        columns,
        functions: uses.functions,
        selects,
        row_lock: RowLock::None,
        output,
        reach: if picks || select.limit.is_some() {
            Reach::Some
        } else {
            Reach::All
        },
    }
}

fn star(columns: &[ResultColumn<'_>]) -> Selects {
    let has_star = columns
        .iter()
        .any(|column| matches!(column, ResultColumn::Star | ResultColumn::TableStar(_)));
    if has_star {
        Selects::Star
    } else {
        Selects::Named
    }
}

fn outputs(columns: &[ResultColumn<'_>], uses: &Uses) -> Vec<OutputColumn> {
    columns
        .iter()
        .filter_map(|column| match column {
            ResultColumn::Expr(expr, alias) => Some(output(expr, alias.as_ref(), uses)),
            ResultColumn::Star | ResultColumn::TableStar(_) => None,
        })
        .collect()
}

fn output(expr: &Expr<'_>, alias: Option<&As<'_>>, uses: &Uses) -> OutputColumn {
    let (qualifier, column) = match expr {
        Expr::Id(id) => (None, Some(names::unquoted(id.0))),
        Expr::Name(name) => (None, Some(names::ident(name))),
        Expr::Qualified(table, column) => (Some(names::ident(table)), Some(names::ident(column))),
        _ => (None, None),
    };
    let source = column.clone().map(|column| ColumnUse {
        relation: uses.resolve(qualifier.as_ref()),
        column,
    });
    OutputColumn {
        name: alias.map(alias_of).or(column),
        source,
    }
}

//! Queries: what they read, lock and return.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{ColumnUse, Ident, OutputColumn, Query, Reach, Selects};
use squawk_syntax::{
    SyntaxKind, SyntaxNode,
    ast::{self, AstNode, HasSelectTail, LitKind},
};

use super::{
    names::Position,
    reader::{NameRole, ReadError, Reader},
    uses::{Uses, Walk},
};

/// In a query that names more columns, nobody asks which of them are passed on.
const COLUMNS_MAX: usize = 2_000;

impl Reader<'_> {
    /// A query.
    ///
    /// # Errors
    /// A name in it is none, or a required part is missing.
    pub(super) fn query(&mut self, written: &ast::SelectVariant) -> Result<Query, ReadError> {
        self.query_with_uses(written).map(|(query, _)| query)
    }

    /// [`Reader::query`] of a part that must be there.
    ///
    /// # Errors
    /// As [`Reader::query`], and when the part is not there.
    pub(super) fn require_query(
        &mut self,
        part: Option<ast::SelectVariant>,
        inside: &impl AstNode,
    ) -> Result<Query, ReadError> {
        let part = self.require(part, inside, "a query")?;
        self.query(&part)
    }

    /// A query, and what else was found in it.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub(super) fn query_with_uses(
        &mut self,
        written: &ast::SelectVariant,
    ) -> Result<(Query, Uses), ReadError> {
        let mut walk = Walk::new(self);
        walk.visit(written.syntax())?;
        let uses = walk.finish();
        let (selects, output) = self.output(written, &uses);
        let query = Query {
            text: self.verbatim(written),
            relations: uses.relations.clone(),
            columns: uses.columns.clone(),
            functions: uses.functions.clone(),
            selects,
            row_lock: uses.row_lock,
            output,
            reach: reach(written),
        };
        Ok((query, uses))
    }

    fn output(
        &mut self,
        written: &ast::SelectVariant,
        uses: &Uses,
    ) -> (Selects, Vec<OutputColumn>) {
        match written {
            ast::SelectVariant::Table(_) => (Selects::Star, Vec::new()),
            ast::SelectVariant::Values(_) => (Selects::Named, Vec::new()),
            ast::SelectVariant::ParenSelect(paren) => match paren.select() {
                Some(inner) => self.output(&inner, uses),
                None => (Selects::Named, Vec::new()),
            },
            ast::SelectVariant::CompoundSelect(compound) => {
                let first = compound
                    .lhs_operand()
                    .and_then(|side| side.select_variant());
                match first {
                    Some(first) => {
                        let (selects, mut output) = self.output(&first, uses);
                        for column in &mut output {
                            column.source = None;
                        }
                        (selects, output)
                    }
                    None => (Selects::Named, Vec::new()),
                }
            }
            ast::SelectVariant::Select(_) | ast::SelectVariant::SelectInto(_) => {
                self.targets(written.target_list(), uses)
            }
        }
    }

    fn targets(
        &mut self,
        list: Option<ast::TargetList>,
        uses: &Uses,
    ) -> (Selects, Vec<OutputColumn>) {
        let mut selects = Selects::Named;
        let mut output = Vec::new();
        for target in list.into_iter().flat_map(|list| list.targets()) {
            let expression = target.expr();
            let is_star = target.star_token().is_some()
                || matches!(&expression, Some(ast::Expr::FieldExpr(field)) if field.star_token().is_some());
            if is_star {
                selects = Selects::Star;
                continue;
            }
            let label = target.as_name().and_then(|label| label.name());
            let label = label.and_then(|label| self.label(label.syntax()));
            let passed_on = expression
                .as_ref()
                .and_then(|read| self.passed_on(read, uses));
            let name = label.or_else(|| expression.and_then(|read| self.own_name(&read)));
            output.push(OutputColumn {
                name,
                source: passed_on,
            });
        }
        (selects, output)
    }

    /// The column that an output column passes on unchanged; none when several relations have one of that name.
    fn passed_on(&mut self, written: &ast::Expr, uses: &Uses) -> Option<ColumnUse> {
        if uses.columns.len() > COLUMNS_MAX {
            return None;
        }
        let column = self.column(written)?;
        let mut same = uses.columns.iter().filter(|used| used.column == column);
        match (same.next(), same.next()) {
            (Some(column), None) => Some(column.clone()),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }

    /// The name that the server gives an output column without a label; none for `?column?`.
    ///
    /// Source: `FigureColname` as described in PostgreSQL 17 manual, 7.3.2.
    fn own_name(&mut self, written: &ast::Expr) -> Option<Ident> {
        match written {
            ast::Expr::NameRef(name) => self.any_name(name.syntax()),
            ast::Expr::FieldExpr(field) => self.any_name(field.field()?.syntax()),
            ast::Expr::ParenExpr(paren) => self.own_name(&paren.expr()?),
            ast::Expr::Collate(collate) => self.own_name(&collate.expr()?),
            ast::Expr::CastExpr(cast) => self.own_name(&cast.expr()?),
            ast::Expr::CaseExpr(case) => {
                let otherwise = case.else_clause().and_then(|clause| clause.expr());
                otherwise
                    .and_then(|otherwise| self.own_name(&otherwise))
                    .or_else(|| Some(Ident::from("case")))
            }
            ast::Expr::ArrayExpr(_) => Some(Ident::from("array")),
            ast::Expr::CallExpr(call) => {
                let callee = call.syntax().first_child()?;
                match callee.kind() {
                    SyntaxKind::NAME_REF => self.any_name(&callee),
                    SyntaxKind::FIELD_EXPR => self.any_name(&callee.last_child()?),
                    _ => {
                        let word = callee.first_token()?;
                        Some(Ident::new(word.text().to_ascii_lowercase()))
                    }
                }
            }
            _ => None,
        }
    }

    fn any_name(&mut self, node: &SyntaxNode) -> Option<Ident> {
        self.part(node, Position::AfterDot, NameRole::Used).ok()
    }
}

/// Whether a condition picks rows of what the outermost query reads.
pub(super) fn reach(written: &ast::SelectVariant) -> Reach {
    match written {
        ast::SelectVariant::Select(select) => {
            picks(select.where_clause().as_ref(), has_limit(select))
        }
        ast::SelectVariant::SelectInto(select) => {
            picks(select.where_clause().as_ref(), has_limit(select))
        }
        ast::SelectVariant::ParenSelect(paren) => {
            if has_limit(paren) == Limit::Some {
                return Reach::Some;
            }
            paren.select().map_or(Reach::Unknown, |inner| reach(&inner))
        }
        ast::SelectVariant::Table(table) => picks(None, has_limit(table)),
        ast::SelectVariant::Values(values) => picks(None, has_limit(values)),
        ast::SelectVariant::CompoundSelect(compound) => {
            if has_limit(compound) == Limit::Some {
                return Reach::Some;
            }
            let sides = [compound.lhs_operand(), compound.rhs_operand()];
            let is_picked = sides.into_iter().all(|side| {
                side.and_then(|side| side.select_variant())
                    .is_some_and(|side| reach(&side) == Reach::Some)
            });
            if is_picked { Reach::Some } else { Reach::All }
        }
    }
}

/// Whether a WHERE clause picks rows; `WHERE TRUE` picks none.
pub(super) fn picks(clause: Option<&ast::WhereClause>, limit: Limit) -> Reach {
    let Some(clause) = clause else {
        return match limit {
            Limit::Some => Reach::Some,
            Limit::None => Reach::All,
        };
    };
    match (clause.expr(), limit) {
        (_, Limit::Some) => Reach::Some,
        (Some(condition), Limit::None) if is_true(&condition) => Reach::All,
        (Some(_), Limit::None) => Reach::Some,
        (None, Limit::None) => Reach::Unknown,
    }
}

/// Whether LIMIT or FETCH was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// It was.
    Some,
    /// It was not.
    None,
}

fn has_limit(query: &impl HasSelectTail) -> Limit {
    let is_limited = query.limit_clause().is_some_and(|limit| {
        let is_all = matches!(limit.limit_value(), Some(ast::LimitValue::All(_)));
        !is_all
    });
    if is_limited || query.fetch_clause().is_some() {
        Limit::Some
    } else {
        Limit::None
    }
}

fn is_true(condition: &ast::Expr) -> bool {
    match condition {
        ast::Expr::Literal(literal) => matches!(literal.kind(), Some(LitKind::True(_))),
        ast::Expr::ParenExpr(paren) => paren.expr().is_some_and(|inner| is_true(&inner)),
        _ => false,
    }
}

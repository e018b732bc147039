//! Expressions: the text verbatim, and what the questions need to know of it.
//!
//! What a condition means is read only as far as a proof may rest on it; everything else is `Unknown`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use std::collections::BTreeSet;

use segue_model::{Comparison, Expression, Ident, Predicate, QualifiedName, Shape};
use squawk_syntax::ast::{self, AstNode, BinOp, LitKind, PostfixOp, PrefixOp};

use super::{
    names::Position,
    reader::{NameRole, ReadError, Reader},
    uses::{Source, Uses, Walk},
};

impl Reader<'_> {
    /// An expression over the columns of one table, or of none.
    ///
    /// # Errors
    /// A name in it is none.
    pub(super) fn expression(&mut self, written: &ast::Expr) -> Result<Expression, ReadError> {
        self.expression_over(written, &[]).map(|(read, _)| read)
    }

    /// An expression that may name the columns of these sources, and what else it reads. Its columns are those of the
    /// first source.
    ///
    /// # Errors
    /// A name in it is none.
    pub(super) fn expression_over(
        &mut self,
        written: &ast::Expr,
        sources: &[Source],
    ) -> Result<(Expression, Uses), ReadError> {
        let mut walk = Walk::new(self);
        for source in sources {
            walk.bring(source.clone());
        }
        walk.visit(written.syntax())?;
        let uses = walk.finish();
        let mut seen = BTreeSet::new();
        let columns = uses
            .columns
            .iter()
            .filter(|used| !belongs_elsewhere(used.relation.as_ref(), sources))
            .filter(|used| seen.insert(&used.column))
            .map(|used| used.column.clone())
            .collect();
        let expression = Expression {
            text: self.verbatim(written),
            columns,
            functions: uses.functions.clone(),
            shape: self.shape(written)?,
            logic: self.logic(written),
        };
        Ok((expression, uses))
    }

    /// [`Reader::expression`] of a part that must be there.
    ///
    /// # Errors
    /// As [`Reader::expression`], and when the part is not there.
    pub(super) fn require_expression(
        &mut self,
        part: Option<ast::Expr>,
        inside: &impl AstNode,
        what: &str,
    ) -> Result<Expression, ReadError> {
        let part = self.require(part, inside, what)?;
        self.expression(&part)
    }

    fn shape(&mut self, written: &ast::Expr) -> Result<Shape, ReadError> {
        Ok(match written {
            ast::Expr::Literal(literal) => match literal.kind() {
                Some(LitKind::Null(_)) => Shape::Null,
                Some(LitKind::Default(_) | LitKind::PositionalParam(_)) | None => Shape::Other,
                Some(_) => Shape::Constant,
            },
            ast::Expr::PrefixExpr(_) if is_constant(written) => Shape::Constant,
            ast::Expr::ParenExpr(paren) => match paren.expr() {
                Some(inner) => self.shape(&inner)?,
                None => Shape::Other,
            },
            ast::Expr::NameRef(_) | ast::Expr::FieldExpr(_) => match self.column(written) {
                Some(column) => Shape::Column(column),
                None => Shape::Other,
            },
            ast::Expr::CastExpr(cast) => self.cast(cast)?,
            ast::Expr::CallExpr(call) => match self.next_value(call) {
                Some(sequence) => Shape::NextValue(sequence),
                None => Shape::Other,
            },
            ast::Expr::Collate(collate) => match collate.expr() {
                Some(inner) => self.shape(&inner)?,
                None => Shape::Other,
            },
            ast::Expr::ArrayExpr(_)
            | ast::Expr::BetweenExpr(_)
            | ast::Expr::BinExpr(_)
            | ast::Expr::CaseExpr(_)
            | ast::Expr::IndexExpr(_)
            | ast::Expr::PostfixExpr(_)
            | ast::Expr::PrefixExpr(_)
            | ast::Expr::SliceExpr(_)
            | ast::Expr::TupleExpr(_) => Shape::Other,
        })
    }

    fn cast(&mut self, cast: &ast::CastExpr) -> Result<Shape, ReadError> {
        let written = self.require(cast.ty(), cast, "a type")?;
        let to = self.data_type(&written)?;
        let of = match cast.expr() {
            Some(inner) => self.shape(&inner)?,
            None => Shape::Constant,
        };
        Ok(Shape::Cast {
            of: Box::new(of),
            to,
        })
    }

    fn next_value(&mut self, call: &ast::CallExpr) -> Option<QualifiedName> {
        let name = call.syntax().first_child()?.text().to_string();
        let name = name.to_ascii_lowercase();
        if name != "nextval" && name != "pg_catalog.nextval" {
            return None;
        }
        self.sequence_argument(call.syntax())
    }

    /// The column, where the expression is one.
    pub(super) fn column(&mut self, written: &ast::Expr) -> Option<Ident> {
        let name = match written {
            ast::Expr::NameRef(name) => {
                if super::uses::word_function(name.syntax()).is_some() {
                    return None;
                }
                name.syntax().clone()
            }
            ast::Expr::FieldExpr(field) => {
                if !super::uses::is_name_chain(field.syntax()) {
                    return None;
                }
                field.field()?.syntax().clone()
            }
            ast::Expr::ParenExpr(paren) => return self.column(&paren.expr()?),
            _ => return None,
        };
        self.part(&name, Position::AfterDot, NameRole::Used).ok()
    }

    /// The meaning of a condition, as far as a proof may rest on it.
    pub(super) fn logic(&mut self, written: &ast::Expr) -> Predicate {
        match written {
            ast::Expr::ParenExpr(paren) => paren
                .expr()
                .map_or(Predicate::Unknown, |inner| self.logic(&inner)),
            ast::Expr::BinExpr(binary) => self.binary(binary).unwrap_or(Predicate::Unknown),
            ast::Expr::PrefixExpr(prefix) => match (prefix.op(), prefix.expr()) {
                (Some(PrefixOp::Not(_)), Some(inner)) => {
                    Predicate::Not(Box::new(self.logic(&inner)))
                }
                (Some(_) | None, _) => Predicate::Unknown,
            },
            ast::Expr::PostfixExpr(postfix) => {
                let column = postfix.expr().and_then(|inner| self.column(&inner));
                match (postfix.op(), column) {
                    (Some(PostfixOp::IsNull(_)), Some(column)) => Predicate::IsNull(column),
                    (Some(PostfixOp::NotNull(_)), Some(column)) => Predicate::NotNull(column),
                    (Some(_) | None, _) => Predicate::Unknown,
                }
            }
            ast::Expr::BetweenExpr(between) => self.between(between).unwrap_or(Predicate::Unknown),
            ast::Expr::ArrayExpr(_)
            | ast::Expr::CallExpr(_)
            | ast::Expr::CaseExpr(_)
            | ast::Expr::CastExpr(_)
            | ast::Expr::Collate(_)
            | ast::Expr::FieldExpr(_)
            | ast::Expr::IndexExpr(_)
            | ast::Expr::Literal(_)
            | ast::Expr::NameRef(_)
            | ast::Expr::SliceExpr(_)
            | ast::Expr::TupleExpr(_) => Predicate::Unknown,
        }
    }

    fn binary(&mut self, binary: &ast::BinExpr) -> Option<Predicate> {
        let left = binary.lhs()?;
        let right = binary.rhs()?;
        match binary.op()? {
            BinOp::And(_) => {
                let mut parts = Vec::new();
                self.flatten(&left, Chain::And, &mut parts);
                self.flatten(&right, Chain::And, &mut parts);
                Some(Predicate::And(parts))
            }
            BinOp::Or(_) => {
                let mut parts = Vec::new();
                self.flatten(&left, Chain::Or, &mut parts);
                self.flatten(&right, Chain::Or, &mut parts);
                Some(Predicate::Or(parts))
            }
            BinOp::Is(_) if is_null(&right) => Some(Predicate::IsNull(self.column(&left)?)),
            BinOp::IsNotDistinctFrom(_) if is_null(&right) => {
                Some(Predicate::IsNull(self.column(&left)?))
            }
            BinOp::IsNot(_) | BinOp::IsDistinctFrom(_) if is_null(&right) => {
                Some(Predicate::NotNull(self.column(&left)?))
            }
            BinOp::In(_) => self.one_of(&left, &right),
            BinOp::NotIn(_) => {
                let inner = self.one_of(&left, &right)?;
                Some(Predicate::Not(Box::new(inner)))
            }
            BinOp::Eq(_) if array_in_any(&right).is_some() => {
                let values = array_in_any(&right)?;
                self.values(&left, &values)
            }
            operator => {
                let operator = comparison(&operator)?;
                self.comparison(&left, operator, &right)
            }
        }
    }

    /// Terms of a chain of one operator in one list. The chain leans to the left, so the way down is a loop there.
    fn flatten(&mut self, term: &ast::Expr, chain: Chain, parts: &mut Vec<Predicate>) {
        let mut pending = vec![term.clone()];
        while let Some(term) = pending.pop() {
            let inner = match &term {
                ast::Expr::BinExpr(binary) if chain.is(binary.op().as_ref()) => {
                    binary.rhs().zip(binary.lhs())
                }
                ast::Expr::ParenExpr(paren) => {
                    if let Some(inner) = paren.expr() {
                        pending.push(inner);
                        continue;
                    }
                    None
                }
                _ => None,
            };
            match inner {
                Some((right, left)) => pending.extend([right, left]),
                None => parts.push(self.logic(&term)),
            }
        }
    }

    fn comparison(
        &mut self,
        left: &ast::Expr,
        operator: Comparison,
        right: &ast::Expr,
    ) -> Option<Predicate> {
        let (column, operator, value) = if is_constant(right) {
            (left, operator, right)
        } else if is_constant(left) {
            (right, turned(operator), left)
        } else {
            return None;
        };
        Some(Predicate::Comparison {
            column: self.column(column)?,
            operator,
            value: self.verbatim(value),
        })
    }

    fn one_of(&mut self, left: &ast::Expr, right: &ast::Expr) -> Option<Predicate> {
        let values = match right {
            ast::Expr::TupleExpr(tuple) => tuple.exprs().collect(),
            ast::Expr::ParenExpr(paren) => vec![paren.expr()?],
            _ => return None,
        };
        self.values(left, &values)
    }

    fn values(&mut self, left: &ast::Expr, values: &[ast::Expr]) -> Option<Predicate> {
        let column = self.column(left)?;
        if !values.iter().all(is_constant) {
            return None;
        }
        let values = values.iter().map(|value| self.verbatim(value)).collect();
        Some(Predicate::OneOf { column, values })
    }

    fn between(&mut self, between: &ast::BetweenExpr) -> Option<Predicate> {
        if between.between_symmetry().is_some() {
            return None;
        }
        let target = between.target()?;
        let low = self.comparison(&target, Comparison::GreaterOrEqual, &between.start()?)?;
        let high = self.comparison(&target, Comparison::LessOrEqual, &between.end()?)?;
        let inside = Predicate::And(vec![low, high]);
        Some(match between.not_token() {
            Some(_) => Predicate::Not(Box::new(inside)),
            None => inside,
        })
    }
}

#[derive(Clone, Copy)]
enum Chain {
    And,
    Or,
}

impl Chain {
    fn is(self, operator: Option<&BinOp>) -> bool {
        match self {
            Self::And => matches!(operator, Some(BinOp::And(_))),
            Self::Or => matches!(operator, Some(BinOp::Or(_))),
        }
    }
}

/// A literal, with a sign, a cast or parentheses; NULL is no constant here, since nothing compares to it.
pub(super) fn is_constant(written: &ast::Expr) -> bool {
    match written {
        ast::Expr::Literal(literal) => !matches!(
            literal.kind(),
            Some(LitKind::Null(_) | LitKind::Default(_) | LitKind::PositionalParam(_)) | None
        ),
        ast::Expr::PrefixExpr(prefix) => {
            matches!(prefix.op(), Some(PrefixOp::Minus(_) | PrefixOp::Plus(_)))
                && prefix.expr().is_some_and(|inner| is_constant(&inner))
        }
        ast::Expr::ParenExpr(paren) => paren.expr().is_some_and(|inner| is_constant(&inner)),
        ast::Expr::CastExpr(cast) => match cast.expr() {
            Some(inner) => is_constant(&inner),
            None => cast.literal().is_some(),
        },
        ast::Expr::Collate(collate) => collate.expr().is_some_and(|inner| is_constant(&inner)),
        _ => false,
    }
}

fn is_null(written: &ast::Expr) -> bool {
    match written {
        ast::Expr::Literal(literal) => matches!(literal.kind(), Some(LitKind::Null(_))),
        _ => false,
    }
}

/// The elements of `ANY (ARRAY[…])`, casts and parentheses looked through: how the server writes an IN list back.
fn array_in_any(written: &ast::Expr) -> Option<Vec<ast::Expr>> {
    let ast::Expr::CallExpr(call) = written else {
        return None;
    };
    let mut inner = call.any_fn()?.expr()?;
    loop {
        inner = match inner {
            ast::Expr::ArrayExpr(array) => return Some(array.exprs().collect()),
            ast::Expr::ParenExpr(paren) => paren.expr()?,
            ast::Expr::CastExpr(cast) => cast.expr()?,
            _ => return None,
        };
    }
}

fn comparison(operator: &BinOp) -> Option<Comparison> {
    Some(match operator {
        BinOp::Eq(_) => Comparison::Equal,
        BinOp::Neq(_) | BinOp::Neqb(_) => Comparison::NotEqual,
        BinOp::LAngle(_) => Comparison::Less,
        BinOp::Lteq(_) => Comparison::LessOrEqual,
        BinOp::RAngle(_) => Comparison::Greater,
        BinOp::Gteq(_) => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn turned(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal => Comparison::Equal,
        Comparison::NotEqual => Comparison::NotEqual,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}

fn belongs_elsewhere(relation: Option<&QualifiedName>, sources: &[Source]) -> bool {
    match (relation, sources.first()) {
        (Some(relation), Some(target)) => target.relation.as_ref() != Some(relation),
        (Some(_) | None, _) => false,
    }
}

//! What the parser lets through and the server does not, and what is worth a note: one look at every node of a tree.
//!
//! Judges single nodes, whatever statement they are part of.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{OpaqueReason, TextNoteKind, looks_like_a_secret};
use squawk_syntax::{
    SyntaxKind, SyntaxNode,
    ast::{self, AstNode, BinOp, PrefixOp},
    quote::is_reserved_word,
};

use super::{
    reader::{ReadError, Reader},
    since,
};

/// Looks at every node.
///
/// # Errors
/// A reserved word that serves as a name, or an expression that the grammar does not allow as a default.
pub(super) fn audit(reader: &mut Reader<'_>, root: &SyntaxNode) -> Result<(), ReadError> {
    for node in root.descendants() {
        let kind = node.kind();
        if is_name(kind) {
            reserved(reader, &node)?;
        } else if kind == SyntaxKind::DEFAULT_CONSTRAINT {
            default(reader, &node)?;
        } else if is_secret(&node) {
            reader.note(TextNoteKind::Secret, &node);
        } else if let Some((feature, version)) = since::feature(&node) {
            let kind = TextNoteKind::SinceVersion {
                feature: feature.to_owned(),
                version,
            };
            reader.note(kind, &node);
        }
    }
    Ok(())
}

/// Kinds of nodes that are one name, where a reserved word needs quotes.
fn is_name(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::COLUMN_NAME
            | SyntaxKind::COLUMN_NAME_REF
            | SyntaxKind::CONSTRAINT_NAME
            | SyntaxKind::CTE_NAME
            | SyntaxKind::CURSOR
            | SyntaxKind::CURSOR_REF
            | SyntaxKind::DATABASE
            | SyntaxKind::DATABASE_REF
            | SyntaxKind::EXTENSION
            | SyntaxKind::EXTENSION_REF
            | SyntaxKind::PATH_SEGMENT
            | SyntaxKind::PATH_SEGMENT_REF
            | SyntaxKind::POLICY
            | SyntaxKind::POLICY_REF
            | SyntaxKind::PUBLICATION
            | SyntaxKind::PUBLICATION_REF
            | SyntaxKind::ROLE_NAME_REF
            | SyntaxKind::RULE
            | SyntaxKind::RULE_REF
            | SyntaxKind::SAVEPOINT
            | SyntaxKind::SAVEPOINT_REF
            | SyntaxKind::SCHEMA
            | SyntaxKind::SCHEMA_REF
            | SyntaxKind::SERVER
            | SyntaxKind::SERVER_REF
            | SyntaxKind::SUBSCRIPTION
            | SyntaxKind::SUBSCRIPTION_REF
            | SyntaxKind::TABLE_ALIAS
            | SyntaxKind::TABLESPACE
            | SyntaxKind::TABLESPACE_REF
            | SyntaxKind::TRIGGER
            | SyntaxKind::TRIGGER_REF
    )
}

fn reserved(reader: &Reader<'_>, node: &SyntaxNode) -> Result<(), ReadError> {
    let token = node
        .first_token()
        .filter(|token| token.kind() != SyntaxKind::IDENT);
    let Some(word) = token.filter(|token| is_reserved_word(token.text())) else {
        return Ok(());
    };
    let parent = node.parent().map(|parent| parent.kind());
    // A label may be nearly every word, with AS or without; after a dot every word is a name.
    let is_label = parent == Some(SyntaxKind::AS_NAME);
    let is_after_dot = node
        .prev_sibling_or_token()
        .is_some_and(|before| before.kind() == SyntaxKind::DOT);
    if is_label || is_after_dot || is_operator_path(node) {
        return Ok(());
    }
    Err(reader.refuse(OpaqueReason::SyntaxError, node, |message| {
        message.push_str("expected a name, found the reserved word ");
        message.push_str(&word.text().to_ascii_uppercase());
    }))
}

/// Paths that the grammar reuses for other things than names of relations.
fn is_operator_path(node: &SyntaxNode) -> bool {
    node.ancestors().skip(1).take(3).any(|above| {
        matches!(
            above.kind(),
            SyntaxKind::CONFIG_PARAMETER_REF | SyntaxKind::OP | SyntaxKind::ROLE_REF
        )
    })
}

/// The default of a column in CREATE TABLE and ADD COLUMN: no NOT, AND, OR, IN, IS, LIKE or BETWEEN outside brackets.
///
/// Source: PostgreSQL 17, `ColConstraintElem: DEFAULT b_expr`.
fn default(reader: &Reader<'_>, node: &SyntaxNode) -> Result<(), ReadError> {
    let Some(constraint) = ast::DefaultConstraint::cast(node.clone()) else {
        return Ok(());
    };
    let written = reader.require(constraint.expr(), &constraint, "an expression")?;
    if is_restricted(&written) {
        return Ok(());
    }
    Err(
        reader.refuse(OpaqueReason::SyntaxError, written.syntax(), |message| {
            message.push_str("the default needs parentheses around it");
        }),
    )
}

fn is_restricted(written: &ast::Expr) -> bool {
    match written {
        ast::Expr::PrefixExpr(prefix) => {
            !matches!(prefix.op(), Some(PrefixOp::Not(_)) | None)
                && prefix.expr().is_some_and(|inner| is_restricted(&inner))
        }
        ast::Expr::BinExpr(binary) => {
            let is_plain = !matches!(
                binary.op(),
                None | Some(
                    BinOp::And(_)
                        | BinOp::Or(_)
                        | BinOp::In(_)
                        | BinOp::NotIn(_)
                        | BinOp::Like(_)
                        | BinOp::NotLike(_)
                        | BinOp::Ilike(_)
                        | BinOp::NotIlike(_)
                        | BinOp::SimilarTo(_)
                        | BinOp::NotSimilarTo(_)
                        | BinOp::Overlaps(_)
                        | BinOp::AtTimeZone(_)
                        | BinOp::Is(_)
                        | BinOp::IsNot(_)
                )
            );
            is_plain
                && binary.lhs().is_some_and(|left| is_restricted(&left))
                && binary.rhs().is_some_and(|right| is_restricted(&right))
        }
        ast::Expr::BetweenExpr(_) | ast::Expr::PostfixExpr(_) => false,
        ast::Expr::ArrayExpr(_)
        | ast::Expr::CallExpr(_)
        | ast::Expr::CaseExpr(_)
        | ast::Expr::CastExpr(_)
        | ast::Expr::Collate(_)
        | ast::Expr::FieldExpr(_)
        | ast::Expr::IndexExpr(_)
        | ast::Expr::Literal(_)
        | ast::Expr::NameRef(_)
        | ast::Expr::ParenExpr(_)
        | ast::Expr::SliceExpr(_)
        | ast::Expr::TupleExpr(_) => true,
    }
}

/// A literal that looks like a password, a token or a key.
fn is_secret(node: &SyntaxNode) -> bool {
    if node.kind() != SyntaxKind::LITERAL {
        return false;
    }
    let Some(token) = node.first_token() else {
        return false;
    };
    let text = token.text();
    if !text.ends_with(['\'', '$']) {
        return false;
    }
    stands_for_a_secret(node) || looks_like_a_secret(text)
}

/// `PASSWORD '…'`, and options named like one.
fn stands_for_a_secret(node: &SyntaxNode) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        SyntaxKind::ROLE_OPTION_PASSWORD | SyntaxKind::ROLE_OPTION_ENCRYPTED_PASSWORD => true,
        SyntaxKind::ADD_FOREIGN_OPTION | SyntaxKind::SET_FOREIGN_OPTION => parent
            .children()
            .find_map(ast::ForeignOptionName::cast)
            .is_some_and(|name| {
                let name = name.syntax().text().to_string().to_ascii_lowercase();
                [
                    "password",
                    "passwd",
                    "secret",
                    "token",
                    "access_key",
                    "api_key",
                ]
                .iter()
                .any(|word| name.contains(word))
            }),
        _ => false,
    }
}

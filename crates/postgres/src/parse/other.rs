//! Objects that are named and not modelled: roles, servers, casts and their like.
//!
//! Refuses statements whose effect reaches further than the object they name.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{Change, Ident, OtherObject};
use squawk_syntax::{
    SyntaxKind, SyntaxNode,
    ast::{self, AstNode, normalize_name_node},
};

use super::reader::Reader;

/// The change of a statement about such an object; none for other statements.
pub(super) fn change(reader: &Reader<'_>, statement: &ast::Stmt) -> Option<Change> {
    let kind = kind(statement)?;
    let node = statement.syntax();
    let verb = node.first_token()?.text().to_ascii_uppercase();
    let mut words = verb.clone();
    if !matches!(verb.as_str(), "SECURITY" | "COMMENT") {
        words.push(' ');
        words.push_str(&kind.to_ascii_uppercase());
    }
    Some(Change::Other(OtherObject {
        kind: kind.to_owned(),
        verb: words,
        name: name(reader, node),
    }))
}

fn kind(statement: &ast::Stmt) -> Option<&'static str> {
    use ast::Stmt;
    Some(match statement {
        Stmt::CreateRole(_) | Stmt::AlterRole(_) | Stmt::DropRole(_) => "role",
        Stmt::CreateUser(_) | Stmt::AlterUser(_) | Stmt::DropUser(_) => "user",
        Stmt::CreateGroup(_) | Stmt::AlterGroup(_) | Stmt::DropGroup(_) => "group",
        Stmt::CreateDatabase(_) | Stmt::AlterDatabase(_) | Stmt::DropDatabase(_) => "database",
        Stmt::CreateTablespace(_) | Stmt::AlterTablespace(_) | Stmt::DropTablespace(_) => {
            "tablespace"
        }
        Stmt::CreateEventTrigger(_) | Stmt::AlterEventTrigger(_) | Stmt::DropEventTrigger(_) => {
            "event trigger"
        }
        Stmt::CreateSubscription(_) | Stmt::AlterSubscription(_) | Stmt::DropSubscription(_) => {
            "subscription"
        }
        Stmt::CreateServer(_) | Stmt::AlterServer(_) | Stmt::DropServer(_) => "server",
        Stmt::CreateUserMapping(_) | Stmt::AlterUserMapping(_) | Stmt::DropUserMapping(_) => {
            "user mapping"
        }
        Stmt::CreateForeignDataWrapper(_)
        | Stmt::AlterForeignDataWrapper(_)
        | Stmt::DropForeignDataWrapper(_) => "foreign data wrapper",
        Stmt::CreateAccessMethod(_) | Stmt::DropAccessMethod(_) => "access method",
        Stmt::CreateCast(_) | Stmt::DropCast(_) => "cast",
        Stmt::CreateCollation(_) | Stmt::AlterCollation(_) | Stmt::DropCollation(_) => "collation",
        Stmt::CreateConversion(_) | Stmt::AlterConversion(_) | Stmt::DropConversion(_) => {
            "conversion"
        }
        Stmt::CreateLanguage(_) | Stmt::AlterLanguage(_) | Stmt::DropLanguage(_) => "language",
        Stmt::CreateOperator(_) | Stmt::AlterOperator(_) | Stmt::DropOperator(_) => "operator",
        Stmt::CreateOperatorClass(_) | Stmt::AlterOperatorClass(_) | Stmt::DropOperatorClass(_) => {
            "operator class"
        }
        Stmt::CreateOperatorFamily(_)
        | Stmt::AlterOperatorFamily(_)
        | Stmt::DropOperatorFamily(_) => "operator family",
        Stmt::CreateTransform(_) | Stmt::DropTransform(_) => "transform",
        Stmt::CreateTextSearchConfiguration(_)
        | Stmt::AlterTextSearchConfiguration(_)
        | Stmt::DropTextSearchConfig(_) => "text search configuration",
        Stmt::CreateTextSearchDictionary(_)
        | Stmt::AlterTextSearchDictionary(_)
        | Stmt::DropTextSearchDict(_) => "text search dictionary",
        Stmt::CreateTextSearchParser(_)
        | Stmt::AlterTextSearchParser(_)
        | Stmt::DropTextSearchParser(_) => "text search parser",
        Stmt::CreateTextSearchTemplate(_)
        | Stmt::AlterTextSearchTemplate(_)
        | Stmt::DropTextSearchTemplate(_) => "text search template",
        Stmt::AlterLargeObject(_) => "large object",
        Stmt::AlterSystem(_) => "system",
        Stmt::SecurityLabel(_) => "security label",
        Stmt::AlterDefaultPrivileges(_) => "default privileges",
        _ => return None,
    })
}

/// The first name in the statement, where there is one.
fn name(reader: &Reader<'_>, node: &SyntaxNode) -> Option<Ident> {
    let named = node.children().find(|child| {
        !matches!(
            child.kind(),
            SyntaxKind::IF_EXISTS | SyntaxKind::IF_NOT_EXISTS | SyntaxKind::OR_REPLACE
        )
    })?;
    if reader.has_placeholder(named.text_range()) {
        return None;
    }
    let last = named
        .descendants()
        .filter(|inner| inner.first_child().is_none())
        .last()
        .unwrap_or(named);
    let is_name = matches!(
        last.first_token().map(|token| token.kind()),
        Some(SyntaxKind::IDENT)
    ) || last.kind() == SyntaxKind::PATH_SEGMENT_REF;
    let name = normalize_name_node(&last);
    (is_name && !name.is_empty()).then(|| Ident::new(name))
}

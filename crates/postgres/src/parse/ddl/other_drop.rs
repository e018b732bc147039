//! Objects of kinds that the model does not follow: named, not modelled. Here they are dropped.

use segue_model::Change;
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::non_empty,
    other_object::{Naming, named, nameless},
};
use crate::parse::reader::{ReadError, Reader};

const DROPPING: Naming = Naming::Used("DROP");

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: the rest is for other files")]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    use ast::Stmt;
    let change = match statement {
        Stmt::DropAccessMethod(drop) => named(reader, DROPPING, "access method", drop.access_method_ref(), drop),
        Stmt::DropConversion(drop) => named(reader, DROPPING, "conversion", drop.conversion_ref(), drop),
        Stmt::DropDatabase(drop) => named(reader, DROPPING, "database", drop.database_ref(), drop),
        Stmt::DropEventTrigger(drop) => named(reader, DROPPING, "event trigger", drop.event_trigger_ref(), drop),
        Stmt::DropLanguage(drop) => named(reader, DROPPING, "language", drop.language_ref(), drop),
        Stmt::DropOperatorClass(drop) => named(reader, DROPPING, "operator class", drop.op_class_ref(), drop),
        Stmt::DropOperatorFamily(drop) => named(reader, DROPPING, "operator family", drop.op_family_ref(), drop),
        Stmt::DropPropertyGraph(drop) => named(reader, DROPPING, "property graph", drop.property_graph_ref(), drop),
        Stmt::DropSubscription(drop) => named(reader, DROPPING, "subscription", drop.subscription_ref(), drop),
        Stmt::DropTablespace(drop) => named(reader, DROPPING, "tablespace", drop.tablespace_ref(), drop),
        Stmt::DropTextSearchConfig(drop) => named(reader, DROPPING, "text search configuration", drop.text_search_configuration_ref(), drop),
        Stmt::DropTextSearchDict(drop) => named(reader, DROPPING, "text search dictionary", drop.text_search_dictionary_ref(), drop),
        Stmt::DropTextSearchParser(drop) => named(reader, DROPPING, "text search parser", drop.text_search_parser_ref(), drop),
        Stmt::DropTextSearchTemplate(drop) => named(reader, DROPPING, "text search template", drop.text_search_template_ref(), drop),
        Stmt::DropCast(drop) => nameless(reader, DROPPING, "cast", drop.cast_sig(), drop),
        Stmt::DropOperator(drop) => nameless(reader, DROPPING, "operator", drop.op_sig_list(), drop),
        Stmt::DropTransform(drop) => nameless(reader, DROPPING, "transform", drop.language_ref(), drop),
        Stmt::DropUserMapping(drop) => nameless(reader, DROPPING, "user mapping", drop.user_mapping_role(), drop),
        _ => return lists(reader, statement),
    };
    change.map(|change| Some(vec![change]))
}

/// The kinds of which several are dropped at once.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: the rest is for other files")]
fn lists(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    use ast::Stmt;
    let changes = match statement {
        Stmt::DropCollation(drop) => each(reader, "collation", drop.collation_refs(), drop)?,
        Stmt::DropForeignDataWrapper(drop) => each(reader, "foreign data wrapper", drop.foreign_data_wrapper_refs(), drop)?,
        Stmt::DropServer(drop) => each(reader, "server", drop.server_refs(), drop)?,
        Stmt::DropGroup(drop) => each(reader, "group", drop.role_refs(), drop)?,
        Stmt::DropRole(drop) => each(reader, "role", drop.role_refs(), drop)?,
        Stmt::DropUser(drop) => each(reader, "user", drop.role_refs(), drop)?,
        _ => return Ok(None),
    };
    Ok(Some(changes))
}

fn each<N: AstNode>(
    reader: &mut Reader<'_>,
    kind: &str,
    names: impl Iterator<Item = N>,
    inside: &impl AstNode,
) -> Result<Vec<Change>, ReadError> {
    let changes = names
        .map(|name| named(reader, DROPPING, kind, Some(name), inside))
        .collect::<Result<Vec<_>, _>>()?;
    non_empty(reader, changes, inside, "a name")
}

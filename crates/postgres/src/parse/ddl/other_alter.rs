//! Objects of kinds that the model does not follow: named, not modelled. Here they are altered.

use squawk_syntax::ast;

use super::{
    Answer,
    other_object::{Naming, named, nameless},
};
use crate::parse::reader::Reader;

const ALTERING: Naming = Naming::Used("ALTER");

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: the rest is for other files")]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    use ast::Stmt;
    let change = match statement {
        Stmt::AlterCollation(alter) => named(reader, ALTERING, "collation", alter.collation_ref(), alter),
        Stmt::AlterConversion(alter) => named(reader, ALTERING, "conversion", alter.conversion_ref(), alter),
        Stmt::AlterDatabase(alter) => named(reader, ALTERING, "database", alter.database_ref(), alter),
        Stmt::AlterEventTrigger(alter) => named(reader, ALTERING, "event trigger", alter.event_trigger_ref(), alter),
        Stmt::AlterForeignDataWrapper(alter) => named(reader, ALTERING, "foreign data wrapper", alter.foreign_data_wrapper_ref(), alter),
        Stmt::AlterLanguage(alter) => named(reader, ALTERING, "language", alter.language_ref(), alter),
        Stmt::AlterOperatorClass(alter) => named(reader, ALTERING, "operator class", alter.op_class_ref(), alter),
        Stmt::AlterOperatorFamily(alter) => named(reader, ALTERING, "operator family", alter.op_family_ref(), alter),
        Stmt::AlterPropertyGraph(alter) => named(reader, ALTERING, "property graph", alter.property_graph_ref(), alter),
        Stmt::AlterSubscription(alter) => named(reader, ALTERING, "subscription", alter.subscription_ref(), alter),
        Stmt::AlterTablespace(alter) => named(reader, ALTERING, "tablespace", alter.tablespace_ref(), alter),
        Stmt::AlterTextSearchConfiguration(alter) => named(reader, ALTERING, "text search configuration", alter.text_search_configuration_ref(), alter),
        Stmt::AlterTextSearchDictionary(alter) => named(reader, ALTERING, "text search dictionary", alter.text_search_dictionary_ref(), alter),
        Stmt::AlterTextSearchParser(alter) => named(reader, ALTERING, "text search parser", alter.text_search_parser_ref(), alter),
        Stmt::AlterTextSearchTemplate(alter) => named(reader, ALTERING, "text search template", alter.text_search_template_ref(), alter),
        Stmt::AlterGroup(alter) => named(reader, ALTERING, "group", alter.role_ref(), alter),
        Stmt::AlterServer(alter) => named(reader, ALTERING, "server", alter.server_ref(), alter),
        Stmt::AlterRole(alter) if alter.all_token().is_none() => {
            named(reader, ALTERING, "role", alter.role_ref(), alter)
        }
        Stmt::AlterUser(alter) if alter.all_token().is_none() => {
            named(reader, ALTERING, "user", alter.role_ref(), alter)
        }
        Stmt::AlterRole(alter) => {
            nameless(reader, ALTERING, "role", alter.all_token(), alter)
        }
        Stmt::AlterUser(alter) => {
            nameless(reader, ALTERING, "user", alter.all_token(), alter)
        }
        Stmt::AlterLargeObject(alter) => {
            nameless(reader, ALTERING, "large object", alter.literal(), alter)
        }
        Stmt::AlterOperator(alter) => {
            nameless(reader, ALTERING, "operator", alter.op_sig(), alter)
        }
        Stmt::AlterSystem(alter) => nameless(reader, ALTERING, "system", alter.action(), alter),
        Stmt::AlterUserMapping(alter) => {
            nameless(reader, ALTERING, "user mapping", alter.role_ref(), alter)
        }
        Stmt::SecurityLabel(label) => {
            let object = label.security_label_object();
            nameless(reader, Naming::Used("SECURITY LABEL ON"), "object", object, label)
        }
        _ => return Ok(None),
    };
    change.map(|change| Some(vec![change]))
}

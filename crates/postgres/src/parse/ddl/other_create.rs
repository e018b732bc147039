//! Objects of kinds that the model does not follow: named, not modelled. Here they are made.

use squawk_syntax::ast;

use super::{
    Answer,
    other_object::{Naming, named, nameless},
};
use crate::parse::reader::Reader;

const MAKING: Naming = Naming::New("CREATE");

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: the rest is for other files")]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    use ast::Stmt;
    let change = match statement {
        Stmt::CreateAccessMethod(made) => named(reader, MAKING, "access method", made.access_method(), made),
        Stmt::CreateCollation(made) => named(reader, MAKING, "collation", made.collation(), made),
        Stmt::CreateConversion(made) => named(reader, MAKING, "conversion", made.conversion(), made),
        Stmt::CreateDatabase(made) => named(reader, MAKING, "database", made.database(), made),
        Stmt::CreateEventTrigger(made) => named(reader, MAKING, "event trigger", made.event_trigger(), made),
        Stmt::CreateForeignDataWrapper(made) => named(reader, MAKING, "foreign data wrapper", made.foreign_data_wrapper(), made),
        Stmt::CreateGroup(made) => named(reader, MAKING, "group", made.role(), made),
        Stmt::CreateLanguage(made) => named(reader, MAKING, "language", made.language(), made),
        Stmt::CreateOperatorClass(made) => named(reader, MAKING, "operator class", made.op_class_name(), made),
        Stmt::CreateOperatorFamily(made) => named(reader, MAKING, "operator family", made.op_family_name(), made),
        Stmt::CreatePropertyGraph(made) => named(reader, MAKING, "property graph", made.property_graph(), made),
        Stmt::CreateRole(made) => named(reader, MAKING, "role", made.role(), made),
        Stmt::CreateServer(made) => named(reader, MAKING, "server", made.server(), made),
        Stmt::CreateSubscription(made) => named(reader, MAKING, "subscription", made.subscription(), made),
        Stmt::CreateTablespace(made) => named(reader, MAKING, "tablespace", made.tablespace(), made),
        Stmt::CreateTextSearchConfiguration(made) => named(reader, MAKING, "text search configuration", made.text_search_configuration(), made),
        Stmt::CreateTextSearchDictionary(made) => named(reader, MAKING, "text search dictionary", made.text_search_dictionary(), made),
        Stmt::CreateTextSearchParser(made) => named(reader, MAKING, "text search parser", made.text_search_parser(), made),
        Stmt::CreateTextSearchTemplate(made) => named(reader, MAKING, "text search template", made.text_search_template(), made),
        Stmt::CreateUser(made) => named(reader, MAKING, "user", made.role(), made),
        Stmt::CreateCast(made) => nameless(reader, MAKING, "cast", made.cast_sig(), made),
        Stmt::CreateOperator(made) => nameless(reader, MAKING, "operator", made.op(), made),
        Stmt::CreateTransform(made) => nameless(reader, MAKING, "transform", made.ty(), made),
        Stmt::CreateUserMapping(made) => nameless(reader, MAKING, "user mapping", made.user_mapping_role(), made),
        // It makes tables that only the other server can tell.
        Stmt::ImportForeignSchema(import) => {
            Err(reader.not_modelled(import, "IMPORT FOREIGN SCHEMA"))
        }
        _ => return Ok(None),
    };
    change.map(|change| Some(vec![change]))
}

//! Clauses that many statements share: IF EXISTS, CASCADE, owners, options, called functions.

use segue_model::{
    Build, Collation, Ident, Parameter, Presence, QualifiedName, Reaction, Scope, Target,
};
use squawk_syntax::{
    SyntaxToken,
    ast::{self, AstNode},
};

use crate::parse::{
    names::CATALOG,
    reader::{ReadError, Reader},
};

/// Operator classes of the server's own that need to be named, besides those for BRIN.
const OWN_OPERATOR_CLASSES: &[&str] = &[
    "array_ops",
    "bit_ops",
    "bool_ops",
    "box_ops",
    "bpchar_ops",
    "bpchar_pattern_ops",
    "bytea_ops",
    "char_ops",
    "cidr_ops",
    "circle_ops",
    "date_ops",
    "enum_ops",
    "float4_ops",
    "float8_ops",
    "inet_ops",
    "int2_ops",
    "int4_ops",
    "int8_ops",
    "interval_ops",
    "jsonb_ops",
    "jsonb_path_ops",
    "kd_point_ops",
    "macaddr8_ops",
    "macaddr_ops",
    "money_ops",
    "multirange_ops",
    "name_ops",
    "numeric_ops",
    "oid_ops",
    "oidvector_ops",
    "pg_lsn_ops",
    "point_ops",
    "poly_ops",
    "quad_point_ops",
    "range_ops",
    "record_image_ops",
    "record_ops",
    "text_ops",
    "text_pattern_ops",
    "tid_ops",
    "time_ops",
    "timestamp_ops",
    "timestamptz_ops",
    "timetz_ops",
    "tsquery_ops",
    "tsvector_ops",
    "uuid_ops",
    "varbit_ops",
    "varchar_ops",
    "varchar_pattern_ops",
    "xid8_ops",
    "xid_ops",
];

/// Endings of the names of the server's own operator classes for BRIN.
const OWN_BRIN_ENDINGS: &[&str] = &[
    "_bloom_ops",
    "_inclusion_ops",
    "_minmax_multi_ops",
    "_minmax_ops",
];

/// Collations of the server's own that have no sign of it in their name.
const OWN_COLLATIONS: &[&str] = &[
    "C",
    "POSIX",
    "default",
    "pg_c_utf8",
    "pg_unicode_fast",
    "ucs_basic",
    "unicode",
];

/// Lenient where `IF EXISTS` or `IF NOT EXISTS` was written.
pub(super) fn presence<T>(clause: Option<&T>) -> Presence {
    match clause {
        Some(_) => Presence::Lenient,
        None => Presence::Required,
    }
}

/// RESTRICT where nothing was written.
pub(super) fn reaction(clause: Option<&ast::DropBehavior>) -> Reaction {
    match clause {
        Some(ast::DropBehavior::Cascade(_)) => Reaction::Cascade,
        Some(ast::DropBehavior::Restrict(_)) | None => Reaction::Restrict,
    }
}

/// How an index is built or dropped.
pub(super) fn build(concurrently: Option<&SyntaxToken>) -> Build {
    match concurrently {
        Some(_) => Build::Concurrently,
        None => Build::Blocking,
    }
}

/// A relation that is named without ONLY.
pub(super) fn target(name: QualifiedName, presence: Presence) -> Target {
    Target {
        name,
        presence,
        scope: Scope::WithDescendants,
    }
}

/// A table with ONLY or without.
pub(super) fn table_and_scope(
    reader: &mut Reader<'_>,
    relation: Option<ast::TableRelationName>,
    inside: &impl AstNode,
) -> Result<(QualifiedName, Scope), ReadError> {
    let relation = reader.require(relation, inside, "a table")?;
    let scope = match relation.only_token() {
        Some(_) => Scope::Only,
        None => Scope::WithDescendants,
    };
    let name = reader.require_qualified(relation.table_name_ref(), &relation, "a table")?;
    Ok((name, scope))
}

/// A role as it is named; the words that stand for one keep their spelling.
pub(super) fn role(
    reader: &mut Reader<'_>,
    role: Option<ast::RoleRef>,
    inside: &impl AstNode,
) -> Result<Ident, ReadError> {
    let role = reader.require(role, inside, "a role")?;
    match reader.require(role.role_ref_value(), &role, "a role")? {
        ast::RoleRefValue::RoleNameRef(name) => reader.ident(&name),
        ast::RoleRefValue::RoleRefCurrentRole(_) => Ok(Ident::from("current_role")),
        ast::RoleRefValue::RoleRefCurrentUser(_) => Ok(Ident::from("current_user")),
        ast::RoleRefValue::RoleRefSessionUser(_) => Ok(Ident::from("session_user")),
    }
}

/// Every role of a list, of which there is at least one.
pub(super) fn roles(
    reader: &mut Reader<'_>,
    list: Option<ast::RoleRefList>,
    inside: &impl AstNode,
) -> Result<Vec<Ident>, ReadError> {
    let list = reader.require(list, inside, "roles")?;
    let roles = list
        .role_refs()
        .map(|name| role(reader, Some(name), &list))
        .collect::<Result<Vec<_>, _>>()?;
    non_empty(reader, roles, &list, "roles")
}

/// The new owner of `OWNER TO`.
pub(super) fn owner(reader: &mut Reader<'_>, clause: &ast::OwnerTo) -> Result<Ident, ReadError> {
    role(reader, clause.role_ref(), clause)
}

/// The new namespace of `SET SCHEMA`.
pub(super) fn new_namespace(
    reader: &mut Reader<'_>,
    clause: &ast::SetSchema,
) -> Result<Ident, ReadError> {
    reader.require_ident(clause.schema_ref(), clause, "a schema")
}

/// The new name of `RENAME TO`, which has one part.
pub(super) fn new_name(
    reader: &mut Reader<'_>,
    name: Option<impl AstNode>,
    inside: &impl AstNode,
) -> Result<Ident, ReadError> {
    let name = reader.require(name, inside, "a new name")?;
    reader.new_ident(&name)
}

/// The name of an object that is made, qualified.
pub(super) fn made(
    reader: &mut Reader<'_>,
    name: Option<impl AstNode>,
    inside: &impl AstNode,
) -> Result<QualifiedName, ReadError> {
    let name = reader.require(name, inside, "a name")?;
    reader.new_qualified(&name)
}

/// A list that must not be empty.
pub(super) fn non_empty<T>(
    reader: &Reader<'_>,
    items: Vec<T>,
    inside: &impl AstNode,
    what: &str,
) -> Result<Vec<T>, ReadError> {
    if items.is_empty() {
        return Err(reader.missing(inside, what));
    }
    Ok(items)
}

/// The columns of a list, of which there is at least one.
pub(super) fn columns(
    reader: &mut Reader<'_>,
    names: impl Iterator<Item = ast::ColumnNameRef>,
    inside: &impl AstNode,
) -> Result<Vec<Ident>, ReadError> {
    let columns = names
        .map(|name| reader.ident(&name))
        .collect::<Result<Vec<_>, _>>()?;
    non_empty(reader, columns, inside, "columns")
}

/// `(fillfactor = 70, …)`; an option without a value has none.
pub(super) fn parameters(
    reader: &mut Reader<'_>,
    list: Option<ast::AttributeList>,
    inside: &impl AstNode,
) -> Result<Vec<Parameter>, ReadError> {
    let list = reader.require(list, inside, "options in parentheses")?;
    let parameters = list
        .attribute_options()
        .map(|option| parameter(reader, &option))
        .collect::<Result<Vec<_>, _>>()?;
    non_empty(reader, parameters, &list, "options")
}

/// The options of `WITH (…)`, where it was written.
pub(super) fn with_parameters(
    reader: &mut Reader<'_>,
    clause: Option<ast::WithParams>,
) -> Result<Vec<Parameter>, ReadError> {
    match clause {
        Some(clause) => parameters(reader, clause.attribute_list(), &clause),
        None => Ok(Vec::new()),
    }
}

fn parameter(
    reader: &mut Reader<'_>,
    option: &ast::AttributeOption,
) -> Result<Parameter, ReadError> {
    let name = reader.require(option.name(), option, "an option")?;
    let mut full = String::new();
    if let Some(namespace) = option.namespace() {
        full.push_str(reader.ident(&namespace)?.as_str());
        full.push('.');
    }
    // Some options are called by reserved words (`analyze`, `default`), so this is no name of the user's.
    full.push_str(&ast::normalize_name_node(name.syntax()));
    if option.eq_token().is_some() && option.attribute_value().is_none() {
        return Err(reader.missing(option, "a value"));
    }
    Ok(Parameter {
        name: Ident::new(full),
        value: option
            .attribute_value()
            .map(|value| reader.verbatim(&value)),
    })
}

/// The collation of a COLLATE clause.
pub(super) fn collation(
    reader: &mut Reader<'_>,
    clause: Option<ast::Collate>,
) -> Result<Option<Collation>, ReadError> {
    let Some(clause) = clause else {
        return Ok(None);
    };
    let written = reader.require(clause.collation_ref(), &clause, "a collation")?;
    let name = reader.qualified_quietly(&written)?;
    Ok(Some(own_or_users(name, &written, is_own_collation)))
}

/// An operator class as it is named.
pub(super) fn operator_class(
    reader: &mut Reader<'_>,
    written: Option<ast::OpClassRef>,
) -> Result<Option<QualifiedName>, ReadError> {
    let Some(written) = written else {
        return Ok(None);
    };
    let name = reader.qualified_quietly(&written)?;
    Ok(Some(own_or_users(name, &written, is_own_operator_class)))
}

/// The server's catalog is searched first, so an unqualified name of the server's own means that one.
fn own_or_users(
    mut name: QualifiedName,
    written: &impl AstNode,
    is_own: fn(&str) -> bool,
) -> QualifiedName {
    let is_qualified = written
        .syntax()
        .descendants()
        .any(|node| ast::PathRef::cast(node).is_some_and(|path| path.qualifier().is_some()));
    if !is_qualified && is_own(name.name.as_str()) {
        name.namespace = Ident::from(CATALOG);
    }
    name
}

fn is_own_operator_class(name: &str) -> bool {
    OWN_OPERATOR_CLASSES.binary_search(&name).is_ok()
        || OWN_BRIN_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Collations of the operating system look like `de_DE` or `de_DE.utf8`, those of ICU like `de-x-icu`.
fn is_own_collation(name: &str) -> bool {
    let is_locale = name.split_once('_').is_some_and(|(language, territory)| {
        (2..=3).contains(&language.len())
            && language.chars().all(|letter| letter.is_ascii_lowercase())
            && territory.starts_with(|letter: char| letter.is_ascii_uppercase())
    });
    is_locale || name.ends_with("-x-icu") || OWN_COLLATIONS.contains(&name)
}

/// The function that a trigger calls.
pub(super) fn called_function(
    reader: &mut Reader<'_>,
    call: Option<ast::CallExpr>,
    inside: &impl AstNode,
) -> Result<QualifiedName, ReadError> {
    let call = reader.require(call, inside, "a function")?;
    let callee = call.syntax().first_child();
    let callee = reader.require(callee, &call, "a function")?;
    if let Some(name) = ast::NameRef::cast(callee.clone()) {
        return reader.qualified_quietly(&name);
    }
    let field = reader.require(ast::FieldExpr::cast(callee), &call, "a function")?;
    let base = reader.require(field.base(), &field, "a schema")?;
    let namespace = reader.require(
        ast::NameRef::cast(base.syntax().clone()),
        &field,
        "a schema",
    )?;
    Ok(QualifiedName {
        namespace: reader.ident(&namespace)?,
        name: reader.require_ident(field.field(), &field, "a function")?,
    })
}

/// The text of a string literal.
pub(super) fn string(
    reader: &Reader<'_>,
    literal: Option<ast::Literal>,
    inside: &impl AstNode,
) -> Result<String, ReadError> {
    let literal = reader.require(literal, inside, "a string")?;
    literal
        .string_value()
        .ok_or_else(|| reader.missing(&literal, "a string"))
}

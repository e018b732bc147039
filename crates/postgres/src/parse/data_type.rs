//! Types in the server's canonical spelling.
//!
//! Knows the server's own names and aliases; every other name is a type of the user's.

use segue_model::{DataType, TypeName};
use squawk_syntax::{
    SyntaxNode,
    ast::{self, AstNode},
};

use super::{
    names::CATALOG,
    reader::{NameRole, ReadError, Reader},
};

/// Whether a column's type was written as a serial, which is a sequence and a default besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeSpelling {
    /// A type.
    Plain,
    /// `serial`, `bigserial`, `smallserial`: the type is the integer below it.
    Serial,
}

impl Reader<'_> {
    /// A type as it is used in a cast, a parameter or a result.
    ///
    /// # Errors
    /// A name is missing or not one, as [`Reader::ident`].
    pub(super) fn data_type(&mut self, written: &ast::Type) -> Result<DataType, ReadError> {
        match written {
            ast::Type::ArrayType(array) => {
                let element = self.require(array.ty(), array, "the type of the elements")?;
                let mut data_type = self.data_type(&element)?;
                let bounds = array.array_bounds().count().max(1);
                let dimensions = u8::try_from(bounds).unwrap_or(u8::MAX);
                data_type.dimensions = data_type.dimensions.saturating_add(dimensions);
                Ok(data_type)
            }
            ast::Type::PathType(path) => self.named_type(path),
            ast::Type::BitType(bit) => Ok(self.fixed("bit", bit.arg_list())),
            ast::Type::BitVaryingType(bit) => {
                Ok(self.with_arguments("bit varying", bit.arg_list()))
            }
            ast::Type::CharacterType(character) => {
                Ok(self.fixed("character", character.arg_list()))
            }
            ast::Type::VarcharType(varchar) => {
                Ok(self.with_arguments("character varying", varchar.arg_list()))
            }
            ast::Type::DoubleType(_) => Ok(DataType::built_in("double precision")),
            ast::Type::IntervalType(interval) => Ok(self.interval(interval)),
            ast::Type::TimeType(time) => {
                let zone = time.timezone();
                Ok(self.clock("time", zone.as_ref(), time.literal().as_ref()))
            }
            ast::Type::TimestampType(timestamp) => {
                let zone = timestamp.timezone();
                Ok(self.clock("timestamp", zone.as_ref(), timestamp.literal().as_ref()))
            }
        }
    }

    /// The type of a column, where `serial` is allowed.
    ///
    /// # Errors
    /// As [`Reader::data_type`].
    pub(super) fn column_type(
        &mut self,
        written: &ast::Type,
    ) -> Result<(DataType, TypeSpelling), ReadError> {
        let data_type = self.data_type(written)?;
        let integer = match (&data_type.name, data_type.dimensions) {
            (TypeName::User(name), 0) => serial(name.name.as_str()),
            (TypeName::User(_) | TypeName::BuiltIn(_), _) => None,
        };
        Ok(match integer {
            Some(integer) => (DataType::built_in(integer), TypeSpelling::Serial),
            None => (data_type, TypeSpelling::Plain),
        })
    }

    fn named_type(&mut self, path: &ast::PathType) -> Result<DataType, ReadError> {
        let reference = self.require(path.path_ref(), path, "a type")?;
        let modifiers = self.arguments(path.arg_list());
        let segments = self.segments(reference.syntax(), NameRole::Used)?;
        let quotes = if reference.syntax().text().to_string().ends_with('"') {
            Quotes::Some
        } else {
            Quotes::None
        };
        let own = match segments.as_slice() {
            [name] => Some(name),
            [namespace, name] if namespace.as_str() == CATALOG => Some(name),
            _ => None,
        };
        if let Some(name) = own
            && let Some(mut data_type) = built_in(name.as_str(), quotes, &modifiers)
        {
            if data_type.modifiers.is_empty() && !data_type.is_built_in("real") {
                data_type.modifiers = modifiers;
                // `float(10)` says which type it is; the server keeps no precision.
                if data_type.is_built_in("double precision") {
                    data_type.modifiers.clear();
                }
            }
            return Ok(data_type);
        }
        let name = self.qualified_quietly(&reference)?;
        Ok(DataType {
            name: TypeName::User(name),
            modifiers,
            dimensions: 0,
        })
    }

    /// `char` and `bit` without a length have length 1. Source: PostgreSQL 17 manual, 8.3 and 8.10.
    fn fixed(&self, name: &str, arguments: Option<ast::ArgList>) -> DataType {
        let mut data_type = self.with_arguments(name, arguments);
        if data_type.modifiers.is_empty() {
            data_type.modifiers.push("1".to_owned());
        }
        data_type
    }

    fn with_arguments(&self, name: &str, arguments: Option<ast::ArgList>) -> DataType {
        DataType {
            modifiers: self.arguments(arguments),
            ..DataType::built_in(name)
        }
    }

    fn arguments(&self, list: Option<ast::ArgList>) -> Vec<String> {
        list.into_iter()
            .flat_map(|list| list.args())
            .map(|argument| self.verbatim(&argument))
            .collect()
    }

    fn clock(
        &self,
        head: &str,
        zone: Option<&ast::Timezone>,
        precision: Option<&ast::Literal>,
    ) -> DataType {
        let tail = match zone {
            Some(ast::Timezone::WithTimezone(_)) => " with time zone",
            Some(ast::Timezone::WithoutTimezone(_)) | None => " without time zone",
        };
        let mut data_type = DataType::built_in(&[head, tail].concat());
        data_type.modifiers = precision
            .iter()
            .map(|literal| self.verbatim(*literal))
            .collect();
        data_type
    }

    fn interval(&self, interval: &ast::IntervalType) -> DataType {
        let mut data_type = DataType::built_in("interval");
        let precision = interval.literal().map(|literal| self.verbatim(&literal));
        let fields = interval
            .interval_qualifier()
            .map(|fields| self.words(fields.syntax()));
        data_type.modifiers = precision.into_iter().chain(fields).collect();
        data_type
    }

    /// Words in lower case with one space between them.
    fn words(&self, node: &SyntaxNode) -> String {
        let text = self.slice(node.text_range()).to_ascii_lowercase();
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Whether a type's name was quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    Some,
    None,
}

/// The integer below a serial.
fn serial(name: &str) -> Option<&'static str> {
    Some(match name {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        _ => return None,
    })
}

/// The server's own type of this name.
///
/// Quoted, only the catalog's spelling counts: `"int4"` is `integer`, and `"integer"` is somebody's own type.
fn built_in(name: &str, quotes: Quotes, modifiers: &[String]) -> Option<DataType> {
    let canonical = match name {
        "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "varchar" => "character varying",
        "bpchar" => "character",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "timetz" => "time with time zone",
        "time" => "time without time zone",
        "varbit" => "bit varying",
        "char" if quotes == Quotes::Some => "\"char\"",
        "int" | "integer" if quotes == Quotes::None => "integer",
        "bigint" if quotes == Quotes::None => "bigint",
        "smallint" if quotes == Quotes::None => "smallint",
        "real" if quotes == Quotes::None => "real",
        "boolean" if quotes == Quotes::None => "boolean",
        "dec" | "decimal" if quotes == Quotes::None => "numeric",
        "float" if quotes == Quotes::None => return Some(float(modifiers)),
        _ => OWN_NAMES
            .binary_search(&name)
            .ok()
            .and_then(|place| OWN_NAMES.get(place).copied())?,
    };
    Some(DataType::built_in(canonical))
}

/// `float(1)` to `float(24)` is `real`. Source: PostgreSQL 17 manual, 8.1.3.
fn float(modifiers: &[String]) -> DataType {
    let bits = modifiers.first().and_then(|bits| bits.parse::<u8>().ok());
    match bits {
        Some(0..=24) => DataType::built_in("real"),
        Some(_) | None => DataType::built_in("double precision"),
    }
}

/// Types whose catalog name is their canonical name.
const OWN_NAMES: &[&str] = &[
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anycompatiblemultirange",
    "anycompatiblenonarray",
    "anycompatiblerange",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bit",
    "box",
    "bytea",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "index_am_handler",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "pg_ddl_command",
    "pg_dependencies",
    "pg_lsn",
    "pg_mcv_list",
    "pg_ndistinct",
    "pg_node_tree",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "table_am_handler",
    "text",
    "tid",
    "trigger",
    "tsm_handler",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
];

//! The names that the server gives to what the user leaves unnamed.
//!
//! Knows the first choice only: the number appended when something else has the name is the catalog's business.
//! Source: PostgreSQL 17, `makeObjectName`, `ChooseIndexName`, `ChooseConstraintName`, `FigureIndexColname`.

use segue_model::{ChosenName, Ident, IndexKeyPart, Shape};
use squawk_syntax::ast::{self, AstNode};

/// PostgreSQL keeps so many bytes of a name.
const NAME_BYTES_MAX: usize = 63;

/// `<table>_<label>`.
pub(super) fn for_table(table: &Ident, label: &str) -> ChosenName {
    ChosenName::Generated(object_name(table.as_str(), None, label))
}

/// `<table>_<parts joined>_<label>`.
pub(super) fn for_parts<'p>(
    table: &Ident,
    parts: impl Iterator<Item = &'p str>,
    label: &str,
) -> ChosenName {
    let parts = parts.collect::<Vec<_>>().join("_");
    let parts = clipped(&parts, 2 * NAME_BYTES_MAX);
    ChosenName::Generated(object_name(table.as_str(), Some(parts), label))
}

/// `<table>_<columns>_<label>`.
pub(super) fn for_columns(table: &Ident, columns: &[Ident], label: &str) -> ChosenName {
    for_parts(
        table,
        distinct(columns.iter().map(Ident::as_str))
            .iter()
            .map(String::as_str),
        label,
    )
}

/// The server numbers columns of an index that have the same name: `a`, `a1`.
pub(super) fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.to_owned();
        let mut number = 0_u32;
        while chosen.contains(&candidate) {
            number += 1;
            let digits = number.to_string();
            clipped(name, NAME_BYTES_MAX - digits.len()).clone_into(&mut candidate);
            candidate.push_str(&digits);
        }
        chosen.push(candidate);
    }
    chosen
}

/// How a part of an index's key is called in the index's name.
pub(super) fn key_name(part: &IndexKeyPart, written: &ast::Expr) -> String {
    match part {
        IndexKeyPart::Column(column) => column.as_str().to_owned(),
        IndexKeyPart::Expression(expression) => match &expression.shape {
            Shape::Column(column) => column.as_str().to_owned(),
            Shape::Null
            | Shape::Constant
            | Shape::Cast { .. }
            | Shape::NextValue(_)
            | Shape::Other => name_of(written).map_or_else(|| "expr".to_owned(), |(name, _)| name),
        },
    }
}

/// How sure the server is of a name it took from an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Weak,
    Strong,
}

fn name_of(written: &ast::Expr) -> Option<(String, Strength)> {
    match written {
        ast::Expr::NameRef(name) => Some((name.text(), Strength::Strong)),
        ast::Expr::CallExpr(call) => called(call),
        ast::Expr::CastExpr(cast) => {
            let inner = cast.expr().and_then(|inner| name_of(&inner));
            match inner {
                Some((name, Strength::Strong)) => Some((name, Strength::Strong)),
                Some((_, Strength::Weak)) | None => cast
                    .ty()
                    .and_then(|to| type_name(&to))
                    .map(|name| (name, Strength::Weak)),
            }
        }
        ast::Expr::Collate(collate) => collate.expr().and_then(|inner| name_of(&inner)),
        ast::Expr::ParenExpr(paren) => paren.expr().and_then(|inner| name_of(&inner)),
        ast::Expr::FieldExpr(field) => field.field().map(|name| (name.text(), Strength::Strong)),
        ast::Expr::IndexExpr(index) => index.base().and_then(|base| name_of(&base)),
        ast::Expr::SliceExpr(slice) => slice.base().and_then(|base| name_of(&base)),
        ast::Expr::ArrayExpr(_) => Some(("array".to_owned(), Strength::Strong)),
        ast::Expr::TupleExpr(_) => Some(("row".to_owned(), Strength::Strong)),
        ast::Expr::CaseExpr(case) => {
            let otherwise = case.else_clause().and_then(|clause| clause.expr());
            let inner = otherwise.and_then(|inner| name_of(&inner));
            match inner {
                Some((name, Strength::Strong)) => Some((name, Strength::Strong)),
                Some((_, Strength::Weak)) | None => Some(("case".to_owned(), Strength::Weak)),
            }
        }
        ast::Expr::BinExpr(_)
        | ast::Expr::BetweenExpr(_)
        | ast::Expr::Literal(_)
        | ast::Expr::PostfixExpr(_)
        | ast::Expr::PrefixExpr(_) => None,
    }
}

/// A call's name is the function's, without its namespace; the special forms begin with their keyword.
fn called(call: &ast::CallExpr) -> Option<(String, Strength)> {
    let callee = call.syntax().first_child()?;
    if let Some(name) = ast::NameRef::cast(callee.clone()) {
        return Some((name.text(), Strength::Strong));
    }
    if let Some(field) = ast::FieldExpr::cast(callee.clone()) {
        return field.field().map(|name| (name.text(), Strength::Strong));
    }
    let keyword = callee.first_token()?.text().to_ascii_lowercase();
    // These are other functions inside the server.
    let name = match keyword.as_str() {
        "trim" => "btrim".to_owned(),
        "collation" => "pg_collation_for".to_owned(),
        _ => keyword,
    };
    Some((name, Strength::Strong))
}

/// A type's name inside the server: `int4`, `varchar`.
fn type_name(written: &ast::Type) -> Option<String> {
    let name = match written {
        ast::Type::ArrayType(array) => return array.ty().and_then(|element| type_name(&element)),
        ast::Type::PathType(path) => {
            let last = path.path_ref()?.segment()?.text();
            return Some(internal_name(&last).to_owned());
        }
        ast::Type::BitType(_) => "bit",
        ast::Type::BitVaryingType(_) => "varbit",
        ast::Type::CharacterType(_) => "bpchar",
        ast::Type::VarcharType(_) => "varchar",
        ast::Type::DoubleType(_) => "float8",
        ast::Type::IntervalType(_) => "interval",
        ast::Type::TimeType(time) => match time.timezone() {
            Some(ast::Timezone::WithTimezone(_)) => "timetz",
            Some(ast::Timezone::WithoutTimezone(_)) | None => "time",
        },
        ast::Type::TimestampType(timestamp) => match timestamp.timezone() {
            Some(ast::Timezone::WithTimezone(_)) => "timestamptz",
            Some(ast::Timezone::WithoutTimezone(_)) | None => "timestamp",
        },
    };
    Some(name.to_owned())
}

fn internal_name(written: &str) -> &str {
    match written {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "real" => "float4",
        "boolean" => "bool",
        "decimal" | "dec" => "numeric",
        other => other,
    }
}

/// Both parts are cut, the longer one first, until the whole fits.
fn object_name(first: &str, second: Option<&str>, label: &str) -> Ident {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let available = NAME_BYTES_MAX.saturating_sub(overhead);
    let mut first_bytes = first.len();
    let mut second_bytes = second.map_or(0, str::len);
    while first_bytes + second_bytes > available {
        if first_bytes > second_bytes {
            first_bytes -= 1;
        } else {
            second_bytes -= 1;
        }
    }
    let mut name = clipped(first, first_bytes).to_owned();
    if let Some(second) = second {
        name.push('_');
        name.push_str(clipped(second, second_bytes));
    }
    name.push('_');
    name.push_str(label);
    Ident::new(name)
}

/// At most so many bytes, never half a character.
fn clipped(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_part_of_a_name_is_cut_first() {
        let table = Ident::new("t".repeat(60));
        let name = for_columns(&table, &[Ident::from("customer_id")], "idx");
        let expected = ["t".repeat(47).as_str(), "_customer_id_idx"].concat();
        assert_eq!(name.ident().as_str(), expected);
        assert_eq!(name.ident().as_str().len(), NAME_BYTES_MAX);
    }

    #[test]
    fn a_cut_name_never_ends_inside_a_character() {
        let table = Ident::new("ä".repeat(31));
        let name = for_columns(&table, &[Ident::from("b")], "key");
        assert_eq!(
            name.ident().as_str(),
            ["ä".repeat(28).as_str(), "_b_key"].concat()
        );
    }

    #[test]
    fn equal_names_of_key_parts_are_numbered() {
        assert_eq!(
            distinct(["a", "a", "b", "a"].into_iter()),
            ["a", "a1", "b", "a2"]
        );
    }

    #[test]
    fn a_short_name_is_not_cut() {
        let name = for_table(&Ident::from("users"), "pkey");
        assert_eq!(name.ident().as_str(), "users_pkey");
    }
}

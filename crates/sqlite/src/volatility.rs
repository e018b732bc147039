//! How often SQLite's own functions may give another answer.
//!
//! Only functions named here are known; others are the application's or an extension's and answer `Unknown`.
//! Source: <https://sqlite.org/deterministic.html>, <https://sqlite.org/lang_corefunc.html>.

use segue_model::Volatility;

const IMMUTABLE: &[&str] = &[
    "abs",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "format",
    "glob",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_object",
    "json_type",
    "json_valid",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "printf",
    "quote",
    "replace",
    "round",
    "rtrim",
    "sign",
    "substr",
    "substring",
    "sum",
    "total",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unlikely",
    "upper",
    "zeroblob",
    "avg",
    "json_quote",
    "json_set",
    "json_insert",
    "if",
];
/// They read the clock where `'now'` is among their arguments.
const STABLE: &[&str] = &[
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "timediff",
    "unixepoch",
    "sqlite_version",
    "sqlite_source_id",
    "current_timestamp",
    "current_date",
    "current_time",
];
const VOLATILE: &[&str] = &[
    "random",
    "randomblob",
    "changes",
    "last_insert_rowid",
    "total_changes",
];

/// What SQLite's own function of this name is.
pub(crate) fn of(name: &str) -> Volatility {
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_in(IMMUTABLE) {
        Volatility::Immutable
    } else if is_in(STABLE) {
        Volatility::Stable
    } else if is_in(VOLATILE) {
        Volatility::Volatile
    } else {
        Volatility::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use segue_model::Volatility;

    #[test]
    fn a_function_of_somebody_elses_is_unknown() {
        assert_eq!(of("my_function"), Volatility::Unknown);
        assert_eq!(of("RANDOM"), Volatility::Volatile);
    }
}

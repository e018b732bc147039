//! How volatile the server's own functions are.
//!
//! Knows functions by name alone: of several with one name, the most volatile counts.

use std::sync::OnceLock;

use segue_model::Volatility;

/// One function a line, sorted by name: `i` immutable, `s` stable, `v` volatile.
///
/// Source: `pg_proc` of PostgreSQL 15, with the functions that later versions added, and those of the extensions
/// `uuid-ossp`, `pgcrypto`, `pg_trgm`, `hstore`, `citext` and `unaccent`.
static TABLE: &str = include_str!("volatility.txt");

/// What the server's own function of this name is; `Unknown` for others.
pub(crate) fn of(name: &str) -> Volatility {
    let functions = functions();
    functions
        .binary_search_by_key(&name, |(function, _)| function)
        .ok()
        .and_then(|place| functions.get(place))
        .map_or(Volatility::Unknown, |(_, volatility)| *volatility)
}

fn functions() -> &'static [(&'static str, Volatility)] {
    static FUNCTIONS: OnceLock<Vec<(&'static str, Volatility)>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| TABLE.lines().filter_map(entry).collect())
}

fn entry(line: &'static str) -> Option<(&'static str, Volatility)> {
    let (name, letter) = line.split_once(' ')?;
    let volatility = match letter {
        "i" => Volatility::Immutable,
        "s" => Volatility::Stable,
        "v" => Volatility::Volatile,
        _ => return None,
    };
    Some((name, volatility))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_give_a_new_value_at_each_call_are_volatile() {
        for name in [
            "random",
            "gen_random_uuid",
            "clock_timestamp",
            "nextval",
            "setval",
            "currval",
            "timeofday",
            "pg_sleep",
            "uuid_generate_v4",
            "uuidv7",
        ] {
            assert_eq!(of(name), Volatility::Volatile, "{name}");
        }
    }

    #[test]
    fn the_time_of_the_transaction_and_what_a_setting_decides_are_stable() {
        for name in ["now", "to_char", "concat", "jsonb_build_object"] {
            assert_eq!(of(name), Volatility::Stable, "{name}");
        }
    }

    #[test]
    fn what_depends_on_its_arguments_alone_is_immutable() {
        for name in ["lower", "upper", "md5", "abs", "uuid_generate_v5"] {
            assert_eq!(of(name), Volatility::Immutable, "{name}");
        }
    }

    #[test]
    fn a_function_of_somebody_else_is_unknown() {
        assert_eq!(of("my_function"), Volatility::Unknown);
        assert_eq!(of(""), Volatility::Unknown);
    }

    #[test]
    fn every_line_of_the_table_is_understood_and_in_order() {
        assert_eq!(functions().len(), TABLE.lines().count());
        assert!(functions().is_sorted_by(|left, right| left.0 < right.0));
    }
}

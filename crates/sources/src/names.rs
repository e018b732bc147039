//! File names of migrations: their digits, their description, their numeric order.

use std::cmp::Ordering;

/// Splits a name into its leading digits and the rest; none when it does not start with a digit.
pub(crate) fn leading_digits(name: &str) -> Option<(&str, &str)> {
    let end = name
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// The digits as a number: without leading zeros, `0` for nothing but zeros.
pub(crate) fn number(digits: &str) -> &str {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0" } else { trimmed }
}

/// Compares digits as numbers of any length.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (number(left), number(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Compares versions such as `1.0.5` part by part; parts that are missing count as 0.
pub(crate) fn compare_versions(left: &str, right: &str) -> Ordering {
    let mut left = left.split(['.', '_']);
    let mut right = right.split(['.', '_']);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => {
                let order = compare_numbers(one.unwrap_or("0"), other.unwrap_or("0"));
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

/// What follows the digits, without the separator before it.
pub(crate) fn description(rest: &str) -> &str {
    rest.trim_start_matches(['_', '-'])
}

/// The name without the ending, when it has that ending in any case.
pub(crate) fn without_ending<'name>(name: &'name str, ending: &str) -> Option<&'name str> {
    let cut = name.len().checked_sub(ending.len())?;
    let (stem, tail) = name.split_at_checked(cut)?;
    tail.eq_ignore_ascii_case(ending).then_some(stem)
}

/// True for a file of SQL, by its name.
pub(crate) fn is_sql(name: &str) -> bool {
    without_ending(name, ".sql").is_some()
}

/// The name without an ending of JavaScript or TypeScript; declarations are no programs.
pub(crate) fn script_stem(name: &str) -> Option<&str> {
    if name.ends_with(".d.ts") {
        return None;
    }
    [".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
}

#[cfg(test)]
mod tests {
    use super::{compare_numbers, compare_versions};

    #[test]
    fn versions_compare_part_by_part_as_numbers() {
        assert!(compare_versions("1", "1.0.5").is_lt());
        assert!(compare_versions("1.0.5", "1.1").is_lt());
        assert!(compare_versions("1.9", "1.10").is_lt());
        assert!(compare_versions("1_1", "1.1").is_eq());
        assert!(compare_versions("1.0", "1").is_eq());
    }

    #[test]
    fn numbers_longer_than_any_machine_word_compare() {
        assert!(compare_numbers("99999999999999999999999", "100000000000000000000000").is_lt());
        assert!(compare_numbers("007", "7").is_eq());
    }
}

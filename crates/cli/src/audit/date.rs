//! The day a migration was written, as far as its name says so.
//!
//! A plain number is no date: `V12`, `0003` answer nothing.

use segue_check::Date;

use crate::environment;

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;
/// 2000-01-01 and 2100-01-01 in seconds since 1970: numbers outside are no times.
const TIMES: std::ops::Range<u64> = 946_684_800..4_102_444_800;

/// The day in a migration's id: `20250131093000_users`, `2025-01-31-093000_users`, or seconds or milliseconds since 1970.
pub(crate) fn of_id(id: &str) -> Option<Date> {
    let digits: String = id
        .trim_start_matches(|first: char| !first.is_ascii_digit())
        .chars()
        .take_while(|next| next.is_ascii_digit() || matches!(next, '-' | '.' | '_'))
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    calendar(&digits).or_else(|| since_epoch(&digits))
}

fn calendar(digits: &str) -> Option<Date> {
    if digits.len() < 8 || matches!(digits.len(), 10 | 13) && since_epoch(digits).is_some() {
        return None;
    }
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
    Date::parse(&[year, month, day].join("-")).filter(|date| (1990..2100).contains(&date.year))
}

fn since_epoch(digits: &str) -> Option<Date> {
    let number: u64 = digits.parse().ok()?;
    let seconds = match digits.len() {
        10 => number,
        13 => number / 1_000,
        _ => return None,
    };
    TIMES
        .contains(&seconds)
        .then(|| environment::date(seconds / DAY_SECONDS))
}

/// `2025-01-31`.
pub(crate) fn words(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_in_a_name_is_a_day() {
        for (id, day) in [
            ("20250131093000", "2025-01-31"),
            ("20250131093000_users", "2025-01-31"),
            ("2026-01-01-000001_create_users", "2026-01-01"),
            ("V2025.03.04.1200__users", "2025-03-04"),
            ("1735689600_users", "2025-01-01"),
            ("1735689600000-users", "2025-01-01"),
        ] {
            assert_eq!(of_id(id).map(words).as_deref(), Some(day), "{id}");
        }
    }

    #[test]
    fn a_plain_number_is_no_date() {
        for id in [
            "1",
            "0003_users",
            "V12",
            "a1",
            "99999999",
            "000001",
            "1.2.3",
        ] {
            assert_eq!(of_id(id), None, "{id}");
        }
    }
}

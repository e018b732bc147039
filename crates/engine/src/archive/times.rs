//! The server's times, as the journal writes them.

/// Seconds from one time to another, both UTC in ISO 8601 (`2026-11-25T12:00:00Z`); none for what is none, 0 when the
/// second lies before the first.
pub(super) fn seconds_between(from: &str, to: &str) -> Option<u64> {
    let (from, to) = (seconds(from)?, seconds(to)?);
    Some(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

/// Seconds since the first day of the common era, or nearly: only differences are of use.
fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.trim_end_matches('Z').split_once('T')?;
    let mut parts = date.split('-').map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let mut parts = time.split(':').map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    let (hour, minute, second) = (next()?, next()?, next()?);
    // A year that begins in March ends with the day that is not always there.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::seconds_between;

    #[test]
    fn a_leap_day_counts() {
        let day = 86_400;
        for (from, to, seconds) in [
            ("2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", Some(day)),
            (
                "2028-02-28T00:00:00Z",
                "2028-03-01T00:00:00Z",
                Some(2 * day),
            ),
            ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", Some(1)),
            ("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Some(0)),
            ("yesterday", "2026-01-01T00:00:00Z", None),
        ] {
            assert_eq!(seconds_between(from, to), seconds, "{from} {to}");
        }
    }
}

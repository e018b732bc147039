//! Hazards over time: findings per month where the names of the migrations say a day, else per migration.
//!
//! Only groups and counts; drawing is the page's business.

use segue_check::Date;

use super::Audit;
use super::score::Counts;

/// Bars of one chart.
const BARS_MAX: usize = 48;

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    /// What one bar stands for: `month`, `year`, `migration`, `12 migrations`.
    pub(crate) unit: String,
    /// The bars from the oldest to the newest.
    pub(crate) bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bar {
    /// What it stands for.
    pub(crate) label: String,
    /// How many migrations.
    pub(crate) migrations: usize,
    /// How many findings.
    pub(crate) counts: Counts,
}

/// The chart of an audit.
pub(crate) fn chart(audit: &Audit) -> Chart {
    let days: Option<Vec<Date>> = audit.marks.iter().map(|mark| mark.day).collect();
    let (unit, slots, labels) = match days.as_deref().and_then(by_day) {
        Some(grouped) => grouped,
        None => by_number(audit.marks.len()),
    };
    let mut bars: Vec<Bar> = labels
        .into_iter()
        .map(|label| Bar {
            label,
            ..Bar::default()
        })
        .collect();
    for slot in &slots {
        if let Some(bar) = bars.get_mut(*slot) {
            bar.migrations += 1;
        }
    }
    for found in &audit.found {
        let slot = found.mark.and_then(|mark| slots.get(mark));
        if let Some(bar) = slot.and_then(|slot| bars.get_mut(*slot)) {
            bar.counts.add(found.placed.finding.severity);
        }
    }
    Chart { unit, bars }
}

/// The bar of each migration, and the labels of the bars.
type Grouped = (String, Vec<usize>, Vec<String>);

/// By month, or by year when the months are too many; none when even the years are.
fn by_day(days: &[Date]) -> Option<Grouped> {
    let month = |date: &Date| usize::from(date.year) * 12 + usize::from(date.month) - 1;
    let (first, last) = (days.iter().min()?, days.iter().max()?);
    let months = month(last) - month(first) + 1;
    if (2..=BARS_MAX).contains(&months) {
        let slots = days.iter().map(|day| month(day) - month(first)).collect();
        let labels = (month(first)..=month(last))
            .map(|month| format!("{:04}-{:02}", month / 12, month % 12 + 1))
            .collect();
        return Some(("month".to_owned(), slots, labels));
    }
    let years = usize::from(last.year - first.year) + 1;
    (2..=BARS_MAX).contains(&years).then(|| {
        let slots = days
            .iter()
            .map(|day| usize::from(day.year - first.year))
            .collect();
        let labels = (first.year..=last.year)
            .map(|year| year.to_string())
            .collect();
        ("year".to_owned(), slots, labels)
    })
}

/// In the order of the migrations.
fn by_number(migrations: usize) -> Grouped {
    let each = migrations.div_ceil(BARS_MAX).max(1);
    let slots = (0..migrations).map(|number| number / each).collect();
    let labels = (0..migrations.div_ceil(each))
        .map(|bar| (bar * each + 1).to_string())
        .collect();
    let unit = match each {
        1 => "migration".to_owned(),
        several => format!("{several} migrations"),
    };
    (unit, slots, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_migrations_have_their_place() {
        let days = ["2025-11-30", "2026-02-01"].map(|day| Date::parse(day).unwrap());
        let (unit, slots, labels) = by_day(&days).unwrap();
        assert_eq!(unit, "month");
        assert_eq!(slots, [0, 3]);
        assert_eq!(labels, ["2025-11", "2025-12", "2026-01", "2026-02"]);
    }

    #[test]
    fn many_migrations_share_bars() {
        let (unit, slots, labels) = by_number(100);
        assert_eq!(unit, "3 migrations");
        assert_eq!(slots.last(), Some(&33));
        assert_eq!(labels.len(), 34);
    }
}

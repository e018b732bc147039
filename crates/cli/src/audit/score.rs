//! The score: simple enough to be worked out by hand. docs/audit.md says how.
//!
//! Decides nothing about findings: it only counts them.

use segue_check::Severity;

use super::area::Area;

/// The best score.
const BEST: usize = 100;
/// An area with an error is never better than this.
const WITH_ERROR: usize = 50;
/// An area with a warning is never better than this.
const WITH_WARNING: usize = 80;
/// What a migration with an error costs, in tenths of a migration.
const TENTHS: usize = 10;

/// How many findings of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Errors.
    pub(crate) errors: usize,
    /// Warnings.
    pub(crate) warnings: usize,
    /// Notes.
    pub(crate) notes: usize,
}

impl Counts {
    /// Counts one more.
    pub(crate) fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// All of them.
    pub(crate) fn all(self) -> usize {
        self.errors + self.warnings + self.notes
    }
}

/// One area with its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    /// The area.
    pub(crate) area: &'static Area,
    /// Its score, or why it has none.
    pub(crate) score: Result<usize, String>,
    /// Its findings.
    pub(crate) counts: Counts,
    /// How many migrations they are in.
    pub(crate) migrations: usize,
    /// By how many points the whole would rise without them.
    pub(crate) gain: usize,
}

/// The score of an area: `worst` has the worst severity of each migration that has findings.
pub(crate) fn of_area(worst: &[Severity], migrations: usize) -> usize {
    let lost: usize = worst
        .iter()
        .map(|severity| match severity {
            Severity::Error => TENTHS,
            Severity::Warning => TENTHS / 2,
            Severity::Note => 1,
        })
        .sum();
    let all = (migrations * TENTHS).max(1);
    let share = (BEST * lost).div_ceil(all).min(BEST);
    let ceiling = match worst.iter().max() {
        Some(Severity::Error) => WITH_ERROR,
        Some(Severity::Warning) => WITH_WARNING,
        Some(Severity::Note) => BEST - 1,
        None => BEST,
    };
    (BEST - share).min(ceiling)
}

/// The weighted mean of the areas that have a score; none when no area has one. Says what each area costs.
pub(crate) fn whole(areas: &mut [Scored]) -> Option<usize> {
    let mut weights = 0;
    let mut sum = 0;
    for scored in areas.iter() {
        if let Ok(score) = &scored.score {
            weights += weight(scored);
            sum += score * weight(scored);
        }
    }
    for scored in areas.iter_mut() {
        if let Ok(score) = &scored.score
            && let Some(gain) = ((BEST - score) * weight(scored)).checked_div(weights)
        {
            scored.gain = gain;
        }
    }
    sum.checked_div(weights)
}

fn weight(scored: &Scored) -> usize {
    usize::try_from(scored.area.weight).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_without_findings_is_perfect_and_any_finding_shows() {
        assert_eq!(of_area(&[], 12), 100);
        assert_eq!(of_area(&[Severity::Note], 1_000), 99);
        assert_eq!(of_area(&[Severity::Warning], 1_000), 80);
        assert_eq!(of_area(&[Severity::Error], 1_000), 50);
    }

    #[test]
    fn an_error_in_every_migration_leaves_nothing() {
        assert_eq!(of_area(&[Severity::Error; 4], 4), 0);
        assert_eq!(of_area(&[Severity::Warning; 4], 4), 50);
    }

    #[test]
    fn more_findings_about_the_project_than_migrations_do_not_go_below_nothing() {
        assert_eq!(of_area(&[Severity::Error; 9], 2), 0);
        assert_eq!(of_area(&[Severity::Error], 0), 0);
    }
}

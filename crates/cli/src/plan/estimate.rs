//! How long a step works and how much log it writes, from the sizes of the tables now.
//!
//! Estimates: orders of magnitude, not promises. The rates were measured on PostgreSQL 15, on a table of 1 M rows of 120
//! bytes, two cores and a disk of a virtual machine; docs/plan.md lists them and says what makes them wrong.

use segue_engine::{PlannedMigration, PlannedStep, StepText};
use segue_model::{BackfillKind, Cause, LockRole, QualifiedName, TableSize, Work, WorkKind};

use super::Sizes;
use super::words::{bytes, rows};

/// Rows of one table that a second is enough for.
const SCAN: u64 = 6_000_000;
const REFERENCES: u64 = 3_500_000;
const INDEX: u64 = 500_000;
const REWRITE: u64 = 500_000;
const BATCHES: u64 = 150_000;
const COPY: u64 = 400_000;
/// Bytes of files that a second is enough for.
const FILES: u64 = 200 << 20;
/// Bytes of log for one row.
const LOG_INDEX: u64 = 50;
const LOG_REWRITE: u64 = 200;
const LOG_BATCHES: u64 = 350;
const LOG_COPY: u64 = 200;

/// How long a step works, and how much log it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// In ms; none when nobody knows.
    pub(crate) ms: Option<u64>,
    /// In bytes; none when nobody knows.
    pub(crate) log_bytes: Option<u64>,
    /// How it was made, one line each; none for what only touches the catalog.
    pub(crate) how: Vec<String>,
}

impl Estimate {
    /// What only touches the catalog.
    const MOMENT: Self = Self {
        ms: Some(0),
        log_bytes: Some(0),
        how: Vec::new(),
    };

    /// The sum: unknown as soon as a part is.
    pub(crate) fn sum<'e>(parts: impl Iterator<Item = &'e Self>) -> Self {
        parts.fold(Self::MOMENT, |sum, part| Self {
            ms: sum.ms.zip(part.ms).map(|(a, b)| a.saturating_add(b)),
            log_bytes: sum
                .log_bytes
                .zip(part.log_bytes)
                .map(|(a, b)| a.saturating_add(b)),
            how: Vec::new(),
        })
    }

    fn and(mut self, other: &Self) -> Self {
        let how = [std::mem::take(&mut self.how), other.how.clone()].concat();
        Self {
            how,
            ..Self::sum([&self, other].into_iter())
        }
    }
}

/// The estimate of one step.
pub(super) fn of(step: &PlannedStep, plan: &PlannedMigration, sizes: &Sizes) -> Estimate {
    match &step.text {
        StepText::Backfill(backfill, _) => {
            let (rate, log, what) = match backfill.kind {
                BackfillKind::Update { .. } => (BATCHES, LOG_BATCHES, "changed in batches"),
                BackfillKind::Delete => (COPY, LOG_COPY, "deleted in batches"),
                BackfillKind::Copy { .. } => (COPY, LOG_COPY, "copied in batches"),
            };
            by_rows((&backfill.table, sizes), (rate, log), what)
        }
        StepText::Probe(..) => match read_by(step, plan) {
            Some(table) => by_rows((table, sizes), (SCAN, 0), "read"),
            None => Estimate::MOMENT,
        },
        StepText::Users(_) | StepText::Authored(_) => step
            .impact
            .work
            .iter()
            .filter(|work| counts(work, step))
            .map(|work| by_work(work, sizes))
            .fold(Estimate::MOMENT, |sum, part| sum.and(&part)),
    }
}

/// The rate of an index has the reading in it, and the rows of the other table of a foreign key are looked up, not read.
fn counts(work: &Work, step: &PlannedStep) -> bool {
    let impact = &step.impact;
    let is_read_for_index = work.kind == WorkKind::Scan
        && impact
            .work
            .iter()
            .any(|other| other.on == work.on && matches!(other.kind, WorkKind::BuildIndex(_)));
    let is_partner = work.cause == Cause::ForeignKey
        && impact.work_for(Cause::ForeignKey).count() > 1
        && impact.claims.iter().any(|claim| {
            claim.on.relation() == Some(&work.on) && claim.role == LockRole::ForeignKeyPartner
        });
    !is_read_for_index && !is_partner
}

/// A probe reads the table that the other steps of its statement work on, or only the catalog: its text names which.
fn read_by<'p>(step: &PlannedStep, plan: &'p PlannedMigration) -> Option<&'p QualifiedName> {
    let statement = |id: &str| id.split('.').next().map(str::to_owned);
    plan.steps
        .iter()
        .filter(|other| statement(&other.id) == statement(&step.id))
        .flat_map(|other| &other.impact.claims)
        .filter_map(|claim| claim.on.relation())
        .find(|name| step.text.as_str().contains(&name.to_string()))
}

fn by_work(work: &Work, sizes: &Sizes) -> Estimate {
    let on = (&work.on, sizes);
    match &work.kind {
        WorkKind::Scan if work.cause == Cause::ForeignKey => {
            by_rows(on, (REFERENCES, 0), "looked up in the other table")
        }
        WorkKind::Scan => by_rows(on, (SCAN, 0), "read"),
        WorkKind::Rewrite => by_rows(
            on,
            (REWRITE, LOG_REWRITE),
            "written anew, with their indexes",
        ),
        WorkKind::BuildIndex(_) => by_rows(on, (INDEX, LOG_INDEX), "sorted into an index"),
        WorkKind::Copy => by_files(on),
        WorkKind::NewFile => Estimate::MOMENT,
        WorkKind::Rows => by_rows(
            on,
            (BATCHES, LOG_BATCHES),
            "at most, changed in one transaction",
        ),
    }
}

/// A table that is not there yet has no rows; where the database keeps no sizes nobody knows.
fn size((table, sizes): (&QualifiedName, &Sizes)) -> Option<TableSize> {
    let sizes = sizes.as_ref()?;
    Some(sizes.get(table).copied().unwrap_or(TableSize {
        rows: 0,
        bytes: Some(0),
    }))
}

fn by_rows(
    (table, sizes): (&QualifiedName, &Sizes),
    (rate, log): (u64, u64),
    what: &str,
) -> Estimate {
    let Some(size) = size((table, sizes)) else {
        return Estimate {
            ms: None,
            log_bytes: None,
            how: vec![format!("rows of {table} {what}: nobody knows how many")],
        };
    };
    Estimate {
        ms: Some(size.rows.saturating_mul(1_000) / rate),
        log_bytes: Some(size.rows.saturating_mul(log)),
        how: vec![format!(
            "about {} of {table} {what}, {} a second",
            rows(size.rows),
            rows(rate)
        )],
    }
}

fn by_files((table, sizes): (&QualifiedName, &Sizes)) -> Estimate {
    match size((table, sizes)).and_then(|size| size.bytes) {
        Some(size) => Estimate {
            ms: Some(size.saturating_mul(1_000) / FILES),
            log_bytes: Some(size),
            how: vec![format!(
                "{} of {table} copied, {} a second",
                bytes(size),
                bytes(FILES)
            )],
        },
        None => Estimate::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use segue_model::{QualifiedName, TableSize};

    use super::{BATCHES, Estimate, LOG_BATCHES, by_rows};

    #[test]
    fn a_table_that_is_not_there_yet_costs_nothing_and_an_unknown_one_is_unknown() {
        let table = QualifiedName::new("public", "t");
        let rates = (BATCHES, LOG_BATCHES);
        let nothing = by_rows((&table, &Some(BTreeMap::new())), rates, "changed");
        assert_eq!((nothing.ms, nothing.log_bytes), (Some(0), Some(0)));
        let unknown = by_rows((&table, &None), rates, "changed");
        assert_eq!(unknown.ms, None);
        let size = TableSize {
            rows: 3_000_000,
            bytes: None,
        };
        let sizes = Some(BTreeMap::from([(table.clone(), size)]));
        let known = by_rows((&table, &sizes), rates, "changed");
        assert_eq!(known.ms, Some(20_000));
        assert_eq!(Estimate::sum([&known, &unknown].into_iter()).ms, None);
    }
}

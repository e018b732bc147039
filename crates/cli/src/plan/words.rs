//! The words of a plan that every output shares.

use segue_model::{Blocks, Cause, Loss, PhaseKind, StepTransaction, Wait, WorkKind};

use super::{Estimate, MigrationView, NoReturn, OwnDown, Patience, StepView};
use segue_engine::{Limits, Sent};

/// `950 rows`, `41 M rows`.
pub(super) fn rows(count: u64) -> String {
    let (number, unit) = match count {
        1 => return "1 row".to_owned(),
        0..10_000 => (count.to_string(), ""),
        10_000..1_000_000 => ((count / 1_000).to_string(), " k"),
        1_000_000..10_000_000 => (tenths(count / 100_000), " M"),
        10_000_000..10_000_000_000 => ((count / 1_000_000).to_string(), " M"),
        _large => ((count / 1_000_000_000).to_string(), " G"),
    };
    format!("{number}{unit} rows")
}

/// `3.2`, `6`: tenths of something.
fn tenths(count: u64) -> String {
    match (count / 10, count % 10) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part}"),
    }
}

/// `12 KiB`, `340 MiB`, `12 GiB`.
pub(super) fn bytes(count: u64) -> String {
    let (number, unit) = match count {
        0..1_024 => (count, "bytes"),
        1_024..1_048_576 => (count >> 10, "KiB"),
        1_048_576..10_737_418_240 => (count >> 20, "MiB"),
        _large => (count >> 30, "GiB"),
    };
    format!("{number} {unit}")
}

/// `a moment`, `12 s`, `4 min`, `3 h`.
pub(super) fn time(ms: u64) -> String {
    match ms {
        0..100 => "a moment".to_owned(),
        100..1_000 => "less than 1 s".to_owned(),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _long => format!("{} h", ms / 3_600_000),
    }
}

/// `about 12 s, 340 MiB of log`.
pub(super) fn cost(estimate: &Estimate) -> String {
    let time = match estimate.ms {
        None => "nobody knows how long".to_owned(),
        Some(ms @ 0..1_000) => time(ms),
        Some(ms) => format!("about {}", time(ms)),
    };
    match estimate.log_bytes {
        None | Some(0..1_048_576) => time,
        Some(log) => format!("{time}, {} of log", bytes(log)),
    }
}

/// Whom a lock keeps waiting.
pub(super) fn blocks(blocks: Blocks) -> &'static str {
    match blocks {
        Blocks::Nobody => "nobody waits",
        Blocks::Writes => "writes wait",
        Blocks::ReadsAndWrites => "reads and writes wait",
    }
}

/// With whom a step shares a transaction.
pub(super) fn place(transaction: StepTransaction) -> &'static str {
    match transaction {
        StepTransaction::Own => "own transaction",
        StepTransaction::WithPrevious => "same transaction",
        StepTransaction::Outside => "outside any transaction",
    }
}

/// A phase in one word.
pub(super) fn phase(phase: PhaseKind) -> &'static str {
    match phase {
        PhaseKind::Expand => "expand",
        PhaseKind::Backfill => "backfill",
        PhaseKind::Contract => "contract",
    }
}

/// What a phase is for.
pub(super) fn purpose(phase: PhaseKind) -> &'static str {
    match phase {
        PhaseKind::Expand => "the new structure beside the old one",
        PhaseKind::Backfill => "rows in batches, and what is built on them",
        PhaseKind::Contract => "the old structure goes",
    }
}

/// What is done with the rows of a table.
pub(super) fn work(kind: &WorkKind, cause: Cause) -> String {
    let why = match cause {
        Cause::VolatileDefault => "a default that differs from row to row",
        Cause::StoredGenerated => "a stored generated column",
        Cause::Serial => "serial",
        Cause::Identity => "an identity column",
        Cause::ConstrainedDomain => "a domain with constraints",
        Cause::TypeChange => "values that are stored otherwise",
        Cause::SortOrderChange => "another order",
        Cause::UsingExpression => "USING",
        Cause::TimeZone => "a time zone that is not UTC",
        Cause::Check => "a CHECK that has to hold",
        Cause::NotNull => "NOT NULL has to hold",
        Cause::ForeignKey => "a foreign key that has to hold",
        Cause::UniqueKey => "a unique key",
        Cause::Exclusion => "an exclusion constraint",
        Cause::Index => "the index",
        Cause::PartitionBound => "the bounds of a partition",
        Cause::DefaultPartition => "rows of the default partition",
        Cause::Storage => "another form of storage",
        Cause::Refresh => "the view's query",
        Cause::Query => "the rows that were asked for",
        Cause::DomainConstraint => "a constraint of a domain",
        Cause::Removal => "rows are removed",
    };
    let what = match kind {
        WorkKind::Scan => "every row is read",
        WorkKind::Rewrite => "every row is written anew",
        WorkKind::Copy => "the files are copied",
        WorkKind::BuildIndex(_) => "an index is built",
        WorkKind::NewFile => "a new file",
        WorkKind::Rows => "rows are read or written",
    };
    format!("{what} ({why})")
}

/// What a step waits for besides its locks.
pub(super) fn wait(wait: Wait) -> &'static str {
    match wait {
        Wait::Writers => "every transaction that has written the table",
        Wait::Users => "every transaction that uses the table",
        Wait::OldSnapshots => "every old snapshot in the database",
    }
}

/// How long a step may wait for its locks.
pub(super) fn patience(step: &StepView<'_>, limits: &Limits) -> String {
    match step.patience {
        Patience::Tries => format!(
            "{} ms a try for a lock, {} tries",
            limits.lock_timeout_ms, limits.attempts_max
        ),
        Patience::Long => format!(
            "up to {} for old transactions: nobody waits behind it",
            time(limits.online_wait_ms.into())
        ),
    }
}

/// How long one can go back, and how.
pub(super) fn window(migration: &MigrationView<'_>) -> String {
    match (migration.gate, migration.own_down, migration.plan.way) {
        (Some(_), _, Sent::Up) => {
            "from the first step until `segue contract`: `segue down` undoes what is done, the last step first, and keeps every write of both versions"
                .to_owned()
        }
        (Some(_), _, Sent::Down) => {
            "from the first step until `segue contract`".to_owned()
        }
        (None, OwnDown::Written, Sent::Up) => {
            "afterwards `segue down` runs the migration's own way down".to_owned()
        }
        (None, OwnDown::Missing, Sent::Up) => {
            "none: the migration has no way down; while it runs each transaction is whole or not there".to_owned()
        }
        (None, _, Sent::Down) => "`segue up` runs it again".to_owned(),
    }
}

/// The point of no return, in one line.
pub(super) fn no_return(migration: &MigrationView<'_>) -> String {
    match &migration.no_return {
        NoReturn::Nowhere(why) => format!("none: {why}"),
        NoReturn::At(place, why) => {
            let step = migration
                .steps
                .get(*place)
                .map_or("?", |step| step.step.id.as_str());
            format!("step {step}: {why}")
        }
    }
}

/// What is lost, with the names of where it is lost.
pub(super) fn loss(loss: &Loss) -> String {
    match (&loss.relation, &loss.column) {
        (Some(table), Some(column)) => format!("{} ({table}.{column})", loss.what),
        (Some(table), None) if !loss.what.contains(&table.to_string()) => {
            format!("{} ({table})", loss.what)
        }
        (Some(_) | None, _) => loss.what.clone(),
    }
}

/// How one agrees to what is lost.
pub(super) fn agreement(migration: &MigrationView<'_>, verb: &str) -> String {
    let plan = migration.plan;
    let agent = crate::environment::agent().is_some();
    match (agent, plan.losses.is_empty()) {
        (true, false) => format!("segue approve {}", plan.hash),
        (false, false) => format!("segue {verb} --approve {}", plan.hash),
        (true, true) => format!("segue approve {}, once it waits at its gate", plan.hash),
        (false, true) => format!("segue contract {} --approve {}", plan.id, plan.hash),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, rows, time};

    #[test]
    fn numbers_have_units() {
        assert_eq!(rows(1), "1 row");
        assert_eq!(rows(3_250_000), "3.2 M rows");
        assert_eq!(rows(41_000_000), "41 M rows");
        assert_eq!(bytes(1 << 40), "1024 GiB");
        assert_eq!(bytes(340 << 20), "340 MiB");
        assert_eq!(time(12_000), "12 s");
        assert_eq!(time(20), "a moment");
    }
}

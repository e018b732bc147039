//! Where a project and a database stand to each other. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{Dialect, Migration, Repetition};

use crate::checksum::{checksums, raw_checksum};
use crate::journal::{Record, RecordState};

/// How one migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Done and unchanged since.
    Applied,
    /// Taken as done when Segue came.
    Baseline,
    /// Begun; `up` goes on with it.
    Partial,
    /// Done as far as its gate; `contract` goes on with it.
    Waiting,
    /// On its way back; `down` goes on with it.
    Reverting,
    /// Done, and its text was edited since.
    Edited,
    /// To do.
    Pending,
    /// To do, and its place is before one that is done.
    OutOfOrder,
    /// Recorded, and the project has no such migration.
    Missing,
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// Its file; as recorded, when the project lacks it.
    pub path: String,
    /// How it stands.
    pub standing: Standing,
    /// What the journal says.
    pub record: Option<Record>,
}

/// The answer, of which the part that the project does not know may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The project's migrations in their order, then those that only the journal knows, as many as were asked for.
    pub lines: Vec<Status>,
    /// How many there are that only the journal knows.
    pub missing: usize,
}

/// The project's migrations in their order, then those that only the journal knows.
pub fn status(
    migrations: &[Migration],
    records: Vec<Record>,
    dialect: &dyn Dialect,
) -> Vec<Status> {
    let ids: BTreeSet<&str> = migrations.iter().map(|one| one.id.as_str()).collect();
    let (known, missing): (Vec<Record>, Vec<Record>) = records
        .into_iter()
        .partition(|record| ids.contains(record.id.as_str()));
    let mut known: BTreeMap<String, Record> = known
        .into_iter()
        .map(|record| (record.id.clone(), record))
        .collect();
    let last_done = migrations
        .iter()
        .rposition(|migration| known.contains_key(&migration.id));
    let mut lines = Vec::with_capacity(migrations.len());
    for (place, migration) in migrations.iter().enumerate() {
        let record = known.remove(&migration.id);
        let standing = match &record {
            Some(record) => recorded(record, migration, dialect),
            None if last_done.is_some_and(|last| place < last) => Standing::OutOfOrder,
            None => Standing::Pending,
        };
        lines.push(Status {
            id: migration.id.clone(),
            path: migration.path.clone(),
            standing,
            record,
        });
    }
    lines.extend(missing.into_iter().map(|record| Status {
        id: record.id.clone(),
        path: record.path.clone(),
        standing: Standing::Missing,
        record: Some(record),
    }));
    lines
}

fn recorded(record: &Record, migration: &Migration, dialect: &dyn Dialect) -> Standing {
    match record.state {
        RecordState::Partial => Standing::Partial,
        RecordState::Waiting => Standing::Waiting,
        RecordState::Reverting => Standing::Reverting,
        RecordState::Baseline => Standing::Baseline,
        RecordState::Applied if is_unchanged(record, migration, dialect) => Standing::Applied,
        RecordState::Applied => match migration.repetition {
            // It is meant to run again whenever it changes.
            Repetition::OnChange => Standing::Pending,
            Repetition::Once => Standing::Edited,
        },
    }
}

/// Where the bytes are the same the text need not be read.
fn is_unchanged(record: &Record, migration: &Migration, dialect: &dyn Dialect) -> bool {
    raw_checksum(migration) == record.raw
        || checksums(migration, dialect).semantic == record.semantic
}

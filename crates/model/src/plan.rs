//! The safe way of doing a change: again a list of changes, in phases, with gates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use crate::{
    Backfill, Change, Ident, NamespaceChange, QualifiedName, Reaction, Sql, TableChange, Target,
};

/// The namespace in which dropped tables and the values of dropped columns are kept until they are purged.
pub const ARCHIVE: &str = "segue_archive";

/// How a list of changes is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Plan {
    /// What it is for: the changes of one statement.
    pub of: Vec<Change>,
    /// The phases, in order; none is empty.
    pub phases: Vec<Phase>,
    /// What the user has to know or decide: lost online-ness, ordering, what is not carried over.
    pub remarks: Vec<String>,
}

/// A stretch of a plan that runs in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// What must be true before it starts; none for the first.
    pub gate: Option<Gate>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// Which phase.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// The new structure appears beside the old one.
    Expand,
    /// Data is copied.
    Backfill,
    /// The old structure goes.
    Contract,
}

/// One step: one statement, one backfill, or one thing to check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Step {
    /// Unique in its plan and stable when the plan is made again: `1`, `2`, …
    pub id: u32,
    /// One sentence, with the user's names.
    pub purpose: String,
    /// What is done.
    pub action: Action,
    /// With whom it shares a transaction.
    pub transaction: StepTransaction,
    /// What puts back the values it takes away, when it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Backfill>,
    /// What takes it back, where its inverse would work on the data under a lock; none for the inverse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Vec<Change>>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// One statement with these changes, which Segue renders.
    Change(Vec<Change>),
    /// The user's own statement, as it stands in his file.
    AsWritten,
    /// Data is copied in batches.
    Backfill(Backfill),
    /// A query that must give no row before the plan goes on.
    Probe(Probe),
}

/// With whom a step shares a transaction.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StepTransaction {
    /// With nobody: a transaction of its own.
    Own,
    /// With the step before.
    WithPrevious,
    /// It runs outside any transaction.
    Outside,
}

/// A question to the data that must be answered with "no row".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Probe {
    /// What would be found: one sentence.
    pub finds: String,
    /// The question.
    pub query: Sql,
}

/// What must be true before a phase starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Gate {
    /// What, one sentence each.
    pub conditions: Vec<String>,
    /// What nobody may use any more when the phase starts: evidence is sought for these.
    pub retires: Vec<Retired>,
}

/// What goes behind a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retired {
    /// A column.
    Column {
        /// Its table.
        table: QualifiedName,
        /// Its name, as the old version of the application knows it.
        column: Ident,
        /// What counts the writes that still come through it.
        counter: Option<QualifiedName>,
    },
    /// A name of a column that stays under another one: what knows the column by its number follows.
    ColumnName {
        /// Its table.
        table: QualifiedName,
        /// The name, as the old version of the application knows it.
        column: Ident,
        /// What counts the writes that still come through it.
        counter: Option<QualifiedName>,
    },
    /// A table or view, by the name the old version of the application knows.
    Relation(QualifiedName),
}

/// What is said of a plan that keeps nothing.
pub const NOTHING_KEPT: &str = "Nothing of what is dropped is kept (--no-archive): the contract phase is the point of no return.";

/// What a statement has to do with the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archiving<'a> {
    /// It makes room there.
    MakesRoom,
    /// It moves this table there.
    Moves(&'a QualifiedName),
}

impl<'a> Archiving<'a> {
    /// What these changes, of one statement, have to do with it; none when nothing.
    pub fn of(changes: &'a [Change]) -> Option<Self> {
        let is_there = |name: &QualifiedName| name.namespace.as_str() == ARCHIVE;
        changes.iter().find_map(|change| {
            if let Change::Table(target, TableChange::SetNamespace(to)) = change
                && to.as_str() == ARCHIVE
            {
                return Some(Self::Moves(&target.name));
            }
            let makes_room = matches!(change, Change::Namespace(name, NamespaceChange::Create(_)) if name.as_str() == ARCHIVE)
                || matches!(change, Change::Table(target, TableChange::Create(_)) if is_there(&target.name))
                || matches!(change, Change::Comment(target, _) if target.name.as_ref().is_some_and(is_there));
            makes_room.then_some(Self::MakesRoom)
        })
    }
}

/// Turns a step into one that keeps nothing; false when nothing is left of it.
fn drop_at_once(step: &mut Step) -> bool {
    step.restore = None;
    match &step.action {
        Action::Change(changes) => match Archiving::of(changes) {
            None => true,
            Some(Archiving::MakesRoom) => false,
            Some(Archiving::Moves(table)) => {
                let table = table.clone();
                step.purpose = format!("Drop {table}: its rows are not kept.");
                step.action = Action::Change(vec![Change::Table(
                    Target::required(table),
                    TableChange::Drop {
                        reaction: Reaction::Restrict,
                    },
                )]);
                true
            }
        },
        Action::Backfill(backfill) => !backfill.archives(),
        Action::AsWritten | Action::Probe(_) => true,
    }
}

impl Plan {
    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(|phase| phase.steps.iter())
    }

    /// True when what the plan drops is kept first: a table moved into the archive, or rows copied there.
    pub fn archives(&self) -> bool {
        self.steps().any(|step| match &step.action {
            Action::Change(changes) => matches!(Archiving::of(changes), Some(Archiving::Moves(_))),
            Action::Backfill(backfill) => backfill.archives(),
            Action::AsWritten | Action::Probe(_) => false,
        })
    }

    /// The same plan without the archive: what would be kept is dropped. The steps are numbered anew.
    #[must_use]
    pub fn without_archive(mut self) -> Self {
        if !self.archives() {
            return self;
        }
        for phase in &mut self.phases {
            let mut is_left_out = false;
            phase.steps.retain_mut(|step| {
                let stays = drop_at_once(step);
                if stays && is_left_out && step.transaction == StepTransaction::WithPrevious {
                    step.transaction = StepTransaction::Own;
                }
                is_left_out = !stays;
                stays
            });
        }
        self.phases.retain(|phase| !phase.steps.is_empty());
        let steps = self.phases.iter_mut().flat_map(|phase| &mut phase.steps);
        for (id, step) in (1_u32..).zip(steps) {
            step.id = id;
        }
        self.remarks.retain(|remark| !remark.contains(ARCHIVE));
        self.remarks.push(NOTHING_KEPT.to_owned());
        self
    }

    /// The name an approval is given for: SHA-256 over the plan's canonical form, in lower-case hex.
    ///
    /// Remarks are part of it: what a person approved is what he read.
    pub fn hash(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&canonical)
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                for nibble in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
                }
                text
            })
    }
}

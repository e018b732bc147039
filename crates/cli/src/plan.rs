//! A plan as people meet it: each step with its locks, work, estimated time and way back; where the gate is, how long one
//! can go back, and where the point of no return lies.
//!
//! Computed from the engine's plan and the sizes of the tables; sends nothing. How it is written: one file each.

mod estimate;
mod html;
mod human;
mod json;
mod review;
mod why;
mod words;
pub(crate) mod write;

use std::collections::BTreeMap;

use segue_engine::{
    Hindrance, Limits, PlannedMigration, PlannedStep, Sample, Sent, StepText, redacted,
};
use segue_model::{
    Archiving, BackfillProof, Blocks, Change, Dialect, Down, Form, LockMode, LockRole, Locked,
    Loss, Migration, QualifiedName, StepTransaction, TableSize,
};

pub(crate) use estimate::Estimate;
pub(crate) use html::{review as html_review, why as html_why, write as html};
pub(crate) use human::write as human;
pub(crate) use json::write as json;
pub(crate) use review::write as review;
pub(crate) use why::{Markup, write as why};

/// The sizes of the tables; none where the database keeps none.
pub(crate) type Sizes = Option<BTreeMap<QualifiedName, TableSize>>;

/// What became of the first slice of each backfill, by the id of its migration and step.
pub(crate) type Samples = BTreeMap<(String, String), Result<Sample, String>>;

/// What a view is made from.
pub(crate) struct Material<'a> {
    pub(crate) plans: &'a [PlannedMigration],
    pub(crate) project: &'a [Migration],
    pub(crate) found: &'a [Hindrance],
    pub(crate) sizes: &'a Sizes,
    pub(crate) samples: &'a Samples,
    pub(crate) limits: Limits,
    pub(crate) verb: &'static str,
    pub(crate) dialect: &'a dyn Dialect,
}

/// Everything that is shown.
pub(crate) struct View<'a> {
    pub(crate) migrations: Vec<MigrationView<'a>>,
    pub(crate) found: &'a [Hindrance],
    pub(crate) limits: Limits,
    pub(crate) verb: &'static str,
}

/// One migration.
pub(crate) struct MigrationView<'a> {
    pub(crate) plan: &'a PlannedMigration,
    pub(crate) steps: Vec<StepView<'a>>,
    /// Where the steps behind the gate begin.
    pub(crate) gate: Option<usize>,
    /// What is lost for ever, at whichever step.
    pub(crate) losses: Vec<&'a Loss>,
    /// Its own way down.
    pub(crate) own_down: OwnDown,
    pub(crate) no_return: NoReturn,
}

/// Whether a migration brings its own way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnDown {
    Written,
    Missing,
}

/// From where on there is no going back to what was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoReturn {
    /// There is no such point, and why.
    Nowhere(String),
    /// This step, by its place, and why.
    At(usize, String),
}

/// One step.
pub(crate) struct StepView<'a> {
    pub(crate) step: &'a PlannedStep,
    /// The number of its transaction.
    pub(crate) turn: usize,
    pub(crate) sql: String,
    pub(crate) locks: Vec<Lock<'a>>,
    pub(crate) undo: Undo,
    pub(crate) estimate: Estimate,
    pub(crate) sample: Option<&'a Result<Sample, String>>,
    /// How long it may wait for its locks.
    pub(crate) patience: Patience,
}

/// How long a step may wait for its locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A short try, again and again.
    Tries,
    /// It keeps nobody waiting, and may wait itself.
    Long,
}

/// One lock on one relation that an application knows.
pub(crate) struct Lock<'a> {
    pub(crate) on: &'a QualifiedName,
    pub(crate) mode: LockMode,
}

/// What takes a step back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undo {
    /// Nothing has to be taken back.
    Nothing,
    /// These statements, exactly.
    Exact(Vec<String>),
    /// These statements, and what the archive keeps.
    FromArchive(Vec<String>),
    /// Only the migration's own way down.
    OwnDown,
    /// Rows that it changed stay so.
    Stays,
    /// Nothing does.
    Never,
}

impl<'a> View<'a> {
    /// The view of some plans.
    pub(crate) fn of(material: &Material<'a>) -> Self {
        Self {
            migrations: material
                .plans
                .iter()
                .map(|plan| migration(plan, material))
                .collect(),
            found: material.found,
            limits: material.limits,
            verb: material.verb,
        }
    }
}

impl MigrationView<'_> {
    /// All steps before the gate, and those behind it.
    pub(crate) fn stretches(&self) -> (&[StepView<'_>], &[StepView<'_>]) {
        self.steps
            .split_at_checked(self.gate.unwrap_or(self.steps.len()))
            .unwrap_or((&self.steps, &[]))
    }

    /// True when the point of no return lies right before this step.
    pub(crate) fn is_no_return(&self, place: usize) -> bool {
        match &self.no_return {
            NoReturn::Nowhere(_) => false,
            NoReturn::At(at, _) => *at == place,
        }
    }

    /// The relations it locks, in the order in which they are met.
    pub(crate) fn relations(&self) -> Vec<&QualifiedName> {
        let mut names: Vec<&QualifiedName> = Vec::new();
        for lock in self.steps.iter().flat_map(|step| &step.locks) {
            if !names.contains(&lock.on) {
                names.push(lock.on);
            }
        }
        names
    }

    /// The strongest lock that is held on a relation while a step runs: a transaction keeps what its earlier steps took.
    pub(crate) fn held(&self, place: usize, relation: &QualifiedName) -> Option<LockMode> {
        let turn = self.steps.get(place)?.turn;
        self.steps
            .iter()
            .take(place + 1)
            .filter(|step| step.turn == turn)
            .flat_map(|step| &step.locks)
            .filter(|lock| lock.on == relation)
            .map(|lock| lock.mode)
            .max()
    }
}

fn migration<'a>(plan: &'a PlannedMigration, material: &Material<'a>) -> MigrationView<'a> {
    let own_down = own_down(plan, material.project);
    let mut turn = 0;
    let steps: Vec<StepView<'a>> = plan
        .steps
        .iter()
        .map(|step| {
            if step.transaction != StepTransaction::WithPrevious {
                turn += 1;
            }
            step_view(step, turn, (plan, own_down), material)
        })
        .collect();
    let gate = plan.steps.iter().position(|step| step.gate.is_some());
    let behind = plan.steps.iter().filter_map(|step| step.gate.as_ref());
    let losses: Vec<&Loss> = plan
        .losses
        .iter()
        .chain(behind.flat_map(|waiting| &waiting.losses))
        .collect();
    let no_return = no_return((plan, gate), &steps, (&losses, own_down));
    MigrationView {
        plan,
        steps,
        gate,
        losses,
        own_down,
        no_return,
    }
}

fn own_down(plan: &PlannedMigration, project: &[Migration]) -> OwnDown {
    let found = project.iter().find(|one| one.id == plan.id);
    match found.map(|one| &one.form) {
        Some(Form::Sql {
            down: Down::Sections(_),
            ..
        }) => OwnDown::Written,
        Some(
            Form::Sql {
                down: Down::Missing | Down::Empty | Down::Derived,
                ..
            }
            | Form::Program { .. },
        )
        | None => OwnDown::Missing,
    }
}

fn step_view<'a>(
    step: &'a PlannedStep,
    turn: usize,
    (plan, own_down): (&PlannedMigration, OwnDown),
    material: &Material<'a>,
) -> StepView<'a> {
    let locks = locks(step, material.sizes);
    let is_quiet = locks
        .iter()
        .map(|lock| lock.mode.blocks())
        .max()
        .is_some_and(|blocks| blocks == Blocks::Nobody);
    StepView {
        turn,
        sql: redacted(step.text.as_str(), material.dialect)
            .trim_end()
            .trim_end_matches(';')
            .to_owned(),
        undo: undo(step, (plan, own_down), material.dialect),
        estimate: estimate::of(step, plan, material.sizes),
        sample: material.samples.get(&(plan.id.clone(), step.id.clone())),
        patience: if is_quiet && step.transaction == StepTransaction::Outside {
            Patience::Long
        } else {
            Patience::Tries
        },
        locks,
        step,
    }
}

/// The strongest lock on each table or view: what indexes and sequences are locked with, no application waits for by name.
fn locks<'s>(step: &'s PlannedStep, sizes: &Sizes) -> Vec<Lock<'s>> {
    let mut locks: Vec<Lock<'s>> = Vec::new();
    let is_of_index = step
        .changes
        .iter()
        .any(|change| matches!(change, Change::Index(_)));
    let is_index = |name: &QualifiedName| {
        is_of_index
            && sizes
                .as_ref()
                .is_some_and(|sizes| !sizes.contains_key(name))
    };
    for claim in &step.impact.claims {
        let is_shown = match claim.role {
            LockRole::Target
            | LockRole::Descendant
            | LockRole::Parent
            | LockRole::DefaultPartition
            | LockRole::ForeignKeyPartner
            | LockRole::View
            | LockRole::Dependent => true,
            LockRole::Index | LockRole::Toast | LockRole::Sequence => false,
        };
        let Locked::Relation(on) = &claim.on else {
            continue;
        };
        match locks.iter_mut().find(|lock| lock.on == on) {
            Some(lock) => lock.mode = lock.mode.max(claim.mode),
            None if is_shown && !is_index(on) => locks.push(Lock {
                on,
                mode: claim.mode,
            }),
            None => {}
        }
    }
    if let (StepText::Backfill(backfill, _), true) = (&step.text, locks.is_empty()) {
        locks.push(Lock {
            on: &backfill.table,
            mode: LockMode::RowExclusive,
        });
    }
    locks
}

fn undo(
    step: &PlannedStep,
    (plan, own_down): (&PlannedMigration, OwnDown),
    dialect: &dyn Dialect,
) -> Undo {
    let is_gated = plan.steps.iter().any(|other| other.gate.is_some());
    match &step.text {
        StepText::Probe(..) => return Undo::Nothing,
        // Copies go with what they were copied into; rows that a statement of the user's changed do not come back.
        StepText::Backfill(backfill, _) => {
            return match backfill.proof {
                BackfillProof::NoneRemain => Undo::Nothing,
                BackfillProof::EachRangeOnce if own_down == OwnDown::Written && !is_gated => {
                    Undo::OwnDown
                }
                BackfillProof::EachRangeOnce => Undo::Stays,
            };
        }
        StepText::Users(_) | StepText::Authored(_) => {}
    }
    let changes = step.back.as_ref().or(step.undo.as_ref());
    let rendered: Option<Vec<String>> = changes.and_then(|changes| {
        changes
            .iter()
            .map(|change| {
                let sql = dialect.render(std::slice::from_ref(change)).ok()?;
                Some(redacted(sql.as_str(), dialect))
            })
            .collect()
    });
    let is_kept =
        step.restore.is_some() || matches!(Archiving::of(&step.changes), Some(Archiving::Moves(_)));
    match (rendered, is_kept, own_down, plan.way) {
        (Some(sql), false, _, _) if sql.is_empty() => Undo::Nothing,
        (Some(sql), true, _, _) => Undo::FromArchive(sql),
        (Some(sql), false, _, _) => Undo::Exact(sql),
        (None, _, _, _) if is_harmless(&step.changes) => Undo::Nothing,
        (None, _, OwnDown::Written, Sent::Up) => Undo::OwnDown,
        (None, _, OwnDown::Written, Sent::Down) | (None, _, OwnDown::Missing, _) => Undo::Never,
    }
}

/// True for what leaves nothing to be taken back: settings of the session.
fn is_harmless(changes: &[Change]) -> bool {
    !changes.is_empty()
        && changes
            .iter()
            .all(|change| matches!(change, Change::Session(_)))
}

fn no_return(
    (plan, gate): (&PlannedMigration, Option<usize>),
    steps: &[StepView<'_>],
    (losses, own_down): (&[&Loss], OwnDown),
) -> NoReturn {
    let is_kept = |step: &StepView<'_>| matches!(step.undo, Undo::FromArchive(_));
    let is_lossy = |step: &StepView<'_>| !step.step.losses.is_empty() && !is_kept(step);
    if let Some(first) = losses.first() {
        let place = steps.iter().position(is_lossy);
        let place = place.or(gate).unwrap_or(0);
        return NoReturn::At(
            place,
            format!("{} cannot be brought back", words::loss(first)),
        );
    }
    let last = steps
        .iter()
        .position(|step| step.undo == Undo::Never)
        .filter(|_| plan.way == Sent::Up);
    match (last, gate) {
        (Some(place), _) => NoReturn::At(
            place,
            "nothing is destroyed, but the migration has no way down of its own".to_owned(),
        ),
        (None, Some(_)) if steps.iter().any(is_kept) => NoReturn::Nowhere(
            "what is dropped is kept in the archive: the point of no return is `segue archive purge`"
                .to_owned(),
        ),
        (None, _) if own_down == OwnDown::Written => NoReturn::Nowhere(
            "nothing is destroyed; after the last step the migration's own way down goes back"
                .to_owned(),
        ),
        (None, _) => NoReturn::Nowhere("nothing is destroyed, and every step has a way back".to_owned()),
    }
}

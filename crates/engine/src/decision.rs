//! Which way was taken for a statement, and on what grounds: for people who ask why.

use segue_model::{
    Answers, Breakage, Certainty, Change, Impact, Locked, Loss, Plan, QualifiedName, Replay,
    TableSize,
};

use crate::prepare::Manner;

/// Letters of a statement that are kept for people.
const LETTERS_MAX: usize = 400;

/// What was decided for one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number in the migration, from 1.
    pub statement: usize,
    /// Its text; the beginning of a long one.
    pub text: String,
    /// What it does.
    pub changes: Vec<Change>,
    /// Which way.
    pub way: ChosenWay,
    /// Whom the statement as written would break.
    pub breaks: Vec<Breakage>,
    /// What it would lock and work on as written.
    pub impact: Impact,
    /// What it destroys.
    pub losses: Vec<Loss>,
    /// The tables it touches.
    pub tables: Vec<Measured>,
    /// Rows from which on rows are changed in batches.
    pub large_rows: u64,
}

/// Which way a statement is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenWay {
    /// As written, because that was asked for.
    Verbatim,
    /// As written: nothing better is known, or nothing is at stake.
    AsWritten,
    /// In steps that end in the same run.
    Steps(usize),
    /// In phases: some of its steps wait behind a gate.
    Phases {
        /// Steps before the gate.
        before: usize,
        /// Steps behind it.
        behind: usize,
    },
}

/// A table that a statement touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its name.
    pub name: QualifiedName,
    /// Its size now; none when nobody knows.
    pub size: Option<TableSize>,
    /// Whether this migration made it: then nobody uses it yet.
    pub origin: Origin,
}

/// Where a table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there before.
    Before,
    /// It is new in what goes out.
    New,
}

impl Decision {
    pub(crate) fn of(
        (statement, text, changes): (usize, &str, &[Change]),
        (manner, plan): (Manner, Option<&Plan>),
        answers: &Answers,
        replay: &Replay,
    ) -> Self {
        let mut names: Vec<&QualifiedName> = Vec::new();
        let claims = answers
            .impact
            .claims
            .iter()
            .filter_map(|claim| match &claim.on {
                Locked::Relation(name) => Some(name),
                Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => None,
            });
        for name in claims.chain(answers.impact.work.iter().map(|work| &work.on)) {
            if !names.contains(&name) && replay.catalog.table(name).is_some() {
                names.push(name);
            }
        }
        let tables = names.into_iter().map(|name| Measured {
            name: name.clone(),
            size: replay.server.sizes.get(name).copied(),
            origin: if replay.catalog.is_new_in_migration(name) {
                Origin::New
            } else {
                Origin::Before
            },
        });
        Self {
            statement,
            text: text.chars().take(LETTERS_MAX).collect(),
            changes: changes.to_vec(),
            way: way(manner, plan),
            breaks: answers.breaks.clone(),
            impact: answers.impact.clone(),
            losses: answers.destroys.clone(),
            tables: tables.collect(),
            large_rows: replay.server.large_rows,
        }
    }

    /// True when not everything about the statement is known.
    pub fn is_unsure(&self) -> bool {
        self.impact.certainty != Certainty::Known
    }
}

fn way(manner: Manner, plan: Option<&Plan>) -> ChosenWay {
    let Some(plan) = plan else {
        return match manner {
            Manner::Verbatim => ChosenWay::Verbatim,
            Manner::Safe | Manner::SafeWithoutArchive => ChosenWay::AsWritten,
        };
    };
    let gate = plan.phases.iter().position(|phase| phase.gate.is_some());
    let count = |phases: &[segue_model::Phase]| phases.iter().map(|phase| phase.steps.len()).sum();
    match gate.and_then(|gate| plan.phases.split_at_checked(gate)) {
        None => ChosenWay::Steps(count(&plan.phases)),
        Some((before, behind)) => ChosenWay::Phases {
            before: count(before),
            behind: count(behind),
        },
    }
}

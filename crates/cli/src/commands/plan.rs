//! `segue plan`: every step that `up` would send, with its locks, its cost and its way back. Changes nothing.

use std::io::Write as _;

use segue_engine::{EngineError, Event, PlannedMigration, Runner, StepText, Target};
use segue_model::Migration;

use crate::arguments::{
    ChoiceArguments, DatabaseArguments, LockArguments, PlanArguments, PlanOutput, RunOutput,
    UpArguments,
};
use crate::error::CliError;
use crate::exit::Exit;
use crate::plan::{self, Markup, Material, Samples, View};
use crate::running::{limits, project, selection, with_runner};
use crate::session::AnySession;

/// What is asked of a plan, whichever verb asks.
pub(crate) struct Asked<'a> {
    pub(crate) database: &'a DatabaseArguments,
    pub(crate) choice: &'a ChoiceArguments,
    pub(crate) locks: &'a LockArguments,
    pub(crate) trial: Trial,
    pub(crate) about: About,
    pub(crate) output: PlanOutput,
}

/// Whether the first slice of each backfill is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// It is, and rolled back.
    FirstSlices,
    /// Nothing is.
    Nothing,
}

impl<'a> Asked<'a> {
    fn dry_run(arguments: &'a UpArguments) -> Self {
        Self {
            database: &arguments.database,
            choice: &arguments.choice,
            locks: &arguments.locks,
            trial: Trial::FirstSlices,
            about: About::Steps,
            output: match arguments.output {
                RunOutput::Human => PlanOutput::Human,
                RunOutput::Json => PlanOutput::Json,
            },
        }
    }
}

/// Shows the plan.
///
/// # Errors
/// When the project or the database cannot be read, or something would be refused.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Exit, CliError> {
    let asked = Asked {
        database: &arguments.database,
        choice: &arguments.choice,
        locks: &arguments.locks,
        trial: if arguments.dry_run {
            Trial::FirstSlices
        } else {
            Trial::Nothing
        },
        about: match (arguments.why, arguments.rollback) {
            (true, _) => About::Why,
            (false, true) => About::Review,
            (false, false) => About::Steps,
        },
        output: arguments.output,
    };
    match &arguments.write {
        Some(folder) => plan::write::run(&asked, folder),
        None => up(&asked),
    }
}

/// Shows what `up` would send.
///
/// # Errors
/// As [`run`].
pub(crate) fn forward(arguments: &UpArguments) -> Result<Exit, CliError> {
    up(&Asked::dry_run(arguments))
}

fn up(asked: &Asked<'_>) -> Result<Exit, CliError> {
    let project = project(asked.database)?;
    let mut observer = |_: &Event| {};
    let text = with_runner(
        asked.database,
        (limits(asked.locks), &mut observer),
        |runner| {
            let plans = runner.plan(&project.migrations, &selection(asked.choice, Target::All))?;
            shown(runner, (&project.migrations, &plans), (asked, "up"))
        },
    )?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// Shows what `down` would send.
///
/// # Errors
/// As [`run`].
pub(crate) fn back(arguments: &UpArguments) -> Result<Exit, CliError> {
    let asked = Asked::dry_run(arguments);
    let project = project(asked.database)?;
    let mut observer = |_: &Event| {};
    let text = with_runner(
        asked.database,
        (limits(asked.locks), &mut observer),
        |runner| {
            let chosen = selection(asked.choice, Target::Steps(1));
            let plans = runner
                .plan_down(&project.migrations, &chosen)
                .map_err(|error| project.explained(error))?;
            shown(runner, (&project.migrations, &plans), (&asked, "down"))
        },
    )?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

/// What is asked for besides the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Nothing: the steps.
    Steps,
    /// The document a team reviews.
    Review,
    /// Which way was taken, and why.
    Why,
}

/// What is written of these plans, with what is in the way of them now.
fn shown(
    runner: &mut Runner<'_, AnySession>,
    (project, plans): (&[Migration], &[PlannedMigration]),
    (asked, verb): (&Asked<'_>, &'static str),
) -> Result<String, EngineError> {
    let found = runner.hindrances(plans)?;
    let samples = match asked.trial {
        Trial::FirstSlices => samples(runner, plans),
        Trial::Nothing => Samples::new(),
    };
    let sizes = runner.measured()?;
    let dialect = runner.dialect;
    let view = View::of(&Material {
        plans,
        project,
        found: &found,
        sizes: &sizes,
        samples: &samples,
        limits: runner.limits,
        verb,
        dialect,
    });
    let markup = match asked.output {
        PlanOutput::Markdown => Markup::Markdown,
        PlanOutput::Human | PlanOutput::Json | PlanOutput::Html => Markup::Plain,
    };
    Ok(match (asked.output, asked.about) {
        (PlanOutput::Json, _) => plan::json(&view, dialect),
        (PlanOutput::Html, About::Steps) => plan::html(&view),
        (PlanOutput::Html, About::Review) => plan::html_review(&view, &runner.guard.consent),
        (PlanOutput::Html, About::Why) => plan::html_why(&view, dialect),
        (PlanOutput::Human | PlanOutput::Markdown, About::Why) => plan::why(&view, dialect, markup),
        (PlanOutput::Human, About::Review)
        | (PlanOutput::Markdown, About::Steps | About::Review) => {
            plan::review(&view, &runner.guard.consent, markup)
        }
        (PlanOutput::Human, About::Steps) => plan::human(&view),
    })
}

/// Tries the first slice of every backfill and rolls it back.
fn samples(runner: &mut Runner<'_, AnySession>, plans: &[PlannedMigration]) -> Samples {
    let mut samples = Samples::new();
    for plan in plans {
        for step in &plan.steps {
            if let StepText::Backfill(backfill, _) = &step.text {
                let sample = runner.sample(backfill).map_err(|error| error.to_string());
                samples.insert((plan.id.clone(), step.id.clone()), sample);
            }
        }
    }
    samples
}

//! `segue approve HASH`: a person agrees to what a plan destroys. Recorded in the journal with who and when.

use std::io::Write as _;

use segue_engine::{
    Event, Keeping, Limits, Manner, Order, PlannedMigration, Purpose, Runner, Selection, Target,
};
use segue_sqlite::Missing;

use crate::arguments::ApproveArguments;
use crate::environment::{agent, ask, is_on_terminal, person, say};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::{project, with_runner_at};
use crate::session::AnySession;
use crate::show::escape::line;
use crate::target::database;

/// Shows what the plan destroys, asks, and records the answer.
///
/// # Errors
/// [`Code::Refused`] when nobody can answer or does; [`Code::Usage`] when no plan has this hash.
pub(crate) fn run(arguments: &ApproveArguments) -> Result<Exit, CliError> {
    by_a_person(&arguments.hash)?;
    let project = project(&arguments.database)?;
    let database = database(&arguments.database)?;
    let target = database.proven(Purpose::Read, Missing::Refuse)?;
    let mut observer = |_: &Event| {};
    let talk = (
        Limits::default(),
        &mut observer as &mut dyn segue_engine::Observer,
    );
    let agreed = with_runner_at(&database, target, talk, |runner| {
        runner.holder = person();
        let plans = plans(runner, &project.migrations);
        let Some(plan) = plans.into_iter().find(|plan| plan.hash == arguments.hash) else {
            return Ok(None);
        };
        say(&line(&plan.path));
        for lost in runner.destroyed(&plan)? {
            say(&line(&format!("  destroys  {lost}")));
        }
        let name = target.name();
        let question = format!(
            "to agree, type the name of the database ({}): ",
            line(&target.shown())
        );
        if ask(&question) != Some(name) {
            return Ok(Some(Vec::new()));
        }
        runner.approve(&plan).map(Some)
    })?;
    match agreed {
        None => Err(CliError::new(
            Code::Usage,
            "no plan has this hash: the files or the database have changed since",
            "segue plan",
        )),
        Some(people) if people.is_empty() => {
            Err(CliError::new(Code::Refused, "nobody agreed", "segue plan"))
        }
        Some(people) => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "agreed to {}", arguments.hash)?;
            for one in people {
                writeln!(out, "  {}  {}", one.at, line(&one.person))?;
            }
            Ok(Exit::Ok)
        }
    }
}

/// Programs do not agree.
fn by_a_person(hash: &str) -> Result<(), CliError> {
    let refused = |what: String| {
        Err(CliError::new(
            Code::Refused,
            what,
            format!("a person, on a terminal: segue approve {}", line(hash)),
        ))
    };
    match (agent(), is_on_terminal()) {
        (Some(sign), _) => refused(format!(
            "{sign} is set: an agent does not agree for a person"
        )),
        (None, false) => refused("nobody is here to agree: this is no terminal".to_owned()),
        (None, true) => Ok(()),
    }
}

/// All plans that may be run next, up, behind gates and down; those that cannot be made are none.
fn plans(
    runner: &mut Runner<'_, AnySession>,
    migrations: &[segue_model::Migration],
) -> Vec<PlannedMigration> {
    let selection = |target| Selection {
        target,
        manner: Manner::Safe,
        order: Order::AnyOrder,
    };
    let mut plans = runner
        .plan(migrations, &selection(Target::All))
        .unwrap_or_default();
    let back = (1..=migrations.len()).map_while(|count| {
        runner
            .plan_down(migrations, &selection(Target::Steps(count)))
            .ok()
    });
    plans.extend(back.last().unwrap_or_default());
    for keeping in [Keeping::Nothing, Keeping::Archived] {
        runner.guard.keeping = keeping;
        plans.extend(runner.plan_contract(migrations).unwrap_or_default());
    }
    let kept = runner.kept().unwrap_or_default();
    for one in kept {
        plans.extend(runner.plan_purge(&[one]).unwrap_or_default());
    }
    plans
}

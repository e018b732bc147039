//! What every verb that meets a database shares: the project's migrations, the runner, and errors with their place.

use std::path::Path;
use std::time::Duration;

use segue_engine::{
    Approval, Clock, EngineError, Event, Kind, Limits, Manner, Observer, Order, Runner, Selection,
    StateOfDatabase, Target,
};
use segue_model::{Migration, ProjectProblem};
use segue_postgres::{Postgres, PostgresSession};
use segue_sources::{LocateOptions, Located, locate};

use crate::arguments::{DatabaseArguments, UpArguments};
use crate::environment::{Pauses, user_and_process};
use crate::error::{Changed, CliError, Code};
use crate::show::position::Finger;
use crate::target::database;

/// Where other tools keep what they ran, by the names of their tables.
const HISTORIES: &[&str] = &[
    "schema_migrations",
    "_prisma_migrations",
    "__drizzle_migrations",
    "flyway_schema_history",
    "goose_db_version",
    "_sqlx_migrations",
    "__diesel_schema_migrations",
    "refinery_schema_history",
    "pgmigrations",
    "databasechangelog",
    "alembic_version",
    "django_migrations",
    "knex_migrations",
    "typeorm_migrations",
];

/// The project's migrations, read, in order.
pub(crate) struct Project {
    /// The folder, as it is shown.
    pub(crate) shown: String,
    /// Them.
    pub(crate) migrations: Vec<Migration>,
}

/// Finds the one project that is meant, and reads it.
///
/// # Errors
/// [`Code::NoMigrations`] when there is none or more than one; [`Code::UnreadablePath`] for a file that cannot be read.
pub(crate) fn project(arguments: &DatabaseArguments) -> Result<Project, CliError> {
    let start = arguments.dir.as_deref().unwrap_or(Path::new("."));
    let located = only(start, arguments)?;
    if let Some(problem) = located.problems.iter().find_map(decisive) {
        return Err(CliError::new(
            Code::Refused,
            problem,
            "correct the project, then run the same command again",
        )
        .at(located.shown));
    }
    let read = located.units.iter().map(|unit| {
        unit.read().map_err(|error| {
            CliError::new(
                Code::UnreadablePath,
                format!("a migration cannot be read: {}", error.reason()),
                "correct the file, then run the same command again",
            )
            .at(error.path())
        })
    });
    Ok(Project {
        shown: located.shown.clone(),
        migrations: read.collect::<Result<_, _>>()?,
    })
}

/// The one project below a folder.
///
/// # Errors
/// [`Code::NoMigrations`] when there is none or more than one.
pub(crate) fn only(start: &Path, arguments: &DatabaseArguments) -> Result<Located, CliError> {
    let options = LocateOptions {
        tool: arguments.tool,
        ..LocateOptions::default()
    };
    let mut found = locate(start, &options).map_err(|error| {
        CliError::new(
            Code::UnreadablePath,
            format!(
                "{} cannot be looked at: {}",
                start.display(),
                error.reason()
            ),
            "name the folder of the migrations with `--dir`",
        )
    })?;
    match (found.pop(), found.as_slice()) {
        (Some(one), []) => Ok(one),
        (None, _) => Err(CliError::new(
            Code::NoMigrations,
            format!("no migrations were found below {}", start.display()),
            "name their folder with `--dir`, or begin with `segue new DESCRIPTION`",
        )),
        (Some(last), others) => {
            let folders = others.iter().chain([&last]).map(|one| one.shown.clone());
            Err(CliError::new(
                Code::NoMigrations,
                "there is more than one project of migrations here",
                "name one of them with `--dir`",
            )
            .with_details(folders))
        }
    }
}

/// A problem of the project that makes its order or its names doubtful.
fn decisive(problem: &ProjectProblem) -> Option<String> {
    match problem {
        ProjectProblem::DuplicateId { id, paths } => {
            Some(format!("the id {id} is used twice: {}", paths.join(", ")))
        }
        ProjectProblem::SeveralHeads { heads } => Some(format!(
            "the history has several heads: {}",
            heads.join(", ")
        )),
        ProjectProblem::MissingParent { id, parent } => {
            Some(format!("{id} comes after {parent}, which does not exist"))
        }
        ProjectProblem::Cycle { ids } => Some(format!("these form a circle: {}", ids.join(", "))),
        ProjectProblem::Unreadable { path, reason } => Some(format!("{path}: {reason}")),
        ProjectProblem::Ignored { .. }
        | ProjectProblem::OutOfOrder { .. }
        | ProjectProblem::Configuration { .. } => None,
    }
}

/// Does something with a runner for the database that is meant.
///
/// # Errors
/// [`Code::Connection`], and what `act` says, with its place in the project.
pub(crate) fn with_runner<T>(
    arguments: &DatabaseArguments,
    (limits, observer): (Limits, &mut dyn Observer),
    act: impl FnOnce(&mut Runner<'_, PostgresSession>) -> Result<T, EngineError>,
) -> Result<T, CliError> {
    let target = database(arguments)?;
    // A connection of its own first: what is wrong with it is said before anything else.
    if target.connect()?.is_pooled() {
        return Err(CliError::new(
            Code::Refused,
            format!("{} is a pooler, not the server", target.target.shown()),
            "name the server itself with `--url`",
        )
        .with_details([
            "settings and locks of a session leak to others there, and a concurrent index cannot be watched"
                .to_owned(),
        ]));
    }
    let connect = || PostgresSession::connect(&target.target);
    let clock = Pauses::new();
    let mut runner =
        Runner::new(&Postgres, &connect, &clock, observer).map_err(|error| complaint(&error))?;
    runner.limits = limits;
    runner.histories = HISTORIES;
    runner.holder = user_and_process();
    runner.stop = &crate::signals::STOP;
    runner.seed = clock.now_ms() ^ u64::from(std::process::id()).rotate_left(32);
    act(&mut runner).map_err(|error| complaint(&error))
}

/// The ceilings that were asked for.
pub(crate) fn limits(arguments: &UpArguments) -> Limits {
    Limits {
        lock_timeout_ms: arguments.lock_timeout,
        attempts_max: arguments.attempts,
        blocked_sessions_max: arguments.max_blocked,
        ..Limits::default()
    }
}

/// What was asked for.
pub(crate) fn selection(arguments: &UpArguments, default: Target) -> Selection {
    let target = match (&arguments.to, arguments.steps) {
        (Some(id), _) => Target::To(id.clone()),
        (None, Some(count)) => Target::Steps(count),
        (None, None) => default,
    };
    Selection {
        target,
        manner: if arguments.manner.verbatim {
            Manner::Verbatim
        } else {
            Manner::Safe
        },
        order: if arguments.manner.allow_out_of_order {
            Order::AnyOrder
        } else {
            Order::Linear
        },
    }
}

/// What was agreed to.
pub(crate) fn approval(arguments: &UpArguments) -> Approval {
    Approval {
        hashes: arguments.approve.iter().cloned().collect(),
    }
}

/// An error of the engine in the anatomy of the command line.
pub(crate) fn complaint(error: &EngineError) -> CliError {
    let (code, next) = match error.kind() {
        Kind::Failed => (
            Code::MigrationFailed,
            "correct the migration, then run `segue up` again",
        ),
        Kind::Refused => (
            Code::Refused,
            "see the lines above; `segue plan` shows all steps",
        ),
        Kind::GateShut => (
            Code::GateShut,
            "finish the rollout, then run `segue contract` again",
        ),
        Kind::LeaseHeld => (
            Code::LeaseHeld,
            "wait for it, then run the same command again",
        ),
        Kind::LeaseLost => (Code::LeaseLost, "segue status"),
        Kind::LockBudget => (
            Code::LockTimeout,
            "end what is in the way, then run the same command again",
        ),
        Kind::Connection => (
            Code::Connection,
            "run the same command again once the server answers",
        ),
        Kind::NotVerified => (Code::NotVerified, "segue status"),
        Kind::Unknown => (Code::OutcomeUnknown, "segue status"),
        Kind::Stopped => (crate::signals::code(), "segue up goes on from there"),
        Kind::Request => (Code::Usage, "segue status"),
    };
    let mut complaint = CliError::new(code, error.to_string(), next)
        .with_details(error.details().iter().cloned())
        .after(changed(error.state()));
    if let Some((file, byte)) = error.file() {
        let place = std::fs::read_to_string(file).map_or_else(
            |_| file.to_owned(),
            |text| {
                let position = Finger::new(&text).position(byte);
                format!("{file}:{}:{}", position.line, position.column)
            },
        );
        let step = error.step().map(|(_, step)| format!("   step {step}"));
        complaint = complaint.at(format!("{place}{}", step.unwrap_or_default()));
    }
    complaint
}

fn changed(state: &StateOfDatabase) -> Changed {
    match state {
        StateOfDatabase::Untouched => Changed::Whole("nothing was changed".to_owned()),
        StateOfDatabase::Between { migrations } => Changed::Whole(format!(
            "{} done and recorded by this run; the one that stopped changed nothing",
            counted(*migrations)
        )),
        StateOfDatabase::Partial {
            migrations,
            steps,
            of,
        } => Changed::Part(format!(
            "{} done; of this one {steps} of {of} steps are done and recorded",
            counted(*migrations)
        )),
        StateOfDatabase::Unknown => {
            Changed::Whole("UNKNOWN: the last step may or may not be there".to_owned())
        }
    }
}

fn counted(migrations: usize) -> String {
    match migrations {
        1 => "1 migration is".to_owned(),
        count => format!("{count} migrations are"),
    }
}

/// Says on standard error what happens, one line each.
pub(crate) fn tell(event: &Event) {
    let line = match event {
        Event::Migration { path, steps: 1, .. } => format!("{path}  1 step"),
        Event::Migration { path, steps, .. } => format!("{path}  {steps} steps"),
        Event::Step { id, purpose } if purpose == "as written" => format!("  step {id}"),
        Event::Step { id, purpose } => format!("  step {id}  {purpose}"),
        Event::AlreadyDone { id } => format!("  step {id}  done by an earlier run"),
        Event::Waiting {
            attempt,
            attempts_max,
            pause_ms,
            blockers,
        } => {
            let who = match blockers.as_slice() {
                [] => String::new(),
                [first, ..] => format!("; in the way: pid {first}"),
            };
            format!("  no lock, try {attempt} of {attempts_max}, again in {pause_ms} ms{who}")
        }
        Event::InvalidIndex { name } => {
            format!("  {name} is invalid, left by a failed build: dropped and built again")
        }
        Event::Gate { id, conditions } => format!(
            "  at the gate: the rest waits for `segue contract {id}`. {}",
            conditions.join(" ")
        ),
        Event::Held { id, holder } => {
            format!("{id} is left for later: {holder} waits at its gate, on the same tables")
        }
        Event::Backfill { id, reason } => format!("  backfill {id}: {reason}"),
        Event::Proven { rows } => format!("  complete and proven: {rows} rows were changed"),
        Event::Done { took_ms, .. } => format!("  done and verified in {took_ms} ms"),
    };
    crate::environment::say(&crate::show::escape::line(&line));
}

/// A pause between two looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);

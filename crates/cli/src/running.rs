//! What every verb that meets a database shares: the project's migrations, the runner, and errors with their place.

use std::path::Path;
use std::time::Duration;

use segue_engine::{
    Approval, BackfillLimits, Clock, Copies, EngineError, Event, Kind, Limits, Manner, Observer,
    Order, Purpose, Runner, Selection, Signal, StateOfDatabase, Target,
};
use segue_model::{Migration, ProjectProblem, Tool};
use segue_sources::{LocateOptions, Located, locate};
use segue_sqlite::Missing;

use crate::arguments::{
    ChoiceArguments, DatabaseArguments, LockArguments, PaceArguments, UpArguments,
};
use crate::environment::{Pauses, user_and_process};
use crate::error::{Changed, CliError, Code};
use crate::proof::check_backup;
use crate::session::AnySession;
use crate::show::position::Finger;
use crate::target::{Address, Database, database};

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
    /// Whose files they are.
    pub(crate) tool: Tool,
    /// Them.
    pub(crate) migrations: Vec<Migration>,
}

impl Project {
    /// What a way down that is missing has to be, and where: that is the tool's to say.
    pub(crate) fn explained(&self, error: EngineError) -> EngineError {
        let stopped_at = error.step().map(|(id, _)| id.to_owned());
        let migration = self
            .migrations
            .iter()
            .find(|one| Some(&one.id) == stopped_at.as_ref());
        match migration {
            Some(migration) if error.kind() == Kind::NoWayDown => {
                let what = segue_sources::way_back(self.tool, &migration.path);
                error.advised(format!("{what}; then run the same command again"))
            }
            Some(_) | None => error,
        }
    }
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
        tool: located.tool,
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

/// Looks at the database that is meant, with a runner.
///
/// # Errors
/// As [`with_runner_for`].
pub(crate) fn with_runner<T>(
    arguments: &DatabaseArguments,
    talk: (Limits, &mut dyn Observer),
    act: impl FnOnce(&mut Runner<'_, AnySession>) -> Result<T, EngineError>,
) -> Result<T, CliError> {
    with_runner_for(Purpose::Read, arguments, talk, act)
}

/// Does something with a runner for the database that is meant, once everything about it is proven.
///
/// # Errors
/// [`Code::Connection`], [`Code::Refused`], and what `act` says, with its place in the project.
pub(crate) fn with_runner_for<T>(
    purpose: Purpose,
    arguments: &DatabaseArguments,
    (limits, observer): (Limits, &mut dyn Observer),
    act: impl FnOnce(&mut Runner<'_, AnySession>) -> Result<T, EngineError>,
) -> Result<T, CliError> {
    with_runner_on(
        (purpose, Missing::Refuse),
        arguments,
        (limits, observer),
        act,
    )
}

/// The same; says whether a file that is not there is made.
///
/// # Errors
/// As [`with_runner_for`].
pub(crate) fn with_runner_on<T>(
    (purpose, missing): (Purpose, Missing),
    arguments: &DatabaseArguments,
    (limits, observer): (Limits, &mut dyn Observer),
    act: impl FnOnce(&mut Runner<'_, AnySession>) -> Result<T, EngineError>,
) -> Result<T, CliError> {
    let database = database(arguments)?;
    // A connection of its own first: what is wrong with it is said before anything else.
    let target = database.proven(purpose, missing)?;
    with_runner_at(&database, target, (limits, observer), act)
}

/// The same without any proof, for those who bring their own.
///
/// # Errors
/// What `act` says, with its place in the project.
pub(crate) fn with_runner_at<T>(
    database: &Database,
    target: &Address,
    (limits, observer): (Limits, &mut dyn Observer),
    act: impl FnOnce(&mut Runner<'_, AnySession>) -> Result<T, EngineError>,
) -> Result<T, CliError> {
    let connect = || target.open(Missing::Refuse);
    let clock = Pauses::new();
    let backup = database.settings.backup.clone();
    let check = || backup.as_ref().map_or(Ok(()), check_backup);
    let mut runner = Runner::new(target.dialect(), &connect, &clock, observer)
        .map_err(|error| complaint(&error))?;
    runner.limits = limits;
    runner.histories = HISTORIES;
    runner.holder = user_and_process();
    runner.stop = &crate::signals::STOP;
    runner.seed = clock.now_ms() ^ u64::from(std::process::id()).rotate_left(32);
    if let Some(rows) = database.settings.large_rows {
        runner.large_rows = rows;
    }
    runner.guard.consent = database.consent();
    runner.guard.backup = Some(&check);
    act(&mut runner).map_err(|error| complaint(&error))
}

/// The ceilings that were asked for.
pub(crate) fn limits(arguments: &LockArguments) -> Limits {
    Limits {
        lock_timeout_ms: arguments.lock_timeout,
        attempts_max: arguments.attempts,
        blocked_sessions_max: arguments.max_blocked,
        ..Limits::default()
    }
}

/// What backfills may use.
pub(crate) fn backfills(arguments: &PaceArguments) -> BackfillLimits {
    let bytes = |mib: u64| mib.saturating_mul(1 << 20);
    let mut signals = vec![
        Signal::ReplicaLag {
            bytes_max: bytes(arguments.max_lag),
        },
        Signal::LockWaiters {
            sessions_max: arguments.max_waiters,
        },
    ];
    signals.extend(arguments.max_slot.map(|mib| Signal::SlotBacklog {
        bytes_max: bytes(mib),
    }));
    signals.extend(
        arguments
            .max_archive
            .map(|files_max| Signal::ArchiveBacklog { files_max }),
    );
    signals.extend(
        arguments
            .max_active
            .map(|sessions_max| Signal::ActiveSessions { sessions_max }),
    );
    signals.extend(
        arguments
            .max_latency
            .map(|ms_max| Signal::Latency { ms_max }),
    );
    BackfillLimits {
        workers: arguments.workers,
        target_ms: arguments.target,
        stripes: arguments.stripes,
        signals,
        ..BackfillLimits::default()
    }
}

/// What was asked for.
pub(crate) fn selection(arguments: &ChoiceArguments, default: Target) -> Selection {
    let target = match (&arguments.to, arguments.steps) {
        (Some(id), _) => Target::To(id.clone()),
        (None, Some(count)) => Target::Steps(count),
        (None, None) => default,
    };
    Selection {
        target,
        manner: match (arguments.verbatim, arguments.no_archive) {
            (true, _) => Manner::Verbatim,
            (false, true) => Manner::SafeWithoutArchive,
            (false, false) => Manner::Safe,
        },
        order: if arguments.allow_out_of_order {
            Order::AnyOrder
        } else {
            Order::Linear
        },
    }
}

/// Whether a copy is made before what destroys.
pub(crate) fn copies(arguments: &UpArguments) -> Copies {
    if arguments.no_copy {
        Copies::NotMade
    } else {
        Copies::Made
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
        Kind::Failed if error.step().is_none() => (
            Code::MigrationFailed,
            "mend what the database says, then run the same command again",
        ),
        Kind::Failed => (
            Code::MigrationFailed,
            "correct the migration, then run `segue up` again",
        ),
        Kind::Unsafe => (Code::NoSafeWay, "segue plan --verbatim"),
        Kind::GateShut => (
            Code::GateShut,
            "finish the rollout, then run `segue contract` again",
        ),
        Kind::NoWayDown => (
            Code::Refused,
            "write its way back, then run the same command again",
        ),
        Kind::Refused if error.file().is_some() => (Code::Refused, "segue check"),
        Kind::Refused => (Code::Refused, "segue plan"),
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
    let next = error.next().unwrap_or(next);
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
        Event::Copied { place } => format!("  copied the database to {place}"),
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
        Event::Hindrance { what } => format!("before it begins: {what}"),
        Event::RestorePoint {
            name: Some(name),
            position,
        } => format!("  restore point {name} at {position}"),
        Event::RestorePoint {
            name: None,
            position,
        } => format!(
            "  no restore point: the role or the server does not allow it; log position {position}"
        ),
        Event::Done { took_ms, .. } => format!("  done and verified in {took_ms} ms"),
    };
    crate::environment::say(&crate::show::escape::line(&line));
}

/// A pause between two looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What `up`, `down` and the like want: `--verbatim` is for development.
pub(crate) fn purpose(arguments: &UpArguments, verb: &str, otherwise: Purpose) -> Purpose {
    if arguments.choice.verbatim {
        Purpose::Develop(format!("segue {verb} --verbatim"))
    } else {
        otherwise
    }
}

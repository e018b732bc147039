//! Why a command ends without its answer: code, what, where, state, next. Rendered once, at the edge.
//!
//! Findings are no errors: they are answers.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use crate::exit::Exit;
use crate::show::escape::line;

/// The codes, in words: never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The command line.
    Usage,
    /// `explain` was asked for a code that does not exist.
    NoSuchPage,
    /// Nothing to check.
    NoMigrations,
    /// A path that cannot be looked at.
    UnreadablePath,
    /// `segue.toml` or a variable.
    Settings,
    /// The statistics file.
    Statistics,
    /// `--base`.
    Revision,
    /// The answer could not be written.
    Output,
    /// See its page.
    Connection,
    /// See its page.
    Refused,
    /// See its page.
    NoSafeWay,
    /// See its page.
    GateShut,
    /// See its page.
    LeaseHeld,
    /// See its page.
    LeaseLost,
    /// See its page.
    LockTimeout,
    /// See its page.
    MigrationFailed,
    /// See its page.
    NotVerified,
    /// See its page.
    OutcomeUnknown,
    /// See its page.
    Interrupted,
    /// See its page.
    HungUp,
    /// See its page.
    Terminated,
    /// A fault in Segue itself.
    Internal,
}

impl Code {
    /// Every code.
    pub(crate) const ALL: &[Self] = &[
        Self::Usage,
        Self::NoSuchPage,
        Self::NoMigrations,
        Self::UnreadablePath,
        Self::Settings,
        Self::Statistics,
        Self::Revision,
        Self::Output,
        Self::Connection,
        Self::Refused,
        Self::NoSafeWay,
        Self::GateShut,
        Self::LeaseHeld,
        Self::LeaseLost,
        Self::LockTimeout,
        Self::MigrationFailed,
        Self::NotVerified,
        Self::OutcomeUnknown,
        Self::Interrupted,
        Self::HungUp,
        Self::Terminated,
        Self::Internal,
    ];

    /// As it is printed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NoSuchPage => "unknown-code",
            Self::NoMigrations => "no-migrations",
            Self::UnreadablePath => "unreadable-path",
            Self::Settings => "settings",
            Self::Statistics => "statistics",
            Self::Revision => "revision",
            Self::Output => "output",
            Self::Connection => "connection",
            Self::Refused => "refused",
            Self::NoSafeWay => "no-safe-way",
            Self::GateShut => "gate-shut",
            Self::LeaseHeld => "lease-held",
            Self::LeaseLost => "lease-lost",
            Self::LockTimeout => "lock-timeout",
            Self::MigrationFailed => "migration-failed",
            Self::NotVerified => "not-verified",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Interrupted => "interrupted",
            Self::HungUp => "hung-up",
            Self::Terminated => "terminated",
            Self::Internal => "internal",
        }
    }

    /// What it means, for `segue explain`.
    #[expect(
        clippy::too_many_lines,
        reason = "one list of pages, read from top to bottom"
    )]
    pub(crate) fn page(self) -> &'static str {
        match self {
            Self::Usage => {
                "The command line could not be understood. Nothing was read and nothing was changed. An unknown flag or a malformed value always fails: it is never skipped."
            }
            Self::NoSuchPage => {
                "There is no rule and no error of this code. `segue explain` without a code lists all of them."
            }
            Self::NoMigrations => {
                "No migrations were found where you looked. A check that finds nothing to check does not pass: in CI that would hide a wrong path. Name the folder, or the tool with `--tool`."
            }
            Self::UnreadablePath => {
                "The path does not exist, is neither a folder nor a regular `.sql` file, or may not be read. A single file that cannot be read inside a project is a finding instead, and the rest is still judged."
            }
            Self::Settings => {
                "`segue.toml` or a `SEGUE_*` variable has an unknown key, a rule that does not exist, or a value that does not fit. Nothing is guessed."
            }
            Self::Statistics => {
                "The statistics file could not be read, is not of version 1, or names a table in a way that is not understood. The format and the query that produces it are described in docs/statistics.md."
            }
            Self::Revision => {
                "`--base` needs git, a repository around the migrations, and a revision that exists and has a common ancestor with HEAD. In CI, a shallow clone often lacks it: fetch the whole history."
            }
            Self::Output => {
                "The answer could not be written: the disk is full, or the directory cannot be written to. What was written so far is incomplete."
            }
            Self::Connection => {
                "The database could not be reached, or did not let us in. Nothing was changed. The target is printed without its password; `PG*` variables, a URL, a passfile and a service file are understood as libpq does."
            }
            Self::Refused => {
                "Segue will not do this as it stands: it destroys data that nobody agreed to, a migration was edited after it ran, the order is not the order in which others ran them, or a statement could not be read. The lines below the message say which. Nothing was started."
            }
            Self::NoSafeWay => {
                "The statement would break the running version of the application, or keep it waiting for as long as a table is large, and Segue knows no sequence of smaller steps to the same result; what stands in the way of one is named. Nothing was started. Write the statement in another way, or allow it: the printed `-- segue:allow RULE because REASON` above the statement runs it as written, under the lock time-out, and `segue check` accepts the same line. Where no version of the application runs, `--verbatim` runs everything as written."
            }
            Self::GateShut => {
                "What the contract phase would drop is still in use, as far as can be seen: a session, a statement, a function or a view names it, its counter grew while it was watched, or a session is older than the expand phase. Each is listed. Finish the rollout of the new version, then run `segue contract` again; `--accept-evidence` overrules what is seen, and that is recorded."
            }
            Self::LeaseHeld => {
                "Another runner is at work on this database. It is named with the time it was last heard of; a runner that died is taken over after 30 s of silence."
            }
            Self::LeaseLost => {
                "Another runner has taken over while this one stood still. This one stopped before its next effect; the other one goes on."
            }
            Self::LockTimeout => {
                "A lock was not granted within the time one try may wait, as often as was allowed. The application was never kept waiting longer than that. Who is in the way is named; end that transaction, or come back later: `segue up` goes on where it stopped."
            }
            Self::MigrationFailed => {
                "The server refused a statement. Its own words are repeated. The transaction of that step was rolled back; steps before it are done and recorded. Correct the migration, then run `segue up` again."
            }
            Self::NotVerified => {
                "A step ran without an error, and what it is for cannot be read back from the catalog. It is not recorded as done."
            }
            Self::OutcomeUnknown => {
                "The connection was lost while a step was being committed, and the server could not be asked what became of it. `segue status` reads the journal once it is back."
            }
            Self::Interrupted => {
                "SIGINT (Ctrl-C) came. The first one stops the run after the step that is running; the second one cancels that step on the server, which rolls it back. Every step that is done is recorded, and `segue up` goes on from there. A third one ends the process at once, as a kill would: that is safe too."
            }
            Self::HungUp => {
                "The terminal was closed (SIGHUP). The run stopped as it does after SIGTERM: after the step that was running, or in the middle of one that the server rolled back. `segue up` goes on from there. Start it with `nohup`, or in a terminal multiplexer, to have it outlive its terminal."
            }
            Self::Terminated => {
                "SIGTERM came. The run stopped after the step that was running, or in the middle of one that the server rolled back. Every step that is done is recorded, and `segue up` goes on from there."
            }
            Self::Internal => {
                "Segue itself failed. Nothing was changed. Please report it with the smallest file that shows it."
            }
        }
    }

    /// The state things are in.
    fn state(self) -> &'static str {
        match self {
            Self::Usage
            | Self::NoSuchPage
            | Self::NoMigrations
            | Self::UnreadablePath
            | Self::Settings
            | Self::Statistics
            | Self::Revision
            | Self::Internal => "nothing was changed: this command only reads",
            Self::Connection
            | Self::Refused
            | Self::NoSafeWay
            | Self::GateShut
            | Self::LeaseHeld
            | Self::LeaseLost
            | Self::LockTimeout
            | Self::MigrationFailed
            | Self::NotVerified
            | Self::Interrupted
            | Self::HungUp
            | Self::Terminated => "nothing was changed",
            Self::OutcomeUnknown => "unknown",
            Self::Output => "what was written is incomplete; nothing else was changed",
        }
    }

    fn exit(self) -> Exit {
        match self {
            Self::Usage
            | Self::NoSuchPage
            | Self::NoMigrations
            | Self::UnreadablePath
            | Self::Settings
            | Self::Statistics
            | Self::Revision => Exit::Usage,
            Self::Connection => Exit::Connection,
            Self::Refused | Self::NoSafeWay | Self::GateShut => Exit::Refused,
            Self::LeaseHeld | Self::LeaseLost => Exit::LeaseHeld,
            Self::LockTimeout => Exit::LockBudget,
            Self::OutcomeUnknown => Exit::Unknown,
            Self::Interrupted => Exit::Interrupted,
            Self::HungUp => Exit::HungUp,
            Self::Terminated => Exit::Terminated,
            Self::MigrationFailed | Self::NotVerified => Exit::Failed,
            Self::Output | Self::Internal => Exit::Failed,
        }
    }
}

/// Why a command ends without its answer.
#[derive(Debug)]
pub(crate) struct CliError {
    code: Code,
    what: String,
    place: Option<String>,
    next: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    reader: Reader,
    run: Option<Box<Run>>,
}

/// What there is to say of a run that stopped.
#[derive(Debug, Default)]
struct Run {
    details: Vec<String>,
    changed: Option<Changed>,
}

/// What a run had changed when it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Whole migrations, or nothing: said in words.
    Whole(String),
    /// Part of a migration: `segue up` goes on with it.
    Part(String),
}

/// Whether anybody still reads what we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Listening,
    Gone,
}

impl CliError {
    /// What happened, and the one command to run next.
    pub(crate) fn new(code: Code, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            place: None,
            next: next.into(),
            source: None,
            reader: Reader::Listening,
            run: None,
        }
    }

    /// More lines: what the server said, who is in the way.
    #[must_use]
    pub(crate) fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.run.get_or_insert_default().details.extend(details);
        self
    }

    /// What the run had changed.
    #[must_use]
    pub(crate) fn after(mut self, changed: Changed) -> Self {
        self.run.get_or_insert_default().changed = Some(changed);
        self
    }

    /// Where: `segue.toml:3:1`.
    #[must_use]
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Why.
    #[must_use]
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Writing failed.
    pub(crate) fn of_writing(error: io::Error) -> Self {
        let reader = if error.kind() == io::ErrorKind::BrokenPipe {
            Reader::Gone
        } else {
            Reader::Listening
        };
        let next = "make room or choose another place, then run the same command again";
        Self {
            reader,
            ..Self::new(Code::Output, "the answer could not be written", next).because(error)
        }
    }

    /// What the command line got wrong, in our own anatomy.
    pub(crate) fn of_arguments(error: &clap::Error, help: &str) -> Self {
        let text = error.render().to_string();
        let mut what = String::new();
        for part in text.lines().map(str::trim) {
            if part.starts_with("Usage:") || part.starts_with("For more information") {
                break;
            }
            let part = part.strip_prefix("error: ").unwrap_or(part);
            // That list has the hidden verbs too; the help does not.
            if !part.is_empty() && !part.starts_with("[subcommands:") {
                if !what.is_empty() {
                    what.push_str("; ");
                }
                what.push_str(part);
            }
        }
        Self::new(Code::Usage, what, help)
    }

    fn changed(&self) -> Option<&Changed> {
        self.run.as_ref().and_then(|run| run.changed.as_ref())
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self.reader {
            Reader::Gone => Exit::ClosedOutput,
            Reader::Listening => match (self.changed(), self.code.exit()) {
                (Some(Changed::Part(_)), Exit::Failed) => Exit::Partial,
                (_, exit) => exit,
            },
        }
    }

    /// All of it for people; none when nobody reads any more.
    pub(crate) fn render(&self) -> Option<String> {
        if self.reader == Reader::Gone {
            return None;
        }
        let mut text = format!("error[{}]: {}\n", self.code.word(), line(&self.what));
        if let Some(place) = &self.place {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  --> {}", line(place));
        }
        for detail in self.run.iter().flat_map(|run| &run.details) {
            let _ = writeln!(text, "           {}", line(detail));
        }
        let mut cause: Option<&(dyn Error + 'static)> =
            self.source.as_deref().map(|source| source as _);
        while let Some(error) = cause {
            let _ = writeln!(text, "  because  {}", line(&error.to_string()));
            cause = error.source();
        }
        let state = match self.changed() {
            Some(Changed::Whole(state) | Changed::Part(state)) => state.as_str(),
            None => self.code.state(),
        };
        let _ = writeln!(text, "  state    {state}");
        let _ = writeln!(text, "  next     {}", line(&self.next));
        Some(text)
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::of_writing(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_state_and_next() {
        let error = CliError::new(Code::Settings, "there is no key `chek`", "remove it")
            .at("segue.toml:3:1")
            .because(io::Error::other("unknown field"));
        assert_eq!(
            error.render().unwrap(),
            "error[settings]: there is no key `chek`\n  --> segue.toml:3:1\n  because  unknown field\n  \
             state    nothing was changed: this command only reads\n  next     remove it\n"
        );
    }

    #[test]
    fn a_closed_output_is_no_complaint() {
        let error = CliError::of_writing(io::ErrorKind::BrokenPipe.into());
        assert_eq!(error.render(), None);
        assert_eq!(error.exit().code(), 141);
    }
}

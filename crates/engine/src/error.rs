//! Why a run stopped: what, where, the state of the database, who is in the way.

use segue_model::{Failure, SessionError};

/// Why a run stopped.
#[derive(Debug)]
pub struct EngineError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    what: String,
    state: StateOfDatabase,
    details: Vec<String>,
    place: Option<Place>,
    next: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Where in the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) migration: String,
    pub(crate) step: String,
    pub(crate) file: Option<(String, usize)>,
}

/// What kind of stop; the command line's exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server refused a statement.
    Failed,
    /// Refused by safety: an approval is missing, history was edited, a statement cannot be run safely.
    Refused,
    /// A migration that is to be taken back says no way to.
    NoWayDown,
    /// A statement would break a running version or keep it waiting, no safe way is known, and nobody allowed it.
    Unsafe,
    /// Something still uses what would go behind a gate.
    GateShut,
    /// Another runner has the lease.
    LeaseHeld,
    /// The lease was lost in the middle of the run.
    LeaseLost,
    /// The lock budget is used up.
    LockBudget,
    /// The connection is gone or could not be made.
    Connection,
    /// A step's purpose was not found in the catalog after it ran.
    NotVerified,
    /// The outcome of a commit could not be learnt.
    Unknown,
    /// Somebody asked it to stop; it did, between two steps or in the middle of one that was rolled back.
    Stopped,
    /// What was asked for does not fit the project.
    Request,
}

/// What the database looks like now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateOfDatabase {
    /// Nothing was changed by this run.
    Untouched,
    /// So many migrations are done; the one that stopped changed nothing.
    Between {
        /// Migrations this run completed.
        migrations: usize,
    },
    /// Some steps of a migration are done and recorded.
    Partial {
        /// Migrations this run completed.
        migrations: usize,
        /// Steps of the current one that are done.
        steps: usize,
        /// Its steps.
        of: usize,
    },
    /// Not known.
    Unknown,
}

impl EngineError {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            state: StateOfDatabase::Untouched,
            details: Vec::new(),
            place: None,
            next: None,
            source: None,
        }))
    }

    /// What the server said, as it said it.
    pub(crate) fn server<E: SessionError>(what: impl Into<String>, error: E) -> Self {
        let kind = match error.failure() {
            Failure::LockTimeout | Failure::Deadlock => Kind::LockBudget,
            Failure::ConnectionLost => Kind::Connection,
            Failure::Cancelled | Failure::Permission | Failure::Resources | Failure::Refused => {
                Kind::Failed
            }
        };
        let mut this = Self::new(kind, what);
        if error.failure() == Failure::Permission {
            this = this.with_next("segue doctor");
        }
        let code = error.code().map(|code| format!(" ({code})"));
        this.0
            .details
            .push(format!("{error}{}", code.unwrap_or_default()));
        this.0
            .details
            .extend(error.detail().map(|text| format!("DETAIL: {text}")));
        this.0
            .details
            .extend(error.hint().map(|text| format!("HINT: {text}")));
        this.0.source = Some(Box::new(error));
        this
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn with_state(mut self, state: StateOfDatabase) -> Self {
        self.0.state = state;
        self
    }

    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.0.details.extend(details);
        self
    }

    /// The one command that leads on.
    pub(crate) fn with_next(mut self, command: impl Into<String>) -> Self {
        self.0.next = Some(command.into());
        self
    }

    /// The same stop with what leads on, where the caller knows it better.
    #[must_use]
    pub fn advised(self, next: impl Into<String>) -> Self {
        self.with_next(next)
    }

    /// The one command that leads on, where this stop has one of its own.
    pub fn next(&self) -> Option<&str> {
        self.0.next.as_deref()
    }

    /// What kind of stop.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What the database looks like now.
    pub fn state(&self) -> &StateOfDatabase {
        &self.0.state
    }

    /// What the server said and who is in the way, one line each.
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// The migration and the step it stopped at.
    pub fn step(&self) -> Option<(&str, &str)> {
        self.0
            .place
            .as_ref()
            .map(|place| (place.migration.as_str(), place.step.as_str()))
    }

    /// The file, and the byte in it.
    pub fn file(&self) -> Option<(&str, usize)> {
        self.0
            .place
            .as_ref()
            .and_then(|place| place.file.as_ref())
            .map(|(path, byte)| (path.as_str(), *byte))
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.what)
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

//! The journal: what was intended and what was done, in the target database.

use std::collections::BTreeMap;

use segue_model::{Request, RunnerStatements, Session, TextRows};

use crate::checksum::Checksums;
use crate::error::{EngineError, Kind};

/// The latest format of the journal that is understood.
const FORMAT: u32 = 1;

/// What a record says of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Some of its steps are done.
    Partial,
    /// All steps before its gate are done; the others wait for `segue contract`.
    Waiting,
    /// All of its steps are done and verified.
    Applied,
    /// It was there before Segue, and never ran here.
    Baseline,
    /// It is on its way back.
    Reverting,
}

impl RecordState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Baseline => "baseline",
            Self::Reverting => "reverting",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "applied" => Self::Applied,
            "baseline" => Self::Baseline,
            "waiting" => Self::Waiting,
            "reverting" => Self::Reverting,
            // A word of a later version is not called done.
            _ => Self::Partial,
        }
    }
}

/// One migration in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Its file when it ran.
    pub path: String,
    /// How far it is.
    pub state: RecordState,
    /// The sum of its bytes.
    pub raw: String,
    /// The sum of its normalized text.
    pub semantic: String,
    /// How long it took, in ms.
    pub took_ms: u64,
    /// When it was recorded, by the server: UTC, ISO 8601.
    pub at: String,
}

/// What the journal has of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Of the migrations that were asked for, and as many of the others as were, in the order they were made.
    pub records: Vec<Record>,
    /// How many others there are.
    pub others: usize,
}

/// How many records are read of migrations that were not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// None; they are counted.
    Counted,
    /// So many at most, those that were made last.
    Newest(usize),
    /// All of them.
    All,
}

impl Others {
    fn limit(self) -> usize {
        match self {
            Self::Counted => 0,
            Self::Newest(count) => count,
            Self::All => i64::MAX.unsigned_abs().try_into().unwrap_or(usize::MAX),
        }
    }
}

/// What is about to be recorded of a migration.
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) path: &'a str,
    pub(crate) name: &'a str,
    pub(crate) state: RecordState,
    pub(crate) checksums: &'a Checksums,
    pub(crate) hash: &'a str,
    pub(crate) took_ms: u64,
    /// The steps, so that a later run goes on with the same ones.
    pub(crate) plan: Option<&'a str>,
}

impl Entry<'_> {
    /// As `RunnerStatements::record_migration` takes it.
    /// What a column of `bigint` can hold: a clock may have jumped.
    fn took(&self) -> String {
        self.took_ms.min(i64::MAX.unsigned_abs()).to_string()
    }

    fn parameters<'p>(&'p self, took_ms: &'p str) -> [Option<&'p str>; 11] {
        [
            Some(self.id),
            Some(self.path),
            Some(self.name),
            Some(self.state.word()),
            Some(self.checksums.raw.as_str()),
            Some(self.checksums.semantic.as_str()),
            Some(self.hash),
            Some(took_ms),
            Some(env!("CARGO_PKG_VERSION")),
            Some(self.checksums.normalized.as_str()),
            self.plan,
        ]
    }
}

/// The journal of one database, through a dialect's statements.
#[derive(Clone, Copy, Debug)]
pub struct Journal<'a> {
    statements: &'a RunnerStatements,
}

impl<'a> Journal<'a> {
    /// The journal that these statements keep.
    pub fn new(statements: &'a RunnerStatements) -> Self {
        Self { statements }
    }

    /// Whether it is there.
    ///
    /// # Errors
    /// What the server said.
    pub fn is_installed<S: Session>(self, session: &mut S) -> Result<bool, S::Error> {
        let rows = session.query(&self.statements.is_installed)?;
        Ok(matches!(value(&rows), Some("t" | "true" | "1")))
    }

    /// Refuses a journal that a later version of Segue keeps: what it says may mean something else.
    pub(crate) fn known<S: Session>(self, session: &mut S) -> Result<(), EngineError> {
        let unread = |error| EngineError::server("the journal could not be read", error);
        if !self.is_installed(session).map_err(unread)? {
            return Ok(());
        }
        let rows = session.query(&self.statements.format).map_err(unread)?;
        let format = value(&rows).and_then(|text| text.parse::<u32>().ok());
        if format.is_some_and(|format| format <= FORMAT) {
            return Ok(());
        }
        let found = format.map_or_else(|| "unknown".to_owned(), |format| format.to_string());
        Err(EngineError::new(
            Kind::Refused,
            format!("the journal of this database is of format {found}, this Segue knows formats up to {FORMAT}"),
        )
        .with_details(["a later version wrote it: use that one".to_owned()]))
    }

    /// The records of these migrations, and of others; none when the journal is not there.
    ///
    /// # Errors
    /// What the server said.
    pub fn records<S: Session>(
        self,
        session: &mut S,
        ids: &[&str],
        others: Others,
    ) -> Result<Records, S::Error> {
        if !self.is_installed(session)? {
            return Ok(Records::default());
        }
        let ids = serde_json::Value::from(ids).to_string();
        let limit = others.limit().to_string();
        let rows = session.query_with(&self.statements.migrations, &[Some(&ids), Some(&limit)])?;
        let others = rows
            .first()
            .and_then(|row| row.last()?.as_deref()?.parse().ok());
        Ok(Records {
            others: others.unwrap_or_default(),
            records: rows
                .into_iter()
                .filter(|row| row.first().is_some_and(Option::is_some))
                .map(record)
                .collect(),
        })
    }

    /// The migrations whose plan was recorded, in the order they were.
    pub(crate) fn planned<S: Session>(self, session: &mut S) -> Result<Vec<String>, S::Error> {
        if !self.is_installed(session)? {
            return Ok(Vec::new());
        }
        let rows = session.query(&self.statements.planned)?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    /// The normalized text a migration had when it was recorded.
    ///
    /// # Errors
    /// What the server said.
    pub fn recorded_text<S: Session>(
        self,
        session: &mut S,
        id: &str,
    ) -> Result<Option<String>, S::Error> {
        let rows = session.query_with(&self.statements.recorded_text, &[Some(id)])?;
        Ok(value(&rows).map(str::to_owned))
    }

    /// The plan a migration was begun with.
    pub(crate) fn recorded_plan<S: Session>(
        self,
        session: &mut S,
        id: &str,
    ) -> Result<Option<String>, S::Error> {
        let rows = session.query_with(&self.statements.recorded_text, &[Some(id)])?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().nth(1).flatten()))
    }

    /// The steps of a migration, and whether they are done (`done`) or were begun (`intended`).
    pub(crate) fn steps<S: Session>(
        self,
        session: &mut S,
        id: &str,
    ) -> Result<BTreeMap<String, StepState>, S::Error> {
        let rows = session.query_with(&self.statements.steps, &[Some(id)])?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let mut values = row.into_iter().flatten();
                let step = values.next()?;
                let state = match values.next()?.as_str() {
                    "done" => StepState::Done,
                    _ => StepState::Intended,
                };
                Some((step, state))
            })
            .collect())
    }

    pub(crate) fn record_step<S: Session>(
        self,
        session: &mut S,
        migration: &str,
        (step, purpose): (&str, &str),
        state: StepState,
    ) -> Result<(), S::Error> {
        let parameters = [
            Some(migration),
            Some(step),
            Some(state.word()),
            Some(purpose),
        ];
        session
            .query_with(&self.statements.record_step, &parameters)
            .map(drop)
    }

    pub(crate) fn record<S: Session>(
        self,
        session: &mut S,
        entry: &Entry<'_>,
    ) -> Result<(), S::Error> {
        let took = entry.took();
        let parameters = entry.parameters(&took);
        session
            .query_with(&self.statements.record_migration, &parameters)
            .map(drop)
    }

    /// The record and COMMIT in one journey. A lost connection leaves open whether they had their effect.
    pub(crate) fn record_and_commit<S: Session>(
        self,
        session: &mut S,
        entry: &Entry<'_>,
    ) -> Result<(), S::Error> {
        let took = entry.took();
        let parameters = entry.parameters(&took);
        let statements = self.statements;
        session
            .send_all(&[
                Request::Query(&statements.record_migration, &parameters),
                Request::Execute(&statements.commit),
            ])
            .map(drop)
            .map_err(|(_, error)| error)
    }

    pub(crate) fn forget<S: Session>(self, session: &mut S, id: &str) -> Result<(), S::Error> {
        session
            .query_with(&self.statements.forget_migration, &[Some(id)])
            .map(drop)
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    /// Intent recorded, outcome unknown until the catalog is read.
    Intended,
    /// Done and verified.
    Done,
}

impl StepState {
    fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Done => "done",
        }
    }
}

/// The first value of the first row.
pub(crate) fn value(rows: &TextRows) -> Option<&str> {
    rows.first()?.first()?.as_deref()
}

fn record(row: Vec<Option<String>>) -> Record {
    let mut values = row.into_iter().map(Option::unwrap_or_default);
    let mut next = || values.next().unwrap_or_default();
    let (id, path, _name, state) = (next(), next(), next(), next());
    let (raw, semantic, _hash, took, at) = (next(), next(), next(), next(), next());
    Record {
        id,
        path,
        state: RecordState::of(&state),
        raw,
        semantic,
        took_ms: took.parse().unwrap_or(0),
        at,
    }
}

//! A table, a backfill of it, and a run.

use std::time::Duration;

use segue_engine::{
    BackfillLimits, Checksums, Clock, EngineError, Event, Limits, PlannedMigration, PlannedStep,
    Runner, Secrets, Sent, StepText, Stretch,
};
use segue_model::{
    Backfill, BackfillKind, BackfillProof, Certainty, Expression, Ident, Impact, PhaseKind,
    Predicate, QualifiedName, Session, Shape, StepTransaction, TransactionNeed,
};
use segue_postgres::{Postgres, PostgresError, PostgresSession};
use segue_testkit::{Client, TestDatabase};

/// Real time.
pub(crate) struct RealClock(std::time::Instant);

impl RealClock {
    #[expect(clippy::disallowed_methods, reason = "the time of a real run")]
    pub(crate) fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for RealClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the pauses of a real run")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

/// Ceilings of a test: quick pauses, small slices, and a dead worker counts as gone at once.
pub(crate) fn small() -> BackfillLimits {
    BackfillLimits {
        units_max: 20,
        slices: 3,
        silence_ms: 1,
        target_ms: 1_000,
        ..BackfillLimits::default()
    }
}

/// An expression as a recipe would give it.
pub(crate) fn expression(text: &str) -> Expression {
    Expression {
        text: text.to_owned(),
        columns: Vec::new(),
        functions: Vec::new(),
        shape: Shape::Other,
        logic: Predicate::Unknown,
    }
}

/// `UPDATE public.table SET column = value`, where the column differs from the value.
pub(crate) fn update(table: &str, column: &str, value: &str) -> Backfill {
    Backfill::update(
        QualifiedName::new("public", table),
        vec![(Ident::new(column), expression(value))],
        expression(&format!("{column} IS DISTINCT FROM ({value})")),
    )
}

/// The same, for rows that match, each exactly once.
pub(crate) fn once(table: &str, column: &str, value: &str, filter: &str) -> Backfill {
    Backfill {
        table: QualifiedName::new("public", table),
        kind: BackfillKind::Update {
            assignments: vec![(Ident::new(column), expression(value))],
        },
        remaining: expression(filter),
        proof: BackfillProof::EachRangeOnce,
    }
}

/// A migration of one step.
pub(crate) fn plan(backfill: &Backfill) -> Vec<PlannedMigration> {
    let step = PlannedStep {
        id: "1.1".to_owned(),
        purpose: "fill".to_owned(),
        text: StepText::Backfill(Box::new(backfill.clone()), backfill.shown()),
        changes: Vec::new(),
        transaction: StepTransaction::Outside,
        impact: Impact {
            claims: Vec::new(),
            work: Vec::new(),
            waits: Vec::new(),
            refusals: Vec::new(),
            transaction: TransactionNeed::MustBeOutside,
            certainty: Certainty::Known,
        },
        losses: Vec::new(),
        file: ("1_fill.sql".to_owned(), 0),
        phase: PhaseKind::Backfill,
        gate: None,
        back: None,
        undo: None,
        restore: None,
        is_contradicted: false,
    };
    vec![PlannedMigration {
        id: "1".to_owned(),
        path: "1_fill.sql".to_owned(),
        name: "fill".to_owned(),
        way: Sent::Up,
        stretch: Stretch::ToGate,
        steps: vec![step],
        losses: Vec::new(),
        decisions: Vec::new(),
        remarks: Vec::new(),
        hazards: Vec::new(),
        checksums: Checksums {
            raw: String::new(),
            semantic: String::new(),
            normalized: String::new(),
        },
        secrets: Secrets::default(),
        hash: String::new(),
    }]
}

/// A connection to a test's database.
pub(crate) fn session(database: &TestDatabase) -> Result<PostgresSession, PostgresError> {
    session_at(&database.url())
}

/// The same by its address.
pub(crate) fn session_at(url: &str) -> Result<PostgresSession, PostgresError> {
    let target = segue_postgres::Target::resolve(url, &segue_postgres::Sources::default())
        .expect("the target is sound");
    PostgresSession::connect(&target)
}

/// Does something with a runner on any kind of session.
pub(crate) fn with<S: Session + Send, T>(
    connect: &(dyn Fn() -> Result<S, S::Error> + Sync),
    backfills: &BackfillLimits,
    act: impl FnOnce(&mut Runner<'_, S>) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut observer = |_: &Event| {};
    let clock = RealClock::new();
    let mut runner = Runner::new(&Postgres, connect, &clock, &mut observer)?;
    runner.limits = Limits {
        pause_ms: 2,
        attempts_max: 8,
        lease_silence_ms: 1,
        ..Limits::default()
    };
    runner.backfills = backfills.clone();
    act(&mut runner)
}

/// Runs a backfill on plain connections.
pub(crate) fn run(
    database: &TestDatabase,
    backfill: &Backfill,
    limits: &BackfillLimits,
) -> Result<(), EngineError> {
    let connect = || session(database);
    with::<PostgresSession, _>(&connect, limits, |runner| {
        runner.run(plan(backfill)).map(drop)
    })
}

/// The first value of a query, which is there.
pub(crate) fn value(client: &mut Client, query: &str) -> String {
    client.value(query).unwrap().unwrap_or_default()
}

//! One performance: an empty server, the shop with its rows, its two versions in use, and the migrations one by one.
//!
//! Just before each migration a checkout begins that waits a second for its payment, with its locks in hand: the moment
//! at which a migration hurts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use segue_engine::traffic::{self, Live, Report, Road};
use segue_engine::{
    Approval, Clock as _, Event, EvidencePolicy, Limits, Manner, Order, Runner, Selection, Target,
};
use segue_model::{CatalogScope, Dialect as _, Migration, RunnerStatements, Session as _};
use segue_postgres::{Postgres, PostgresError, PostgresSession};

use super::choice::Choice;
use super::ground::{Scratch, unexpected};
use super::plot::{Mark, duration, late_us, latency};
use super::shop;
use super::talk::{Talk, grouped};
use crate::environment::{Pauses, Stopwatch, user_and_process};
use crate::error::{CliError, Code};
use crate::running::complaint;

/// How long the shop is used before the first migration and after the last.
const CALM: Duration = Duration::from_millis(800);
/// How long it is used between two.
const BETWEEN: Duration = Duration::from_millis(300);
/// How long the slow checkout waits for its payment.
const PAYMENT: Duration = Duration::from_secs(1);
/// How long it has been under way when the migration begins.
const HEAD_START: Duration = Duration::from_millis(150);
/// How often the talk is brought up to date.
const TALK_EVERY: Duration = Duration::from_millis(100);

/// What is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// The safe way, or as written.
    pub(crate) manner: Manner,
    /// Rows of the largest table.
    pub(crate) orders: u64,
    /// Whom it is told to.
    pub(crate) talk: Talk,
}

/// How it went.
pub(crate) struct Played {
    pub(crate) manner: Manner,
    /// What the traffic felt.
    pub(crate) report: Report,
    /// The migrations, in order.
    pub(crate) runs: Vec<Run>,
    /// Those that were left out.
    pub(crate) left_out: Vec<LeftOut>,
}

/// One migration.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) steps: usize,
    /// Tries that got no lock.
    pub(crate) waits: u32,
    /// The rest of it waits until the old version is gone.
    pub(crate) waits_at_gate: bool,
    /// What failed of the slow checkout meanwhile.
    pub(crate) errors: u64,
    pub(crate) mark: Mark,
}

/// A migration that was left out.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) because: &'static str,
}

impl Played {
    /// Statements that failed, those of the slow checkouts too.
    pub(crate) fn errors(&self) -> u64 {
        let slow: u64 = self.runs.iter().map(|run| run.errors).sum();
        self.report.total.errors() + slow
    }
}

/// The ceilings of a performance: as written, nothing limits how long a lock is waited for.
pub(crate) fn limits(manner: Manner) -> Limits {
    match manner {
        Manner::Safe | Manner::SafeWithoutArchive => Limits {
            gate_window_ms: 500,
            ..Limits::default()
        },
        Manner::Verbatim => Limits {
            lock_timeout_ms: 0,
            blocked_sessions_max: u32::MAX,
            ..Limits::default()
        },
    }
}

/// Plays it on a fresh server, without what is left out; none when that is to be decided here.
///
/// # Errors
/// What the engine or the server said.
pub(crate) fn play(
    scratch: &Scratch,
    piece: Piece,
    left_out: Option<&[LeftOut]>,
) -> Result<Played, CliError> {
    let stage = Stage {
        scratch,
        piece,
        clock: Pauses::new(),
        statements: Postgres
            .runner()
            .ok_or_else(|| unexpected("nothing runs on this dialect"))?,
    };
    let all = shop::migrations();
    let (foundation, later) = all.split_at(shop::FOUNDATION.min(all.len()));
    stage.up(foundation, &mut |_| {})?;
    stage.load()?;
    let left_out = match left_out {
        Some(decided) => decided.to_vec(),
        None => stage.left_out(&all)?,
    };
    let chosen: Vec<&Migration> = later
        .iter()
        .filter(|one| left_out.iter().all(|out| out.id != one.id))
        .collect();
    stage.traffic(&all, &chosen, left_out)
}

/// Everything a performance needs at hand.
struct Stage<'a> {
    scratch: &'a Scratch,
    piece: Piece,
    clock: Pauses,
    statements: RunnerStatements,
}

impl Stage<'_> {
    fn with_runner<T>(
        &self,
        observer: &mut dyn FnMut(&Event),
        act: impl FnOnce(&mut Runner<'_, PostgresSession>) -> Result<T, segue_engine::EngineError>,
    ) -> Result<T, CliError> {
        let connect = || self.scratch.connect();
        let mut observer = |event: &Event| observer(event);
        let mut runner = Runner::new(&Postgres, &connect, &self.clock, &mut observer)
            .map_err(|error| complaint(&error))?;
        runner.limits = limits(self.piece.manner);
        runner.holder = user_and_process();
        act(&mut runner).map_err(|error| complaint(&error))
    }

    fn up(
        &self,
        migrations: &[Migration],
        observer: &mut dyn FnMut(&Event),
    ) -> Result<(), CliError> {
        let selection = self.selection();
        self.with_runner(observer, |runner| {
            runner.up(migrations, &selection, &Approval::default())
        })
        .map(drop)
    }

    fn selection(&self) -> Selection {
        Selection {
            target: Target::All,
            manner: self.piece.manner,
            order: Order::Linear,
        }
    }

    fn load(&self) -> Result<(), CliError> {
        let Piece { orders, talk, .. } = self.piece;
        let watch = Stopwatch::start();
        let mut session = self.scratch.connect().map_err(refused)?;
        shop::load(&mut session, orders, |so_far| {
            let bar = talk.bar(so_far, orders);
            talk.now(&format!("  loading   {bar} {} orders", grouped(so_far)));
        })
        .map_err(refused)?;
        talk.done(&format!(
            "  the shop has {} orders with {} items ({})",
            grouped(orders),
            grouped(orders * shop::ITEMS_EACH),
            duration(watch.elapsed_ms())
        ));
        Ok(())
    }

    /// Which migrations Segue has no safe way for yet; as written, the same are left out.
    fn left_out(&self, all: &[Migration]) -> Result<Vec<LeftOut>, CliError> {
        let selection = Selection {
            manner: Manner::Safe,
            ..self.selection()
        };
        let plans = self.with_runner(&mut |_| {}, |runner| runner.plan(all, &selection))?;
        let mut session = self.scratch.connect().map_err(refused)?;
        let mut catalog = session.catalog(&CatalogScope::Whole).map_err(refused)?;
        // What is there now is older than every migration that is asked about.
        catalog.now.migration += 1;
        let mut choice = Choice::default();
        Ok(plans
            .iter()
            .filter_map(|plan| {
                choice.objection(plan, &catalog).map(|because| LeftOut {
                    id: plan.id.clone(),
                    name: plan.name.clone(),
                    because,
                })
            })
            .collect())
    }

    fn traffic(
        &self,
        all: &[Migration],
        chosen: &[&Migration],
        left_out: Vec<LeftOut>,
    ) -> Result<Played, CliError> {
        let connect = || self.scratch.connect();
        let road = self.road(&connect);
        let applications = shop::applications(self.piece.orders);
        let (runs, report) = traffic::during(&road, &applications, |live| {
            let said = Mutex::new(String::new());
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| self.tell(live, &said, &over));
                let ends = EndsIt(&over);
                let runs = self.migrations((live, &said), (all, chosen));
                drop(ends);
                runs
            })
        })
        .map_err(refused)?;
        self.piece.talk.quiet();
        Ok(Played {
            manner: self.piece.manner,
            report,
            runs: runs?,
            left_out,
        })
    }

    fn road<'r>(
        &'r self,
        connect: &'r (dyn Fn() -> Result<PostgresSession, PostgresError> + Sync),
    ) -> Road<'r, PostgresSession> {
        let patience_us = late_us(Limits::default().lock_timeout_ms.into());
        Road {
            connect,
            clock: &self.clock,
            rollback: &self.statements.rollback,
            patience: Duration::from_micros(patience_us),
            seed: 1,
        }
    }

    /// The migrations one by one, in use.
    fn migrations(
        &self,
        (live, said): (&Live<'_>, &Mutex<String>),
        (all, chosen): (&[Migration], &[&Migration]),
    ) -> Result<Vec<Run>, CliError> {
        self.clock.pause(CALM);
        let mut runs = Vec::new();
        for (number, migration) in (1..).zip(chosen) {
            // What was done before, and this one.
            let until: Vec<Migration> = all
                .iter()
                .take(shop::FOUNDATION)
                .chain(chosen.iter().take(number).copied())
                .cloned()
                .collect();
            put(
                said,
                &format!("{number} of {} {}", chosen.len(), migration.name),
            );
            let run = self.migration((live, said), &until, number)?;
            if let Some(release) = shop::release(&migration.id) {
                live.release(release);
            }
            self.piece.talk.done(&line_of(&run));
            runs.push(run);
            put(said, "");
            self.clock.pause(BETWEEN);
        }
        put(said, "the old version is taken out of service");
        live.release(shop::ROLLED_OUT);
        self.clock.pause(BETWEEN);
        runs.extend(self.contract((live, said), all, &runs)?);
        self.clock.pause(CALM);
        Ok(runs)
    }

    /// What waits at a gate goes on, now that only the new version is there.
    fn contract(
        &self,
        (live, said): (&Live<'_>, &Mutex<String>),
        all: &[Migration],
        runs: &[Run],
    ) -> Result<Option<Run>, CliError> {
        let Some(waiting) = runs.iter().find(|run| run.waits_at_gate) else {
            return Ok(None);
        };
        let number = runs.len() + 1;
        let name = ["contract ", &waiting.name].concat();
        put(said, &name);
        let began_ms = live.at_ms();
        let mut seen = Seen::default();
        self.with_runner(&mut |event| seen.note(event), |runner| {
            runner.contract(all, None, (EvidencePolicy::Respect, &Approval::default()))
        })?;
        let run = Run {
            id: waiting.id.clone(),
            name,
            steps: seen.steps,
            waits: seen.waits,
            waits_at_gate: false,
            errors: 0,
            mark: Mark {
                number,
                began_ms,
                ended_ms: live.at_ms(),
            },
        };
        self.piece.talk.done(&line_of(&run));
        Ok(Some(run))
    }

    fn migration(
        &self,
        (live, said): (&Live<'_>, &Mutex<String>),
        until: &[Migration],
        number: usize,
    ) -> Result<Run, CliError> {
        let connect = || self.scratch.connect();
        let road = self.road(&connect);
        let checkout = [shop::slow_checkout(self.piece.orders, PAYMENT)];
        let mut seen = Seen::default();
        let (done, slow) = traffic::during(&road, &checkout, |_| {
            self.clock.pause(HEAD_START);
            let began_ms = live.at_ms();
            self.up(until, &mut |event| {
                seen.note(event);
                if let Event::Waiting { attempt, .. } = event {
                    put(said, &format!("migration {number}: no lock, try {attempt}"));
                }
            })
            .map(|()| Mark {
                number,
                began_ms,
                ended_ms: live.at_ms(),
            })
        })
        .map_err(refused)?;
        let last = until.last();
        Ok(Run {
            id: last.map(|one| one.id.clone()).unwrap_or_default(),
            name: last.map(|one| one.name.clone()).unwrap_or_default(),
            steps: seen.steps,
            waits: seen.waits,
            waits_at_gate: seen.is_at_gate,
            errors: slow.total.errors(),
            mark: done?,
        })
    }

    /// Brings the talk up to date until the migrations are over.
    fn tell(&self, live: &Live<'_>, said: &Mutex<String>, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            let so_far = live.so_far();
            let what = said
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone();
            self.piece.talk.now(&format!(
                "  {:>4}  {} statements, {} errors, slowest {}  {what}",
                duration(live.at_ms() / 1000 * 1000),
                grouped(so_far.statements),
                so_far.errors,
                latency(so_far.slowest_us)
            ));
            self.clock.pause(TALK_EVERY);
        }
    }
}

/// What a run told about itself.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) steps: usize,
    pub(super) waits: u32,
    pub(super) is_at_gate: bool,
}

impl Seen {
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Step { .. } => self.steps += 1,
            Event::Waiting { .. } => self.waits += 1,
            Event::Gate { .. } => self.is_at_gate = true,
            Event::Migration { .. }
            | Event::AlreadyDone { .. }
            | Event::InvalidIndex { .. }
            | Event::Held { .. }
            | Event::Copied { .. }
            | Event::Hindrance { .. }
            | Event::RestorePoint { .. }
            | Event::Backfill { .. }
            | Event::Proven { .. }
            | Event::Done { .. } => {}
        }
    }
}

/// Says that the migrations are over, also after a panic.
struct EndsIt<'a>(&'a AtomicBool);

impl Drop for EndsIt<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn put(said: &Mutex<String>, text: &str) {
    let mut said = said
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    text.clone_into(&mut said);
}

fn line_of(run: &Run) -> String {
    let took = duration(run.mark.ended_ms.saturating_sub(run.mark.began_ms));
    format!("  {} {:<40} {took:>6}", run.mark.number, run.name)
}

pub(super) fn refused(error: PostgresError) -> CliError {
    CliError::new(
        Code::Connection,
        "the scratch server did not do as it was told",
        "run `segue demo` again",
    )
    .because(error)
}

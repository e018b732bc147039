//! `cargo xtask bench backfill`: one UPDATE, the `LIMIT … IS NULL` loop, ranges of the key, and Segue with one and two
//! workers, on one server, in turn; and what an application notices meanwhile.
//!
//! The server writes its log and syncs as a production server does, but in memory where there is room: time is that of the
//! processors, not of a disk.

use crate::arguments::Read;
use crate::run;
use crate::talk::say;
use anyhow::{Context, Result, ensure};
use segue_testkit::{Client, TestDatabase, TestServer};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const OPTIONS: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=512MB \
                       -c max_wal_size=16GB -c checkpoint_timeout=60min";
const RUNS: usize = 3;
const BATCH: u64 = 20_000;
/// The foreground's lock time-out is none; Segue's default is 200 ms.
const LOCK_TIMEOUT_MS: f64 = 200.0;

/// What one way of filling a column cost.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    seconds: f64,
    log_mib: f64,
    grown_mib: f64,
    index_grown_mib: f64,
}

/// A way of filling a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    OneUpdate,
    Loop,
    Ranges,
    Segue { workers: u32 },
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::OneUpdate => "one UPDATE",
            Self::Loop => "LIMIT … IS NULL loop",
            Self::Ranges => "ranges of 20 000",
            Self::Segue { workers: 1 } => "segue, 1 worker",
            Self::Segue { .. } => "segue, 2 workers",
        }
    }
}

/// Measures and prints one table.
///
/// # Errors
/// When a server does not start, or a way leaves rows behind.
pub(super) fn backfill(read: &Read) -> Result<()> {
    let rows = read.parsed("--rows")?;
    let segue = super::binary(read)?;
    let installed = segue_testkit::installed();
    let first = installed
        .first()
        .context("no PostgreSQL server is installed")?;
    let server = TestServer::start_with_options(first, OPTIONS)?;
    let sizes = rows.map_or(vec![1_000_000, 4_000_000], |rows| vec![rows]);
    let project = tempfile::tempdir()?;
    std::fs::write(
        project.path().join("1_fill.sql"),
        "-- migrate:up\nUPDATE t SET n = upper(a);\n-- migrate:down\nUPDATE t SET n = NULL;\n",
    )?;
    say(&format!(
        "PostgreSQL {}; medians of {RUNS} runs in turn; three indexes; growth of table and indexes in MiB",
        first.version
    ));
    say(
        "rows        way                    seconds   rows/s   ×one   log MiB  ×one   table +MiB  ×one   index +MiB",
    );
    for rows in sizes {
        let bench = Bench {
            server: &server,
            segue: &segue,
            project: project.path(),
            rows,
        };
        bench.size(if read.has("--quick") { 1 } else { RUNS })?;
    }
    Ok(())
}

struct Bench<'a> {
    server: &'a TestServer,
    segue: &'a Path,
    project: &'a Path,
    rows: u64,
}

impl Bench<'_> {
    fn size(&self, runs: usize) -> Result<()> {
        let template = self.server.create_database()?;
        self.fill(&mut template.connect()?)?;
        let ways = [
            Way::OneUpdate,
            Way::Ranges,
            Way::Segue { workers: 1 },
            Way::Segue { workers: 2 },
        ];
        let mut costs = vec![Vec::new(); ways.len()];
        for _ in 0..runs {
            for (way, costs) in ways.iter().zip(&mut costs) {
                costs.push(self.cost(template.name(), *way)?);
            }
        }
        let medians: Vec<Cost> = costs.iter().map(|costs| median(costs)).collect();
        let one = medians.first().copied().unwrap_or_default();
        for (way, cost) in ways.iter().zip(&medians) {
            self.print(*way, cost, &one);
        }
        self.print(Way::Loop, &self.cost(template.name(), Way::Loop)?, &one);
        self.foreground(template.name())
    }

    fn fill(&self, client: &mut Client) -> Result<()> {
        let rows = self.rows;
        client.execute(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, a text NOT NULL, b int NOT NULL, c timestamptz NOT NULL, n text); \
             INSERT INTO t SELECT i, 'value ' || i, (i * 7919) % {rows}, now() - i * interval '1 s' \
             FROM generate_series(1::bigint, {rows}) AS i; \
             CREATE INDEX ON t (b); CREATE INDEX ON t (c)"
        ))?;
        client.execute("VACUUM (FREEZE, ANALYZE) t")?;
        client.execute("CHECKPOINT")?;
        Ok(())
    }

    fn cost(&self, template: &str, way: Way) -> Result<Cost> {
        let database = self.server.create_database_from(template)?;
        let mut client = database.connect()?;
        // Every way finds the table in memory.
        client.execute("SELECT count(*) FROM t")?;
        client.execute("CHECKPOINT")?;
        let before = sizes(&mut client)?;
        let seconds = timed(|| self.run(way, &database))?;
        let after = sizes(&mut client)?;
        let left = number(
            &mut client,
            "SELECT count(*) FROM t WHERE n IS DISTINCT FROM upper(a)",
        )?;
        ensure!(left == 0.0, "{} left {left} rows", way.name());
        Ok(Cost {
            seconds,
            log_mib: after.0 - before.0,
            grown_mib: after.1 - before.1,
            index_grown_mib: after.2 - before.2,
        })
    }

    fn run(&self, way: Way, database: &TestDatabase) -> Result<()> {
        match way {
            Way::OneUpdate => Ok(database.connect()?.execute("UPDATE t SET n = upper(a)")?),
            Way::Loop => {
                let mut client = database.connect()?;
                while number(
                    &mut client,
                    "WITH done AS (UPDATE t SET n = upper(a) WHERE ctid = ANY (ARRAY(SELECT ctid FROM t WHERE n IS NULL LIMIT 20000)) \
                     RETURNING 1) SELECT count(*) FROM done",
                )? > 0.0
                {}
                Ok(())
            }
            Way::Ranges => {
                let mut client = database.connect()?;
                let mut from = 0;
                while from < self.rows {
                    let to = from + BATCH;
                    client.execute(&format!(
                        "UPDATE t SET n = upper(a) WHERE id > {from} AND id <= {to}"
                    ))?;
                    from = to;
                }
                Ok(())
            }
            Way::Segue { workers } => run::must(
                Command::new(self.segue)
                    .args([
                        "up",
                        "--tool",
                        "dbmate",
                        "--output",
                        "json",
                        "--backfill-workers",
                    ])
                    .arg(workers.to_string())
                    .arg("--url")
                    .arg(database.url())
                    .arg("--dir")
                    .arg(self.project)
                    .stdout(std::process::Stdio::null()),
            ),
        }
    }

    fn print(&self, way: Way, cost: &Cost, one: &Cost) {
        let rows = float(self.rows);
        say(&format!(
            "{:<11} {:<22} {:7.2} {:8.0} {:6.2} {:9.0} {:5.2} {:12.1} {:5.2} {:12.1}",
            self.rows,
            way.name(),
            cost.seconds,
            rows / cost.seconds,
            one.seconds / cost.seconds,
            cost.log_mib,
            cost.log_mib / one.log_mib,
            cost.grown_mib,
            cost.grown_mib / one.grown_mib,
            cost.index_grown_mib,
        ));
    }

    /// An application's statements, alone and beside one worker.
    fn foreground(&self, template: &str) -> Result<()> {
        let database = self.server.create_database_from(template)?;
        let alone = self.load(&database, || {
            pause(Duration::from_secs(5));
            Ok(())
        })?;
        let beside = self.load(&database, || self.run(Way::Segue { workers: 1 }, &database))?;
        say(&format!(
            "{:<11} foreground alone       {} statements, p50 {:.2} ms, p99 {:.2} ms, slowest {:.1} ms, {} errors",
            self.rows, alone.count, alone.p50, alone.p99, alone.slowest, alone.errors
        ));
        say(&format!(
            "{:<11} foreground beside it   {} statements, p50 {:.2} ms, p99 {:.2} ms ({:.2} ×), slowest {:.1} ms (at most {:.0}), {} errors",
            self.rows,
            beside.count,
            beside.p50,
            beside.p99,
            beside.p99 / alone.p99,
            beside.slowest,
            LOCK_TIMEOUT_MS + 100.0,
            beside.errors
        ));
        Ok(())
    }

    /// Single-row updates and reads, one every two milliseconds, while something runs.
    fn load(&self, database: &TestDatabase, during: impl FnOnce() -> Result<()>) -> Result<Load> {
        let is_over = AtomicBool::new(false);
        let rows = self.rows;
        std::thread::scope(|scope| {
            let application = scope.spawn(|| -> Result<Load> {
                let mut client = database.connect()?;
                let (mut times, mut errors, mut seed) =
                    (Vec::new(), 0_u64, 88_172_645_463_325_252_u64);
                while !is_over.load(Ordering::Relaxed) {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    let id = 1 + seed % rows;
                    let text = if seed.is_multiple_of(2) {
                        format!("UPDATE t SET b = b + 1 WHERE id = {id}")
                    } else {
                        format!("SELECT a FROM t WHERE id = {id}")
                    };
                    let mut failed = 0;
                    times.push(
                        timed(|| {
                            failed = u64::from(client.execute(&text).is_err());
                            Ok(())
                        })? * 1e3,
                    );
                    errors += failed;
                    pause(Duration::from_millis(2));
                }
                Ok(Load::of(times, errors))
            });
            let done = during();
            is_over.store(true, Ordering::Relaxed);
            let load = application
                .join()
                .map_err(|_| anyhow::anyhow!("the application panicked"))?;
            done?;
            load
        })
    }
}

/// What an application noticed, in ms.
struct Load {
    count: usize,
    p50: f64,
    p99: f64,
    slowest: f64,
    errors: u64,
}

impl Load {
    fn of(mut times: Vec<f64>, errors: u64) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |per_cent: usize| {
            times
                .get(times.len() * per_cent / 100)
                .copied()
                .unwrap_or_default()
        };
        Self {
            count: times.len(),
            p50: at(50),
            p99: at(99),
            slowest: times.last().copied().unwrap_or_default(),
            errors,
        }
    }
}

/// Written log, table, indexes.
fn sizes(client: &mut Client) -> Result<(f64, f64, f64)> {
    let mib = 1_048_576.0;
    Ok((
        number(client, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")? / mib,
        number(client, "SELECT pg_relation_size('t')")? / mib,
        number(client, "SELECT pg_indexes_size('t')")? / mib,
    ))
}

fn median(costs: &[Cost]) -> Cost {
    let of = |part: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        seconds: of(|cost| cost.seconds),
        log_mib: of(|cost| cost.log_mib),
        grown_mib: of(|cost| cost.grown_mib),
        index_grown_mib: of(|cost| cost.index_grown_mib),
    }
}

fn number(client: &mut Client, query: &str) -> Result<f64> {
    let text = client.value(query)?.context("no value")?;
    Ok(text.parse()?)
}

fn float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn timed(act: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    act()?;
    Ok(started.elapsed().as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an application has a pace of its own"
)]
fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}

//! `cargo xtask bench up`: `segue up` beside psql and dbmate on the same migrations and the same scratch server.
//!
//! psql has no journal and sends one file after the other: it is the floor. The server does not flush to disk, so what
//! is measured is what the runners do, not the disk. Prints ratios and passes no verdict.

use super::measure::{self, Cost, measured, median};
use super::{binary, count, fresh};
use crate::arguments::Read;
use crate::install;
use crate::talk::{say, step};
use anyhow::{Context, Result, bail};
use segue_testkit::{Installed, TestDatabase, TestServer};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The major version all of it is measured on.
const MAJOR: u16 = 15;
const MIGRATIONS: usize = 1_000;
const ROUNDS: usize = 3;
/// How many times more migrations the second measurement of memory has.
const MORE: usize = 4;
const JOURNAL_ROWS: usize = 100_000;
const STATUS_RUNS: usize = 10;

/// A project: its folder, and one script that includes every file's way up.
struct Project {
    folder: PathBuf,
    script: PathBuf,
    migrations: usize,
}

/// Runs all measurements.
///
/// # Errors
/// When a program or the server is missing, or a run does not create what it should.
pub(super) fn up(read: &Read) -> Result<()> {
    let migrations = read.parsed("--files")?.unwrap_or(MIGRATIONS);
    let segue = binary(read)?;
    let installed = server_of(MAJOR)?;
    let server = TestServer::start(&installed)?;
    let place = crate::root().join("target/bench/up");
    let project = project(&place, migrations)?;
    let dbmate = match install::dbmate() {
        Ok(dbmate) => Some(dbmate),
        Err(error) => {
            say(&format!("dbmate is not here: {error:#}"));
            None
        }
    };
    beside(&segue, dbmate.as_deref(), (&server, &project))?;
    if read.has("--quick") {
        return Ok(());
    }
    memory(&segue, &server, &place, &project)?;
    status(&segue, &server, &project)
}

fn server_of(major: u16) -> Result<Installed> {
    install::servers()?
        .into_iter()
        .find(|server| server.major == major)
        .with_context(|| format!("PostgreSQL {major} is not installed"))
}

/// All in turn, so that a change of the machine's mood hits all.
fn beside(
    segue: &Path,
    dbmate: Option<&Path>,
    (server, project): (&TestServer, &Project),
) -> Result<()> {
    let migrations = project.migrations;
    step(&format!(
        "{migrations} migrations of one table, PostgreSQL {}, {ROUNDS} rounds in turn",
        server.installed().version
    ));
    let (mut floor, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(psql(server, project)?);
        ours.push(run_up(segue, server, project)?);
        if let Some(dbmate) = dbmate {
            theirs.push(run_dbmate(dbmate, server, project)?);
        }
    }
    say("                 wall s   CPU s   ms/migration   peak MiB   / psql");
    let floor = median(&floor);
    say(&line("psql", &floor, (migrations, &floor)));
    say(&line("segue up", &median(&ours), (migrations, &floor)));
    if dbmate.is_some() {
        say(&line("dbmate", &median(&theirs), (migrations, &floor)));
    }
    Ok(())
}

/// The same run with more migrations: what is kept of each shows.
fn memory(segue: &Path, server: &TestServer, place: &Path, small: &Project) -> Result<()> {
    let large = project(place, small.migrations * MORE)?;
    step("peak memory of `segue up`");
    say("  migrations   peak MiB   wall s");
    for project in [small, &large] {
        let cost = run_up(segue, server, project)?;
        let (migrations, peak, wall) = (project.migrations, cost.peak_mib, cost.wall);
        say(&format!("{migrations:>12}  {peak:9.1}  {wall:7.3}"));
    }
    Ok(())
}

/// `segue status` where the journal is long.
fn status(segue: &Path, server: &TestServer, project: &Project) -> Result<()> {
    step(&format!(
        "`segue status`, {JOURNAL_ROWS} rows in the journal"
    ));
    let database = server.create_database()?;
    let mut command = measure::command(segue);
    command.current_dir(&project.folder);
    successful(
        "segue up",
        measured(command.args(["up", "--url", &database.url()]))?,
    )?;
    let rows = JOURNAL_ROWS.saturating_sub(project.migrations).to_string();
    let insert = INSERT_RECORDS.replace("@rows", &rows);
    database.connect()?.execute(&insert)?;
    let mut runs = Vec::new();
    for _ in 0..STATUS_RUNS {
        let mut command = measure::command(segue);
        command.current_dir(&project.folder);
        runs.push(measured(command.args([
            "status",
            "--url",
            &database.url(),
        ]))?);
    }
    let cost = median(&runs);
    say(&format!(
        "{:.0} ms wall, {:.0} ms CPU, {:.1} MiB (median of {STATUS_RUNS}), exit {}",
        cost.wall * 1e3,
        cost.cpu * 1e3,
        cost.peak_mib,
        cost.exit
    ));
    Ok(())
}

/// Records before those of the project, as they would be after years.
const INSERT_RECORDS: &str = "\
INSERT INTO segue.migration (id, path, name, state, raw_checksum, checksum, plan_hash, took_ms, segue_version, normalized)
SELECT '1999' || lpad(i::text, 10, '0'), 'db/migrations/1999' || lpad(i::text, 10, '0') || '_old.sql', 'old', 'applied',
       md5(i::text), md5(i::text), '', 1, '0', 'CREATE TABLE t (id bigint)'
  FROM generate_series(1, @rows) AS i";

fn psql(server: &TestServer, project: &Project) -> Result<Cost> {
    let database = server.create_database()?;
    // A folder of the server's programs alone has no client: then the one on the PATH.
    let beside = server.installed().bin.join("psql");
    let client = if beside.is_file() {
        beside
    } else {
        PathBuf::from("psql")
    };
    let mut command = measure::command(&client);
    command
        .args(["--no-psqlrc", "--quiet", "--file"])
        .arg(&project.script)
        .arg(database.url());
    checked("psql", measured(&mut command)?, (&database, project))
}

fn run_up(segue: &Path, server: &TestServer, project: &Project) -> Result<Cost> {
    let database = server.create_database()?;
    let mut command = measure::command(segue);
    command
        .current_dir(&project.folder)
        .args(["up", "--url", &database.url()]);
    checked("segue up", measured(&mut command)?, (&database, project))
}

fn run_dbmate(dbmate: &Path, server: &TestServer, project: &Project) -> Result<Cost> {
    let database = server.create_database()?;
    let url = format!(
        "postgres://postgres@/{}?socket={}&port={}&sslmode=disable",
        database.name(),
        server.socket_directory().display(),
        server.port()
    );
    let mut command = measure::command(dbmate);
    command
        .current_dir(&project.folder)
        .args(["--url", &url, "--no-dump-schema", "up"]);
    checked("dbmate", measured(&mut command)?, (&database, project))
}

/// A run counts only when every table is there.
fn checked(
    name: &str,
    cost: Cost,
    (database, project): (&TestDatabase<'_>, &Project),
) -> Result<Cost> {
    successful(name, cost)?;
    let tables = database
        .connect()?
        .value("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'item\\_%'")?;
    if tables.as_deref() == Some(project.migrations.to_string().as_str()) {
        return Ok(cost);
    }
    bail!("{name} left {tables:?} tables of {}", project.migrations)
}

fn successful(name: &str, cost: Cost) -> Result<()> {
    if cost.exit == 0 {
        return Ok(());
    }
    bail!("{name} ended with exit code {}", cost.exit)
}

/// Writes a project of migrations in dbmate's format, each with one table.
fn project(place: &Path, migrations: usize) -> Result<Project> {
    let folder = fresh(&place.join(migrations.to_string()))?;
    let files = fresh(&folder.join("db/migrations"))?;
    // Beside the project: a second folder of migrations inside it would be a second project.
    let parts = fresh(&place.join("parts").join(migrations.to_string()))?;
    let mut script = String::new();
    for number in 0..migrations {
        let name = format!("item_{number:05}");
        let up = TABLE.replace("@table", &name);
        let part = parts.join(format!("{number:05}.sql"));
        std::fs::write(&part, &up)?;
        writeln!(script, "\\i '{}'", part.display())?;
        let text = [
            "-- migrate:up\n",
            &up,
            "\n-- migrate:down\nDROP TABLE public.",
            &name,
            ";\n",
        ];
        std::fs::write(files.join(file_name(number, &name)), text.concat())?;
    }
    let whole = folder.join("all.sql");
    std::fs::write(&whole, script)?;
    Ok(Project {
        folder,
        script: whole,
        migrations,
    })
}

const TABLE: &str = "\
CREATE TABLE public.@table (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'new',
    amount numeric(12, 2),
    created_at timestamptz NOT NULL DEFAULT now()
);
";

fn file_name(number: usize, name: &str) -> String {
    let (day, second) = (number / 1_440, number % 1_440);
    let (hour, minute) = (second / 60, second % 60);
    format!(
        "202401{:02}{hour:02}{minute:02}00_create_{name}.sql",
        day + 1
    )
}

fn line(name: &str, cost: &Cost, (migrations, floor): (usize, &Cost)) -> String {
    format!(
        "{name:<15} {:7.3} {:7.3}   {:12.3}  {:9.1}   {:6.2}",
        cost.wall,
        cost.cpu,
        cost.wall * 1e3 / count(migrations),
        cost.peak_mib,
        cost.wall / floor.wall
    )
}

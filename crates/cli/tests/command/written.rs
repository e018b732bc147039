//! The files of `plan --write`, run as a runner that knows nothing of Segue runs them: the catalog and the rows come out as the
//! plain statement leaves them, and before the gate the way back ends where it began.

use std::path::{Path, PathBuf};

use segue_testkit::{TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran};

const STATEMENTS: &str = "ALTER TABLE orders RENAME COLUMN status TO state;\n\
     ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);\n\
     CREATE INDEX orders_total ON orders (total);\n\
     UPDATE orders SET total = total + 1 WHERE total > 10;\n\
     ALTER TABLE customers DROP COLUMN nick;\nDROP TABLE old;\n";
const SCENE: &str = "CREATE TABLE customers (id int PRIMARY KEY, nick text); \
     INSERT INTO customers SELECT i, 'n' || i FROM generate_series(1, 300) i; \
     CREATE TABLE orders (id int, part int, customer_id int NOT NULL, total int NOT NULL, status text NOT NULL DEFAULT 'new', \
     PRIMARY KEY (id, part)); CREATE INDEX orders_status ON orders (status); \
     INSERT INTO orders SELECT i / 2, i % 2, i % 300 + 1, i, 's' || i % 7 FROM generate_series(1, 9000) i; \
     CREATE TABLE old (id int PRIMARY KEY); INSERT INTO old VALUES (1); ANALYZE";

fn on(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

fn done(database: &TestDatabase, folder: &Path, words: &[&str]) -> String {
    let run = on(database, folder, words);
    assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
    run.out
}

fn project(statements: &str) -> tempfile::TempDir {
    let text = [
        "-- migrate:up\n",
        statements,
        "-- migrate:down\nSELECT 1;\n",
    ]
    .concat();
    folder(&[
        ("db/migrations/20261101090000_orders.sql", &text),
        ("segue.toml", "[plan]\nlarge_rows = 1000\n"),
    ])
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    files.sort();
    files
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// Sends one section as dbmate does: one message, with a transaction around it unless the file opts out.
fn send(database: &TestDatabase, file: &Path, way: Way) {
    let text = std::fs::read_to_string(file).unwrap();
    let (up, down) = text.split_once("-- migrate:down").unwrap();
    let section = match way {
        Way::Up => up.split_once("-- migrate:up").unwrap().1,
        Way::Down => down,
    };
    let (options, sql) = section.split_once('\n').unwrap();
    let mut client = database.connect().unwrap();
    let sent = if options.contains("transaction:false") {
        client.execute(sql)
    } else {
        client.execute(&["BEGIN;\n", sql, "\nCOMMIT;"].concat())
    };
    sent.unwrap_or_else(|error| panic!("{}: {error}\n{sql}", file.display()));
}

/// What the database is, column order aside.
fn catalog(database: &TestDatabase, folder: &Path) -> Vec<String> {
    let dump = done(database, folder, &["dump"]);
    let mut lines: Vec<String> = dump
        .lines()
        .map(|line| line.trim().trim_end_matches([',', ';']).to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort();
    lines
}

fn value(database: &TestDatabase, question: &str) -> Option<String> {
    database.connect().unwrap().value(question).unwrap()
}

const ROWS: &str = "SELECT md5(string_agg(concat_ws(',', id, part, customer_id, total, state), ';' ORDER BY id, part)) FROM orders";

#[test]
fn the_files_leave_what_the_plain_statements_leave() {
    let server = TestServer::start_newest().unwrap();
    let (plain, phased) = (
        server.create_database().unwrap(),
        server.create_database().unwrap(),
    );
    for database in [&plain, &phased] {
        database.connect().unwrap().execute(SCENE).unwrap();
    }
    let project = project(STATEMENTS);
    let said = done(
        &phased,
        project.path(),
        &["plan", "-d", "db/migrations", "--write", "phases"],
    );
    let all: Vec<PathBuf> = [
        files(&project.path().join("phases")),
        files(&project.path().join("phases/contract")),
    ]
    .concat();
    assert!(all.len() > 8, "{said}");
    for file in &all {
        send(&phased, file, Way::Up);
    }
    plain.connect().unwrap().execute(STATEMENTS).unwrap();
    assert_eq!(
        catalog(&phased, project.path()),
        catalog(&plain, project.path())
    );
    assert_eq!(value(&phased, ROWS), value(&plain, ROWS));
    let kept = value(&phased, "SELECT count(*) FROM segue_archive.old");
    assert_eq!(kept.as_deref(), Some("1"));
}

#[test]
fn before_the_gate_the_files_go_back_to_where_they_began() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    database.connect().unwrap().execute(SCENE).unwrap();
    let statements = STATEMENTS.replace(
        "UPDATE orders SET total = total + 1 WHERE total > 10;\n",
        "",
    );
    let project = project(&statements);
    let before = catalog(&database, project.path());
    done(
        &database,
        project.path(),
        &["plan", "-d", "db/migrations", "--write", "phases"],
    );
    let files = files(&project.path().join("phases"));
    for file in &files {
        send(&database, file, Way::Up);
    }
    assert_ne!(catalog(&database, project.path()), before);
    for file in files.iter().rev() {
        send(&database, file, Way::Down);
    }
    assert_eq!(catalog(&database, project.path()), before);
}

#[test]
fn a_batch_that_was_stopped_goes_on_where_it_was_and_does_no_row_twice() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    database.connect().unwrap().execute(SCENE).unwrap();
    let project = project("UPDATE orders SET total = total + 1 WHERE total > 10;\n");
    done(
        &database,
        project.path(),
        &["plan", "-d", "db/migrations", "--write", "phases"],
    );
    let files = files(&project.path().join("phases"));
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let sql = text.split("transaction:false\n").nth(1).unwrap();
    let sql = sql.split("-- migrate:down").next().unwrap();
    let sum = "SELECT sum(total)::text FROM orders";
    let before: u64 = value(&database, sum).unwrap().parse().unwrap();
    // The last batch meets a row that it may not change.
    database
        .connect()
        .unwrap()
        .execute(
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stop'; END $$; \
             CREATE TRIGGER stop BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.id = 4000) EXECUTE FUNCTION stop()",
        )
        .unwrap();
    assert!(database.connect().unwrap().execute(sql).is_err());
    let half: u64 = value(&database, sum).unwrap().parse().unwrap();
    assert!(half > before, "some batches are committed");
    database
        .connect()
        .unwrap()
        .execute("DROP TRIGGER stop ON orders")
        .unwrap();
    for file in &files {
        send(&database, file, Way::Up);
    }
    let after: u64 = value(&database, sum).unwrap().parse().unwrap();
    assert_eq!(after - before, 9_000 - 10);
    let left = value(
        &database,
        "SELECT count(*) FROM pg_class WHERE relname LIKE 'segue_progress%'",
    );
    assert_eq!(left.as_deref(), Some("0"));
}

#[test]
fn nothing_is_overwritten() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    database.connect().unwrap().execute(SCENE).unwrap();
    let project = project(STATEMENTS);
    done(
        &database,
        project.path(),
        &["plan", "-d", "db/migrations", "--write", "phases"],
    );
    let first = files(&project.path().join("phases"))[0].clone();
    std::fs::write(&first, "mine").unwrap();
    let again = on(
        &database,
        project.path(),
        &["plan", "-d", "db/migrations", "--write", "phases"],
    );
    assert_ne!(again.code, 0, "{}", again.out);
    assert!(again.err.contains("nothing was written"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&first).unwrap(), "mine");
}

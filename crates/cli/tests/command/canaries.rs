//! A secret of a migration's file is in no column that Segue writes, and what goes on says it all the same (fault F31).

use segue_model::{Session as _, Sql};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, write};

const CANARY: &str = "canary-7f3a9c";
const USERS: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, name text, token text);\n\
     INSERT INTO users SELECT n, 'name', NULL FROM generate_series(1, 100) AS n;\n\
     -- migrate:down\nDROP TABLE users;\n",
);
/// Secrets in changes, in statements of our own, in ways back, and in a plan that waits at its gate; the last statement
/// fails until `taken` is gone.
const KEYS: (&str, &str) = (
    "db/migrations/20260102000000_keys.sql",
    "-- migrate:up\n\
     ALTER TABLE users ADD COLUMN key text DEFAULT 'sk_live_canary-7f3a9c-1';\n\
     ALTER TABLE users ADD CONSTRAINT no_key CHECK (token <> 'ghp_canary-7f3a9c-2''s');\n\
     CREATE INDEX live ON users (id) WHERE token <> 'glpat-canary-7f3a9c-3';\n\
     COMMENT ON COLUMN users.key IS 'postgres://u:canary-7f3a9c-4@h/d';\n\
     ALTER TABLE users ALTER COLUMN key SET DEFAULT 'sk_live_canary-7f3a9c-5';\n\
     CREATE VIEW keys AS SELECT id FROM users WHERE key = 'ghp_canary-7f3a9c-6';\n\
     CREATE FUNCTION mend() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE app PASSWORD ''canary-7f3a9c-7'''; END $$;\n\
     ALTER TABLE users ALTER COLUMN token SET DEFAULT 'sk_live_canary-7f3a9c-8';\n\
     ALTER TABLE users RENAME COLUMN token TO secret;\n\
     CREATE TABLE taken (n int DEFAULT length('sk_live_canary-7f3a9c-9'));\n\
     -- migrate:down\n\
     ALTER TABLE users RENAME COLUMN secret TO token;\n\
     COMMENT ON TABLE users IS 'postgres://u:canary-7f3a9c-10@h/d';\n",
);

/// Everything in Segue's namespaces, row by row, and what is said of the tables there.
fn kept(client: &mut Client) -> String {
    let tables = client
        .query(
            "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relkind IN ('r', 'p') \
             AND c.relnamespace::regnamespace::text LIKE 'segue%'",
        )
        .unwrap();
    let mut rows = client
        .query(
            "SELECT d.description FROM pg_description AS d JOIN pg_class AS c ON c.oid = d.objoid \
             WHERE c.relnamespace::regnamespace::text LIKE 'segue%'",
        )
        .unwrap();
    for table in tables.into_iter().flatten().flatten() {
        let all = ["SELECT t::text FROM ", &table, " AS t"].concat();
        rows.extend(client.query(&all).unwrap());
    }
    let texts: Vec<String> = rows.into_iter().flatten().flatten().collect();
    texts.join("\n")
}

fn on(database: &TestDatabase, folder: &std::path::Path, words: &[&str]) -> Ran {
    discreet(&database.url(), folder, words)
}

/// A run that says nothing of the secrets.
fn discreet(url: &str, folder: &std::path::Path, words: &[&str]) -> Ran {
    let run = ran(command(folder).env("DATABASE_URL", url).args(words));
    assert!(
        !run.out.contains(CANARY) && !run.err.contains(CANARY),
        "{words:?}: {}{}",
        run.out,
        run.err
    );
    run
}

fn is_true(client: &mut Client, what: &str) {
    let query = ["SELECT (", what, ")::text"].concat();
    assert_eq!(
        client.value(&query).unwrap().as_deref(),
        Some("true"),
        "{what}"
    );
}

#[test]
fn a_secret_of_a_file_is_in_no_column_and_what_goes_on_says_it_all_the_same() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    let project = folder(&[USERS]);
    let place = project.path();
    assert_eq!(on(&database, place, &["up"]).code, 0);
    write(place, KEYS.0, KEYS.1);
    client.execute("CREATE TABLE taken ()").unwrap();
    for words in [
        &["check"][..],
        &["check", "--output", "json"],
        &["audit"],
        &["plan"],
        &["plan", "--why"],
    ] {
        on(&database, place, words);
    }
    let up = on(&database, place, &["up"]);
    assert_eq!(up.code, 8, "{}{}", up.out, up.err);
    let half = kept(&mut client);
    assert!(half.contains("no_key") && !half.contains(CANARY), "{half}");
    let repair = on(&database, place, &["repair"]);
    assert!(!repair.out.contains("[secret"), "{}", repair.out);

    client.execute("DROP TABLE taken").unwrap();
    let up = on(&database, place, &["up"]);
    assert_eq!(up.code, 0, "{}{}", up.out, up.err);
    let waiting = kept(&mut client);
    assert!(
        waiting.contains("waiting") && !waiting.contains(CANARY),
        "{waiting}"
    );
    is_true(
        &mut client,
        "SELECT pg_get_constraintdef(oid) LIKE '%ghp_canary-7f3a9c-2''''s%' FROM pg_constraint WHERE conname = 'no_key'",
    );
    is_true(
        &mut client,
        "SELECT pg_get_indexdef('live'::regclass) LIKE '%glpat-canary-7f3a9c-3%'",
    );
    is_true(
        &mut client,
        "SELECT count(*) = 1 FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) LIKE '%canary-7f3a9c-9%'",
    );

    let contract = on(
        &database,
        place,
        &["contract", "--watch", "0", "--accept-evidence"],
    );
    assert_eq!(contract.code, 0, "{}{}", contract.out, contract.err);
    assert!(!kept(&mut client).contains(CANARY));
    client
        .execute("INSERT INTO users (id) VALUES (101)")
        .unwrap();
    is_true(
        &mut client,
        "SELECT key = 'sk_live_canary-7f3a9c-5' AND secret = 'sk_live_canary-7f3a9c-8' FROM users WHERE id = 101",
    );
    let down = on(&database, place, &["down"]);
    assert_eq!(down.code, 0, "{}{}", down.out, down.err);
    assert!(!kept(&mut client).contains(CANARY));
}

#[test]
fn going_back_before_the_gate_says_what_the_file_says() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    let project = folder(&[USERS]);
    let place = project.path();
    assert_eq!(on(&database, place, &["up"]).code, 0);
    write(
        place,
        KEYS.0,
        "-- migrate:up\n\
         ALTER TABLE users ALTER COLUMN token SET DEFAULT 'sk_live_canary-7f3a9c-1';\n\
         ALTER TABLE users ALTER COLUMN token SET DEFAULT 'sk_live_canary-7f3a9c-2';\n\
         ALTER TABLE users RENAME COLUMN name TO title;\n",
    );
    let before = on(&database, place, &["dump"]).out;
    let up = on(&database, place, &["up"]);
    assert_eq!(up.code, 0, "{}{}", up.out, up.err);
    assert!(!kept(&mut client).contains(CANARY));
    let down = on(&database, place, &["down"]);
    assert_eq!(down.code, 0, "{}{}", down.out, down.err);
    assert_eq!(on(&database, place, &["dump"]).out, before);
}

#[test]
fn on_sqlite_too() {
    let project = folder(&[
        (
            "db/migrations/20260101000000_users.sql",
            "-- migrate:up\nCREATE TABLE users (id integer PRIMARY KEY, token text);\n\
             INSERT INTO users VALUES (1, 'a');\n",
        ),
        (
            "db/migrations/20260102000000_keys.sql",
            "-- migrate:up\nALTER TABLE users ADD COLUMN key text DEFAULT 'sk_live_canary-7f3a9c-1';\n\
             ALTER TABLE users ADD COLUMN code integer UNIQUE;\n\
             INSERT INTO users (id, token) VALUES (2, 'ghp_canary-7f3a9c-2');\n\
             INSERT INTO taken VALUES (1);\n",
        ),
    ]);
    let place = project.path();
    let run = |words: &[&str]| discreet("sqlite:app.db", place, words);
    let check = run(&["check"]);
    assert!(check.out.contains("secret-in-sql"), "{}", check.out);
    assert_eq!(run(&["up", "--steps", "1"]).code, 0);
    assert_ne!(run(&["up"]).code, 0);
    let path = place.join("app.db");
    let mut session =
        segue_sqlite::SqliteSession::open(&path, segue_sqlite::Missing::Create, 5_000).unwrap();
    session
        .execute_users("CREATE TABLE taken (n integer)")
        .unwrap();
    let up = run(&["up"]);
    assert_eq!(up.code, 0, "{}{}", up.out, up.err);
    let mut values = |query: &'static str| {
        let rows = session.query(&Sql::literal(query)).unwrap();
        let texts: Vec<String> = rows.into_iter().flatten().flatten().collect();
        texts.join("\n")
    };
    let journal = values("SELECT normalized || coalesce(plan, '') FROM segue_migration");
    assert!(journal.contains("CREATE TABLE users") && !journal.contains(CANARY));
    assert_eq!(
        values("SELECT key || token FROM users WHERE id = 2"),
        "sk_live_canary-7f3a9c-1ghp_canary-7f3a9c-2"
    );
}

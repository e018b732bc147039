//! The life of a change behind a gate.

use segue_engine::{EvidencePolicy, Kind, Standing};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{catalog, contract, down, migration, status, up};

const START: &str = "-- migrate:up\n\
    CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, username text NOT NULL UNIQUE, seen int DEFAULT 0);\n\
    CREATE INDEX users_seen ON users (seen);\n\
    INSERT INTO users (username) SELECT 'user ' || i FROM generate_series(1, 5000) i;\n";
const RENAME: &str = "-- migrate:up\nALTER TABLE users RENAME COLUMN username TO display_name;\n\
    -- migrate:down\nALTER TABLE users RENAME COLUMN display_name TO username;\n";

fn files() -> Vec<segue_model::Migration> {
    vec![
        migration("1_start.sql", START),
        migration("2_rename.sql", RENAME),
    ]
}

/// The first migration has run, in a release of its own.
fn started(database: &TestDatabase<'_>) -> Client {
    up(database, &files()[..1]).expect("the start");
    database.connect().expect("a connection")
}

fn plainly<'s>(server: &'s TestServer, statements: &[&str]) -> TestDatabase<'s> {
    let database = server.create_database().expect("a database");
    let mut client = started(&database);
    for statement in statements {
        client.execute(statement).expect(statement);
    }
    database
}

#[test]
fn a_renamed_column_has_both_names_until_the_contract_phase() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    let done = up(&database, &files()).unwrap();
    assert_eq!(done.completed, ["2"]);
    assert_eq!(status(&database, &files())[1].standing, Standing::Waiting);
    // The old version and the new one.
    client
        .execute("INSERT INTO users (username) VALUES ('old')")
        .unwrap();
    client
        .execute("INSERT INTO users (display_name) VALUES ('new')")
        .unwrap();
    client
        .execute("UPDATE users SET display_name = 'newer' WHERE username = 'new'")
        .unwrap();
    client
        .execute("UPDATE users SET username = 'older' WHERE display_name = 'old'")
        .unwrap();
    let differ = "SELECT count(*)::text FROM users WHERE username IS DISTINCT FROM display_name";
    assert_eq!(client.value(differ).unwrap().as_deref(), Some("0"));
    let rows = "SELECT count(*)::text FROM users WHERE display_name IN ('older', 'newer')";
    assert_eq!(client.value(rows).unwrap().as_deref(), Some("2"));
    let again = up(&database, &files()).unwrap();
    assert!(
        again.completed.is_empty(),
        "it waits, whoever runs up again"
    );
    drop(client);
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    assert_eq!(status(&database, &files())[1].standing, Standing::Applied);
    let plain = plainly(
        &server,
        &["ALTER TABLE users RENAME COLUMN username TO display_name"],
    );
    assert_eq!(
        catalog(&mut database.connect().unwrap()),
        catalog(&mut plain.connect().unwrap())
    );
    let mut client = database.connect().unwrap();
    assert_eq!(client.value(rows).unwrap().as_deref(), Some("2"));
}

#[test]
fn down_before_the_contract_phase_restores_the_catalog_and_keeps_every_write() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    let before = catalog(&mut client);
    up(&database, &files()).unwrap();
    client
        .execute("UPDATE users SET display_name = 'by the new version' WHERE id = 7")
        .unwrap();
    let back = down(&database, &files()).unwrap();
    assert_eq!(back.completed, ["2"]);
    assert_eq!(catalog(&mut client), before);
    assert_eq!(status(&database, &files())[1].standing, Standing::Pending);
    let kept = client
        .value("SELECT username FROM users WHERE id = 7")
        .unwrap();
    assert_eq!(kept.as_deref(), Some("by the new version"));
}

#[test]
fn down_after_the_contract_phase_goes_back_through_a_gate_of_its_own() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    let before = catalog(&mut client);
    drop(client);
    up(&database, &files()).unwrap();
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    down(&database, &files()).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("INSERT INTO users (username) VALUES ('old again')")
        .unwrap();
    client
        .execute("INSERT INTO users (display_name) VALUES ('still new')")
        .unwrap();
    drop(client);
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    let mut client = database.connect().unwrap();
    assert_eq!(catalog(&mut client), before);
    assert_eq!(status(&database, &files())[1].standing, Standing::Pending);
    let kept = "SELECT count(*)::text FROM users WHERE username IN ('old again', 'still new')";
    assert_eq!(client.value(kept).unwrap().as_deref(), Some("2"));
}

#[test]
fn a_session_that_still_names_the_column_keeps_the_gate_shut() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let old = started(&database);
    up(&database, &files()).unwrap();
    let shut = contract(&database, &files(), EvidencePolicy::Respect).unwrap_err();
    assert_eq!(shut.kind(), Kind::GateShut);
    assert!(
        shut.details()
            .iter()
            .any(|line| line.contains("older than the expand phase")),
        "{:?}",
        shut.details()
    );
    drop(old);
    let mut reader = database.connect().unwrap();
    reader
        .query("SELECT username FROM users WHERE id = 1")
        .unwrap();
    let shut = contract(&database, &files(), EvidencePolicy::Respect).unwrap_err();
    assert!(
        shut.details()
            .iter()
            .any(|line| line.contains("names \"public\".\"users\".\"username\"")),
        "{:?}",
        shut.details()
    );
    assert_eq!(status(&database, &files())[1].standing, Standing::Waiting);
    contract(&database, &files(), EvidencePolicy::Accept).unwrap();
    let said = reader
        .value("SELECT count(*)::text FROM segue.event WHERE what LIKE 'evidence accepted%'")
        .unwrap();
    assert_eq!(said.as_deref(), Some("1"));
}

#[test]
fn a_later_migration_waits_only_when_it_touches_the_same_table() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    started(&database);
    let mut all = files();
    all.push(migration(
        "3_other.sql",
        "-- migrate:up\nCREATE TABLE other (a int);\n",
    ));
    all.push(migration(
        "4_same.sql",
        "-- migrate:up\nALTER TABLE users ADD COLUMN email text;\n",
    ));
    let done = up(&database, &all).unwrap();
    assert_eq!(done.completed, ["2", "3"]);
    let refused = up(&database, &all).unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused);
    assert!(
        refused
            .details()
            .iter()
            .any(|line| line.contains("segue contract 2"))
    );
    contract(&database, &all, EvidencePolicy::Accept).unwrap();
    assert_eq!(up(&database, &all).unwrap().completed, ["4"]);
}

#[test]
fn a_type_change_that_rewrites_keeps_the_old_values_until_the_contract_phase() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    let before = catalog(&mut client);
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_wide.sql",
            "-- migrate:up\nALTER TABLE users ALTER COLUMN seen TYPE bigint;\n\
             -- migrate:down\nALTER TABLE users ALTER COLUMN seen TYPE integer;\n",
        ),
    ];
    up(&database, &files).unwrap();
    client
        .execute("UPDATE users SET seen = 41 WHERE id = 1; UPDATE users SET seen = 3000000000 WHERE id = 2")
        .unwrap();
    client
        .execute("INSERT INTO users (username) VALUES ('x')")
        .unwrap();
    down(&database, &files).unwrap();
    assert_eq!(catalog(&mut client), before);
    let seen = client
        .query("SELECT seen::text FROM users WHERE id IN (1, 2) ORDER BY id")
        .unwrap();
    assert_eq!(
        seen,
        [[Some("41".to_owned())], [None]],
        "what does not fit is null, and no writer failed"
    );
    up(&database, &files).unwrap();
    drop(client);
    contract(&database, &files, EvidencePolicy::Respect).unwrap();
    let plain = plainly(
        &server,
        &["ALTER TABLE users ALTER COLUMN seen TYPE bigint"],
    );
    assert_eq!(
        catalog(&mut database.connect().unwrap()),
        catalog(&mut plain.connect().unwrap())
    );
}

#[test]
fn a_dropped_column_comes_back_with_its_values() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    let before = catalog(&mut client);
    let values = "SELECT md5(string_agg(username, ',' ORDER BY id)) FROM users";
    let written = client.value(values).unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_drop.sql",
            "-- migrate:up\nALTER TABLE users DROP COLUMN username;\n",
        ),
    ];
    up(&database, &files).unwrap();
    // The new version does not write it, the old one still does.
    client
        .execute("INSERT INTO users (seen) VALUES (1)")
        .unwrap();
    client
        .execute("DELETE FROM users WHERE username IS NULL")
        .unwrap();
    client
        .execute("INSERT INTO users (username) VALUES ('z')")
        .unwrap();
    client
        .execute("DELETE FROM users WHERE username = 'z'")
        .unwrap();
    drop(client);
    contract(&database, &files, EvidencePolicy::Respect).unwrap();
    let plain = plainly(&server, &["ALTER TABLE users DROP COLUMN username"]);
    let mut client = database.connect().unwrap();
    assert_eq!(catalog(&mut client), catalog(&mut plain.connect().unwrap()));
    let back = down(&database, &files).unwrap();
    assert_eq!(back.completed, ["2"]);
    assert_eq!(catalog(&mut client), before);
    assert_eq!(client.value(values).unwrap(), written);
    let left = "SELECT count(*)::text FROM pg_class WHERE relnamespace = to_regnamespace('segue_archive') AND relkind = 'r'";
    assert_eq!(client.value(left).unwrap().as_deref(), Some("0"));
}

#[test]
fn a_dropped_table_comes_back_with_its_rows_and_keys() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    started(&database);
    let orders = migration(
        "2_orders.sql",
        "-- migrate:up\nCREATE TABLE orders (id serial PRIMARY KEY, user_id bigint REFERENCES users (id));\n\
         INSERT INTO orders (user_id) VALUES (1), (2);\n",
    );
    let files = [
        migration("1_start.sql", START),
        orders,
        migration("3_drop.sql", "-- migrate:up\nDROP TABLE orders;\n"),
    ];
    up(&database, &files[..2]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    drop(client);
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Respect).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("DELETE FROM users WHERE id = 9")
        .expect("no key of the archive is in the way");
    assert!(client.query("SELECT FROM orders").is_err());
    down(&database, &files).unwrap();
    assert_eq!(catalog(&mut client), before);
    assert_eq!(
        client
            .value("SELECT count(*)::text FROM orders")
            .unwrap()
            .as_deref(),
        Some("2")
    );
}

#[test]
fn what_hangs_on_a_renamed_column_follows_it_and_keeps_no_gate_shut() {
    let server = TestServer::start_newest().unwrap();
    let hangs = "CREATE VIEW named AS SELECT id, username FROM users; CREATE POLICY p ON users USING (username <> ''); \
        CREATE TABLE notes (author text REFERENCES users (username)); CREATE STATISTICS s ON username, seen FROM users";
    let plain = plainly(
        &server,
        &[
            hangs,
            "ALTER TABLE users RENAME COLUMN username TO display_name",
        ],
    );
    let planned = plainly(&server, &[hangs]);
    let mut client = planned.connect().unwrap();
    up(&planned, &files()).unwrap();
    client
        .execute(
            "INSERT INTO users (display_name) VALUES ('new'); INSERT INTO notes VALUES ('new')",
        )
        .unwrap();
    let seen = client.value("SELECT count(*) FROM named WHERE username = 'new'");
    assert_eq!(seen.unwrap().as_deref(), Some("1"));
    drop(client);
    contract(&planned, &files(), EvidencePolicy::Respect).unwrap();
    let mut client = planned.connect().unwrap();
    assert_eq!(catalog(&mut client), catalog(&mut plain.connect().unwrap()));
    let named = "SELECT pg_get_viewdef('named'::regclass)";
    assert!(
        client
            .value(named)
            .unwrap()
            .unwrap()
            .contains("display_name AS username")
    );
}

const PRICES: &str = "-- migrate:up\n\
    CREATE TABLE prices (id bigint PRIMARY KEY, price numeric(10,2) NOT NULL);\n\
    INSERT INTO prices SELECT i, i + 0.99 FROM generate_series(1, 20000) i;\n";

#[test]
fn what_was_purged_keeps_nothing_else_from_coming_back() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = started(&database);
    client
        .execute(
            "ALTER TABLE users ADD COLUMN note text; UPDATE users SET note = 'n' || id, seen = 5",
        )
        .unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_drop.sql",
            "-- migrate:up\nALTER TABLE users DROP COLUMN seen;\nALTER TABLE users DROP COLUMN note;\n\
             -- migrate:down\nALTER TABLE users ADD COLUMN seen int;\nALTER TABLE users ADD COLUMN note text;\n",
        ),
    ];
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let place = "SELECT oid::regclass::text FROM pg_class WHERE relname LIKE 'users_seen_%' \
                 AND relnamespace = to_regnamespace('segue_archive')";
    let place = client.value(place).unwrap().unwrap();
    client.execute(&["DROP TABLE ", &place].concat()).unwrap();
    down(&database, &files).unwrap();
    assert_eq!(
        client
            .value("SELECT (count(*) FILTER (WHERE note = 'n' || id) || ' ' || count(seen))::text FROM users")
            .unwrap()
            .as_deref(),
        Some("5000 0")
    );
}

/// The way back of a column that refuses null checks the rows beside readers and writers, never under the lock of the names.
#[test]
fn a_type_change_goes_back_to_not_null_without_a_scan_under_its_lock() {
    use segue_model::{Change, ColumnChange, ConstraintChange, StepTransaction};
    for installed in segue_testkit::installed() {
        let server = TestServer::start(&installed).unwrap();
        let database = server.create_database().unwrap();
        let mut client = started(&database);
        client
            .execute("ALTER TABLE users ADD COLUMN amount integer NOT NULL DEFAULT 1")
            .unwrap();
        let before = catalog(&mut client);
        let files = [
            migration("1_start.sql", START),
            migration(
                "2_wide.sql",
                "-- migrate:up\nALTER TABLE users ALTER COLUMN amount TYPE bigint;\n",
            ),
        ];
        up(&database, &files).unwrap();
        let plans = crate::scene::with(&database, |runner| {
            runner.plan_down(
                &files,
                &crate::scene::selection(segue_engine::Target::Steps(1)),
            )
        })
        .unwrap();
        let steps = &plans[0].steps;
        let checked = steps.iter().position(|step| {
            matches!(
                step.changes.as_slice(),
                [Change::Constraint(_, ConstraintChange::Validate(_))]
            )
        });
        let checked = checked.expect("the rows are checked");
        assert_eq!(steps[checked].transaction, StepTransaction::Own);
        assert_ne!(
            steps.get(checked + 1).map(|step| step.transaction),
            Some(StepTransaction::WithPrevious),
            "the check is alone in its transaction"
        );
        let set = steps.iter().position(|step| {
            matches!(
                step.changes.as_slice(),
                [Change::Column(_, ColumnChange::SetNotNull(_))]
            )
        });
        assert!(set.is_none_or(|set| set > checked), "{steps:#?}");
        down(&database, &files).unwrap();
        assert_eq!(catalog(&mut client), before);
    }
}

fn to_cents(directive: &str) -> Vec<segue_model::Migration> {
    let text = format!(
        "-- migrate:up\n{directive}\nALTER TABLE prices ALTER COLUMN price TYPE bigint USING (price * 100)::bigint;\n\
         -- migrate:down\nSELECT 1;\n"
    );
    vec![
        migration("1_prices.sql", PRICES),
        migration("2_cents.sql", &text),
    ]
}

#[test]
fn a_declared_way_back_brings_what_the_new_version_wrote_into_the_old_column() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = to_cents("-- segue:reverse price = price / 100.0");
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    up(&database, &files).unwrap();
    let cents = "SELECT sum(price)::text FROM prices WHERE id < 3";
    assert_eq!(client.value(cents).unwrap().as_deref(), Some("498"));
    client
        .execute("UPDATE prices SET price = 1250 WHERE id = 1; INSERT INTO prices (id, price) VALUES (0, 75)")
        .unwrap();
    down(&database, &files).unwrap();
    let back = "SELECT string_agg(price::text, ' ' ORDER BY id) FROM prices WHERE id < 3";
    assert_eq!(
        client.value(back).unwrap().as_deref(),
        Some("0.75 12.50 2.99")
    );
    assert_eq!(catalog(&mut client), before);
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let plain = server.create_database().unwrap();
    up(&plain, &files[..1]).unwrap();
    let mut other = plain.connect().unwrap();
    other
        .execute("ALTER TABLE prices ALTER COLUMN price TYPE bigint USING (price * 100)::bigint")
        .unwrap();
    assert_eq!(catalog(&mut client), catalog(&mut other));
}

#[test]
fn a_way_back_that_does_not_bring_the_values_back_is_found_before_anything_starts() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = to_cents("-- segue:reverse price = price / 1000.0");
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    let error = up(&database, &files).unwrap_err();
    assert!(
        error.to_string().contains("way back does not bring back"),
        "{error}"
    );
    assert_eq!(catalog(&mut client), before);
}

#[test]
fn a_computed_type_change_without_a_way_back_is_refused_and_says_what_is_missing() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = to_cents("");
    up(&database, &files[..1]).unwrap();
    let error = up(&database, &files).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsafe, "{error}");
    let details = error.details().join("\n");
    assert!(
        details.contains("-- segue:reverse price = EXPRESSION"),
        "{details}"
    );
    let elsewhere = up(&database, &to_cents("-- segue:reverse cost = cost / 100")).unwrap_err();
    assert_eq!(elsewhere.kind(), Kind::Refused, "{elsewhere}");
}

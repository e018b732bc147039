//! The false positives and false negatives of the leading linter, reproduced on its version 2.70: Segue has none of them.
//!
//! Source: each line was run there; what is true was measured on PostgreSQL 15 and 18.

use crate::judged::{codes, loud};
use segue_check::Example;
use segue_model::Wrapping;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp, data json);";
const EVENTS: &str = "CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000); CREATE TABLE spare (id bigint NOT NULL, name text);";

#[test]
fn statements_that_only_look_dangerous_are_not_reported() {
    let stable = [
        "ALTER TABLE users ADD COLUMN a int DEFAULT -1;",
        "ALTER TABLE users ADD COLUMN a int DEFAULT (1);",
        "ALTER TABLE users ADD COLUMN a text DEFAULT lower('A');",
        "ALTER TABLE users ADD COLUMN a timestamp DEFAULT timezone('utc', now());",
        "ALTER TABLE users ADD COLUMN a timestamptz DEFAULT pg_catalog.now();",
        "ALTER TABLE users ADD COLUMN a int GENERATED ALWAYS AS (age + 1) VIRTUAL;",
        "ALTER TABLE users ALTER COLUMN email TYPE varchar(100);",
        "ALTER TABLE users ALTER COLUMN email TYPE text;",
        "ALTER TABLE users ALTER COLUMN name TYPE text;",
    ];
    for sql in stable {
        assert_eq!(
            loud(&Example::new(sql).after(USERS)),
            Vec::<String>::new(),
            "{sql}"
        );
    }
}

#[test]
fn a_nullable_reference_is_not_said_to_scan() {
    let example = Example::new(
        "ALTER TABLE notes ADD COLUMN user_id bigint REFERENCES users (id);",
    )
    .after(
        "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY);",
    );
    assert!(!codes(&example).contains(&"add-column-fk-with-default".to_owned()));
    assert!(!crate::judged::shown(&example).contains("every row is read"));
}

#[test]
fn an_index_on_only_the_parent_is_the_first_step_of_the_safe_way() {
    let example = Example::new("CREATE INDEX e ON ONLY events (name);").after(EVENTS);
    assert!(!codes(&example).contains(&"create-index-blocking".to_owned()));
}

#[test]
fn nobody_uses_a_table_that_is_new_in_the_same_migration() {
    for wrapping in [Wrapping::Transaction, Wrapping::Autocommit] {
        for sql in [
            "ALTER TABLE fresh ALTER COLUMN a SET NOT NULL;",
            "ALTER TABLE fresh DROP COLUMN a;",
            "ALTER TABLE fresh RENAME COLUMN a TO b;",
            "ALTER TABLE fresh ALTER COLUMN a TYPE bigint;",
            "ALTER TABLE fresh ADD COLUMN t uuid DEFAULT gen_random_uuid();",
            "ALTER TABLE fresh ADD COLUMN t text UNIQUE;",
            "ALTER TABLE fresh ADD COLUMN u bigint REFERENCES other (id);",
            "CREATE INDEX ON fresh (a);",
            "ALTER TABLE fresh ADD CONSTRAINT k CHECK (a > 0);",
            "ALTER TABLE fresh ADD CONSTRAINT k UNIQUE (a);",
        ] {
            let whole = format!(
                "CREATE TABLE other (id bigint PRIMARY KEY); CREATE TABLE fresh (id bigint PRIMARY KEY, a int); {sql}"
            );
            let example = Example::new(whole.leak()).wrapped(wrapping);
            let mut found = loud(&example);
            // Looked for after the migration: the column has no index, new table or not.
            found.retain(|code| code != "fk-missing-index");
            assert_eq!(found, Vec::<String>::new(), "{sql}");
        }
    }
}

#[test]
fn a_rename_behind_a_compatible_view_breaks_nobody() {
    let example = Example::new(
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;",
    )
    .after(USERS);
    assert!(!codes(&example).contains(&"rename-table".to_owned()));
}

#[test]
fn a_small_lookup_table_gets_no_type_advice_above_a_note() {
    assert_eq!(
        loud(&Example::new(
            "CREATE TABLE kinds (id serial PRIMARY KEY, name text);"
        )),
        Vec::<String>::new()
    );
}

#[test]
fn a_validated_check_speaks_only_for_its_own_column() {
    let proof = "ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT k;";
    let example = Example::new("ALTER TABLE users ALTER COLUMN name SET NOT NULL;")
        .after(format!("{USERS} {proof}").leak())
        .on(15);
    assert!(codes(&example).contains(&"set-not-null".to_owned()));
}

/// Statement, what the earlier migration did, and the rule that must find it.
const MISSED: &[(&str, &str, &str)] = &[
    (
        "ALTER TABLE users ADD COLUMN n bigserial;",
        USERS,
        "add-column-serial",
    ),
    (
        "ALTER TABLE users ADD COLUMN d positive;",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TABLE users (id int);",
        "add-column-constrained-domain",
    ),
    (
        "ALTER TABLE users SET LOGGED;",
        "CREATE UNLOGGED TABLE users (id int);",
        "set-logged",
    ),
    (
        "ALTER TABLE users SET TABLESPACE fast;",
        USERS,
        "set-tablespace",
    ),
    ("VACUUM FULL users;", USERS, "vacuum-full"),
    ("CLUSTER users USING users_pkey;", USERS, "cluster"),
    (
        "ALTER TABLE users ADD COLUMN s int CHECK (s > 0);",
        USERS,
        "add-column-inline-check",
    ),
    (
        "ALTER TABLE logs ADD PRIMARY KEY USING INDEX i;",
        "CREATE TABLE logs (id int); CREATE UNIQUE INDEX i ON logs (id);",
        "pk-using-nullable-index",
    ),
    (
        "ALTER TABLE events ATTACH PARTITION spare FOR VALUES FROM (1000) TO (2000);",
        EVENTS,
        "attach-partition-scan",
    ),
    (
        "ALTER TABLE orders ALTER CONSTRAINT f ENFORCED;",
        "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (u bigint CONSTRAINT f REFERENCES users (id) NOT ENFORCED);",
        "alter-constraint-enforced",
    ),
    (
        "REFRESH MATERIALIZED VIEW m;",
        "CREATE TABLE users (id int); CREATE MATERIALIZED VIEW m AS SELECT id FROM users;",
        "refresh-matview",
    ),
    (
        "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);",
        EVENTS,
        "create-partition-of",
    ),
    (
        "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f();",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE users (id int);",
        "create-trigger",
    ),
    (
        "DROP TRIGGER t ON users;",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE users (id int); CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f();",
        "drop-trigger",
    ),
    (
        "ALTER TABLE orders DROP CONSTRAINT f;",
        "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (u bigint CONSTRAINT f REFERENCES users (id));",
        "drop-fk-locks-parent",
    ),
    (
        "CREATE TABLE notes (u bigint REFERENCES users (id));",
        USERS,
        "create-table-fk-locks-parent",
    ),
    (
        "DROP INDEX CONCURRENTLY i;",
        "CREATE TABLE users (id int); CREATE INDEX i ON users (id);",
        "concurrently-in-tx",
    ),
    (
        "REINDEX TABLE CONCURRENTLY users;",
        USERS,
        "concurrently-in-tx",
    ),
    (
        "CREATE INDEX CONCURRENTLY i ON users (name);",
        USERS,
        "concurrently-in-tx",
    ),
    (
        "ALTER TYPE mood ADD VALUE 'glad'; UPDATE users SET m = 'glad' WHERE id = 1;",
        "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE users (id int, m mood);",
        "enum-value-used-in-same-tx",
    ),
    (
        "ALTER TABLE users ADD COLUMN x int; UPDATE users SET x = 1;",
        USERS,
        "backfill-in-ddl-tx",
    ),
    ("DELETE FROM users;", USERS, "unbatched-dml"),
    ("UPDATE users SET age = 1;", USERS, "unbatched-dml"),
    ("TRUNCATE users;", USERS, "truncate"),
    (
        "ALTER TABLE users ADD COLUMN j json;",
        USERS,
        "add-column-json",
    ),
    (
        "DO $$ BEGIN ALTER TABLE users DROP COLUMN age; END $$;",
        USERS,
        "drop-column",
    ),
    (
        "SET lock_timeout = 0; ALTER TABLE users ADD COLUMN x int;",
        USERS,
        "ineffective-lock-timeout",
    ),
    (
        "SET lock_timeout = '1h'; ALTER TABLE users ADD COLUMN x int;",
        USERS,
        "ineffective-lock-timeout",
    ),
];

#[test]
fn what_the_leading_linter_misses_is_found() {
    let mut wrong = Vec::new();
    for (sql, before, code) in MISSED {
        if !codes(&Example::new(sql).after(before))
            .iter()
            .any(|found| found == code)
        {
            wrong.push(format!("{code}: {sql}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_timeout_that_ended_with_an_earlier_transaction_is_no_timeout() {
    for sql in [
        "SET LOCAL lock_timeout = '1s'; ALTER TABLE users ADD COLUMN x int;",
        "BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT; ALTER TABLE users ADD COLUMN x int;",
    ] {
        let example = Example::new(sql).after(USERS).wrapped(Wrapping::Autocommit);
        assert!(
            codes(&example).contains(&"ineffective-lock-timeout".to_owned()),
            "{sql}"
        );
    }
}

#[test]
fn the_advice_is_never_if_not_exists_or_a_short_timeout_for_a_concurrent_build() {
    let plain = Example::new("CREATE INDEX CONCURRENTLY i ON users (name);")
        .after(USERS)
        .wrapped(Wrapping::Autocommit);
    let shown = crate::judged::shown(&plain);
    assert!(!shown.contains("IF NOT EXISTS"), "{shown}");
    assert!(!codes(&plain).contains(&"missing-lock-timeout".to_owned()));
    assert!(!codes(&plain).contains(&"missing-statement-timeout".to_owned()));
}

#[test]
fn locks_are_named_as_they_are() {
    let attach =
        Example::new("ALTER TABLE events ATTACH PARTITION spare FOR VALUES FROM (1000) TO (2000);")
            .after(EVENTS);
    assert!(!crate::judged::shown(&attach).contains("ACCESS EXCLUSIVE on \"public\".\"events\","));
    let reindex = Example::new("REINDEX TABLE users;").after(USERS);
    assert!(
        crate::judged::shown(&reindex).contains("SHARE on \"public\".\"users\""),
        "{}",
        crate::judged::shown(&reindex)
    );
}

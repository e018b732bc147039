//! Who writes is told by what is written.

use segue_engine::EvidencePolicy;
use segue_model::Migration;
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{contract, migration, up};

const START: &str = "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, c text, n int);\n\
    INSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 100) i;\n";

fn expanded(database: &TestDatabase<'_>, change: &str) -> (Vec<Migration>, Client) {
    let files = vec![
        migration("1_start.sql", START),
        migration("2_change.sql", &format!("-- migrate:up\n{change}\n")),
    ];
    up(database, &files[..1]).unwrap();
    up(database, &files).unwrap();
    (files, database.connect().unwrap())
}

/// T-11: neither the search path nor the role says which version talks.
#[test]
fn a_writer_is_told_by_what_it_writes_and_not_by_its_search_path() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let (files, mut client) = expanded(&database, "ALTER TABLE t RENAME COLUMN c TO d;");
    client
        .execute("CREATE SCHEMA other; CREATE TABLE other.t (id int)")
        .unwrap();
    for path in [
        "public",
        "pg_catalog, public",
        "public, other",
        "\"$user\", public",
        "segue, public",
        "other",
        "",
    ] {
        let path = if path.is_empty() { "''" } else { path };
        client
            .execute(&format!(
                "SET search_path = {path}; \
                 INSERT INTO public.t (id, d) VALUES (1001, 'LongValue'); INSERT INTO public.t (id, c) VALUES (1002, 'Other')"
            ))
            .unwrap();
        let seen = client
            .value("SELECT pg_catalog.string_agg(c || '=' || d, ',' ORDER BY id) FROM public.t WHERE id > 1000")
            .unwrap();
        assert_eq!(
            seen.as_deref(),
            Some("LongValue=LongValue,Other=Other"),
            "{path}"
        );
        client
            .execute("DELETE FROM public.t WHERE id > 1000")
            .unwrap();
    }
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
}

/// T-12: a value that the other type cannot hold outlives updates of other columns.
#[test]
fn an_unrelated_update_leaves_a_value_alone_that_the_other_side_cannot_hold() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let (files, mut client) = expanded(&database, "ALTER TABLE t ALTER COLUMN n TYPE bigint;");
    client
        .execute("UPDATE t SET n = 3000000000 WHERE id = 1; UPDATE t SET c = 'unrelated'; UPDATE t SET n = n WHERE id = 1")
        .unwrap();
    let kept = client.value("SELECT n::text FROM t WHERE id = 1").unwrap();
    assert_eq!(kept.as_deref(), Some("3000000000"));
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let kept = client.value("SELECT n::text FROM t WHERE id = 1").unwrap();
    assert_eq!(kept.as_deref(), Some("3000000000"));
}

/// T-33: ours comes after the user's triggers; one that comes later still is noticed before anything is dropped.
#[test]
fn what_the_users_triggers_make_of_a_value_is_what_both_sides_have() {
    let server = TestServer::start_newest().unwrap();
    for (name, is_last) in [("aaa", false), ("zzz_users", false), ("zzzzzz_last", true)] {
        let database = server.create_database().unwrap();
        let start = format!(
            "{START}CREATE FUNCTION trimmed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.c := btrim(NEW.c); RETURN NEW; END';\n\
             CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION trimmed();\n"
        );
        let files = [
            migration("1_start.sql", &start),
            migration(
                "2_rename.sql",
                "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\n",
            ),
        ];
        up(&database, &files[..1]).unwrap();
        up(&database, &files).unwrap();
        let mut client = database.connect().unwrap();
        client
            .execute("UPDATE t SET c = '  spaces  ' WHERE id = 1; INSERT INTO t (id, c) VALUES (500, ' x ')")
            .unwrap();
        let differ = client
            .value("SELECT count(*)::text FROM t WHERE c IS DISTINCT FROM d")
            .unwrap();
        if is_last && differ.as_deref() != Some("0") {
            let error = contract(&database, &files, EvidencePolicy::Accept).unwrap_err();
            assert!(error.to_string().contains("do not agree"), "{error}");
            let kept = client.value("SELECT count(c)::text FROM t").unwrap();
            assert_eq!(kept.as_deref(), Some("101"), "nothing was dropped");
        } else {
            assert_eq!(differ.as_deref(), Some("0"), "{name}");
        }
    }
}

/// T-31: a second change of what waits is refused before anything starts, or works; it does not break halfway.
#[test]
fn a_second_change_of_a_column_that_waits_is_refused_before_anything_starts() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration("1_start.sql", START),
        migration(
            "2_twice.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN c TO d;\nALTER TABLE t ALTER COLUMN d TYPE varchar(400);\n",
        ),
        migration(
            "3_again.sql",
            "-- migrate:up\nALTER TABLE t RENAME COLUMN n TO m;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = crate::scene::catalog(&mut client);
    if up(&database, &files[..2]).is_err() {
        assert_eq!(crate::scene::catalog(&mut client), before);
        return;
    }
    let refused = up(&database, &files).unwrap_err();
    assert!(
        refused
            .details()
            .iter()
            .any(|line| line.contains("segue contract 2")),
        "{refused}"
    );
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let kind = client
        .value("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'd'")
        .unwrap();
    assert_eq!(kind.as_deref(), Some("character varying(400)"));
    up(&database, &files).unwrap();
}

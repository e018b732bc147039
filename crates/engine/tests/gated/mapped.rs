//! The life of a column that is split in two, and of two that are merged: mappings that a person declares.

use segue_engine::{EvidencePolicy, Kind, Standing};
use segue_model::Migration;
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{catalog, contract, down, migration, status, up};

const START: &str = "-- migrate:up\n\
    CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, seen int);\n\
    CREATE INDEX users_name ON users (name);\n\
    INSERT INTO users SELECT i, 'First' || i || ' Last' || i, 0 FROM generate_series(1, 3000) i;\n";
const SPLIT: &str = "-- migrate:up\n\
    -- segue:map users.first_name = split_part(name, ' ', 1)\n\
    -- segue:map users.last_name = split_part(name, ' ', 2)\n\
    -- segue:map users.name = concat_ws(' ', first_name, last_name)\n\
    ALTER TABLE users ADD COLUMN first_name text NOT NULL, ADD COLUMN last_name varchar(40) DEFAULT '';\n\
    ALTER TABLE users DROP COLUMN name;\n\
    CREATE INDEX users_last ON users (last_name);\n\
    -- migrate:down\n\
    DROP INDEX users_last;\n\
    ALTER TABLE users ADD COLUMN name text NOT NULL, DROP COLUMN first_name, DROP COLUMN last_name;\n\
    CREATE INDEX users_name ON users (name);\n";
const PLAIN: &[&str] = &[
    "ALTER TABLE users ADD COLUMN first_name text NOT NULL DEFAULT 'x', ADD COLUMN last_name varchar(40) DEFAULT ''",
    "ALTER TABLE users ALTER first_name DROP DEFAULT",
    "ALTER TABLE users DROP COLUMN name",
    "CREATE INDEX users_last ON users (last_name)",
];

fn files() -> Vec<Migration> {
    vec![
        migration("1_start.sql", START),
        migration("2_split.sql", SPLIT),
    ]
}

fn started(server: &TestServer) -> (TestDatabase<'_>, Client) {
    let database = server.create_database().expect("a database");
    up(&database, &files()[..1]).expect("the start");
    let client = database.connect().expect("a connection");
    (database, client)
}

fn one(client: &mut Client, query: &str) -> String {
    client
        .value(query)
        .expect(query)
        .unwrap_or_else(|| "null".to_owned())
}

#[test]
fn a_split_column_and_its_parts_serve_both_versions() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server);
    up(&database, &files()).unwrap();
    assert_eq!(status(&database, &files())[1].standing, Standing::Waiting);
    client
        .execute(
            "INSERT INTO users (id, name) VALUES (9001, 'Ada Lovelace');\
             INSERT INTO users (id, first_name, last_name) VALUES (9002, 'Mary Ann', 'Evans');\
             INSERT INTO users (id, first_name) VALUES (9003, 'Cher');\
             UPDATE users SET name = 'Grace Hopper' WHERE id = 1;\
             UPDATE users SET last_name = 'Kirk' WHERE id = 2;\
             UPDATE users SET seen = 7 WHERE id = 9002",
        )
        .unwrap();
    let all = "SELECT string_agg(name || '/' || first_name || '/' || last_name, ',' ORDER BY id) \
               FROM users WHERE id IN (1, 2, 3, 9001, 9002, 9003)";
    assert_eq!(
        one(&mut client, all),
        "Grace Hopper/Grace/Hopper,First2 Kirk/First2/Kirk,First3 Last3/First3/Last3,\
         Ada Lovelace/Ada/Lovelace,Mary Ann Evans/Mary Ann/Evans,Cher /Cher/"
    );
    drop(client);
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    let (plain, mut client) = started(&server);
    for statement in PLAIN {
        client.execute(statement).unwrap();
    }
    assert_eq!(
        catalog(&mut database.connect().unwrap()),
        catalog(&mut client)
    );
    drop(plain);
}

#[test]
fn before_the_gate_the_way_back_restores_the_catalog_and_keeps_every_write() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server);
    let before = catalog(&mut client);
    up(&database, &files()).unwrap();
    client
        .execute("UPDATE users SET first_name = 'New' WHERE id = 5")
        .unwrap();
    down(&database, &files()).unwrap();
    assert_eq!(catalog(&mut client), before);
    assert_eq!(
        one(&mut client, "SELECT name FROM users WHERE id = 5"),
        "New Last5"
    );
}

#[test]
fn behind_the_gate_the_old_values_come_from_the_archive_where_nothing_changed_since() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server);
    let before = catalog(&mut client);
    client
        .execute("UPDATE users SET name = 'Ludwig van Beethoven' WHERE id IN (1, 2)")
        .unwrap();
    up(&database, &files()).unwrap();
    drop(client);
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "UPDATE users SET first_name = 'Johanna' WHERE id = 2;\
             INSERT INTO users (id, first_name, last_name) VALUES (9001, 'Clara', 'Schumann')",
        )
        .unwrap();
    down(&database, &files()).unwrap();
    // Both versions again.
    client
        .execute("UPDATE users SET name = 'Old Again' WHERE id = 3; UPDATE users SET last_name = 'New' WHERE id = 4")
        .unwrap();
    drop(client);
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
    let mut client = database.connect().unwrap();
    assert_eq!(catalog(&mut client), before);
    assert_eq!(
        one(
            &mut client,
            "SELECT string_agg(name, ',' ORDER BY id) FROM users WHERE id IN (1, 2, 3, 4, 9001)"
        ),
        "Ludwig van Beethoven,Johanna van,Old Again,First4 New,Clara Schumann"
    );
    drop(client);
    // And once more: what an earlier round kept does not stand in the way.
    up(&database, &files()).unwrap();
    contract(&database, &files(), EvidencePolicy::Respect).unwrap();
}

#[test]
fn a_value_that_cannot_be_mapped_fails_no_writer_and_keeps_the_gate_shut() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration(
            "1_start.sql",
            "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, size text NOT NULL);\n\
             INSERT INTO t VALUES (1, '3x4'), (2, '10x20');\n",
        ),
        migration(
            "2_split.sql",
            "-- migrate:up\n\
             -- segue:map t.width = split_part(size, 'x', 1)::int\n\
             -- segue:map t.height = split_part(size, 'x', 2)::int\n\
             -- segue:map t.size = width || 'x' || height\n\
             ALTER TABLE t ADD COLUMN width int NOT NULL, ADD COLUMN height int NOT NULL, DROP COLUMN size;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    up(&database, &files).unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "UPDATE t SET size = 'large' WHERE id = 2; INSERT INTO t (id, width) VALUES (3, 9)",
        )
        .unwrap();
    assert_eq!(
        one(&mut client, "SELECT count(*) FROM t WHERE width IS NULL"),
        "1"
    );
    contract(&database, &files, EvidencePolicy::Accept).unwrap_err();
    assert_eq!(
        one(&mut client, "SELECT size FROM t WHERE id = 2"),
        "large",
        "nothing was dropped"
    );
    client
        .execute("UPDATE t SET size = '5x6' WHERE id = 2; UPDATE t SET height = 1 WHERE id = 3")
        .unwrap();
    drop(client);
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let mut client = database.connect().unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT string_agg(width || 'x' || height, ',' ORDER BY id) FROM t"
        ),
        "3x4,5x6,9x1"
    );
}

#[test]
fn on_a_table_that_nobody_uses_yet_a_split_is_done_at_once() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    up(&database, &files()).unwrap();
    assert_eq!(status(&database, &files())[1].standing, Standing::Applied);
    let mut client = database.connect().unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT string_agg(first_name || last_name, ',') FROM users WHERE id = 7"
        ),
        "First7Last7"
    );
}

/// Directives, the statement, and what is said. `BACK` stands for the other direction.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "-- segue:map users.a\nBACK",
        BOTH,
        "a mapping is `-- segue:map",
    ),
    ("-- segue:map a = name\nBACK", BOTH, "no TABLE.COLUMN"),
    (
        "-- segue:map users.a = (SELECT 1)\nBACK",
        BOTH,
        "cannot be read",
    ),
    (
        "-- segue:map users.a = name",
        BOTH,
        "\"name\" has no mapping",
    ),
    (
        "-- segue:map users.a = name || seen\nBACK",
        BOTH,
        "other side",
    ),
    (
        "-- segue:map users.a = name || random()\nBACK",
        BOTH,
        "differs each time",
    ),
    (
        "-- segue:map users.a = name",
        "ADD COLUMN a text",
        "do not do both",
    ),
    (
        "-- segue:map users.a = name\nBACK",
        "ADD COLUMN b text",
        "no statement of its section",
    ),
    (
        "-- segue:map users.a = name\nBACK",
        "ADD COLUMN a text, DROP COLUMN name, ALTER seen SET NOT NULL",
        "of its own",
    ),
    (
        "-- segue:map users.a = name\n-- segue:map users.a = upper(name)\nBACK",
        BOTH,
        "mapped twice",
    ),
    (
        "-- segue:map users.a = no_such_function(name)\nBACK",
        BOTH,
        "no_such_function",
    ),
    ("-- segue:map users.a = other.name\nBACK", BOTH, "other"),
    (
        "-- segue:map users.a = name\nBACK",
        "ADD COLUMN a serial, DROP COLUMN name",
        "makes its values itself",
    ),
    (
        "-- segue:map users.seen = length(name)\n-- segue:map users.name = seen::text",
        "ADD COLUMN seen int, DROP COLUMN name",
        "already exists",
    ),
];

const BOTH: &str = "ADD COLUMN a text, DROP COLUMN name";

/// What is declared and cannot be followed is refused before anything starts.
#[test]
fn a_mapping_that_cannot_be_followed_is_refused() {
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server);
    let before = catalog(&mut client);
    for (directives, change, why) in REFUSED {
        let directives = directives.replace("BACK", "-- segue:map users.name = a");
        let text = format!("-- migrate:up\n{directives}\nALTER TABLE users {change};\n");
        let files = [migration("1_start.sql", START), migration("2_x.sql", &text)];
        let error = up(&database, &files).expect_err(&text);
        let said = format!("{error}: {:?}", error.details());
        assert!(said.contains(why), "{text}: {said}");
        assert!(
            matches!(error.kind(), Kind::Refused | Kind::Failed),
            "{text}: {said}"
        );
        assert_eq!(catalog(&mut client), before, "{text}");
    }
}

/// Columns are kept one after the other: what was written between two copies does not come back as a row that never was.
#[test]
fn halves_that_were_kept_at_different_moments_are_not_put_together() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = [
        migration(
            "1_start.sql",
            "-- migrate:up\nCREATE TABLE t (id int PRIMARY KEY, f text, l text);\nINSERT INTO t VALUES (1, 'a', 'b'), (2, NULL, NULL);\n",
        ),
        migration(
            "2_merge.sql",
            "-- migrate:up\n\
             -- segue:map t.c = f || ' ' || l\n\
             -- segue:map t.f = split_part(c, ' ', 1)\n\
             -- segue:map t.l = split_part(c, ' ', 2)\n\
             ALTER TABLE t ADD COLUMN c text, DROP COLUMN f, DROP COLUMN l;\n\
             -- migrate:down\n\
             ALTER TABLE t ADD COLUMN f text, ADD COLUMN l text, DROP COLUMN c;\n",
        ),
    ];
    up(&database, &files[..1]).unwrap();
    up(&database, &files).unwrap();
    contract(&database, &files, EvidencePolicy::Accept).unwrap();
    let mut client = database.connect().unwrap();
    let kept = one(
        &mut client,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE relnamespace = 'segue_archive'::regnamespace AND relkind = 'r' AND attname = 'l'",
    );
    // As if a write had come between the two copies, and gone since.
    client
        .execute(&format!("INSERT INTO {kept} (id, l) VALUES (2, 'half')"))
        .unwrap();
    drop(client);
    down(&database, &files).unwrap();
    let mut client = database.connect().unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT string_agg(concat(id, f, l), ',' ORDER BY id) FROM t"
        ),
        "1ab,2"
    );
}

#[test]
fn without_an_archive_the_way_back_of_a_split_computes_what_was_dropped() {
    use segue_engine::{Approval, Manner, Selection, Target};
    let server = TestServer::start_newest().unwrap();
    let (database, mut client) = started(&server);
    let before = catalog(&mut client);
    let chosen = Selection {
        manner: Manner::SafeWithoutArchive,
        ..crate::scene::selection(Target::All)
    };
    let hash = crate::scene::with(&database, |runner| {
        runner.up(&files(), &chosen, &Approval::default())?;
        runner.plan_contract(&files())
    })
    .unwrap();
    assert!(
        hash[0].losses.iter().any(|loss| loss
            .column
            .as_ref()
            .is_some_and(|name| name.as_str() == "name")),
        "what is lost is named: {:?}",
        hash[0].losses
    );
    let refused = contract(&database, &files(), EvidencePolicy::Accept).unwrap_err();
    assert_eq!(refused.kind(), Kind::Refused, "{refused}");
    let approval = Approval {
        hashes: std::iter::once(hash[0].hash.clone()).collect(),
    };
    crate::scene::with(&database, |runner| {
        runner.contract(&files(), None, (EvidencePolicy::Accept, &approval))
    })
    .unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT count(*)::text FROM pg_namespace WHERE nspname = 'segue_archive'"
        ),
        "0",
        "nothing was kept"
    );
    down(&database, &files()).unwrap();
    contract(&database, &files(), EvidencePolicy::Accept).unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT count(*)::text FROM users WHERE name = 'First' || id || ' Last' || id"
        ),
        "3000"
    );
    assert_eq!(catalog(&mut client), before);
}

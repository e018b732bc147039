//! The twin of a table whose columns are split, merged or computed anew: both versions of an application write, each in its own
//! columns, and every transaction writes an untouched twin the same way. Afterwards both say the same, and no statement failed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_engine::EvidencePolicy;
use segue_model::Migration;
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{contract, down, migration, up};

/// How one version of the application knows the values.
struct Version {
    columns: &'static [&'static str],
    /// One list for each value, in one order in both versions.
    values: &'static [&'static [&'static str]],
    /// A write of a part of a value: in its own columns, and what the same is in the twin.
    part: (&'static str, &'static str),
    /// What its columns say, as one text.
    says: &'static str,
}

struct Case {
    name: &'static str,
    /// The columns before the change.
    columns: &'static str,
    up: &'static str,
    down: &'static str,
    old: Version,
    new: Version,
}

const ONE: Version = Version {
    columns: &["c"],
    values: &[&["'a b'"], &["'cc dd'"], &["NULL"], &["'e f'"]],
    part: ("c = 'g h'", ""),
    says: "c",
};

const TWO: Version = Version {
    columns: &["f", "l"],
    values: &[
        &["'a'", "'b'"],
        &["'cc'", "'dd'"],
        &["NULL", "NULL"],
        &["'e'", "'f'"],
    ],
    part: ("f = 'p'", ""),
    says: "f || ' ' || l",
};

const MAPS: &str = "-- segue:map t.f = split_part(c, ' ', 1)\n-- segue:map t.l = split_part(c, ' ', 2)\n\
                    -- segue:map t.c = f || ' ' || l\n";

const CASES: &[Case] = &[
    Case {
        name: "split",
        columns: "c text",
        up: "ALTER TABLE t ADD COLUMN f text, ADD COLUMN l text, DROP COLUMN c;",
        down: "ALTER TABLE t ADD COLUMN c text, DROP COLUMN f, DROP COLUMN l;",
        old: Version {
            part: ("c = 'g h'", "c = 'g h'"),
            ..ONE
        },
        new: Version {
            part: ("f = 'p'", "c = 'p' || substr(c, strpos(c, ' '))"),
            ..TWO
        },
    },
    Case {
        name: "merge",
        columns: "f text, l text",
        up: "ALTER TABLE t ADD COLUMN c text, DROP COLUMN f, DROP COLUMN l;",
        down: "ALTER TABLE t ADD COLUMN f text, ADD COLUMN l text, DROP COLUMN c;",
        old: Version {
            part: ("f = 'p'", "f = 'p'"),
            ..TWO
        },
        new: Version {
            part: ("c = 'g h'", "f = 'g', l = 'h'"),
            ..ONE
        },
    },
    Case {
        name: "split of a column with a default that refuses null",
        columns: "c text NOT NULL DEFAULT 'x y'",
        up: "ALTER TABLE t ADD COLUMN f text NOT NULL DEFAULT 'x', ADD COLUMN l text NOT NULL DEFAULT 'y'; \
             ALTER TABLE t DROP COLUMN c;",
        down: "ALTER TABLE t ADD COLUMN c text NOT NULL DEFAULT 'x y', DROP COLUMN f, DROP COLUMN l;",
        old: Version {
            values: &[&["'a b'"], &["'x y'"]],
            part: ("c = 'g h'", "c = 'g h'"),
            ..ONE
        },
        new: Version {
            values: &[&["'a'", "'b'"], &["'x'", "'y'"]],
            part: ("f = 'p'", "c = 'p' || substr(c, strpos(c, ' '))"),
            ..TWO
        },
    },
];

/// The same numbers for the same seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a small number")
    }
}

/// Which versions are serving, and how much they did.
#[derive(Default)]
struct Stage {
    serving: [AtomicBool; 2],
    stopped: AtomicBool,
    done: AtomicUsize,
}

impl Stage {
    fn play(&self, serving: [bool; 2]) {
        for (flag, serves) in self.serving.iter().zip(serving) {
            flag.store(serves, Ordering::SeqCst);
        }
        let until = self.done.load(Ordering::SeqCst) + 80;
        while self.done.load(Ordering::SeqCst) < until && !self.stopped.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }
}

/// `a = 1, b = 2`.
fn set(columns: &[&str], values: &[&str]) -> String {
    let each: Vec<String> = columns
        .iter()
        .zip(values)
        .map(|(column, value)| format!("{column} = {value}"))
        .collect();
    each.join(", ")
}

/// One kind of write of a row, on one table.
fn write(table: &str, id: usize, kind: usize, (columns, values): (&[&str], &[&str])) -> String {
    let (names, list, set) = (columns.join(", "), values.join(", "), set(columns, values));
    let excluded: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} = EXCLUDED.{column}"))
        .collect();
    let excluded = excluded.join(", ");
    match kind {
        0 => format!(
            "INSERT INTO {table} (id, {names}, n) VALUES ({id}, {list}, 1) ON CONFLICT DO NOTHING"
        ),
        1 => format!("INSERT INTO {table} (id, n) VALUES ({id}, 2) ON CONFLICT DO NOTHING"),
        2 => format!("UPDATE {table} SET {set} WHERE id = {id}"),
        3 => format!("UPDATE {table} SET n = n + 1 WHERE id = {id}"),
        4 => format!("DELETE FROM {table} WHERE id = {id}"),
        5 => format!(
            "INSERT INTO {table} (id, {names}) VALUES ({id}, {list}) ON CONFLICT (id) DO UPDATE SET {excluded}"
        ),
        6 => format!(
            "SAVEPOINT s; UPDATE {table} SET {set} WHERE id = {id}; ROLLBACK TO s; UPDATE {table} SET n = 5 WHERE id = {id}"
        ),
        _ => format!("UPDATE {table} SET {set}, n = 0 WHERE id = {id}"),
    }
}

/// One transaction on both tables.
fn transaction(random: &mut Random, own: &Version, twin: &Version) -> String {
    let id = random.below(300);
    let value = random.below(own.values.len());
    let kind = random.below(9);
    let (migrated, untouched) = if kind == 8 {
        let (here, there) = own.part;
        (
            format!("UPDATE t SET {here} WHERE id = {id}"),
            format!("UPDATE twin SET {there} WHERE id = {id}"),
        )
    } else {
        (
            write("t", id, kind, (own.columns, own.values[value])),
            write("twin", id, kind, (twin.columns, twin.values[value])),
        )
    };
    format!("BEGIN; SELECT pg_advisory_xact_lock({id}); {untouched}; {migrated}; COMMIT")
}

/// One version of the application, until the stage is empty. Gives its first error.
fn serve(
    database: &TestDatabase<'_>,
    (stage, place): (&Stage, usize),
    (own, twin): (&Version, &Version),
    seed: u64,
) -> Option<String> {
    let mut random = Random(seed | 1);
    let mut client: Option<Client> = None;
    while !stage.stopped.load(Ordering::SeqCst) {
        if !stage.serving[place].load(Ordering::SeqCst) {
            client = None;
            std::thread::yield_now();
            continue;
        }
        let client = client.get_or_insert_with(|| database.connect().expect("a connection"));
        let text = transaction(&mut random, own, twin);
        if let Err(error) = client.execute(&text) {
            stage.stopped.store(true, Ordering::SeqCst);
            return Some(format!("{text}: {error}"));
        }
        stage.done.fetch_add(1, Ordering::SeqCst);
    }
    None
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Contract,
    Down,
    DownAfterContract,
}

fn files(case: &Case) -> Vec<Migration> {
    let columns = case.columns;
    let start = format!(
        "-- migrate:up\nCREATE TABLE t (id bigint PRIMARY KEY, {columns}, n int);\n\
         CREATE TABLE twin (id bigint PRIMARY KEY, {columns}, n int);\n"
    );
    let change = format!(
        "-- migrate:up\n{MAPS}{}\n-- migrate:down\n{}\n",
        case.up, case.down
    );
    vec![
        migration("1_start.sql", &start),
        migration("2_change.sql", &change),
    ]
}

/// A database with rows, before the change.
fn begun<'s>(server: &'s TestServer, case: &Case) -> (TestDatabase<'s>, Client) {
    let database = server.create_database().expect("a database");
    up(&database, &files(case)[..1]).expect("the start");
    let mut client = database.connect().expect("a connection");
    let value = case.old.values[0].join(", ");
    for table in ["t", "twin"] {
        client
            .execute(&format!(
                "INSERT INTO {table} SELECT i, {value}, 0 FROM generate_series(1, 3000, 3) i"
            ))
            .expect("rows");
    }
    (database, client)
}

/// Rows that are in one of the two and not in the other.
fn differences(client: &mut Client, says: &str, twin_says: &str) -> Vec<Vec<Option<String>>> {
    let (t, twin) = (
        format!("SELECT id, {says} AS said, n FROM t"),
        format!("SELECT id, {twin_says} AS said, n FROM twin"),
    );
    client
        .query(&format!(
            "SELECT 'only migrated', d.id::text, d.said FROM ({t} EXCEPT {twin}) d \
             UNION ALL SELECT 'only twin', d.id::text, d.said FROM ({twin} EXCEPT {t}) d LIMIT 5"
        ))
        .expect("both can be compared")
}

fn run(server: &TestServer, case: &Case, ending: Ending, seed: u64) -> Result<(), String> {
    let (database, mut client) = begun(server, case);
    let stage = Stage::default();
    let problem = std::thread::scope(|scope| {
        let old = scope.spawn(|| serve(&database, (&stage, 0), (&case.old, &case.old), seed));
        let new = scope.spawn(|| {
            let seed = seed.rotate_left(17);
            serve(&database, (&stage, 1), (&case.new, &case.old), seed)
        });
        let played = play(&database, &files(case), (&stage, ending));
        stage.stopped.store(true, Ordering::SeqCst);
        let felt = [old.join(), new.join()].map(|felt| felt.expect("a version"));
        played.err().or(felt.into_iter().flatten().next())
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    let says = match ending {
        Ending::Contract => case.new.says,
        Ending::Down | Ending::DownAfterContract => case.old.says,
    };
    let different = differences(&mut client, says, case.old.says);
    if different.is_empty() {
        return Ok(());
    }
    Err(format!("{different:?}"))
}

/// A deployment: the old version, both, the new one; and perhaps the whole way back.
fn play(
    database: &TestDatabase<'_>,
    files: &[Migration],
    (stage, ending): (&Stage, Ending),
) -> Result<(), String> {
    let told = |error: segue_engine::EngineError| format!("{error}: {:?}", error.details());
    stage.play([true, false]);
    up(database, files).map_err(told)?;
    stage.play([true, true]);
    match ending {
        Ending::Down => {
            stage.play([true, false]);
            down(database, files).map_err(told)?;
        }
        Ending::Contract | Ending::DownAfterContract => {
            stage.play([false, true]);
            contract(database, files, EvidencePolicy::Accept).map_err(told)?;
            stage.play([false, true]);
        }
    }
    if let Ending::DownAfterContract = ending {
        down(database, files).map_err(told)?;
        stage.play([true, true]);
        stage.play([true, false]);
        contract(database, files, EvidencePolicy::Accept).map_err(told)?;
        stage.play([true, false]);
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a seed that failed is given again by whoever looks into it"
)]
fn seed() -> u64 {
    std::env::var("SEGUE_TEST_SEED").map_or_else(
        |_| u64::from(std::process::id()).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        |text| text.parse().expect("a number"),
    )
}

fn every_case(ending: Ending) {
    let server = TestServer::start_newest().unwrap();
    let seed = seed();
    let wrong: Vec<String> = CASES
        .iter()
        .filter_map(|case| {
            run(&server, case, ending, seed)
                .err()
                .map(|why| format!("{} ({ending:?}, SEGUE_TEST_SEED={seed}): {why}", case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_sides_say_the_same_after_the_contract_phase() {
    every_case(Ending::Contract);
}

#[test]
fn both_sides_say_the_same_after_going_back_before_the_contract_phase() {
    every_case(Ending::Down);
}

#[test]
fn both_sides_say_the_same_after_going_back_from_behind_the_gate() {
    every_case(Ending::DownAfterContract);
}

/// The oracle itself: a trigger that does nothing is noticed, by the twin and by the proof at the gate.
#[test]
fn a_trigger_of_two_sides_that_is_broken_is_noticed() {
    let server = TestServer::start_newest().unwrap();
    for case in CASES {
        let (database, mut client) = begun(&server, case);
        up(&database, &files(case)).unwrap();
        let function = client
            .value("SELECT tgfoid::regproc::text FROM pg_trigger WHERE tgname LIKE 'zzzz_segue%'")
            .unwrap()
            .expect("the trigger");
        client
            .execute(&format!(
                "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            ))
            .unwrap();
        let (own, twin) = case.old.part;
        client
            .execute(&format!(
                "BEGIN; UPDATE twin SET {twin} WHERE id = 4; UPDATE t SET {own} WHERE id = 4; COMMIT"
            ))
            .unwrap();
        let seen = differences(&mut client, case.new.says, case.old.says);
        assert!(!seen.is_empty(), "{}", case.name);
        let proof = contract(&database, &files(case), EvidencePolicy::Accept).unwrap_err();
        assert!(proof.to_string().contains("not in step"), "{proof}");
    }
}

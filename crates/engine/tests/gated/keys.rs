//! The integer runs out (Basecamp 2018, GitHub 2021, …): a primary key, its sequence and what refers to it become bigint
//! while two versions of an application write.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_engine::EvidencePolicy;
use segue_model::Migration;
use segue_testkit::{TestDatabase, TestServer};

use crate::scene::{catalog, contract, down, migration, up};

const START: &str = "-- migrate:up\n\
    CREATE TABLE accounts (id serial PRIMARY KEY, invited_by int REFERENCES accounts (id), name text);\n\
    CREATE TABLE notes (id int PRIMARY KEY, account_id int NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, word text);\n\
    CREATE INDEX notes_account ON notes (account_id);\n\
    INSERT INTO accounts SELECT i, CASE WHEN i > 9 THEN i / 2 END, 'a' FROM generate_series(1, 12000) i;\n\
    INSERT INTO notes SELECT i, i, 'n' FROM generate_series(1, 12000) i;\n\
    SELECT setval('accounts_id_seq', 2147483637);\n";
const STATEMENTS: &[&str] = &[
    "ALTER SEQUENCE accounts_id_seq AS bigint",
    "ALTER TABLE notes ALTER COLUMN account_id TYPE bigint",
    "ALTER TABLE accounts ALTER COLUMN invited_by TYPE bigint",
    "ALTER TABLE accounts ALTER COLUMN id TYPE bigint",
];

fn files() -> Vec<Migration> {
    let text = format!(
        "-- migrate:up\n{};\n-- migrate:down\nSELECT 1;\n",
        STATEMENTS.join(";\n")
    );
    vec![
        migration("1_start.sql", START),
        migration("2_wide.sql", &text),
    ]
}

/// One writer of either version: the names stay. Gives its first error.
fn write(
    database: &TestDatabase<'_>,
    (seed, stopped): (usize, &AtomicBool),
    done: &AtomicUsize,
) -> Option<String> {
    let mut client = database.connect().expect("a connection");
    let mut number = seed;
    while !stopped.load(Ordering::SeqCst) {
        number += 7;
        let id = 20_000 + number % 5_000;
        let text = match number % 5 {
            0 => format!(
                "INSERT INTO accounts (id, name) VALUES ({id}, 'new') ON CONFLICT (id) DO NOTHING"
            ),
            1 => format!(
                "INSERT INTO notes (id, account_id, word) SELECT {id}, max(id), 'w' FROM accounts WHERE id < 30000 \
                 ON CONFLICT (id) DO UPDATE SET word = 'again'"
            ),
            2 => format!("DELETE FROM accounts WHERE id = {id}"),
            3 => format!(
                "UPDATE notes SET word = word || '.' WHERE account_id = {}",
                number % 12_000
            ),
            _ => format!(
                "UPDATE accounts SET invited_by = {} WHERE id = {}",
                number % 100 + 1,
                number % 12_000
            ),
        };
        if let Err(error) = client.execute(&text) {
            let told = format!("{text}: {error}");
            // A note of an account that is deleted at the same moment is the application's own mistake.
            if !told.contains("notes_account_id_fkey") && !told.contains("deadlock") {
                stopped.store(true, Ordering::SeqCst);
                return Some(told);
            }
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    None
}

/// Stops the writers when it goes, also when an assertion fails.
struct UntilDropped<'a>(&'a AtomicBool);

impl Drop for UntilDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn under_writers<T>(database: &TestDatabase<'_>, act: impl FnOnce(&dyn Fn(usize)) -> T) -> T {
    let (stopped, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (acted, felt) = std::thread::scope(|scope| {
        let writers: Vec<_> = [1, 3_001]
            .into_iter()
            .map(|seed| {
                let (stopped, done) = (&stopped, &done);
                scope.spawn(move || write(database, (seed, stopped), done))
            })
            .collect();
        let at_work = UntilDropped(&stopped);
        // Lets the writers do so many more things, unless one has failed.
        let acted = act(&|more| {
            let until = done.load(Ordering::SeqCst) + more;
            while done.load(Ordering::SeqCst) < until && !stopped.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        });
        drop(at_work);
        let felt: Vec<String> = writers
            .into_iter()
            .filter_map(|writer| writer.join().expect("a writer"))
            .collect();
        (acted, felt)
    });
    assert!(felt.is_empty(), "{}", felt.join("\n"));
    acted
}

#[test]
fn a_key_and_what_refers_to_it_outgrow_the_integer_while_writers_go_on() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let files = files();
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    under_writers(&database, |let_pass| {
        let_pass(50);
        let ran = up(&database, &files);
        ran.map_err(|error| format!("{error}: {:?}", error.details()))
            .unwrap();
        let_pass(50);
        client
            .execute("INSERT INTO accounts (name) SELECT 'beyond' FROM generate_series(1, 20)")
            .unwrap();
        client
            .execute("INSERT INTO notes (id, account_id) SELECT -id % 1000, id FROM accounts WHERE id > 2147483647")
            .unwrap();
        contract(&database, &files, EvidencePolicy::Accept).unwrap();
        let_pass(50);
    });
    let beyond = "SELECT count(*) FROM notes WHERE account_id > 2147483647";
    assert_eq!(client.value(beyond).unwrap().as_deref(), Some("10"));
    let orphans = "SELECT count(*) FROM notes n WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = n.account_id)";
    assert_eq!(client.value(orphans).unwrap().as_deref(), Some("0"));
    let plain = server.create_database().unwrap();
    up(&plain, &files[..1]).unwrap();
    let mut other = plain.connect().unwrap();
    for statement in STATEMENTS {
        other.execute(statement).unwrap();
    }
    assert_eq!(catalog(&mut client), catalog(&mut other));
}

#[test]
fn a_wider_key_goes_back_to_the_catalog_that_was_there_while_writers_go_on() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let text = format!(
        "-- migrate:up\n{};\n-- migrate:down\nSELECT 1;\n",
        STATEMENTS[1..].join(";\n")
    );
    let files = [
        migration("1_start.sql", START),
        migration("2_wide.sql", &text),
    ];
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    let before = catalog(&mut client);
    under_writers(&database, |let_pass| {
        up(&database, &files).unwrap();
        let_pass(50);
        let back = down(&database, &files);
        back.map_err(|error| format!("{error}: {:?}", error.details()))
            .unwrap();
        let_pass(50);
    });
    assert_eq!(catalog(&mut client), before);
}

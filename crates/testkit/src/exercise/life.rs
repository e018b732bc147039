//! The life of a project: up, again, down, edited, refused, taken over, forgotten.

use segue_engine::{Approval, Journal, Kind, Others, Selection, Target};
use segue_model::{Migration, Session as _};

use super::cutting::Lying;
use super::{
    Bench, all, down, fingerprint, hashes, migration, project, rows, send, standings, up, with,
};

/// Of the records that a project has no migration for as many are listed as were asked for, those made last, and all are
/// counted; the project's own stand before them, whether they have a record or not.
pub fn what_only_the_database_knows_is_counted_and_listed_from_its_end<B: Bench>(bench: &B) {
    let database = bench.database();
    up(bench, &*database, &project()).expect("it runs");
    let connect = || database.connect();
    let overview = |migrations: &[Migration], others| {
        let seen = with(bench.dialect(), &connect, |runner| {
            runner.overview(migrations, others)
        });
        let seen = seen.expect("an overview");
        let lines = seen.lines.iter();
        let lines: Vec<String> = lines
            .map(|line| format!("{} {:?}", line.id, line.standing))
            .collect();
        (lines, seen.missing)
    };
    let of = |lines: &[&str], missing| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        (lines, missing)
    };
    let none: [Migration; 0] = [];
    assert_eq!(overview(&none, Others::Counted), of(&[], 3));
    assert_eq!(overview(&none, Others::Newest(1)), of(&["3 Missing"], 3));
    assert_eq!(
        overview(&none, Others::Newest(2)),
        of(&["2 Missing", "3 Missing"], 3)
    );
    assert_eq!(
        overview(&none, Others::All),
        of(&["1 Missing", "2 Missing", "3 Missing"], 3)
    );
    assert_eq!(
        overview(&project()[1..2], Others::Newest(1)),
        of(&["2 Applied", "3 Missing"], 2)
    );
    let later = migration("4_d.sql", "CREATE TABLE d (e integer);\n", "");
    assert_eq!(overview(&[later], Others::Counted), of(&["4 Pending"], 3));
    let database = bench.database();
    let connect = || database.connect();
    let seen = with(bench.dialect(), &connect, |runner| {
        runner.overview(&none, Others::All)
    });
    assert_eq!(seen.expect("an overview").missing, 0);
}

/// Every migration is applied, in order, and recorded.
pub fn a_migration_is_applied_and_recorded<B: Bench>(bench: &B) {
    let database = bench.database();
    let outcome = up(bench, &*database, &project()).expect("it runs");
    assert_eq!(outcome.completed, ["1", "2", "3"]);
    assert_eq!(rows(&*database, "SELECT n FROM counter"), ["111"]);
    let lines = rows(&*database, "SELECT count(*) FROM lines");
    assert_eq!(lines, ["3"], "what refers to a table outlives its change");
    assert_eq!(
        standings(bench, &*database),
        ["1 Applied", "2 Applied", "3 Applied"]
    );
}

/// A second run does nothing.
pub fn up_again_has_nothing_to_do<B: Bench>(bench: &B) {
    let database = bench.database();
    up(bench, &*database, &project()).expect("it runs");
    let before = fingerprint(bench, &*database);
    let again = up(bench, &*database, &project()).expect("it runs");
    assert!(again.completed.is_empty());
    assert_eq!(fingerprint(bench, &*database), before);
}

/// A statement that is refused takes its transaction with it, and the place is told.
pub fn a_migration_that_fails_leaves_nothing<B: Bench>(bench: &B) {
    let database = bench.database();
    let empty = database.dump();
    let text = "CREATE TABLE a (b integer NOT NULL);\nINSERT INTO a VALUES (NULL);\n";
    let broken = [migration("1_a.sql", text, "")];
    let error = up(bench, &*database, &broken).expect_err("it is refused");
    assert_eq!(error.kind(), Kind::Failed, "{error:?}");
    assert_eq!(error.step(), Some(("1", "2")));
    assert_eq!(database.dump(), empty);
    let connect = || database.connect();
    let lines = with(bench.dialect(), &connect, |runner| runner.status(&broken));
    let lines = lines.expect("a status");
    assert!(lines[0].record.is_none(), "{lines:?}");
}

/// What a way back says is done, and the structure is as it was, to the byte of its dump.
pub fn down_restores_the_identical_structure<B: Bench>(bench: &B) {
    let database = bench.database();
    up(bench, &*database, &project()[..2]).expect("it runs");
    let before = database.dump();
    up(bench, &*database, &project()).expect("it runs");
    assert_ne!(database.dump(), before);
    assert_eq!(
        down(bench, &*database, 1).expect("it goes").completed,
        ["3"]
    );
    assert_eq!(database.dump(), before);
    assert_eq!(
        down(bench, &*database, 1).expect("it goes").completed,
        ["2"]
    );
    assert_eq!(rows(&*database, "SELECT n FROM counter"), ["0"]);
    assert_eq!(rows(&*database, "SELECT count(*) FROM lines"), ["3"]);
    up(bench, &*database, &project()).expect("it runs");
    assert_eq!(rows(&*database, "SELECT n FROM counter"), ["111"]);
}

/// A server that says yes and does nothing is found out.
pub fn what_is_not_in_the_catalog_is_not_done<B: Bench>(bench: &B) {
    let database = bench.database();
    let one = [migration(
        "1_a.sql",
        "CREATE TABLE said (id integer);\n",
        "",
    )];
    let connect = || {
        database
            .connect()
            .map(|session| Lying::new(session, "said"))
    };
    let lied = with(bench.dialect(), &connect, |runner| {
        runner.up(&one, &all(), &Approval::default())
    });
    assert_eq!(lied.expect_err("a lie").kind(), Kind::NotVerified);
    let outcome = up(bench, &*database, &one).expect("it runs");
    assert_eq!(outcome.completed, ["1"]);
}

/// What was there before Segue is recorded, not run.
pub fn a_baseline_is_recorded_and_nothing_runs<B: Bench>(bench: &B) {
    let database = bench.database();
    let empty = database.dump();
    let connect = || database.connect();
    let recorded = with(bench.dialect(), &connect, |runner| {
        runner.baseline(&project(), "2")
    });
    assert_eq!(recorded.expect("a baseline"), ["1", "2"]);
    assert_eq!(database.dump(), empty);
    assert_eq!(
        standings(bench, &*database),
        ["1 Baseline", "2 Baseline", "3 Pending"]
    );
    let again = with(bench.dialect(), &connect, |runner| {
        runner.baseline(&project(), "2")
    });
    assert_eq!(again.expect_err("only once").kind(), Kind::Request);
}

/// Pending, applied, before one that is done, and not in the project.
pub fn status_tells_how_each_migration_stands<B: Bench>(bench: &B) {
    let database = bench.database();
    assert_eq!(
        standings(bench, &*database),
        ["1 Pending", "2 Pending", "3 Pending"]
    );
    assert!(database.traces().is_empty(), "looking leaves nothing");
    let first = project().remove(0);
    let third = migration("3_c.sql", "CREATE TABLE c (a integer);\n", "");
    let other = migration("9_d.sql", "CREATE TABLE d (a integer);\n", "");
    up(bench, &*database, &[first, third, other]).expect("it runs");
    assert_eq!(
        standings(bench, &*database),
        ["1 Applied", "2 OutOfOrder", "3 Edited", "9 Missing"]
    );
}

/// The journal goes, and nothing else does.
pub fn uninstall_leaves_no_trace<B: Bench>(bench: &B) {
    let database = bench.database();
    up(bench, &*database, &project()).expect("it runs");
    assert!(!database.traces().is_empty(), "there is a journal");
    let before = database.dump();
    let connect = || database.connect();
    let gone = with(bench.dialect(), &connect, |runner| {
        runner.uninstall()?;
        Ok(())
    });
    gone.expect("it goes");
    assert_eq!(database.traces(), [""; 0]);
    assert_eq!(database.dump(), before);
    let statements = bench.dialect().runner().expect("it has a runner");
    let mut session = database.connect().expect("a connection");
    let is_there = Journal::new(&statements).is_installed(&mut session);
    assert!(!is_there.expect("an answer"));
}

/// An edit of what ran is refused, naming the file; comments and white space are no edit.
pub fn an_edit_is_noticed_and_a_comment_is_not<B: Bench>(bench: &B) {
    let database = bench.database();
    let run = |text: &str| up(bench, &*database, &[migration("1_a.sql", text, "")]);
    run("CREATE TABLE a (b integer);\n").expect("it runs");
    run("/* why */ CREATE TABLE a\r\n(b integer); -- so\r\n").expect("it is the same");
    let error = run("CREATE TABLE a (b text);\n").expect_err("it is another");
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(error.details().first().map(String::as_str), Some("1_a.sql"));
}

/// Dump, load, dump: the same text; and Segue's own objects are not in it.
pub fn a_dump_makes_the_same_database_again<B: Bench>(bench: &B) {
    let database = bench.database();
    up(bench, &*database, &project()).expect("it runs");
    let dump = database.dump();
    assert!(dump.contains("tags_word"), "{dump}");
    for ours in ["segue.", "segue_", "SCHEMA segue"] {
        assert!(!dump.contains(ours), "{dump}");
    }
    let copy = bench.database();
    send(&*copy, &dump);
    assert_eq!(copy.dump(), dump);
}

/// Rows go only when the hash of the plan that takes them was agreed to; the table and how many are named.
pub fn what_destroys_rows_waits_for_an_agreement<B: Bench>(bench: &B) {
    let database = bench.database();
    send(
        &*database,
        "CREATE TABLE old (id integer PRIMARY KEY); INSERT INTO old VALUES (1), (2);",
    );
    let one = [migration("1_a.sql", "DELETE FROM old;\n", "")];
    let error = up(bench, &*database, &one).expect_err("it is refused");
    assert_eq!(error.kind(), Kind::Refused);
    let said = error.details().join("\n");
    assert!(said.contains("old") && said.contains("rows"), "{said}");
    assert_eq!(rows(&*database, "SELECT count(*) FROM old"), ["2"]);
    let approval = Approval {
        hashes: hashes(&error),
    };
    let connect = || database.connect();
    let gone = with(bench.dialect(), &connect, |runner| {
        runner.up(&one, &all(), &approval)
    });
    assert_eq!(gone.expect("it runs").completed, ["1"]);
    assert_eq!(rows(&*database, "SELECT count(*) FROM old"), ["0"]);
}

/// A table that is written in another case than it was made in is the same one, to every question that is asked before
/// its rows go.
pub fn names_are_as_the_database_sees_them<B: Bench>(bench: &B) {
    let database = bench.database();
    send(
        &*database,
        "CREATE TABLE Users (Id integer PRIMARY KEY); INSERT INTO Users VALUES (1);",
    );
    let more =
        "ALTER TABLE USERS ADD COLUMN Name text;\nCREATE INDEX Users_Name ON users (NAME);\n";
    let project = [
        migration("1_more.sql", more, ""),
        migration("2_gone.sql", "DELETE FROM uSERS;\n", ""),
    ];
    let connect = || database.connect();
    let first = Selection {
        target: Target::Steps(1),
        ..all()
    };
    let done = with(bench.dialect(), &connect, |runner| {
        runner.up(&project, &first, &Approval::default())
    });
    assert_eq!(done.expect("it runs").completed, ["1"]);
    let error = up(bench, &*database, &project).expect_err("rows would go");
    assert_eq!(error.kind(), Kind::Refused, "{error:?}");
    assert_eq!(rows(&*database, "SELECT count(*) FROM users"), ["1"]);
    let mut session = database.connect().expect("a connection");
    session
        .execute_users("DELETE FROM Users")
        .expect("they are there");
}

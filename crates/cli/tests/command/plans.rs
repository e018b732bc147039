//! What a plan says: locks by relation, estimates, ways back, the point of no return; as a page, for review, with reasons.

use std::path::Path;

use segue_testkit::{TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, write};

const SCENE: &str = "CREATE TABLE customers (id int PRIMARY KEY, nick text); \
     CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, total int, status text NOT NULL); \
     INSERT INTO orders SELECT i, i, i, 'new' FROM generate_series(1, 5000) i; \
     CREATE TABLE plain AS SELECT 1 AS a, 2 AS b; ANALYZE";

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

fn scene(database: &TestDatabase, statements: &str, down: &str) -> tempfile::TempDir {
    database.connect().unwrap().execute(SCENE).unwrap();
    let text = [
        "-- migrate:up\n",
        statements,
        "\n-- migrate:down\n",
        down,
        "\n",
    ]
    .concat();
    folder(&[("db/migrations/20261101090000_change.sql", &text)])
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_step_has_its_locks_its_estimate_and_its_way_back() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(
        &database,
        "ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (customer_id) REFERENCES customers (id);\n\
         ALTER TABLE orders RENAME COLUMN status TO state;",
        "SELECT 1;",
    );
    let plan = json(&done(&database, project.path(), &["plan", "-o", "json"]));
    let migration = &plan["migrations"][0];
    let steps = migration["steps"].as_array().unwrap();
    let of = |id: &str| steps.iter().find(|step| step["id"] == id).unwrap();
    let locks = of("1.1")["locks"].as_array().unwrap();
    assert_eq!(locks.len(), 2, "both tables of a foreign key: {locks:?}");
    assert!(
        locks.iter().all(|lock| lock["blocks"] == "writes"),
        "{locks:?}"
    );
    assert!(
        of("1.1")["undo"]["sql"][0]
            .as_str()
            .unwrap()
            .contains("DROP CONSTRAINT")
    );
    let copies = steps
        .iter()
        .find(|step| step["text"].get("backfill").is_some())
        .unwrap();
    let log = copies["estimate"]["log_bytes"].as_u64().unwrap();
    assert_eq!(log, 5_000 * 350, "{copies}");
    assert!(
        copies["estimate"]["how"][0]
            .as_str()
            .unwrap()
            .contains("5000 rows"),
        "{copies}"
    );
    let no_return = &migration["rollback"]["point_of_no_return"];
    assert!(no_return["step"].is_null(), "{no_return}");
    assert!(
        migration["rollback"]["window"]
            .as_str()
            .unwrap()
            .contains("until `segue contract`")
    );
    let people = done(&database, project.path(), &["plan"]);
    assert!(
        people.contains("SHARE ROW EXCLUSIVE on \"public\".\"customers\": writes wait"),
        "{people}"
    );
    assert!(people.contains("no return none"), "{people}");
}

#[test]
fn the_point_of_no_return_is_the_step_that_loses_something() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    // A table without a key keeps nothing.
    let project = scene(
        &database,
        "CREATE INDEX orders_total ON orders (total);\nALTER TABLE plain DROP COLUMN b;",
        "SELECT 1;",
    );
    let plan = json(&done(&database, project.path(), &["plan", "-o", "json"]));
    let migration = &plan["migrations"][0];
    let point = &migration["rollback"]["point_of_no_return"];
    assert_eq!(point["step"], "2.1", "{point}");
    let page = done(&database, project.path(), &["plan", "-o", "html"]);
    assert!(page.contains("<div class=\"no-return\">"), "{page}");
    let review = done(
        &database,
        project.path(),
        &["plan", "--rollback", "-o", "markdown"],
    );
    let at = review.find("**POINT OF NO RETURN").unwrap();
    assert!(
        at > review.find("| 1.1 |").unwrap() && at < review.find("| 2.1 |").unwrap(),
        "{review}"
    );
    assert!(
        review.contains("**lost for ever**: the values of the column (\"public\".\"plain\".\"b\")"),
        "{review}"
    );
    assert!(
        review.contains("segue contract 20261101090000 --approve"),
        "{review}"
    );
}

#[test]
fn the_page_loads_nothing_runs_nothing_and_shows_hostile_text_as_text() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(
        &database,
        "ALTER TABLE orders RENAME COLUMN status TO \"<script>alert(1)</script>\";\n\
         UPDATE orders SET status = '</code><img src=x onerror=alert(1)>';",
        "SELECT 1;",
    );
    let page = done(&database, project.path(), &["plan", "-o", "html"]);
    for word in ["<script", "<img", "http://", "https://", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("&lt;script&gt;"), "{page}");
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme: dark"));
    for word in [
        "class=\"gate\"",
        "class=\"bar reads-and-writes",
        "rail window",
        "segue down",
    ] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn why_names_the_way_and_what_would_change_it_and_the_threshold_is_a_setting() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(
        &database,
        "ALTER TABLE orders RENAME COLUMN status TO state;\nCREATE TABLE fresh (id int);\n\
         UPDATE orders SET total = total + 1;",
        "SELECT 1;",
    );
    let why = done(&database, project.path(), &["plan", "--why"]);
    for words in [
        "phases: ",
        "those who read or write",
        "about 5000 rows",
        "from 100 k rows on it would run in batches",
        "`large_rows` in [plan] of segue.toml",
    ] {
        assert!(why.contains(words), "{words}: {why}");
    }
    write(project.path(), "segue.toml", "[plan]\nlarge_rows = 5000\n");
    let why = done(&database, project.path(), &["plan", "--why"]);
    assert!(why.contains("the table has 5000 rows or more"), "{why}");
    let plan = done(&database, project.path(), &["plan"]);
    assert!(plan.contains("in batches, each row once"), "{plan}");
    write(project.path(), "segue.toml", "[plan]\nlarge_rows = 0\n");
    let wrong = on(&database, project.path(), &["plan"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[test]
fn a_review_has_the_ways_back_in_their_order_and_says_who_agrees() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = scene(
        &database,
        "ALTER TABLE orders RENAME COLUMN status TO state;",
        "SELECT 1;",
    );
    let review = done(&database, project.path(), &["plan", "--rollback"]);
    let back = review.split("Back, the last step first").nth(1).unwrap();
    let trigger = back.rfind("DROP TRIGGER").unwrap();
    let column = back.rfind("DROP COLUMN \"state\"").unwrap();
    assert!(trigger < column, "{review}");
    assert!(
        review.contains("none needed: nothing is destroyed"),
        "{review}"
    );
    assert!(review.contains("-- GATE"), "{review}");
}

#[test]
fn where_nobody_knows_sizes_nobody_knows_times() {
    let place = folder(&[(
        "db/migrations/20261101090000_a.sql",
        "-- migrate:up\nCREATE TABLE t (id integer PRIMARY KEY, a text);\n-- migrate:down\nDROP TABLE t;\n",
    )]);
    let lite = |words: &[&str]| {
        ran(command(place.path())
            .env("DATABASE_URL", "sqlite:app.db")
            .args(words))
    };
    let up = lite(&["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    write(
        place.path(),
        "db/migrations/20261102090000_b.sql",
        "-- migrate:up\nCREATE INDEX t_a ON t (a);\n-- migrate:down\nDROP INDEX t_a;\n",
    );
    for words in [&["plan"][..], &["plan", "--why"], &["plan", "--rollback"]] {
        let plan = lite(words);
        assert_eq!(plan.code, 0, "{words:?}: {}", plan.err);
    }
    let page = lite(&["plan", "-o", "html"]);
    assert_eq!(page.code, 0, "{}", page.err);
    let plan = json(&lite(&["plan", "-o", "json"]).out);
    let total = &plan["migrations"][0]["estimate"]["before_the_gate"];
    assert!(total["seconds"].is_null(), "{plan}");
}

#[test]
fn what_a_team_reviews_and_why_are_pages_too_and_what_was_allowed_is_said() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let project = folder(&[(
        "db/migrations/20260101000000_users.sql",
        "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY, name text, age int);\nCREATE VIEW names AS SELECT name FROM users;\n",
    )]);
    let run = |words: &[&str]| {
        ran(command(project.path())
            .env("DATABASE_URL", database.url())
            .args(words))
    };
    assert_eq!(run(&["up"]).code, 0);
    write(
        project.path(),
        "db/migrations/20260102000000_change.sql",
        "-- migrate:up\nALTER TABLE users RENAME COLUMN age TO years;\n\
         -- segue:allow drop-object because nobody reads it\nDROP VIEW names;\n",
    );
    let review = run(&["plan", "--rollback", "--output", "html"]);
    assert_eq!(review.code, 0, "{}", review.err);
    for said in [
        "<!DOCTYPE html>",
        "what a team reviews",
        "Point of no return",
        "Back, the last step first",
        "segue contract",
        "because nobody reads it",
    ] {
        assert!(review.out.contains(said), "{said}: {}", review.out);
    }
    let why = run(&["plan", "--why", "--output", "html"]);
    assert_eq!(why.code, 0, "{}", why.err);
    for said in [
        "<!DOCTYPE html>",
        "which way each statement takes",
        "RENAME COLUMN age TO years",
        "because",
        "behind the gate in a later deployment",
    ] {
        assert!(why.out.contains(said), "{said}: {}", why.out);
    }
    let plan = run(&["plan"]);
    assert!(
        plan.out
            .contains("Allowed by `segue:allow drop-object`, because nobody reads it."),
        "{}",
        plan.out
    );
}

//! Verbs on a file of SQLite's: answers, exit codes, and what the file may be besides a database (fault F35).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use segue_model::{Session as _, Sql};
use segue_sqlite::{Missing, SqliteSession};

use crate::segue::{Ran, codes, command, folder, ran, segue, write};

const FIRST: (&str, &str) = (
    "db/migrations/20260101000000_users.sql",
    "-- migrate:up\nCREATE TABLE Users (id integer PRIMARY KEY, email text);\n\
     CREATE TABLE posts (user_id integer REFERENCES users (id) ON DELETE CASCADE);\n\
     INSERT INTO users VALUES (1, 'a'), (2, 'b');\nINSERT INTO posts VALUES (1), (2);\n\
     -- migrate:down\nDROP TABLE posts;\nDROP TABLE users;\n",
);
/// SQLite adds no unique column: the table is built anew.
const REBUILD: (&str, &str) = (
    "db/migrations/20260102000000_code.sql",
    "-- migrate:up\nALTER TABLE users ADD COLUMN code integer UNIQUE;\n\
     -- migrate:down\nALTER TABLE users DROP COLUMN code;\n",
);

fn on(folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", "sqlite:app.db")
        .args(words))
}

fn open(folder: &Path) -> SqliteSession {
    SqliteSession::open(&folder.join("app.db"), Missing::Create, 5_000).unwrap()
}

fn values(folder: &Path, query: &'static str) -> Vec<String> {
    let rows = open(folder).query(&Sql::literal(query)).unwrap();
    rows.into_iter().flatten().flatten().collect()
}

/// What is beside the database that Segue made.
fn copies(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("app.db.before-"))
        .collect()
}

#[test]
fn every_verb_works_on_a_file() {
    let project = folder(&[FIRST]);
    let place = project.path();
    let new = on(place, &["new", "a code"]);
    assert_eq!(new.code, 0, "{}", new.err);
    write(place, new.out.trim(), REBUILD.1);
    let name = Path::new(new.out.trim()).file_name().unwrap();
    let id = name.to_string_lossy().split('_').next().unwrap().to_owned();
    let none = on(place, &["status"]);
    assert_eq!(none.code, 5, "there is no file: {}", none.err);
    assert!(
        none.err.contains("segue up, which makes the file"),
        "{}",
        none.err
    );
    assert!(!place.join("app.db").exists(), "looking makes none");
    let up = on(place, &["up", "--steps", "1"]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert_eq!(on(place, &["status", "--exit-code"]).code, 10);
    let plan = on(place, &["plan"]);
    assert!(
        plan.out.contains("segue_new_Users"),
        "{}{}",
        plan.out,
        plan.err
    );
    let up = on(place, &["up"]);
    assert_eq!(up.out, "1 migration applied and verified\n", "{}", up.err);
    assert_eq!(on(place, &["wait", &id, "--seconds", "1"]).code, 0);
    assert_eq!(on(place, &["verify"]).code, 0);
    let dump = on(place, &["dump"]);
    assert!(dump.out.contains("UNIQUE (\"code\")"), "{}", dump.out);
    assert!(!dump.out.contains("segue"), "{}", dump.out);
    let down = on(place, &["down"]);
    assert_eq!(down.code, 4, "a column with rows is lost: {}", down.out);
    let hash = down.err.split("--approve ").nth(1).unwrap();
    let hash = hash.split_whitespace().next().unwrap();
    let down = on(place, &["down", "--approve", hash]);
    assert_eq!(down.code, 0, "{}", down.err);
    assert_eq!(values(place, "SELECT count(*) FROM posts"), ["2"]);
    assert_eq!(on(place, &["uninstall"]).code, 0);
    let left = values(
        place,
        "SELECT name FROM sqlite_schema WHERE name LIKE '%segue%'",
    );
    assert!(left.is_empty(), "{left:?}");
    let baseline = on(place, &["baseline", "20260101000000"]);
    assert_eq!(baseline.code, 0, "{}", baseline.err);
    let up = on(place, &["up"]);
    assert_eq!(up.out, "1 migration applied and verified\n", "{}", up.err);
    let redo = on(place, &["redo"]);
    assert_eq!(redo.code, 4, "{}", redo.err);
}

#[test]
fn before_a_rebuild_the_file_is_copied_and_the_log_says_where() {
    let project = folder(&[FIRST]);
    let place = project.path();
    assert_eq!(on(place, &["up"]).code, 0);
    write(place, REBUILD.0, REBUILD.1);
    let up = on(place, &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    let made = copies(place);
    assert_eq!(made.len(), 1, "{made:?}");
    let path = made[0].to_string_lossy().into_owned();
    assert!(path.contains("20260102000000"), "{path}");
    assert!(up.err.contains("copied the database to"), "{}", up.err);
    let log = values(
        place,
        "SELECT what FROM segue_event WHERE migration IS NOT NULL",
    );
    assert!(
        log.len() == 1 && path.ends_with(log[0].rsplit('/').next().unwrap()),
        "{log:?}"
    );
    let mut copy = SqliteSession::open(&made[0], Missing::Refuse, 0).unwrap();
    let columns = copy
        .query(&Sql::literal("SELECT name FROM pragma_table_info('users')"))
        .unwrap();
    assert_eq!(columns.len(), 2, "as it was before");
    let other = folder(&[FIRST, REBUILD]);
    assert_eq!(on(other.path(), &["up", "--no-copy"]).code, 0);
    assert!(copies(other.path()).is_empty());
}

#[test]
fn no_row_is_left_that_refers_to_none_and_those_of_before_are_not_ours() {
    let orphans = (
        "db/migrations/20260102000000_gone.sql",
        "-- migrate:up\nDELETE FROM users WHERE id = 2;\n",
    );
    let project = folder(&[FIRST, orphans]);
    let place = project.path();
    assert_eq!(on(place, &["up", "--steps", "1"]).code, 0);
    let refused = on(place, &["up"]);
    let hash = refused.err.split("--approve ").nth(1).unwrap();
    let hash = hash.split_whitespace().next().unwrap();
    let up = on(place, &["up", "--approve", hash]);
    assert_eq!(up.code, 1, "{}", up.err);
    assert!(
        up.err.contains("of posts refers to a row of users"),
        "{}",
        up.err
    );
    assert_eq!(values(place, "SELECT count(*) FROM users"), ["2"]);
    // An application that does not follow references has left one dangling.
    open(place)
        .execute_users("INSERT INTO posts VALUES (99)")
        .unwrap();
    write(
        place,
        orphans.0,
        "-- migrate:up\nINSERT INTO users VALUES (3, 'c');\n",
    );
    let up = on(place, &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
}

#[test]
fn references_may_be_followed_and_a_rebuild_does_not_follow_them() {
    let followed = (
        "db/migrations/20260102000000_code.sql",
        "-- migrate:up\nPRAGMA foreign_keys = ON;\nALTER TABLE users ADD COLUMN code integer UNIQUE;\n\
         DELETE FROM users WHERE id = 2;\n",
    );
    let project = folder(&[FIRST, followed]);
    let place = project.path();
    assert_eq!(on(place, &["up", "--steps", "1"]).code, 0);
    let plan = on(place, &["plan", "--output", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    let hash = plan["migrations"][0]["hash"].as_str().unwrap();
    let up = on(place, &["up", "--approve", hash]);
    assert_eq!(up.code, 0, "{}", up.err);
    assert_eq!(values(place, "SELECT id FROM users"), ["1"]);
    let kept = values(place, "SELECT user_id FROM posts");
    assert_eq!(kept, ["1"], "only what was deleted took its rows along");
}

#[test]
fn while_another_process_writes_the_budget_ends_the_run_in_both_journal_modes() {
    for mode in ["DELETE", "WAL"] {
        let project = folder(&[FIRST]);
        let place = project.path();
        let mut writer = open(place);
        writer
            .execute_users(&format!(
                "PRAGMA journal_mode = {mode}; CREATE TABLE other (a); BEGIN IMMEDIATE; INSERT INTO other VALUES (1)"
            ))
            .unwrap();
        let words = ["up", "--lock-timeout", "20", "--attempts", "2"];
        let up = on(place, &words);
        assert_eq!(up.code, 7, "{mode}: {}", up.err);
        assert!(up.err.contains("SQLITE_BUSY"), "{mode}: {}", up.err);
        assert!(
            up.err.contains("another connection is writing"),
            "{}",
            up.err
        );
        writer.execute_users("COMMIT").unwrap();
        let up = on(place, &words);
        assert_eq!(up.code, 0, "{mode}: {}", up.err);
        assert_eq!(values(place, "PRAGMA journal_mode"), [mode.to_lowercase()]);
    }
}

#[test]
fn of_two_processes_one_applies() {
    for mode in ["DELETE", "WAL"] {
        let project = folder(&[FIRST]);
        let place = project.path();
        open(place)
            .execute_users(&format!("PRAGMA journal_mode = {mode}"))
            .unwrap();
        assert_eq!(on(place, &["up"]).code, 0);
        write(place, REBUILD.0, REBUILD.1);
        let start = || {
            command(place)
                .env("DATABASE_URL", "sqlite:app.db")
                .arg("up")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let both = [start(), start()];
        for child in both {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                matches!(output.status.code(), Some(0 | 6)),
                "{mode}: {said}"
            );
        }
        assert_eq!(values(place, "SELECT count(*) FROM segue_migration"), ["2"]);
        assert_eq!(values(place, "SELECT count(*) FROM posts"), ["2"]);
        assert_eq!(copies(place).len(), 1, "the rebuild ran once");
    }
}

#[test]
fn killed_while_it_copies_no_half_of_a_copy_has_its_name_and_the_next_run_leaves_none() {
    let project = folder(&[FIRST]);
    let place = project.path();
    assert_eq!(on(place, &["up"]).code, 0);
    // Large enough that a copy takes a while.
    open(place)
        .execute_users(
            "CREATE TABLE heap (b blob); INSERT INTO heap WITH RECURSIVE n(i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT zeroblob(1000000) FROM n",
        )
        .unwrap();
    write(place, REBUILD.0, REBUILD.1);
    let mut child = command(place)
        .env("DATABASE_URL", "sqlite:app.db")
        .arg("up")
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let is_begun = (0..10_000).any(|_| {
        pause(Duration::from_millis(1));
        !copies(place).is_empty()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let left = copies(place);
    let is_unfinished = |path: &std::path::PathBuf| path.to_string_lossy().contains(".unfinished");
    assert!(is_begun && left.iter().all(is_unfinished), "{left:?}");
    // The dead runner counts as gone after 30 s: here at once.
    open(place)
        .execute_users("UPDATE segue_lease SET beat = 0")
        .unwrap();
    let up = on(place, &["up"]);
    assert_eq!(up.code, 0, "{}", up.err);
    let whole = copies(place);
    assert_eq!(whole.len(), 1, "{whole:?}");
    assert!(
        !whole[0].to_string_lossy().ends_with(".unfinished"),
        "{whole:?}"
    );
    let mut copy = SqliteSession::open(&whole[0], Missing::Refuse, 0).unwrap();
    let rows = copy
        .query(&Sql::literal("SELECT count(*) FROM heap"))
        .unwrap();
    assert_eq!(rows, [[Some("100".to_owned())]]);
}

#[test]
fn killed_in_a_rebuild_the_next_up_finishes_in_both_journal_modes() {
    for mode in ["DELETE", "WAL"] {
        let project = folder(&[FIRST, REBUILD]);
        let place = project.path();
        assert_eq!(on(place, &["up", "--steps", "1"]).code, 0);
        // Enough rows that copying them takes a while.
        open(place)
            .execute_users(&format!(
                "PRAGMA journal_mode = {mode}; INSERT INTO users WITH RECURSIVE n(i) AS \
                 (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, 'x' || i FROM n"
            ))
            .unwrap();
        let before = values(place, "SELECT count(*), sum(id) FROM users");
        for grown in [0, 300_000, 1_500_000] {
            kill_when_grown(place, grown);
            assert_eq!(
                values(place, "SELECT count(*), sum(id) FROM users"),
                before,
                "{mode} {grown}"
            );
            assert_eq!(
                values(place, "SELECT count(*) FROM posts"),
                ["2"],
                "{mode} {grown}"
            );
            assert_eq!(
                values(place, "PRAGMA integrity_check"),
                ["ok"],
                "{mode} {grown}"
            );
            // The dead runner counts as gone after 30 s: here at once.
            open(place)
                .execute_users("UPDATE segue_lease SET beat = 0")
                .unwrap();
        }
        let up = on(place, &["up"]);
        assert_eq!(
            up.out, "1 migration applied and verified\n",
            "{mode}: {}",
            up.err
        );
        assert_eq!(values(place, "SELECT count(*), sum(id) FROM users"), before);
        assert_eq!(values(place, "SELECT count(*) FROM posts"), ["2"]);
        let left = values(
            place,
            "SELECT name FROM sqlite_schema WHERE name LIKE 'segue_new%'",
        );
        assert!(left.is_empty(), "{left:?}");
    }
}

/// `segue up`, killed once its files have so many more bytes.
fn kill_when_grown(place: &Path, grown: u64) {
    let size = bytes(place);
    let mut child = command(place)
        .env("DATABASE_URL", "sqlite:app.db")
        .args(["up", "--no-copy"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The copy of the table reaches the disk long before its transaction commits.
    while bytes(place) < size + grown {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        pause(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The database's files together.
fn bytes(folder: &Path) -> u64 {
    ["app.db", "app.db-wal", "app.db-journal"]
        .iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum()
}

#[test]
fn a_directory_a_text_and_a_missing_place_are_told_apart() {
    let project = folder(&[FIRST, ("notes.txt", &"no database at all ".repeat(50))]);
    for (url, words) in [
        ("sqlite:notes.txt", "is no SQLite database"),
        ("sqlite:nowhere/app.db", "make the directory"),
        ("sqlite:db", "SQLITE_CANTOPEN"),
    ] {
        let up = segue(project.path(), &["up", "--url", url]);
        assert_eq!(up.code, 5, "{url}: {}", up.err);
        assert!(up.err.contains(words), "{url}: {}", up.err);
        assert!(up.err.contains("nothing was changed"), "{}", up.err);
    }
    let up = segue(project.path(), &["up", "--url", "sqlite::memory:"]);
    assert_eq!(up.code, 2, "{}", up.err);
    let two = ran(command(project.path())
        .env("DATABASE_URL", "sqlite:one.db")
        .args(["up", "--url", "sqlite:two.db"]));
    assert_eq!(two.code, 4, "{}", two.err);
}

#[test]
fn a_file_that_may_only_be_read_is_read_and_not_written() {
    let project = folder(&[FIRST, REBUILD]);
    let place = project.path();
    assert_eq!(on(place, &["up", "--steps", "1"]).code, 0);
    let before = std::fs::read(place.join("app.db")).unwrap();
    let Some(mut run) = as_somebody_else(place) else {
        return;
    };
    let status = ran(run.arg("status"));
    assert_eq!(status.code, 0, "{}", status.err);
    let up = ran(as_somebody_else(place).unwrap().arg("up"));
    assert_eq!(up.code, 1, "{}", up.err);
    assert!(up.err.contains("SQLITE_READONLY"), "{}", up.err);
    assert!(
        up.err.contains("cannot be written by this user"),
        "{}",
        up.err
    );
    assert_eq!(std::fs::read(place.join("app.db")).unwrap(), before);
    // So that the folder can be taken away.
    let writable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(place, writable).unwrap();
}

/// `segue` as a user who may read a folder and not write it; none where nobody else can be run as.
fn as_somebody_else(place: &Path) -> Option<Command> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let readable = std::fs::Permissions::from_mode(0o555);
    let file = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(place.join("app.db"), file).ok()?;
    std::fs::set_permissions(place, readable).ok()?;
    let mut command = command(place);
    command.env("DATABASE_URL", "sqlite:app.db");
    if std::fs::metadata("/proc/self").ok()?.uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    Some(command)
}

#[test]
fn a_full_disk_ends_the_step_and_leaves_the_file_as_it_was() {
    let much = (
        "db/migrations/20260102000000_much.sql",
        "-- migrate:up\nPRAGMA max_page_count = 60;\nCREATE TABLE much AS WITH RECURSIVE n(i) AS \
         (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, 'some text' AS t FROM n;\n",
    );
    let project = folder(&[FIRST, much]);
    let place = project.path();
    let up = on(place, &["up"]);
    assert!(matches!(up.code, 1 | 8), "{} {}", up.code, up.err);
    assert!(
        up.err.contains("SQLITE_FULL") && up.err.contains("disk is full"),
        "{}",
        up.err
    );
    assert_eq!(values(place, "PRAGMA integrity_check"), ["ok"]);
    let left = values(place, "SELECT name FROM sqlite_schema WHERE name = 'much'");
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(values(place, "SELECT count(*) FROM users"), ["2"]);
}

#[test]
fn check_speaks_sqlite_when_the_project_or_the_address_does() {
    let prisma = [
        (
            "prisma/migrations/20260101000000_a/migration.sql",
            "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT);\n\
             CREATE INDEX \"i\" ON \"User\" (\"id\");\n",
        ),
        (
            "prisma/migrations/20260102000000_b/migration.sql",
            "ALTER TABLE \"user\" ADD COLUMN \"code\" TEXT UNIQUE;\nCREATE INDEX \"c\" ON \"User\" (\"id\");\n",
        ),
        (
            "prisma/migrations/migration_lock.toml",
            "provider = \"sqlite\"\n",
        ),
    ];
    let project = folder(&prisma);
    let answer = segue(project.path(), &["check", "--output", "json"]);
    assert_eq!(codes(&answer.out), ["refused-statement"], "{}", answer.out);
    let text = segue(project.path(), &["check"]).out;
    assert!(
        text.contains("segue_new_User") && !text.contains("ACCESS EXCLUSIVE"),
        "{text}"
    );
    let forced = segue(
        project.path(),
        &["check", "--dialect", "postgres", "--output", "json"],
    );
    assert!(!codes(&forced.out).contains(&"refused-statement".to_owned()));
    let plain = folder(&[FIRST, REBUILD]);
    let by_address = on(plain.path(), &["check", "--output", "json"]);
    assert_eq!(
        codes(&by_address.out),
        ["refused-statement"],
        "{}",
        by_address.out
    );
    write(
        plain.path(),
        "segue.toml",
        "[project]\ndialect = \"sqlite\"\n",
    );
    let by_settings = segue(plain.path(), &["check", "--output", "json"]);
    assert_eq!(codes(&by_settings.out), ["refused-statement"]);
    let audit = segue(plain.path(), &["audit", "--output", "json"]);
    assert!(
        audit.out.contains("\"dialect\":\"sqlite\"")
            || audit.out.contains("\"dialect\": \"sqlite\""),
        "{}",
        audit.out
    );
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}

#[test]
fn what_only_a_server_has_is_said_to_be_missing_on_a_file() {
    let project = folder(&[FIRST]);
    let place = project.path();
    assert_eq!(on(place, &["up"]).code, 0);
    for (words, said) in [
        (&["doctor"][..], "there is no server and no role to examine"),
        (&["env", "show"], "keeps no marker"),
        (&["env", "mark", "production"], "keeps no marker"),
    ] {
        let run = on(place, words);
        assert_eq!(run.code, 4, "{words:?}: {}", run.err);
        assert!(run.err.contains(said), "{words:?}: {}", run.err);
    }
    let repair = on(place, &["repair"]);
    assert_eq!(repair.code, 0, "{}{}", repair.out, repair.err);
    write(
        place,
        "segue.toml",
        "[environments.shop]\nprotected = true\n\
         [environments.frozen]\nfreeze = [\"2020-01-01/2100-01-01\"]\n[environments.free]\n",
    );
    for (name, code, said) in [
        ("shop", 4, "cannot be proven"),
        ("frozen", 4, "nothing is changed on `frozen`"),
        ("free", 0, ""),
    ] {
        let run = on(place, &["up", "--env", name]);
        assert_eq!(run.code, code, "{name}: {}", run.err);
        assert!(run.err.contains(said), "{name}: {}", run.err);
    }
}

#[test]
fn an_agent_destroys_nothing_in_a_file() {
    let project = folder(&[FIRST]);
    let place = project.path();
    assert_eq!(on(place, &["up"]).code, 0);
    let plan = on(place, &["down", "--dry-run", "--output", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    let hash = plan["migrations"][0]["hash"].as_str().unwrap().to_owned();
    let run = ran(command(place)
        .env("DATABASE_URL", "sqlite:app.db")
        .env("SEGUE_AGENT", "1")
        .args(["down", "--approve", &hash]));
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(run.err.contains("nobody can agree here"), "{}", run.err);
    let person = on(place, &["down", "--approve", &hash]);
    assert_eq!(person.code, 0, "{}", person.err);
}

//! The book says what Segue does: the steps in its chapters are those of the plans.

use std::path::Path;

use segue_testkit::{TestServer, installed, workspace_root};

use crate::segue::{command, ran};

/// The major version whose steps the book shows.
const MAJOR: u16 = 15;
/// Rows with which every example is large enough for its way.
const ROWS: &str = "200000";

#[test]
fn the_steps_in_the_book_are_those_of_the_plans() {
    let installed = installed();
    let Some(installed) = installed.iter().find(|one| one.major == MAJOR) else {
        panic!("PostgreSQL {MAJOR} is not installed");
    };
    let server = TestServer::start(installed).unwrap();
    let mut chapters = 0;
    for entry in std::fs::read_dir(workspace_root().join("docs/book")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for block in text.split("```plan ").skip(1) {
            let (name, rest) = block.split_once('\n').unwrap();
            let (shown, _) = rest.split_once("\n```").unwrap();
            assert_eq!(shown, steps(&server, name), "{name}");
            chapters += 1;
        }
    }
    assert_eq!(chapters, 6);
}

/// The phases of an example's last migration and what each step is for.
fn steps(server: &TestServer, name: &str) -> String {
    let folder = workspace_root().join("examples").join(name);
    let database = server.create_database().unwrap();
    let segue = |words: &[&str]| -> String {
        let run = ran(command(&folder)
            .env("DATABASE_URL", database.url())
            .args(words));
        assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
        run.out
    };
    segue(&["up", "--steps", "1"]);
    let mut client = database.connect().unwrap();
    client.execute(&rows(&folder)).unwrap();
    client.execute("ANALYZE").unwrap();
    let lines: Vec<String> = segue(&["plan"]).lines().filter_map(outline).collect();
    lines.join("\n")
}

fn rows(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("rows.sql")).unwrap();
    text.replace("$1::text", &["'", ROWS, "'::text"].concat())
}

/// A phase, or a step's number and purpose, without its locks.
fn outline(line: &str) -> Option<String> {
    let line = line.strip_prefix("  ")?;
    if line.starts_with(' ') {
        return None;
    }
    let (word, rest) = line.split_once(' ')?;
    if ["expand:", "backfill:", "contract:"].contains(&word) {
        return Some(line.to_owned());
    }
    let is_step = word.starts_with("1.") && rest.ends_with(']');
    let (purpose, _) = rest.rsplit_once(" [").filter(|_| is_step)?;
    Some([word, purpose.trim()].join(" "))
}

//! The register is whole: `docs/peers.md` has a line for every defect, and every test it names exists.

use std::collections::BTreeSet;
use std::path::Path;

use segue_testkit::workspace_root;

/// The last number of the register.
const LAST: usize = 57;

fn page() -> String {
    std::fs::read_to_string(workspace_root().join("docs/peers.md")).unwrap()
}

/// The names of all functions in the sources of tests.
fn functions(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            functions(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text
                .lines()
                .filter_map(|line| {
                    line.trim_start()
                        .trim_start_matches("pub ")
                        .strip_prefix("fn ")
                })
                .filter_map(|line| line.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

/// The tests that a line names, between backticks.
fn named(line: &str) -> Vec<&str> {
    let is_test = |word: &&str| word.matches('_').count() > 2 && !word.contains([' ', '.', '/']);
    line.split('`').skip(1).step_by(2).filter(is_test).collect()
}

#[test]
fn every_defect_of_the_register_has_a_line_and_every_test_it_names_exists() {
    let page = page();
    let mut known = BTreeSet::new();
    functions(&workspace_root().join("crates"), &mut known);
    assert!(
        known.contains("every_defect_of_the_register_has_a_line_and_every_test_it_names_exists")
    );
    for number in 1..=LAST {
        let id = format!("| T-{number:02} |");
        let lines: Vec<&str> = page.lines().filter(|line| line.starts_with(&id)).collect();
        let [line] = lines.as_slice() else {
            panic!("{id} has {} lines", lines.len());
        };
        let tests = named(line);
        let missing: Vec<_> = tests
            .iter()
            .filter(|test| !known.contains(**test))
            .collect();
        assert!(
            missing.is_empty(),
            "{id} names tests that do not exist: {missing:?}"
        );
        assert!(
            !tests.is_empty() || line.contains("not here: "),
            "{id} names no test and no reason"
        );
    }
}

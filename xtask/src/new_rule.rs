//! `cargo xtask new-rule CODE`: a stub of a rule in its own file, and the one line that
//! registers it.

use crate::arguments::Arguments;
use crate::talk::say;
use anyhow::{Context, Result, bail};
use std::path::Path;

const FOLDER: &str = "crates/check/src/rules";
const REGISTRY: &str = "crates/check/src/rules.rs";

/// A rule that compiles, finds nothing and therefore fails its test until it is written.
const STUB: &str = r#"//! One sentence: what is wrong.

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "CODE",
    summary: "what is wrong, in the words of somebody who reads the finding",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
Which statement, which lock or which loss, whom it hits, for how long.

The safe way. When the rule is silent.

Source: the manual's section, or where it was measured.",
    bad: &[Example::new("SELECT 1;")],
    good: &[Example::new("SELECT 2;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let _changes = asked.changes();
    Vec::new()
}
"#;

/// Runs the verb.
///
/// # Errors
/// When the code is malformed or taken, or the registry has no list of rules.
pub(crate) fn new_rule(root: &Path, arguments: &Arguments) -> Result<()> {
    let read = arguments.read(&[], &[])?;
    let [code] = read.plain() else {
        bail!("`new-rule` takes one code, for example `cargo xtask new-rule drop-table`");
    };
    let module = module_of(code)?;
    let file = root.join(FOLDER).join(format!("{module}.rs"));
    if file.exists() {
        bail!("the rule {code} exists: {}", file.display());
    }
    let registry = root.join(REGISTRY);
    let text =
        std::fs::read_to_string(&registry).with_context(|| format!("could not read {REGISTRY}"))?;
    let registered = register(&text, &module)
        .with_context(|| format!("{REGISTRY} has no `rules![ … ]` list"))?;
    let stub = STUB.replace("CODE", code);
    std::fs::create_dir_all(root.join(FOLDER))?;
    std::fs::write(&file, stub)?;
    std::fs::write(&registry, registered)?;
    say(&format!(
        "wrote {FOLDER}/{module}.rs and registered it in {REGISTRY}\n\
         next: fill in the page, `bad`, `good` and `ask`; then `cargo test -p segue-check`"
    ));
    Ok(())
}

/// `drop-table` becomes `drop_table`.
fn module_of(code: &str) -> Result<String> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if !code.split('-').all(is_word) || !code.starts_with(|c: char| c.is_ascii_lowercase()) {
        bail!("`{code}` is no rule code: lower-case words joined with `-`");
    }
    Ok(code.replace('-', "_"))
}

/// The registry with one more line in its list: before the first later name when the list (or
/// the group, which a comment or an empty line begins) is sorted, else at the end.
fn register(text: &str, module: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let start = lines.iter().position(|line| {
        line.trim_start().starts_with("rules![") || line.trim_start().starts_with("rules! [")
    })?;
    let opening = lines.get(start)?.clone();
    if let Some((head, list)) = opening.split_once('[')
        && let Some((list, tail)) = list.split_once(']')
    {
        let names = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let mut body: Vec<String> = names.map(|name| format!("    {name},")).collect();
        insert(&mut body, module);
        let rest = std::iter::once(format!("]{tail}"));
        let block: Vec<String> = std::iter::once(format!("{head}["))
            .chain(body)
            .chain(rest)
            .collect();
        lines.splice(start..=start, block);
    } else {
        let length = lines
            .iter()
            .skip(start)
            .position(|line| line.trim_start().starts_with(']'))?;
        let mut body: Vec<String> = lines.drain(start + 1..start + length).collect();
        insert(&mut body, module);
        lines.splice(start + 1..=start, body);
    }
    Some(lines.join("\n") + "\n")
}

fn insert(body: &mut Vec<String>, module: &str) {
    let line = format!("    {module},");
    let names: Vec<&str> = body
        .iter()
        .map(|line| line.trim().trim_end_matches(','))
        .collect();
    let is_sorted = names
        .iter()
        .all(|name| !name.is_empty() && !name.starts_with("//"))
        && names.is_sorted();
    let later = names.iter().position(|name| *name > module);
    match later {
        Some(index) if is_sorted => body.insert(index, line),
        Some(_) | None => body.push(line),
    }
}

#[cfg(test)]
mod tests {
    use super::{module_of, register};

    #[test]
    fn a_code_becomes_a_module_and_nonsense_is_refused() {
        assert_eq!(module_of("drop-table").expect("a code"), "drop_table");
        for bad in ["Drop", "drop_table", "drop--table", "", "2-steps"] {
            assert!(module_of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sorted_list_stays_sorted() {
        let text = "rules![\n    add_check,\n    drop_table,\n];\n";
        let wanted = "rules![\n    add_check,\n    add_index,\n    drop_table,\n];\n";
        assert_eq!(register(text, "add_index").as_deref(), Some(wanted));
    }

    #[test]
    fn an_unsorted_list_grows_at_its_end() {
        let text = "rules![\n    b,\n    // blocks\n    a,\n];\n";
        let wanted = "rules![\n    b,\n    // blocks\n    a,\n    c,\n];\n";
        assert_eq!(register(text, "c").as_deref(), Some(wanted));
    }

    #[test]
    fn a_list_on_one_line_is_opened() {
        let wanted = "rules![\n    a,\n    b,\n];\n";
        assert_eq!(register("rules![a];\n", "b").as_deref(), Some(wanted));
    }
}

//! `segue explain CODE`: the page of a rule or an error, offline.

use std::fmt::Write as _;
use std::io::Write as _;

use segue_check::{ALL, Example, Rule, UNDECIDED};

use crate::arguments::ExplainArguments;
use crate::audit::area::PAGES;
use crate::commands::generate_docs::words;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::show::nearest::nearest;

/// Prints a page, or the list of all codes.
///
/// # Errors
/// [`Code::NoSuchPage`] with the nearest candidates.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<Exit, CliError> {
    let text = match &arguments.code {
        None => list(),
        Some(code) => page(code)?,
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Ok)
}

fn list() -> String {
    let mut text = String::new();
    let codes = ALL
        .iter()
        .map(|rule| (rule.code, rule.summary))
        .chain(PAGES.iter().map(|(code, summary, _)| (*code, *summary)))
        .chain(UNDECIDED.iter().map(|left| (left.code, left.why)));
    let rows: Vec<(&str, &str)> = codes.collect();
    let errors = Code::ALL.iter().map(|code| code.word().len());
    let width = rows
        .iter()
        .map(|(code, _)| code.len())
        .chain(errors)
        .max()
        .unwrap_or(0);
    for (code, summary) in rows {
        let _ = writeln!(text, "{code:width$}  {summary}");
    }
    text.push_str("\nErrors of the command itself:\n");
    for code in Code::ALL {
        let first = code.page().split_inclusive(". ").next().unwrap_or_default();
        let _ = writeln!(text, "{:width$}  {}", code.word(), first.trim());
    }
    text
}

fn page(code: &str) -> Result<String, CliError> {
    if let Some(rule) = segue_check::rule(code) {
        return Ok(rule_page(rule));
    }
    if let Some((code, summary, page)) = PAGES.iter().find(|(own, _, _)| *own == code) {
        return Ok(format!(
            "{code}\n\n{summary}, found by `segue audit`\n\n{page}\n"
        ));
    }
    if let Some(left) = UNDECIDED.iter().find(|left| left.code == code) {
        return Ok(format!(
            "{code}\n\nNot decided by reading SQL: {}. {}\n",
            left.decided_by, left.why
        ));
    }
    if let Some(error) = Code::ALL.iter().find(|error| error.word() == code) {
        return Ok(format!("error[{code}]\n\n{}\n", error.page()));
    }
    let known = ALL
        .iter()
        .map(|rule| rule.code)
        .chain(UNDECIDED.iter().map(|left| left.code))
        .chain(Code::ALL.iter().map(|code| code.word()));
    let near = nearest(code, known);
    let what = if near.is_empty() {
        format!("there is no code `{code}`")
    } else {
        format!("there is no code `{code}`; near it: {}", near.join(", "))
    };
    let next = near.first().map_or_else(
        || "segue explain".to_owned(),
        |code| format!("segue explain {code}"),
    );
    Err(CliError::new(Code::NoSuchPage, what, next))
}

fn rule_page(rule: &Rule) -> String {
    let mut text = format!(
        "{}: {}\n\n{}\n{}\n\n{}\n",
        rule.code,
        rule.summary,
        words::question(rule.question),
        words::decided_by(rule),
        rule.page.trim_end()
    );
    if let Some(also) = words::databases(rule) {
        let _ = write!(text, "\n{also}\n");
    }
    for (title, example) in [
        ("Reported", rule.bad.first()),
        ("Not reported", rule.good.first()),
    ] {
        if let Some(example) = example {
            let _ = write!(text, "\n{title}:\n\n{}", indented(example));
        }
    }
    let _ = write!(
        text,
        "\nAccept:\n\n    -- segue:allow {} because REASON\n",
        rule.code
    );
    text
}

fn indented(example: &Example) -> String {
    let mut text = String::new();
    if !example.before.is_empty() {
        text.push_str("    -- an earlier migration\n");
    }
    for sql in [example.before, example.sql] {
        for line in sql.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

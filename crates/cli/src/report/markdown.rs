//! Markdown, for a comment on a pull request: the numbers, then the findings by file, the most severe first.
//!
//! The first line is a hidden marker, by which a later run finds and replaces its own comment. A comment takes 64 KB:
//! what does not fit is counted.

use std::io;

use segue_check::{Remedy, Severity};

use super::words::{place, severity, worst_first};
use super::human::{count, counted};
use super::{Desk, Reporter, TerminalCodes};
use crate::document::{Document, Event, Placed};
use crate::judging::Keep;
use crate::show::escape;
use crate::show::steps::script;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "markdown",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Stripped,
    write,
};

/// Bytes of a comment; a comment on GitHub takes 65,536 characters.
const COMMENT_BYTES_MAX: usize = 60_000;
/// Bytes of a step summary; GitHub takes 1 MiB.
pub(super) const SUMMARY_BYTES_MAX: usize = 1_000_000;
/// By which a run finds its own comment.
const MARKER: &str = "<!-- segue check -->";

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => desk
            .out
            .write_all(page(document, COMMENT_BYTES_MAX).as_bytes()),
    }
}

/// The whole page, cut at so many bytes.
pub(super) fn page(document: &Document, bytes_max: usize) -> String {
    let summary = &document.summary;
    let mut page = format!(
        "{MARKER}\n## Segue check\n\n{} in {}, {}.\n",
        counted(summary),
        count(summary.migrations, "migration"),
        count(summary.statements, "statement")
    );
    let sorted = worst_first(&document.findings);
    for (number, placed) in sorted.iter().enumerate() {
        let section = finding(placed);
        if page.len() + section.len() > bytes_max {
            let left = sorted.len() - number;
            put(&mut page, format_args!(
                "\n{left} more findings do not fit here: `segue check` shows them.\n"
            ));
            break;
        }
        page.push_str(&section);
    }
    page
}

fn finding(placed: &Placed) -> String {
    let found = &placed.finding;
    let sign = match found.severity {
        Severity::Error => "✖",
        Severity::Warning => "▲",
        Severity::Note => "•",
    };
    let mut text = format!(
        "\n### {sign} {} `{}`\n\n{}\n\n{}\n",
        severity(found.severity),
        found.code,
        code(&place(placed)),
        inline(&found.message)
    );
    if let Some(lock) = &found.lock {
        put(&mut text, format_args!("\n**Lock** {}\n", inline(lock)));
    }
    match &found.instead {
        Some(Remedy::Steps(plan)) => {
            put(&mut text, format_args!(
                "\n**Instead**\n\n{}",
                block(&script(&placed.steps))
            ));
            for remark in &plan.remarks {
                put(&mut text, format_args!("\n{}\n", inline(remark)));
            }
        }
        Some(Remedy::Advice(advice)) => {
            put(&mut text, format_args!("\n**Instead** {}\n", inline(advice)));
        }
        None => {}
    }
    text
}

/// Appends formatted text; writing to a `String` cannot fail.
fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = std::fmt::Write::write_fmt(text, words);
}

/// Running text: what Markdown or HTML would take as a sign of its own is escaped.
fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in escape::line(text).chars() {
        if character == ':' && escaped.trim().is_empty() {
            // A CI that reads its log would take `::error …` at the start of a line as a command.
            escaped.push('\\');
        }
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A code span with a fence longer than any run of backquotes inside.
fn code(text: &str) -> String {
    let text = escape::line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    format!("{fence} {text} {fence}")
}

/// A code block with a fence longer than any run of backquotes inside.
fn block(text: &str) -> String {
    let text = escape::lines(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}sql\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{block, inline};

    #[test]
    fn a_name_cannot_become_markup() {
        assert_eq!(
            inline("<img src=x> **a** @team"),
            "&lt;img src=x&gt; \\*\\*a\\*\\* \\@team"
        );
    }

    #[test]
    fn a_code_block_cannot_be_closed_from_inside() {
        assert!(block("a\n```\nb").starts_with("````sql\n"));
    }
}

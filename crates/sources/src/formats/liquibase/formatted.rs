//! Formatted SQL: `--liquibase formatted sql`, `--changeset author:id key:value …`, `--rollback …`.
//!
//! A changeset is a section of the file; its other comments stay in it as comments.

use segue_model::{Down, Form, Section, Span, TransactionChoice, Wrapping};

use super::File;
use super::changelog::{ChangeSet, choice};
use crate::lines::{Line, comment, lines};
use crate::markers::{after_word, down_of};

/// True when the start of a file says that it is formatted SQL.
pub(super) fn is_formatted(head: &str) -> bool {
    lines(head)
        .map(|line| line.text.trim())
        .find(|line| !line.is_empty())
        .and_then(comment)
        .is_some_and(|said| after_word(said, "liquibase formatted sql").is_some())
}

/// What follows `changeset` on a line that begins one.
fn opening<'text>(line: &Line<'text>) -> Option<&'text str> {
    comment(line.text).and_then(|said| after_word(said, "changeset"))
}

/// Author, id and attributes, from the line `author:id key:value …`, where both may be quoted.
fn identity(said: &str) -> Option<(String, String, &str)> {
    let (author, rest) = word(said, ':')?;
    let (id, rest) = word(rest.strip_prefix(':')?, ' ')?;
    Some((author, id, rest))
}

fn word(text: &str, until: char) -> Option<(String, &str)> {
    let (word, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => text.split_at(text.find(until).unwrap_or(text.len())),
    };
    let word = word.trim();
    (!word.is_empty()).then(|| (word.to_owned(), rest))
}

fn attribute<'said>(said: &'said str, name: &str) -> Option<&'said str> {
    said.split_whitespace()
        .filter_map(|pair| pair.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The changesets of a file.
pub(super) fn change_sets(file: &File) -> Vec<ChangeSet> {
    bodies(file)
        .into_iter()
        .filter_map(|(said, span)| {
            let (author, id, rest) = identity(said)?;
            let is_set = |name| attribute(rest, name) == Some("true");
            Some(ChangeSet {
                id,
                author,
                logical_path: attribute(rest, "logicalFilePath").map(str::to_owned),
                runs_again: is_set("runOnChange") || is_set("runAlways"),
                form: form(file, &[(rest, span)]),
            })
        })
        .collect()
}

/// The file as one migration.
pub(super) fn whole(file: &File) -> Form {
    let found = bodies(file);
    if found.is_empty() {
        return form(file, &[("", Span::new(0, file.text.len()))]);
    }
    form(file, &found)
}

/// What follows each opening on its line, and the lines up to the next one.
fn bodies(file: &File) -> Vec<(&str, Span)> {
    let mut found: Vec<(&str, Span)> = Vec::new();
    for line in lines(&file.text) {
        if let Some(said) = opening(&line) {
            if let Some((_, last)) = found.last_mut() {
                last.end = line.start;
            }
            found.push((said, Span::new(line.next, file.text.len())));
        }
    }
    found
}

fn form(file: &File, bodies: &[(&str, Span)]) -> Form {
    let mut up = Vec::new();
    let mut rollbacks = Rollbacks::default();
    for (said, span) in bodies {
        let choice = choice(attribute(said, "runInTransaction"));
        let wrapping = match choice {
            TransactionChoice::OptedOut => Wrapping::Autocommit,
            TransactionChoice::OptedIn | TransactionChoice::ToolDefault => Wrapping::Transaction,
        };
        let section = |span| Section {
            file: file.clone(),
            span,
            wrapping,
            choice,
        };
        up.push(section(*span));
        rollbacks.collect(span.of(&file.text), span.start, section);
    }
    Form::Sql {
        up,
        down: rollbacks.down(),
    }
}

/// The rollback lines and blocks of a file.
#[derive(Default)]
struct Rollbacks {
    sections: Vec<Section>,
    says_nothing: usize,
}

impl Rollbacks {
    fn collect(&mut self, body: &str, offset: usize, section: impl Fn(Span) -> Section) {
        let mut block: Option<usize> = None;
        for line in lines(body) {
            if let Some(start) = block {
                if let Some(at) = line.text.find("*/") {
                    self.sections
                        .push(section(Span::new(start, offset + line.start + at)));
                    block = None;
                }
                continue;
            }
            let trimmed = line.text.trim_start();
            if let Some(said) = trimmed.strip_prefix("/*") {
                let begins = said.trim().to_ascii_lowercase();
                if begins.starts_with("liquibase rollback") && !said.contains("*/") {
                    block = Some(offset + line.next);
                }
                continue;
            }
            let Some(sql) = comment(line.text).and_then(|said| after_word(said, "rollback")) else {
                continue;
            };
            if sql.is_empty() || sql.eq_ignore_ascii_case("empty") || sql.eq_ignore_ascii_case("not required") {
                self.says_nothing += 1;
                continue;
            }
            let end = line.start + line.text.trim_end().len();
            let span = Span::new(end - sql.len(), end).shifted(offset);
            self.sections.push(section(span));
        }
    }

    fn down(self) -> Down {
        if self.sections.is_empty() && self.says_nothing > 0 {
            Down::Empty
        } else {
            down_of(self.sections)
        }
    }
}

//! Statements that carry a secret are kept and shown without it.
//!
//! What is sent is never changed. When a migration that was begun goes on, the statement comes from its file again.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use segue_model::{
    Change, Dialect, Form, Migration, Section, Span, Statement, TextNoteKind, named_secrets,
    without_secrets,
};

use crate::checksum::Checksums;

mod plan;

pub use plan::Secrets;
pub(crate) use plan::is_masked;

/// A longer text is not kept for people to compare: its sum is.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// What stands in a secret's place.
const MASK: &str = "'[secret]'";

/// Without any of these in it a text holds nothing that is taken for a secret; lower case.
const HINTS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "_key",
    "private key",
    "://",
    "akia",
    "ghp_",
    "github_pat_",
    "sk_live_",
    "xoxb-",
    "glpat-",
    "eyj",
];

/// The texts that stand where a secret may.
fn hints() -> Option<&'static AhoCorasick> {
    static SEARCH: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    SEARCH
        .get_or_init(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(HINTS)
                .ok()
        })
        .as_ref()
}

/// The text with every literal masked that looks like a password, token or key.
pub fn redacted(text: &str, dialect: &dyn Dialect) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans(text, dialect) {
        shown.push_str(text.get(at..span.start).unwrap_or_default());
        shown.push_str(MASK);
        at = span.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    // The body of a program is read statement by statement: what stands between them is a text.
    without_secrets(&shown).unwrap_or(shown)
}

/// Where such literals stand, with their quotes; from the first to the last, none inside another.
fn spans(text: &str, dialect: &dyn Dialect) -> Vec<Span> {
    if hints().is_some_and(|hints| !hints.is_match(text)) {
        return Vec::new();
    }
    let mut spans: Vec<Span> = Vec::new();
    for statement in dialect.read(text, 0) {
        if is_unread(&statement) {
            spans.extend(literals(text, statement.span));
        }
        spans.extend(
            statement
                .notes
                .iter()
                .filter_map(|note| matches!(note.kind, TextNoteKind::Secret).then_some(note.span)),
        );
    }
    spans.extend(named_secrets(text));
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    spans.retain(|span| {
        let is_first = span.start >= end;
        if is_first {
            end = span.end;
        }
        is_first
    });
    spans
}

/// Nobody knows which of its literals is what.
fn is_unread(statement: &Statement) -> bool {
    let mut changes = statement.changes.iter();
    changes.any(|change| matches!(change, Change::Opaque(_)))
}

/// Everything between single quotes.
fn literals(text: &str, within: Span) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = None;
    let inside = text.get(within.start..within.end).unwrap_or_default();
    for (place, _) in inside.match_indices('\'') {
        let place = within.start + place;
        match start.take() {
            None => start = Some(place),
            Some(start) => spans.push(Span {
                start,
                end: place + 1,
            }),
        }
    }
    spans.extend(start.map(|start| Span {
        start,
        end: within.end,
    }));
    spans
}

impl Checksums {
    /// The same sums, with a normalized text that may be kept.
    #[must_use]
    pub fn for_the_journal(mut self, migration: &Migration, dialect: &dyn Dialect) -> Self {
        if self.normalized.len() > KEPT_BYTES_MAX {
            self.normalized = format!(
                "[not kept: {} bytes, SHA-256 {}]",
                self.normalized.len(),
                self.semantic
            );
            return self;
        }
        if spans(&self.normalized, dialect).is_empty() {
            return self;
        }
        let pieces = sections(migration)
            .iter()
            .map(|section| dialect.normalized(&redacted(section.text(), dialect)));
        self.normalized = pieces.collect::<Vec<_>>().join("\n");
        self
    }
}

fn sections(migration: &Migration) -> &[Section] {
    match &migration.form {
        Form::Sql { up, .. } => up,
        Form::Program { .. } => &[],
    }
}

fn all_sections(migration: &Migration) -> impl Iterator<Item = &Section> {
    let (up, down) = match &migration.form {
        Form::Sql {
            up,
            down: segue_model::Down::Sections(down),
        } => (up.as_slice(), down.as_slice()),
        Form::Sql { up, .. } => (up.as_slice(), [].as_slice()),
        Form::Program { .. } => ([].as_slice(), [].as_slice()),
    };
    up.iter().chain(down)
}

#[cfg(test)]
mod tests {
    use super::literals;
    use segue_model::Span;

    #[test]
    fn of_what_cannot_be_read_every_literal_counts_also_an_open_one() {
        let text = "a 'b' c 'd";
        let spans = literals(text, Span { start: 0, end: 10 });
        let found: Vec<&str> = spans
            .iter()
            .map(|span| &text[span.start..span.end])
            .collect();
        assert_eq!(found, ["'b'", "'d"]);
    }
}

//! Statements that carry a secret are kept and shown without it.
//!
//! What is sent is never changed. When a migration that was begun goes on, the statement comes from its file again.

use segue_model::{Change, Dialect, Form, Migration, Section, Span, Statement, TextNoteKind};

use crate::checksum::Checksums;
use crate::prepare::{PlannedStep, StepText};

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

/// The text with every literal masked that looks like a password, token or key.
pub fn redacted(text: &str, dialect: &dyn Dialect) -> String {
    let lower = text.to_ascii_lowercase();
    if !HINTS.iter().any(|hint| lower.contains(hint)) {
        return text.to_owned();
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
    spans.extend(named(text, &lower));
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        if span.start < at {
            continue;
        }
        shown.push_str(text.get(at..span.start).unwrap_or_default());
        shown.push_str(MASK);
        at = span.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// What stands behind the word `password`, also in the text of a program: there quotes are doubled.
fn named(text: &str, lower: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for (place, word) in lower.match_indices("password") {
        let after = place + word.len();
        let rest = text.get(after..).unwrap_or_default();
        let gap = rest.len()
            - rest
                .trim_start_matches([' ', '\t', '\n', '\r', '=', '"'])
                .len();
        let start = after + gap;
        let quoted = text.get(start..).unwrap_or_default();
        let marks = quoted.len() - quoted.trim_start_matches('\'').len();
        let inner = start + marks;
        let end = text.get(inner..).and_then(|inside| closing(inside, marks));
        if let Some(length @ 1..) = end {
            // The mask has one pair of marks: those of a doubled pair stay around it.
            spans.push(Span {
                start: inner - 1,
                end: inner + length + 1,
            });
        }
    }
    spans
}

/// Where a literal ends that began with so many marks: a mark inside it is written as twice as many.
fn closing(inside: &str, marks: usize) -> Option<usize> {
    if marks == 0 {
        return None;
    }
    let mut from = 0;
    loop {
        let at = from + inside.get(from..)?.find('\'')?;
        let rest = inside.get(at..)?;
        let run = rest.len() - rest.trim_start_matches('\'').len();
        if !run.is_multiple_of(2 * marks) {
            return Some(at);
        }
        from = at + run;
    }
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
        if redacted(&self.normalized, dialect) == self.normalized {
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

/// The steps as the journal keeps them.
pub(crate) fn stored(steps: &[PlannedStep], dialect: &dyn Dialect) -> String {
    let mut steps = steps.to_vec();
    for step in &mut steps {
        if let StepText::Users(text) = &mut step.text {
            *text = redacted(text, dialect);
        }
    }
    serde_json::to_string(&steps).unwrap_or_default()
}

/// Whether the journal has kept something of these steps back.
pub(crate) fn is_masked(steps: &[PlannedStep]) -> bool {
    steps
        .iter()
        .any(|step| matches!(&step.text, StepText::Users(text) if text.contains(MASK)))
}

/// Puts the file's own text back where the journal has a masked one.
pub(crate) fn restore(steps: &mut [PlannedStep], migration: &Migration, dialect: &dyn Dialect) {
    for step in steps {
        let StepText::Users(text) = &mut step.text else {
            continue;
        };
        if !text.contains(MASK) {
            continue;
        }
        let (path, byte) = &step.file;
        let section = all_sections(migration)
            .find(|one| one.file.path == *path && one.span.start <= *byte && *byte < one.span.end);
        let Some(section) = section else { continue };
        let found = dialect
            .read(section.text(), 0)
            .into_iter()
            .find(|statement| section.span.start + statement.span.start == *byte);
        if let Some(statement) = found {
            statement.span.of(section.text()).clone_into(text);
        }
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
    use super::{MASK, literals, named};
    use segue_model::Span;

    fn masked(text: &str) -> String {
        let mut shown = text.to_owned();
        for span in named(text, &text.to_ascii_lowercase()).iter().rev() {
            shown.replace_range(span.start..span.end, MASK);
        }
        shown
    }

    #[test]
    fn what_stands_behind_the_word_is_masked_with_all_its_marks() {
        assert_eq!(masked("x PASSWORD 'a''b' y"), "x PASSWORD '[secret]' y");
        assert_eq!(masked("'x PASSWORD ''a'' '"), "'x PASSWORD ''[secret]'' '");
        assert_eq!(
            masked("'PASSWORD ''a''''b'' z'"),
            "'PASSWORD ''[secret]'' z'"
        );
        assert_eq!(masked("password = 'a'"), "password = '[secret]'");
        assert_eq!(masked("PASSWORD NULL"), "PASSWORD NULL");
        assert_eq!(masked("PASSWORD 'open"), "PASSWORD 'open");
    }

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

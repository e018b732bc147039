//! The few lines of a file that a finding points at: bounded, with secrets blotted out.
//!
//! Never holds more than a few thousand bytes, whatever the size of the statement.

use segue_model::{Change, Span, Statement, TextNoteKind};

/// Lines of one excerpt.
const LINES_MAX: usize = 12;
/// Bytes of one excerpt.
const BYTES_MAX: usize = 2_000;
/// Bytes of the same line before the place.
const BEFORE_MAX: usize = 400;
/// Characters of a statement's text that are repeated.
const TEXT_MAX: usize = 2_000;

/// The few lines of a file that a finding points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The lines, whole where they are not too long. Secrets are blotted out with as many bytes.
    pub(crate) text: String,
    /// The number of the first one.
    pub(crate) first_line: usize,
    /// The place in these lines.
    pub(crate) span: Span,
    /// Lines of the place that are not shown.
    pub(crate) lines_left_out: usize,
    /// Whether the first line is whole from its start.
    pub(crate) start: LineStart,
}

/// Whether the first line of an excerpt is whole from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineStart {
    /// It is: columns can be counted.
    Whole,
    /// Its start was left out.
    Cut,
}

impl Excerpt {
    /// The lines around a place; `first_line` is the number of the line the place begins on.
    pub(crate) fn new(file: &str, span: Span, first_line: usize, secrets: &[Span]) -> Self {
        let place_start = floor(file, span.start);
        let before = file.get(..place_start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (from, start) = if place_start - line_start > BEFORE_MAX {
            (floor(file, place_start - BEFORE_MAX), LineStart::Cut)
        } else {
            (line_start, LineStart::Whole)
        };
        let place_end = floor(file, span.end.max(place_start));
        let limit = floor(file, place_end.min(from + BYTES_MAX));
        let shown_end = file
            .get(place_start..limit)
            .unwrap_or_default()
            .match_indices('\n')
            .nth(LINES_MAX - 1)
            .map_or(limit, |(end, _)| place_start + end);
        let rest = file.get(shown_end..).unwrap_or_default();
        let line_end = rest
            .find('\n')
            .map_or(file.len(), |end| shown_end + end)
            .min(shown_end + BEFORE_MAX);
        let to = floor(file, line_end);
        let left_out = file.get(shown_end..place_end).unwrap_or_default();
        Self {
            text: blotted(file, Span::new(from, to), secrets),
            first_line,
            span: Span::new(place_start - from, shown_end - from),
            lines_left_out: left_out.matches('\n').count(),
            start,
        }
    }
}

/// The text of a statement, at most 2,000 characters, secrets blotted out; and whether something was cut.
pub(crate) fn statement_text(file: &str, span: Span, secrets: &[Span]) -> (String, Cut) {
    let whole = span.of(file);
    match whole.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => {
            let part = Span::new(span.start, span.start + end);
            (blotted(file, part, secrets), Cut::Yes)
        }
        None => (blotted(file, span, secrets), Cut::No),
    }
}

/// Whether a text was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It was.
    Yes,
    /// It is whole.
    No,
}

/// A part of a file, the secrets in it replaced by as many asterisks.
fn blotted(file: &str, part: Span, secrets: &[Span]) -> String {
    let mut text = String::with_capacity(part.end - part.start);
    let mut at = part.start;
    for secret in secrets {
        let start = floor(file, secret.start.clamp(at, part.end));
        let end = floor(file, secret.end.clamp(at, part.end));
        text.push_str(file.get(at..start).unwrap_or_default());
        text.extend(std::iter::repeat_n('*', end.saturating_sub(start)));
        at = end.max(at);
    }
    text.push_str(file.get(at..part.end).unwrap_or_default());
    text
}

/// The places of the secrets in these statements, in ascending order.
pub(crate) fn secrets<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> Vec<Span> {
    let mut found = Vec::new();
    for statement in statements {
        collect(statement, &mut found);
    }
    found.sort_unstable();
    found
}

fn collect(statement: &Statement, found: &mut Vec<Span>) {
    for note in &statement.notes {
        if note.kind == TextNoteKind::Secret {
            found.push(note.span);
        }
    }
    for change in &statement.changes {
        if let Change::Program(program) = change {
            for inner in &program.statements {
                collect(inner, found);
            }
        }
    }
}

/// The nearest boundary of characters at or before this byte.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_whole_lines_around_the_place() {
        let file = "SELECT 1;\n  DROP TABLE a; -- gone\nSELECT 2;\n";
        let excerpt = Excerpt::new(file, Span::new(12, 24), 2, &[]);
        assert_eq!(excerpt.text, "  DROP TABLE a; -- gone");
        assert_eq!(excerpt.span.of(&excerpt.text), "DROP TABLE a");
        assert_eq!(excerpt.start, LineStart::Whole);
    }

    #[test]
    fn a_long_statement_is_cut_to_twelve_lines() {
        let file = "VALUES\n".repeat(40);
        let excerpt = Excerpt::new(&file, Span::new(0, file.len()), 1, &[]);
        assert_eq!(excerpt.text.lines().count(), 12);
        assert_eq!(excerpt.lines_left_out, 29);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let file = "é".repeat(1_000_000);
        let excerpt = Excerpt::new(&file, Span::new(900_000, 1_900_000), 1, &[]);
        assert!(excerpt.text.len() < 4_000);
        assert_eq!(excerpt.start, LineStart::Cut);
        assert!(excerpt.span.end <= excerpt.text.len());
    }

    #[test]
    fn a_secret_is_blotted_out_with_as_many_bytes() {
        let file = "CREATE ROLE a PASSWORD 'hunter2';";
        let (text, cut) = statement_text(file, Span::new(0, 32), &[Span::new(23, 32)]);
        assert_eq!(text, "CREATE ROLE a PASSWORD *********");
        assert_eq!(cut, Cut::No);
    }
}

//! Splits a text at marker lines into stretches for the way there and the way back.
//!
//! A marker is a comment; what the comment means is the format's affair.

use std::sync::Arc;

use segue_model::{Down, Form, Section, SourceText, Span, TransactionChoice, Wrapping};

use crate::lines::{is_blank, lines};

/// There or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The way there.
    Up,
    /// The way back.
    Down,
}

/// A marker line: where the stretch after it leads, and the rest of the line.
pub(crate) type Marker<'text> = (Direction, &'text str);

/// What stands between two marker lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch<'text> {
    /// There or back.
    pub(crate) direction: Direction,
    /// What follows the marker on its line.
    pub(crate) options: &'text str,
    /// From the line after the marker to the next marker.
    pub(crate) span: Span,
}

/// The text before the first marker, and the stretches in the order of the text.
pub(crate) fn stretches<'text>(
    text: &'text str,
    marker: impl Fn(&'text str) -> Option<Marker<'text>>,
) -> (Span, Vec<Stretch<'text>>) {
    let mut preamble = Span::new(0, text.len());
    let mut found: Vec<Stretch<'text>> = Vec::new();
    for line in lines(text) {
        let Some((direction, options)) = marker(line.text) else {
            continue;
        };
        match found.last_mut() {
            Some(last) => last.span.end = line.start,
            None => preamble.end = line.start,
        }
        found.push(Stretch {
            direction,
            options,
            span: Span::new(line.next, text.len()),
        });
    }
    (preamble, found)
}

/// Builds the form of a text with markers. Without a marker for the way there, what stands before the first marker
/// is the way there, so that nothing goes unjudged.
pub(crate) fn form(
    file: &Arc<SourceText>,
    preamble: Span,
    stretches: &[Stretch<'_>],
    rules: impl Fn(&Stretch<'_>) -> (Wrapping, TransactionChoice),
) -> Form {
    let section = |stretch: &Stretch<'_>| {
        let (wrapping, choice) = rules(stretch);
        Section {
            file: Arc::clone(file),
            span: stretch.span,
            wrapping,
            choice,
        }
    };
    let of = |direction: Direction| -> Vec<Section> {
        stretches
            .iter()
            .filter(|stretch| stretch.direction == direction)
            .map(section)
            .collect()
    };
    let mut up = of(Direction::Up);
    if up.is_empty() {
        up.push(section(&Stretch {
            direction: Direction::Up,
            options: "",
            span: preamble,
        }));
    }
    Form::Sql {
        up,
        down: down_of(of(Direction::Down)),
    }
}

/// The way back from its sections: missing without any, empty when all are blank.
pub(crate) fn down_of(sections: Vec<Section>) -> Down {
    if sections.is_empty() {
        Down::Missing
    } else if sections.iter().all(|section| is_blank(section.text())) {
        Down::Empty
    } else {
        Down::Sections(sections)
    }
}

/// The rest of a comment line after a word such as `migrate:up`, when it starts with that word in any case.
pub(crate) fn after_word<'text>(comment: &'text str, word: &str) -> Option<&'text str> {
    let (head, rest) = comment.split_at_checked(word.len())?;
    let fits = head.eq_ignore_ascii_case(word)
        && (rest.is_empty() || rest.starts_with(char::is_whitespace));
    fits.then_some(rest.trim())
}

//! Lines of a text with their places, whatever ends them: LF, CRLF or CR alone.
//!
//! Knows comments and blanks, and nothing else of SQL.

use segue_model::Span;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'text> {
    /// The line without its ending.
    pub(crate) text: &'text str,
    /// First byte.
    pub(crate) start: usize,
    /// First byte of the next line.
    pub(crate) next: usize,
}

/// The lines of `text`, in order.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .bytes()
            .position(|byte| byte == b'\n' || byte == b'\r')
            .unwrap_or(rest.len());
        let ending = match rest.get(length..) {
            Some(after) if after.starts_with("\r\n") => 2,
            Some(after) if !after.is_empty() => 1,
            Some(_) | None => 0,
        };
        let line = Line {
            text: rest.get(..length).unwrap_or_default(),
            start,
            next: start + length + ending,
        };
        start = line.next;
        Some(line)
    })
}

/// True when the text holds nothing but blanks and comments.
pub(crate) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        if rest.is_empty() {
            return true;
        } else if rest.starts_with("--") {
            rest = rest
                .find(['\n', '\r'])
                .and_then(|end| rest.get(end..))
                .unwrap_or_default()
                .trim_start();
        } else if let Some(inside) = rest.strip_prefix("/*") {
            match inside.find("*/").and_then(|end| inside.get(end + 2..)) {
                Some(after) => rest = after.trim_start(),
                None => return true,
            }
        } else {
            return false;
        }
    }
}

/// The text after `--` when the line is a comment, without blanks before and after.
pub(crate) fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("--").map(str::trim)
}

/// The whole of a text.
pub(crate) fn whole(text: &str) -> Span {
    Span::new(0, text.len())
}

#[cfg(test)]
mod tests {
    use super::{is_blank, lines};

    #[test]
    fn every_kind_of_line_ending_ends_one_line() {
        let seen: Vec<&str> = lines("a\r\nb\rc\n\nd").map(|line| line.text).collect();
        assert_eq!(seen, ["a", "b", "c", "", "d"]);
    }

    #[test]
    fn comments_and_blanks_are_blank_and_a_statement_is_not() {
        assert!(is_blank(" -- nothing\n/* at\nall */ \n"));
        assert!(!is_blank("-- something\n/* and */ SELECT 1"));
    }
}

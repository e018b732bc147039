//! What is said while the demo runs, on standard error: on a terminal one line that is written over, else plain lines.

use std::io::Write as _;

use crate::environment::{Glyphs, say};

/// Back to the begin of the line, and everything after it away.
const OVER: &str = "\r\u{1b}[K";
/// Characters of a bar.
const BAR: u64 = 24;

/// How is talked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Talk {
    /// On a terminal.
    Terminal {
        /// What bars are drawn with.
        glyphs: Glyphs,
        /// Characters of a line.
        width: usize,
    },
    /// Into a file or a pipe.
    Lines,
    /// Not at all.
    Silent,
}

impl Talk {
    /// Something is done: a line that stays.
    pub(crate) fn done(self, line: &str) {
        match self {
            Self::Terminal { .. } => write(&[OVER, line, "\n"].concat()),
            Self::Lines => say(line),
            Self::Silent => {}
        }
    }

    /// Something is under way: a line that is written over.
    pub(crate) fn now(self, line: &str) {
        match self {
            Self::Terminal { width, .. } => {
                // A line that wraps could not be written over.
                let line: String = line.chars().take(width.saturating_sub(1)).collect();
                write(&[OVER, &line].concat());
            }
            Self::Lines | Self::Silent => {}
        }
    }

    /// Nothing is under way any more.
    pub(crate) fn quiet(self) {
        self.now("");
    }

    /// A bar, `of` being full.
    pub(crate) fn bar(self, part: u64, of: u64) -> String {
        let Self::Terminal { glyphs, .. } = self else {
            return String::new();
        };
        let (full, empty) = match glyphs {
            Glyphs::Unicode => ("█", "░"),
            Glyphs::Ascii => ("#", "."),
        };
        let filled = usize::try_from(part * BAR / of.max(1)).unwrap_or(0);
        let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
        [full.repeat(filled), empty.repeat(rest)].concat()
    }
}

fn write(text: &str) {
    let mut stream = std::io::stderr().lock();
    // When nobody listens the work goes on.
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// `200,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let shown = [0, 999, 1_000, 200_000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "200,000", "1,234,567"]);
    }

    #[test]
    fn a_bar_is_as_long_when_it_is_full_as_when_it_is_empty() {
        let talk = Talk::Terminal {
            glyphs: Glyphs::Ascii,
            width: 80,
        };
        assert_eq!(talk.bar(0, 10), ".".repeat(24));
        assert_eq!(talk.bar(5, 10), ["#".repeat(12), ".".repeat(12)].concat());
        assert_eq!(talk.bar(10, 10), "#".repeat(24));
    }
}

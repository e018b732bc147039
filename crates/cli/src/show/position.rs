//! Lines and columns of byte offsets, counted once through a text however many are asked for.

use schemars::JsonSchema;
use serde::Serialize;

/// A place in a file for people: both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Position {
    /// The line.
    pub(crate) line: usize,
    /// The column.
    pub(crate) column: usize,
}

/// A finger that moves through a text: cheap when it is asked in ascending order.
#[derive(Clone, Debug)]
pub(crate) struct Finger<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Finger<'a> {
    /// At the start of the text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// The place of a byte; of the end when it lies behind it.
    pub(crate) fn position(&mut self, offset: usize) -> Position {
        if offset < self.offset {
            *self = Self::new(self.text);
        }
        let offset = offset.min(self.text.len());
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        match passed.rfind('\n') {
            Some(last) => {
                let ends = passed.bytes().filter(|byte| *byte == b'\n').count();
                let after = passed.get(last + 1..).unwrap_or_default();
                self.position = Position {
                    line: self.position.line + ends,
                    column: after.chars().count() + 1,
                };
            }
            None => self.position.column += passed.chars().count(),
        }
        self.offset = offset;
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let mut finger = Finger::new("é;\nSELECT 1;\n");
        assert_eq!(finger.position(2), Position { line: 1, column: 2 });
        assert_eq!(finger.position(4), Position { line: 2, column: 1 });
        assert_eq!(finger.position(11), Position { line: 2, column: 8 });
        assert_eq!(finger.position(0), Position { line: 1, column: 1 });
        assert_eq!(finger.position(999), Position { line: 3, column: 1 });
    }
}

//! Looks at programs without running them: where comments and strings are, what a name is set to.
//!
//! Understands as much of Python, JavaScript and Ruby as it takes to find a few names; everything else is text.

/// The language whose comments and strings are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// `#`, three kinds of quotes, triple quotes.
    Python,
    /// `//`, `/* */`, three kinds of quotes.
    Script,
    /// `#`, `=begin`, two kinds of quotes.
    Ruby,
}

/// A program's text, and the same text with comments and strings blanked out.
pub(crate) struct Code<'text> {
    text: &'text str,
    /// As long as the text; comments, strings and their quotes are blanks.
    mask: String,
    /// The insides of the strings.
    strings: Vec<(usize, usize)>,
}

/// What a stretch of the text is.
enum Stretch {
    /// Up to here, blanked.
    Comment(usize),
    /// The inside of a string, and where its quote ends.
    Text { inside: (usize, usize), end: usize },
}

impl<'text> Code<'text> {
    /// Finds the comments and strings.
    pub(crate) fn new(text: &'text str, language: Language) -> Self {
        let mut mask: Vec<u8> = text.bytes().collect();
        let mut strings = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let end = match stretch(text.as_bytes(), at, language) {
                None => {
                    at += 1;
                    continue;
                }
                Some(Stretch::Comment(end)) => end,
                Some(Stretch::Text { inside, end }) => {
                    strings.push(inside);
                    end
                }
            };
            for byte in mask.get_mut(at..end).unwrap_or_default() {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
            at = end.max(at + 1);
        }
        // Only whole comments and strings were blanked, so what is left is still UTF-8; if it were not, nothing
        // would be found in it.
        let mask = String::from_utf8(mask).unwrap_or_default();
        Self {
            text,
            mask,
            strings,
        }
    }

    /// The code without comments and strings.
    pub(crate) fn mask(&self) -> &str {
        &self.mask
    }

    /// The strings that begin in this range, escapes left as they are.
    pub(crate) fn strings_in(&self, range: (usize, usize)) -> Vec<&'text str> {
        self.strings
            .iter()
            .filter(|(start, end)| *start >= range.0 && *end <= range.1)
            .filter_map(|(start, end)| self.text.get(*start..*end))
            .collect()
    }

    /// The first string of the text if nothing but blanks and comments stands before it: Python's docstring.
    pub(crate) fn leading_string(&self) -> Option<&'text str> {
        let (start, end) = self.strings.first()?;
        let before = self.mask.get(..*start)?;
        before
            .trim()
            .is_empty()
            .then(|| self.text.get(*start..*end))
            .flatten()
    }

    /// The range of what a name is set to (`name = …` or `name: type = …` at the start of a line), up to the end of
    /// the line on which its brackets are closed.
    pub(crate) fn assigned(&self, name: &str) -> Option<(usize, usize)> {
        let mut start = 0;
        for line in self.mask.split_inclusive('\n') {
            let here = start;
            start += line.len();
            let trimmed = line.trim_start();
            let Some(rest) = trimmed.strip_prefix(name) else {
                continue;
            };
            let after = rest.trim_start();
            if !(after.starts_with('=') && !after.starts_with("==") || after.starts_with(':')) {
                continue;
            }
            let Some(equals) = rest.find('=') else {
                continue;
            };
            let value = here + (line.len() - rest.len()) + equals + 1;
            return Some((value, self.end_of_value(value)));
        }
        None
    }

    fn end_of_value(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, character) in self.mask.get(start..).unwrap_or_default().char_indices() {
            match character {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                '\n' if depth == 0 => return start + offset,
                _ => {}
            }
        }
        self.mask.len()
    }

    /// The code, masked, of a range.
    pub(crate) fn masked(&self, range: (usize, usize)) -> &str {
        self.mask.get(range.0..range.1).unwrap_or_default()
    }

    /// The places where a word stands by itself in the code.
    pub(crate) fn words<'code>(&'code self, word: &'code str) -> impl Iterator<Item = usize> {
        self.mask
            .match_indices(word)
            .filter(move |(at, _)| {
                let before = self.mask.get(..*at).and_then(|s| s.chars().next_back());
                let after = self
                    .mask
                    .get(at + word.len()..)
                    .and_then(|s| s.chars().next());
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            })
            .map(|(at, _)| at)
    }

    /// True when the word stands by itself somewhere in the code.
    pub(crate) fn says(&self, word: &str) -> bool {
        self.words(word).next().is_some()
    }

    /// The inside of the bracket that opens at `open`.
    pub(crate) fn bracket(&self, open: usize) -> Option<(usize, usize)> {
        let mut depth = 0_usize;
        for (offset, character) in self.mask.get(open..)?.char_indices() {
            match character {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some((open + 1, open + offset));
                    }
                }
                _ => {}
            }
        }
        None
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The comment or string that begins at `at`.
fn stretch(text: &[u8], at: usize, language: Language) -> Option<Stretch> {
    let rest = text.get(at..)?;
    let first = *rest.first()?;
    match language {
        Language::Python if first == b'#' => Some(Stretch::Comment(line_end(text, at))),
        Language::Python => ["\"\"\"", "'''"]
            .iter()
            .find(|quote| rest.starts_with(quote.as_bytes()))
            .map(|quote| quoted(text, at, quote.as_bytes(), LineEnd::Inside))
            .or_else(|| plain_quoted(text, at, b"\"'")),
        Language::Script if rest.starts_with(b"//") => Some(Stretch::Comment(line_end(text, at))),
        Language::Script if rest.starts_with(b"/*") => {
            let end = find(text, at + 2, b"*/").map_or(text.len(), |end| end + 2);
            Some(Stretch::Comment(end))
        }
        Language::Script if first == b'`' => Some(quoted(text, at, b"`", LineEnd::Inside)),
        Language::Script => plain_quoted(text, at, b"\"'"),
        Language::Ruby if first == b'#' => Some(Stretch::Comment(line_end(text, at))),
        Language::Ruby
            if rest.starts_with(b"=begin") && (at == 0 || text.get(at - 1) == Some(&b'\n')) =>
        {
            let end = find(text, at, b"\n=end").map_or(text.len(), |end| end + 5);
            Some(Stretch::Comment(end))
        }
        Language::Ruby if first == b'"' || first == b'\'' => {
            Some(quoted(text, at, &[first], LineEnd::Inside))
        }
        Language::Ruby => None,
    }
}

/// What a line's end is to a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// A part of it.
    Inside,
    /// Its end, because the quote was never closed.
    Closes,
}

fn plain_quoted(text: &[u8], at: usize, quotes: &[u8]) -> Option<Stretch> {
    let first = *text.get(at)?;
    quotes
        .contains(&first)
        .then(|| quoted(text, at, &[first], LineEnd::Closes))
}

fn quoted(text: &[u8], at: usize, quote: &[u8], line_end: LineEnd) -> Stretch {
    let start = at + quote.len();
    let mut end = start;
    while let Some(rest) = text.get(end..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            return Stretch::Text {
                inside: (start, end),
                end: end + quote.len(),
            };
        }
        match rest.first() {
            Some(b'\\') => end += 2,
            Some(b'\n') if line_end == LineEnd::Closes => break,
            Some(_) | None => end += 1,
        }
    }
    let end = end.min(text.len());
    Stretch::Text {
        inside: (start.min(end), end),
        end,
    }
}

fn line_end(text: &[u8], at: usize) -> usize {
    find(text, at, b"\n").unwrap_or(text.len())
}

fn find(text: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    text.get(from..)?
        .windows(what.len())
        .position(|window| window == what)
        .map(|offset| from + offset)
}

#[cfg(test)]
mod tests {
    use super::{Code, Language};

    #[test]
    fn a_name_in_a_comment_or_string_is_not_code() {
        let code = Code::new("# atomic = False\nx = 'atomic'\n", Language::Python);
        assert!(!code.says("atomic"));
        assert!(code.says("x"));
    }

    #[test]
    fn an_annotated_assignment_over_several_lines_is_found_with_its_strings() {
        let text = "down_revision: Union[str, None] = (\n  'a4', # no 'x'\n  \"b3\",\n)\n";
        let code = Code::new(text, Language::Python);
        let value = code.assigned("down_revision").unwrap();
        assert_eq!(code.strings_in(value), ["a4", "b3"]);
    }

    #[test]
    fn an_unclosed_string_ends_with_its_text() {
        for text in [
            "'\\", "\"é", "`", "\"\"\"", "'''x\\", "/*", "=begin", "'é\\é",
        ] {
            for language in [Language::Python, Language::Script, Language::Ruby] {
                let code = Code::new(text, language);
                assert_eq!(code.mask().len(), text.len(), "{text:?} {language:?}");
            }
        }
    }
}

//! Makes text of the user's harmless for a terminal: control characters and those that turn the direction of writing.
//!
//! Formats with special characters of their own (Markdown, XML, annotations) escape those themselves, after this.

/// One line: line ends become spaces, and every character that could steer a terminal is spelled out.
pub(crate) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(' '),
            '\r' => {}
            other => push(other, &mut shown),
        }
    }
    shown
}

/// Several lines: line ends and tabs stay.
pub(crate) fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\r' => {}
            other => push(other, &mut shown),
        }
    }
    shown
}

fn push(character: char, shown: &mut String) {
    if steers(character) {
        shown.extend(character.escape_unicode());
    } else {
        shown.push(character);
    }
}

/// The same number of bytes, so that spans stay true: what steers a terminal becomes a mark that does not.
pub(crate) fn same_length(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match (steers(character), character.len_utf8()) {
            (true, 1) => shown.push(match character {
                '\r' | '\t' | '\n' => character,
                _other => '?',
            }),
            (true, 2) => shown.push('\u{B7}'),
            (true, _) => shown.push('\u{FFFD}'),
            (false, _) => shown.push(character),
        }
    }
    shown
}

/// Control characters, line separators, and marks that turn the direction of writing.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_sequence_reaches_a_terminal() {
        assert_eq!(line("a\u{1b}[31mb\u{9b}c"), "a\\u{1b}[31mb\\u{9b}c");
    }

    #[test]
    fn writing_direction_cannot_be_turned() {
        assert_eq!(lines("a\u{202e}b\nc"), "a\\u{202e}b\nc");
    }

    #[test]
    fn an_excerpt_keeps_its_length_in_bytes() {
        let text = "é\u{1b}\u{9b}\u{202e}\n\tx";
        let shown = same_length(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown, "é?\u{B7}\u{FFFD}\n\tx");
    }
}

//! A text in the form that does not change when comments, line endings or white space do.

use squawk_lexer::{TokenKind, tokenize};

/// The text without comments; white space outside literals is one space, and none at the ends.
pub(crate) fn normalized(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut is_apart = false;
    let mut at = 0;
    for token in tokenize(text) {
        let end = at + token.len as usize;
        let piece = text.get(at..end).unwrap_or_default();
        at = end;
        if matches!(
            token.kind,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. }
        ) {
            is_apart = true;
            continue;
        }
        if is_apart && !normal.is_empty() {
            normal.push(' ');
        }
        is_apart = false;
        normal.push_str(piece);
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn comments_line_endings_and_white_space_do_not_matter_and_literals_do() {
        let one = normalized("CREATE TABLE a (\r\n  b int -- why\r\n);\r\n/* done */");
        assert_eq!(one, normalized("CREATE  TABLE a ( b int\n);"));
        assert_ne!(normalized("SELECT 'a  b'"), normalized("SELECT 'a b'"));
        assert_ne!(normalized("SELECT $$a -- b$$"), normalized("SELECT $$a$$"));
    }
}

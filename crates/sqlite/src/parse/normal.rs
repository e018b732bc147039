//! A text in the form that does not change when comments, line endings or white space do.

/// The text without comments; white space outside literals and quoted names is one space, and none at the ends.
pub(crate) fn normalized(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_apart = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            _ => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        let is_comment = piece.starts_with("--") || piece.starts_with("/*");
        if is_comment || first.is_ascii_whitespace() {
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

/// Bytes of a quoted piece, its quotes too. A doubled quote ends one piece and begins the next, which is the same text.
fn quoted(text: &str, quote: char) -> usize {
    text.char_indices()
        .skip(1)
        .find(|(_, character)| *character == quote)
        .map_or(text.len(), |(at, _)| at + quote.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn comments_line_endings_and_white_space_do_not_matter_and_literals_do() {
        let one = normalized("CREATE TABLE a (\r\n  b int -- why\r\n);\r\n/* done */");
        assert_eq!(one, normalized("CREATE  TABLE a ( b int\n);"));
        assert_ne!(normalized("SELECT 'a  b'"), normalized("SELECT 'a b'"));
        assert_ne!(
            normalized("SELECT 'it''s -- a'"),
            normalized("SELECT 'it''s'")
        );
        assert_ne!(normalized("SELECT [a  b]"), normalized("SELECT [a b]"));
    }
}

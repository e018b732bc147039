//! Template placeholders: `:name`, `{{ name }}`, `${name}`, `#{name}`, `<%= name %>`, `{% … %}`.
//!
//! They are masked by a name of the same length, so that every span stays true. What they stand for is not guessed.

use segue_model::Span;

/// How far the end of a placeholder is looked for.
const BYTES_MAX: usize = 200;

/// The placeholder that starts at byte `at`, if one does: its length.
///
/// A colon is asked about separately, since it means many things: [`variable`].
pub(super) fn template(text: &str, at: usize) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let (open, close) = match rest {
        [b'{', b'{', ..] => (2, "}}"),
        [b'{', b'%', ..] => (2, "%}"),
        [b'$' | b'#', b'{', ..] => (2, "}"),
        [b'<', b'%', b'=' | b'-' | b'#', ..] => (3, "%>"),
        // A blank after the sign could be the operator of pg_trgm, unless the line starts with it.
        [b'<', b'%', ..] if is_line_start(text, at) => (2, "%>"),
        _ => return None,
    };
    let window_end = rest.len().min(BYTES_MAX);
    let window = rest.get(open..window_end)?;
    let close = close.as_bytes();
    let found = window
        .windows(close.len())
        .position(|bytes| bytes == close)?;
    Some(open + found + close.len())
}

/// The length of psql's `:name`, `:'name'` or `:"name"` at byte `at`, if one stands there.
pub(super) fn variable(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    if before == Some(&b':') {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match rest.first()? {
        quote @ (b'\'' | b'"') => {
            let name = rest.get(1..)?;
            let length = name.iter().take_while(|byte| is_word(byte)).count();
            let is_closed = length > 0 && name.get(length) == Some(quote);
            is_closed.then_some(length + 3)
        }
        first if first.is_ascii_alphabetic() || *first == b'_' => {
            Some(1 + rest.iter().take_while(|byte| is_word(byte)).count())
        }
        _ => None,
    }
}

/// The text with each placeholder replaced by a name of the same length. `base` is where the text starts in the file.
pub(super) fn mask(text: &str, base: usize, placeholders: &[Span]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for placeholder in placeholders {
        let start = placeholder.start.saturating_sub(base);
        let end = placeholder.end.saturating_sub(base);
        let (Some(before), Some(inside)) = (text.get(at..start), text.get(start..end)) else {
            continue;
        };
        masked.push_str(before);
        push_masked(&mut masked, inside);
        at = end;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    masked
}

fn push_masked(out: &mut String, inside: &str) {
    match inside.as_bytes() {
        [b':', quote @ (b'\'' | b'"'), ..] => {
            out.push(char::from(*quote));
            out.push('_');
            out.push_str(inside.get(2..).unwrap_or_default());
        }
        [b':', ..] => {
            out.push('_');
            out.push_str(inside.get(1..).unwrap_or_default());
        }
        bytes => out.extend(bytes.iter().map(|_| '_')),
    }
}

fn is_line_start(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before
        .iter()
        .rev()
        .find(|byte| !matches!(byte, b' ' | b'\t'))
        .is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
}

//! Which literals look like a password, a token or a key, whatever they stand for; and which are named one.

use crate::Span;

/// True for a literal, with its quotes, that looks like one.
///
/// Sources: the prefixes that AWS, GitHub, Stripe, Slack and GitLab document for their tokens; RFC 7468 (PEM), RFC 7519 (JWT).
pub fn looks_like_a_secret(text: &str) -> bool {
    // Short literals are the rule: nothing of this is shorter.
    if text.len() < 16 {
        return false;
    }
    has_connection_password(text)
        || text.contains("-----BEGIN ") && text.contains("PRIVATE KEY")
        || ["AKIA", "ghp_", "github_pat_", "sk_live_", "xoxb-", "glpat-"]
            .iter()
            .any(|prefix| text.get(1..).is_some_and(|inner| inner.starts_with(prefix)))
        || text.get(1..).is_some_and(|inner| inner.starts_with("eyJ"))
            && text.matches('.').count() == 2
}

/// `password=…` in a connection string, or `scheme://user:password@host`.
fn has_connection_password(text: &str) -> bool {
    if let Some((_, after)) = text.split_once("password=") {
        return !after.starts_with(['\'', ' ']);
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = scheme
        .trim_start_matches('\'')
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+');
    let authority = rest.split(['/', '?', ' ']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    is_scheme && user.is_some_and(|user| user.contains(':'))
}

/// What stands behind the word `password`, also in the text of a program: there quotes are doubled.
pub fn named_secrets(text: &str) -> Vec<Span> {
    let lower = text.to_ascii_lowercase();
    let mut spans = Vec::new();
    for (place, word) in lower.match_indices("password") {
        let after = place + word.len();
        let rest = text.get(after..).unwrap_or_default();
        let gap = rest.len()
            - rest
                .trim_start_matches([' ', '\t', '\n', '\r', '=', '"'])
                .len();
        let start = after + gap;
        let quoted = text.get(start..).unwrap_or_default();
        let marks = quoted.len() - quoted.trim_start_matches('\'').len();
        let inner = start + marks;
        let end = text.get(inner..).and_then(|inside| closing(inside, marks));
        if let Some(length @ 1..) = end {
            // The mask has one pair of marks: those of a doubled pair stay around it.
            spans.push(Span {
                start: inner - 1,
                end: inner + length + 1,
            });
        }
    }
    spans
}

/// Where a literal ends that began with so many marks: a mark inside it is written as twice as many.
fn closing(inside: &str, marks: usize) -> Option<usize> {
    if marks == 0 {
        return None;
    }
    let mut from = 0;
    loop {
        let at = from + inside.get(from..)?.find('\'')?;
        let rest = inside.get(at..)?;
        let run = rest.len() - rest.trim_start_matches('\'').len();
        if !run.is_multiple_of(2 * marks) {
            return Some(at);
        }
        from = at + run;
    }
}

/// Without any of these nothing looks like one, and nothing is named one.
const HINTS: &[&str] = &[
    "AKIA",
    "ghp_",
    "github_pat_",
    "sk_live_",
    "xoxb-",
    "glpat-",
    "eyJ",
    "://",
    "password",
    "PASSWORD",
    "PRIVATE KEY",
];

/// A text of a change or a plan with each literal masked that looks like one; none when there is none. A text without quotes
/// is a literal itself.
pub fn without_secrets(text: &str) -> Option<String> {
    if text.len() < 14 || !HINTS.iter().any(|hint| text.contains(hint)) {
        return None;
    }
    let mut named = String::with_capacity(text.len());
    let mut at = 0;
    for span in named_secrets(text) {
        if span.start >= at {
            named.push_str(text.get(at..span.start).unwrap_or_default());
            named.push_str("'[secret]'");
            at = span.end;
        }
    }
    named.push_str(text.get(at..).unwrap_or_default());
    let found = without_likely(&named);
    found.or_else(|| (named != text).then_some(named))
}

fn without_likely(text: &str) -> Option<String> {
    if !text.contains('\'') {
        let is_one = looks_like_a_secret(&["'", text, "'"].concat());
        return is_one.then(|| "[secret]".to_owned());
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_found = false;
    while let Some(start) = rest.find('\'') {
        let end = end_of_literal(rest, start);
        let literal = rest.get(start..end).unwrap_or_default();
        shown.push_str(rest.get(..start).unwrap_or_default());
        if looks_like_a_secret(literal) {
            is_found = true;
            shown.push_str("'[secret]'");
        } else {
            shown.push_str(literal);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    shown.push_str(rest);
    is_found.then_some(shown)
}

/// One past the closing quote of the literal that begins at `start`: two quotes in it are one of its characters.
fn end_of_literal(text: &str, start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\'')) {
        let end = at + found + 1;
        if !text.get(end..).is_some_and(|rest| rest.starts_with('\'')) {
            return end;
        }
        at = end + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{looks_like_a_secret, named_secrets, without_secrets};

    fn named(text: &str) -> String {
        let mut shown = text.to_owned();
        for span in named_secrets(text).iter().rev() {
            shown.replace_range(span.start..span.end, "'[secret]'");
        }
        shown
    }

    #[test]
    fn what_stands_behind_the_word_is_masked_with_all_its_marks() {
        assert_eq!(named("x PASSWORD 'a''b' y"), "x PASSWORD '[secret]' y");
        assert_eq!(named("'x PASSWORD ''a'' '"), "'x PASSWORD ''[secret]'' '");
        assert_eq!(
            named("'PASSWORD ''a''''b'' z'"),
            "'PASSWORD ''[secret]'' z'"
        );
        assert_eq!(named("password = 'a'"), "password = '[secret]'");
        assert_eq!(named("PASSWORD NULL"), "PASSWORD NULL");
        assert_eq!(named("PASSWORD 'open"), "PASSWORD 'open");
    }

    #[test]
    fn a_text_is_masked_where_a_literal_of_it_looks_like_one() {
        let masked = |text| without_secrets(text).unwrap();
        assert_eq!(
            masked("a <> 'b''c' AND d = 'ghp_0123456789''ab' OR e"),
            "a <> 'b''c' AND d = '[secret]' OR e"
        );
        assert_eq!(masked("postgres://u:hunter2@h/db"), "[secret]");
        assert_eq!(
            masked("EXECUTE 'ALTER ROLE a PASSWORD ''hunter2'''"),
            "EXECUTE 'ALTER ROLE a PASSWORD ''[secret]'''"
        );
        assert_eq!(masked("password 'password' 'x'"), "password '[secret]' 'x'");
        assert_eq!(without_secrets("see https://example.org/a"), None);
        assert_eq!(without_secrets("a = 'https://example.org/a'"), None);
    }

    #[test]
    fn a_token_is_told_from_an_address() {
        assert!(looks_like_a_secret("'ghp_0123456789abcdef'"));
        assert!(looks_like_a_secret("'postgres://u:hunter2@h/db'"));
        assert!(!looks_like_a_secret("'https://example.org/a'"));
        assert!(!looks_like_a_secret("'sk_live_'"));
    }
}

//! Which literals look like a password, a token or a key, whatever they stand for.

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

/// Without any of these nothing looks like one.
const HINTS: &[&str] = &[
    "AKIA",
    "ghp_",
    "github_pat_",
    "sk_live_",
    "xoxb-",
    "glpat-",
    "eyJ",
    "://",
    "password=",
    "PRIVATE KEY",
];

/// A text of a change or a plan with each literal masked that looks like one; none when there is none. A text without quotes
/// is a literal itself.
pub fn without_secrets(text: &str) -> Option<String> {
    if text.len() < 14 || !HINTS.iter().any(|hint| text.contains(hint)) {
        return None;
    }
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
    use super::{looks_like_a_secret, without_secrets};

    #[test]
    fn a_text_is_masked_where_a_literal_of_it_looks_like_one() {
        let masked = |text| without_secrets(text).unwrap();
        assert_eq!(
            masked("a <> 'b''c' AND d = 'ghp_0123456789''ab' OR e"),
            "a <> 'b''c' AND d = '[secret]' OR e"
        );
        assert_eq!(masked("postgres://u:hunter2@h/db"), "[secret]");
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

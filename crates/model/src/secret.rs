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

#[cfg(test)]
mod tests {
    use super::looks_like_a_secret;

    #[test]
    fn a_token_is_told_from_an_address() {
        assert!(looks_like_a_secret("'ghp_0123456789abcdef'"));
        assert!(looks_like_a_secret("'postgres://u:hunter2@h/db'"));
        assert!(!looks_like_a_secret("'https://example.org/a'"));
        assert!(!looks_like_a_secret("'sk_live_'"));
    }
}

//! Why a connection or a statement failed: what the server said, word for word, and what kind of failure it is.
//!
//! Holds no password and no parameter; the text that was sent is not part of it.

use segue_model::{Failure, SessionError};
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

/// Why a statement, or the way to the server, failed.
#[derive(Debug)]
pub struct PostgresError {
    failure: Failure,
    said: Box<Said>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whose words the message is.
#[derive(Debug)]
enum Said {
    Server {
        message: String,
        code: String,
        detail: Option<String>,
        hint: Option<String>,
        position: Option<usize>,
    },
    Us(String),
}

impl PostgresError {
    /// A failure that the server did not speak about.
    pub(crate) fn ours(failure: Failure, message: impl Into<String>) -> Self {
        Self {
            failure,
            said: Box::new(Said::Us(message.into())),
            source: None,
        }
    }

    /// The same, with the cause kept.
    #[must_use]
    pub(crate) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the driver reports; `text` is what was sent, for the position.
    pub(crate) fn from_driver(cause: tokio_postgres::Error, text: &str) -> Self {
        let Some(server) = cause.as_db_error() else {
            // Neither the server's answer nor an orderly end: the protocol is out of step.
            return Self::ours(Failure::ConnectionLost, cause.to_string()).because(cause);
        };
        let said = Said::Server {
            message: server.message().to_owned(),
            code: server.code().code().to_owned(),
            detail: server.detail().map(str::to_owned),
            hint: server.hint().map(str::to_owned),
            position: match server.position() {
                Some(ErrorPosition::Original(character)) => Some(byte_of(text, *character)),
                // Points into a text that was not sent, such as the body of a function.
                Some(ErrorPosition::Internal { .. }) | None => None,
            },
        };
        Self {
            failure: failure_of(server),
            said: Box::new(said),
            source: Some(Box::new(cause)),
        }
    }

    /// True when the same host may accept a connection the other way, with or without TLS: it refused this user and
    /// way together, or the greeting failed before the server spoke.
    pub(crate) fn is_of_this_way(&self) -> bool {
        match self.said.as_ref() {
            Said::Server { code, .. } => code == "28000",
            Said::Us(_) => self
                .source
                .as_ref()
                .is_some_and(|source| source.is::<tokio_postgres::Error>()),
        }
    }

    /// True when the server itself answered.
    pub(crate) fn is_servers(&self) -> bool {
        matches!(*self.said, Said::Server { .. })
    }
}

/// The byte of the server's character, which counts from 1.
fn byte_of(text: &str, character: u32) -> usize {
    let index = usize::try_from(character)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(byte, _)| byte)
}

fn failure_of(error: &DbError) -> Failure {
    let ends_the_connection = matches!(
        error.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    );
    failure_of_code(error.code().code()).unwrap_or(if ends_the_connection {
        Failure::ConnectionLost
    } else {
        Failure::Refused
    })
}

/// What a SQLSTATE means; none when the severity decides.
///
/// Source: `PostgreSQL` manual, appendix A.
fn failure_of_code(code: &str) -> Option<Failure> {
    match code {
        "55P03" => Some(Failure::LockTimeout),
        "40P01" | "40001" => Some(Failure::Deadlock),
        "57014" => Some(Failure::Cancelled),
        // A role or password that is not accepted is no lost connection, although it is fatal.
        "42501" | "28000" | "28P01" => Some(Failure::Permission),
        "3D000" => Some(Failure::Refused),
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Some(Failure::ConnectionLost),
        code if code.starts_with("53") => Some(Failure::Resources),
        code if code.starts_with("08") => Some(Failure::ConnectionLost),
        _ => None,
    }
}

impl std::fmt::Display for PostgresError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.said.as_ref() {
            Said::Server { message, .. } => formatter.write_str(message),
            Said::Us(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for PostgresError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl SessionError for PostgresError {
    fn failure(&self) -> Failure {
        self.failure
    }

    fn code(&self) -> Option<&str> {
        match self.said.as_ref() {
            Said::Server { code, .. } => Some(code),
            Said::Us(_) => None,
        }
    }

    fn detail(&self) -> Option<&str> {
        match self.said.as_ref() {
            Said::Server { detail, .. } => detail.as_deref(),
            Said::Us(_) => None,
        }
    }

    fn hint(&self) -> Option<&str> {
        match self.said.as_ref() {
            Said::Server { hint, .. } => hint.as_deref(),
            Said::Us(_) => None,
        }
    }

    fn position(&self) -> Option<usize> {
        match self.said.as_ref() {
            Said::Server { position, .. } => *position,
            Said::Us(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_counted_from_one_and_becomes_a_byte_from_zero() {
        assert_eq!(byte_of("abc", 1), 0);
        assert_eq!(byte_of("äöx", 3), 4);
        assert_eq!(byte_of("äö", 9), 4);
    }

    #[test]
    fn the_code_decides_the_kind() {
        for (code, kind) in [
            ("55P03", Some(Failure::LockTimeout)),
            ("40P01", Some(Failure::Deadlock)),
            ("40001", Some(Failure::Deadlock)),
            ("57014", Some(Failure::Cancelled)),
            ("57P01", Some(Failure::ConnectionLost)),
            ("08006", Some(Failure::ConnectionLost)),
            ("42501", Some(Failure::Permission)),
            ("53200", Some(Failure::Resources)),
            ("42P01", None),
        ] {
            assert_eq!(failure_of_code(code), kind, "{code}");
        }
    }
}

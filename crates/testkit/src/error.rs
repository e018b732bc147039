//! The one error of this crate: what was attempted, and what the system said.

use std::fmt;

/// Why a server could not be used, or a statement not be observed.
#[derive(Debug)]
pub struct Error {
    what: String,
    server_message: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error that is explained by one sentence.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            server_message: None,
            source: None,
        }
    }

    /// An error with the cause that led to it.
    pub fn caused(
        what: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            what: what.into(),
            server_message: None,
            source: Some(Box::new(source)),
        }
    }

    pub(crate) fn refused(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            server_message: Some(message.into()),
            source: None,
        }
    }

    /// The server's own primary message, when it was the server that refused.
    pub fn server_message(&self) -> Option<&str> {
        self.server_message.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)?;
        if let Some(message) = &self.server_message {
            write!(formatter, ": {message}")?;
        }
        if let Some(source) = &self.source {
            write!(formatter, ": {source}")?;
        }
        Ok(())
    }
}

// The cause is part of the text above, so it is not offered a second time as `source`.
impl std::error::Error for Error {}

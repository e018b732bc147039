//! Why a target could not be made of what the user gave.
//!
//! Never repeats what it read, except words of our own: the part that did not parse may be a piece of a password.

use std::path::Path;

/// What is wrong with a connection string, a setting or a file.
#[derive(Debug)]
pub struct TargetError {
    message: String,
    byte: Option<usize>,
    source: Option<std::io::Error>,
}

impl TargetError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            byte: None,
            source: None,
        }
    }

    /// Something is wrong at a byte of the connection string.
    pub(crate) fn at(byte: usize, message: impl Into<String>) -> Self {
        Self {
            byte: Some(byte),
            ..Self::new(message)
        }
    }

    pub(crate) fn unreadable(path: &Path, cause: std::io::Error) -> Self {
        Self {
            source: Some(cause),
            ..Self::new(format!("{} could not be read", path.display()))
        }
    }

    /// The byte of the connection string, from 0, where reading stopped; none when another place is at fault.
    pub fn byte(&self) -> Option<usize> {
        self.byte
    }
}

impl std::fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.byte {
            Some(byte) => write!(
                formatter,
                "the connection string is wrong at byte {byte}: {}",
                self.message
            ),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for TargetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

//! Why a project or a file could not be read.

use std::fmt;

/// Why a project or a file could not be read. Nothing was changed: this crate only reads.
#[derive(Debug)]
pub struct SourceError {
    path: String,
    kind: Kind,
    source: Option<std::io::Error>,
}

/// The private reason.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    NotFound,
    NotRegular,
    Outside,
    TooLarge,
    Encoding { offset: usize, what: &'static str },
    Io,
}

impl SourceError {
    pub(crate) fn io(path: &str, source: std::io::Error) -> Self {
        let kind = if source.kind() == std::io::ErrorKind::NotFound {
            Kind::NotFound
        } else {
            Kind::Io
        };
        Self {
            path: path.to_owned(),
            kind,
            source: Some(source),
        }
    }

    pub(crate) fn not_regular(path: &str) -> Self {
        Self::of(path, Kind::NotRegular)
    }

    pub(crate) fn outside(path: &str) -> Self {
        Self::of(path, Kind::Outside)
    }

    pub(crate) fn too_large(path: &str) -> Self {
        Self::of(path, Kind::TooLarge)
    }

    pub(crate) fn encoding(path: &str, offset: usize, what: &'static str) -> Self {
        Self::of(path, Kind::Encoding { offset, what })
    }

    fn of(path: &str, kind: Kind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            source: None,
        }
    }

    /// The file or folder, as the project shows it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The first byte that is not text, when the encoding is what is wrong. Counts bytes of the file.
    pub fn byte_offset(&self) -> Option<usize> {
        match self.kind {
            Kind::Encoding { offset, .. } => Some(offset),
            Kind::NotFound | Kind::NotRegular | Kind::Outside | Kind::TooLarge | Kind::Io => None,
        }
    }

    /// True when there is no such file or folder.
    pub fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }

    /// True when the file was refused for what it is (a device, a way out of the project, not text), so that
    /// reading it again gives the same answer.
    pub fn is_definitive(&self) -> bool {
        match self.kind {
            Kind::NotRegular | Kind::Outside | Kind::TooLarge | Kind::Encoding { .. } => true,
            Kind::NotFound | Kind::Io => false,
        }
    }

    /// The reason without the path.
    pub fn reason(&self) -> String {
        match (&self.kind, &self.source) {
            (Kind::NotFound, _) => "there is no such file or folder".to_owned(),
            (Kind::NotRegular, _) => "not a regular file".to_owned(),
            (Kind::Outside, _) => "a symbolic link that leads out of the project".to_owned(),
            (Kind::TooLarge, _) => "larger than 1 GiB, which no server accepts".to_owned(),
            (Kind::Encoding { offset, what }, _) => format!("{what} at byte {offset}"),
            (Kind::Io, Some(source)) => source.to_string(),
            (Kind::Io, None) => "could not be read".to_owned(),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.reason())
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

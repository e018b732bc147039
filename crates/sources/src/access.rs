//! Opens files of a project: regular files only, never outside the project, and turns bytes into text.
//!
//! Refuses devices, named pipes, folders and links that lead out of the project, and every encoding but UTF-8.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use segue_model::SourceText;

use crate::SourceError;

/// No server accepts a longer message, so no longer file is read.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// The right to open files below one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The project's folder without links.
    real_root: PathBuf,
}

/// One file of a project: where to open it and how to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where to open it.
    pub(crate) path: PathBuf,
    /// Relative to where the command was started, with `/`.
    pub(crate) shown: String,
}

impl Access {
    /// Files below `real_root`, which has no links in it.
    pub(crate) fn below(real_root: PathBuf) -> Self {
        Self { real_root }
    }

    /// True when the link at `path` leads to something inside the project.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        path.canonicalize()
            .is_ok_and(|real| real.starts_with(&self.real_root))
    }

    /// The whole file, once. What is too large is refused before it is read.
    pub(crate) fn bytes(&self, place: &Place) -> Result<Vec<u8>, SourceError> {
        let (file, length) = self.open(place)?;
        if length > FILE_BYTES_MAX {
            return Err(SourceError::too_large(&place.shown));
        }
        read(file, length, place)
    }

    /// At most `bytes_max` bytes from the start of the file.
    pub(crate) fn head(&self, place: &Place, bytes_max: u64) -> Result<Vec<u8>, SourceError> {
        let (file, length) = self.open(place)?;
        read(file, length.min(bytes_max), place)
    }

    /// Opens first and judges what was opened, so that nothing can be put in its place in between.
    fn open(&self, place: &Place) -> Result<(File, u64), SourceError> {
        match open_unfollowed(&place.path) {
            Ok(file) if self.holds(&file, &place.path) => regular(file, &place.shown),
            Ok(_) => Err(SourceError::outside(&place.shown)),
            Err(_) => self.open_through_link(place),
        }
    }

    /// A link is followed to where it leads inside the project.
    fn open_through_link(&self, place: &Place) -> Result<(File, u64), SourceError> {
        let failed = |error| SourceError::io(&place.shown, error);
        let real = place.path.canonicalize().map_err(failed)?;
        if !real.starts_with(&self.real_root) {
            return Err(SourceError::outside(&place.shown));
        }
        let file = open_unfollowed(&real).map_err(failed)?;
        if !self.holds(&file, &real) {
            return Err(SourceError::outside(&place.shown));
        }
        regular(file, &place.shown)
    }

    /// True when the open file lies in the project: asked of the file where the system can tell, else of its path.
    fn holds(&self, file: &File, path: &Path) -> bool {
        path_of(file)
            .or_else(|| path.canonicalize().ok())
            .is_some_and(|real| real.starts_with(&self.real_root))
    }

    /// The whole file as text, once in memory.
    pub(crate) fn text(&self, place: &Place) -> Result<SourceText, SourceError> {
        let bytes = self.bytes(place)?;
        Ok(SourceText {
            path: place.shown.clone(),
            text: text_of(bytes, &place.shown)?,
        })
    }
}

/// The first `length` bytes, in one allocation.
fn read(file: File, length: u64, place: &Place) -> Result<Vec<u8>, SourceError> {
    // One byte more than the file has, so that finding its end does not grow the allocation.
    let capacity = usize::try_from(length).unwrap_or(0).saturating_add(1);
    let mut bytes = Vec::with_capacity(capacity);
    file.take(length)
        .read_to_end(&mut bytes)
        .map_err(|error| SourceError::io(&place.shown, error))?;
    Ok(bytes)
}

/// Opens without following a last link and without waiting for the other end of a pipe.
fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    options.open(path)
}

/// Where an open file is, as the system knows it.
#[cfg(target_os = "linux")]
fn path_of(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// Where an open file is, as the system knows it.
#[cfg(not(target_os = "linux"))]
fn path_of(_file: &File) -> Option<PathBuf> {
    None
}

/// The file and its length, if it is a regular file.
fn regular(file: File, shown: &str) -> Result<(File, u64), SourceError> {
    let metadata = file
        .metadata()
        .map_err(|error| SourceError::io(shown, error))?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(SourceError::not_regular(shown))
    }
}

/// UTF-8 without its byte order mark, in the same allocation.
pub(crate) fn text_of(bytes: Vec<u8>, shown: &str) -> Result<String, SourceError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(SourceError::encoding(shown, 0, "UTF-16, not UTF-8,"));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(SourceError::encoding(shown, offset, "a NUL byte"));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        SourceError::encoding(shown, offset, "not UTF-8")
    })?;
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn a_byte_order_mark_is_taken_off() {
        let text = text_of(b"\xEF\xBB\xBFSELECT 1;".to_vec(), "a.sql").unwrap();
        assert_eq!(text, "SELECT 1;");
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_with_their_offset() {
        let error = text_of(b"SELECT '\xE9';".to_vec(), "a.sql").unwrap_err();
        assert_eq!(error.byte_offset(), Some(8));
        assert_eq!(error.to_string(), "a.sql: not UTF-8 at byte 8");
    }

    #[test]
    fn utf_16_and_nul_are_refused_with_their_offset() {
        let wide = text_of(b"\xFF\xFES\0".to_vec(), "a.sql").unwrap_err();
        assert_eq!(wide.byte_offset(), Some(0));
        let nul = text_of(b"SELECT\0".to_vec(), "a.sql").unwrap_err();
        assert_eq!(nul.byte_offset(), Some(6));
    }
}

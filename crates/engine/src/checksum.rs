//! Two sums of a migration's text: one of its bytes, one that comments and white space do not change.

use segue_model::{Dialect, Form, Migration};
use sha2::{Digest, Sha256};

/// The sums of one migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// SHA-256 of the bytes of its way up, lower-case hex.
    pub raw: String,
    /// SHA-256 of the normalized text, lower-case hex: an edit changes it, a comment does not.
    pub semantic: String,
    /// The normalized text.
    pub normalized: String,
}

/// The sum of its bytes alone.
pub(crate) fn raw_checksum(migration: &Migration) -> String {
    let mut raw = Sha256::new();
    if let Form::Sql { up, .. } = &migration.form {
        for section in up {
            raw.update(section.text());
        }
    }
    hex(&raw.finalize())
}

/// The sums of a migration; a program has those of an empty text.
pub fn checksums(migration: &Migration, dialect: &dyn Dialect) -> Checksums {
    let mut normalized = String::new();
    if let Form::Sql { up, .. } = &migration.form {
        for section in up {
            if !normalized.is_empty() {
                normalized.push('\n');
            }
            normalized.push_str(&dialect.normalized(section.text()));
        }
    }
    Checksums {
        raw: raw_checksum(migration),
        semantic: hex(&Sha256::digest(normalized.as_bytes())),
        normalized,
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

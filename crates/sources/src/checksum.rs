//! What a tool stores for a file, recomputed from its bytes.
//!
//! Says nothing for tools that store nothing, and nothing for Liquibase, which sums up the parsed change.

use std::fmt::Write as _;

use segue_model::Tool;
use sha2::Digest as _;

use crate::Unit;
use crate::formats::graphile_migrate;
use crate::names::leading_digits;
use crate::siphash::siphash13;

/// What the tool stores, or would store, for the bytes of a migration's file.
pub fn checksum(unit: &Unit, bytes: &[u8]) -> Option<String> {
    match unit.tool {
        Tool::Prisma | Tool::Drizzle => Some(hex(&sha2::Sha256::digest(bytes))),
        Tool::Sqlx => Some(hex(&sha2::Sha384::digest(bytes))),
        Tool::Flyway => Some(crc32_of_lines(bytes).to_string()),
        Tool::Refinery => refinery(&unit.id, &unit.name, bytes),
        Tool::GraphileMigrate => graphile_migrate::hash(bytes),
        Tool::Native
        | Tool::Dbmate
        | Tool::GolangMigrate
        | Tool::Goose
        | Tool::Diesel
        | Tool::NodePgMigrate
        | Tool::Plain
        | Tool::Liquibase
        | Tool::Alembic
        | Tool::Django
        | Tool::Knex
        | Tool::Rails
        | Tool::TypeOrm => None,
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// CRC-32 over the lines without their endings and without a byte order mark, as a signed number.
fn crc32_of_lines(bytes: &[u8]) -> i32 {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut hasher = crc32fast::Hasher::new();
    for line in text.split(|byte| *byte == b'\n' || *byte == b'\r') {
        hasher.update(line);
    }
    hasher.finalize().cast_signed()
}

/// Name, 0xFF, version as four bytes little endian, text, 0xFF.
fn refinery(version: &str, name: &str, bytes: &[u8]) -> Option<String> {
    let version: i32 = leading_digits(version)?.0.parse().ok()?;
    let mut input = Vec::with_capacity(bytes.len() + name.len() + 6);
    input.extend_from_slice(name.as_bytes());
    input.push(0xFF);
    input.extend_from_slice(&version.to_le_bytes());
    input.extend_from_slice(bytes);
    input.push(0xFF);
    Some(siphash13(&input).to_string())
}

//! The measured lock cases: what each statement was seen to lock, scan and rewrite.
//!
//! Pure: reads the table that was compiled in (`facts/pg-locks.tsv`), opens no file and no
//! connection. How the table was measured is in [`crate::observe`].

use std::fmt;

const TABLE: &str = include_str!("../facts/pg-locks.tsv");

/// A table-level lock mode, weakest first, as the manual orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// ACCESS SHARE: a reader.
    AccessShare,
    /// ROW SHARE: SELECT FOR UPDATE.
    RowShare,
    /// ROW EXCLUSIVE: a writer.
    RowExclusive,
    /// SHARE UPDATE EXCLUSIVE: maintenance beside readers and writers.
    ShareUpdateExclusive,
    /// SHARE: stops writers.
    Share,
    /// SHARE ROW EXCLUSIVE: stops writers and itself.
    ShareRowExclusive,
    /// EXCLUSIVE: lets only readers through.
    Exclusive,
    /// ACCESS EXCLUSIVE: lets nobody through.
    AccessExclusive,
}

impl Mode {
    /// Every mode, weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// The name in `pg_locks`, for example `AccessExclusiveLock`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// The abbreviation of the table, for example `AE`.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Self::AccessShare => "AS",
            Self::RowShare => "RS",
            Self::RowExclusive => "RE",
            Self::ShareUpdateExclusive => "SUE",
            Self::Share => "S",
            Self::ShareRowExclusive => "SRE",
            Self::Exclusive => "E",
            Self::AccessExclusive => "AE",
        }
    }

    /// The mode with this name in `pg_locks`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The mode with this abbreviation.
    pub fn from_abbreviation(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.abbreviation() == text)
    }
}

/// What one line says about locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relation was locked; this is the strongest mode.
    Locked(Mode),
    /// No relation that existed before was locked; object locks above ACCESS SHARE are named.
    NoRelationLock {
        /// `pg_proc:AccessExclusiveLock, …`, or empty.
        objects: String,
    },
    /// The server refused the statement with this message.
    Refused(String),
}

/// What happened to the relation's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// The same file as before.
    Kept,
    /// The relation was written anew: rewrite, TRUNCATE, another tablespace, a sequence.
    Rewritten,
    /// An index that existed before was built again.
    IndexRebuilt,
}

/// One relation that one statement touched on one major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// The major version.
    pub version: u16,
    /// The relation's name; `toast(t)` and `toastidx(t)` for the TOAST table of `t` and its
    /// index; `-` when there is no relation.
    pub relation: String,
    /// A label such as `target` or `referenced table`; a convenience, never compared.
    pub role: String,
    /// `relkind` as in `pg_class`, or `-`.
    pub relkind: char,
    /// The strongest lock, or why there is none.
    pub outcome: Outcome,
    /// Every mode that was held, weakest first.
    pub modes: Vec<Mode>,
    /// Modes that were seen waiting; depends on timing.
    pub waited: Vec<Mode>,
    /// What happened to the file.
    pub file: FileChange,
    /// Rows returned by sequential scans in the transaction; `None` when there was no scan, or
    /// the statement runs outside a transaction.
    pub rows_scanned: Option<u64>,
}

/// One statement, its set-up, and what it locks on every version it was measured on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockCase {
    /// The stable name of the case.
    pub name: String,
    /// The statement, without the comments about its set-up.
    pub statement: String,
    /// Statements committed before.
    pub after: Vec<String>,
    /// `TimeZone` of the session; `None` means the server's own, which the measurement set to
    /// a zone that is not UTC.
    pub time_zone: Option<String>,
    /// What another session holds in an open transaction; the statement then runs outside one.
    pub held: Option<String>,
    /// The major versions it was measured on, oldest first.
    pub versions: Vec<u16>,
    /// The rows of all versions, in the order of the table.
    pub rows: Vec<LockRow>,
}

impl LockCase {
    /// The rows measured on one major version.
    pub fn rows_on(&self, version: u16) -> impl Iterator<Item = &LockRow> {
        self.rows.iter().filter(move |row| row.version == version)
    }
}

/// A line of the table that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for UnreadableLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pg-locks.tsv:{}: {}", self.line, self.why)
    }
}

impl std::error::Error for UnreadableLine {}

/// Every measured case, in the order of the table.
///
/// The table is compiled in and a test reads all of it, so no line is ever left out here.
pub fn load() -> Vec<LockCase> {
    parse(TABLE).unwrap_or_default()
}

/// The tables the cases run on: load it once into a template database.
pub fn schema_sql() -> &'static str {
    include_str!("../facts/pg-locks-schema.sql")
}

/// Roles and a tablespace that some cases need: run it once for each server.
pub fn globals_sql() -> &'static str {
    include_str!("../facts/pg-locks-globals.sql")
}

/// Reads a table with the columns of `pg-locks.tsv`.
///
/// # Errors
/// The first line that does not have the columns, or a value that is not known.
pub fn parse(table: &str) -> Result<Vec<LockCase>, UnreadableLine> {
    let mut cases: Vec<LockCase> = Vec::new();
    for (index, line) in table.lines().enumerate().skip(1) {
        let at = |why| UnreadableLine {
            line: index + 1,
            why,
        };
        let columns: Vec<&str> = line.split('\t').collect();
        let [version, name, statement, rest @ ..] = columns.as_slice() else {
            return Err(at("fewer than three columns"));
        };
        let version = version
            .parse()
            .map_err(|_| at("the version is no number"))?;
        let row = row(version, rest).map_err(at)?;
        if let Some(known) = cases.iter_mut().find(|case| case.name == *name) {
            if !known.versions.contains(&version) {
                known.versions.push(version);
            }
            known.rows.push(row);
        } else {
            let mut case = case(name, statement).map_err(at)?;
            case.versions.push(version);
            case.rows.push(row);
            cases.push(case);
        }
    }
    Ok(cases)
}

/// Splits a statement from the comments that tell its set-up.
fn case(name: &str, annotated: &str) -> Result<LockCase, &'static str> {
    let mut parts = annotated.split("/* ");
    let mut case = LockCase {
        name: name.to_owned(),
        statement: parts.next().unwrap_or_default().trim().to_owned(),
        after: Vec::new(),
        time_zone: None,
        held: None,
        versions: Vec::new(),
        rows: Vec::new(),
    };
    for part in parts {
        let note = part
            .trim_end()
            .strip_suffix("*/")
            .ok_or("a comment is not closed")?
            .trim();
        if let Some(setup) = note.strip_prefix("after: ") {
            case.after = setup.split("; ").map(str::to_owned).collect();
        } else if let Some(zone) = note.strip_prefix("TimeZone=") {
            case.time_zone = Some(zone.to_owned());
        } else if let Some(held) = note.strip_prefix("held open by another session: ") {
            case.held = Some(held.to_owned());
        } else {
            return Err("a comment that is not after, TimeZone or held");
        }
    }
    Ok(case)
}

fn row(version: u16, columns: &[&str]) -> Result<LockRow, &'static str> {
    let [
        relation,
        role,
        relkind,
        strongest,
        all_modes,
        rewrite,
        rebuilt,
        scanned,
    ] = columns
    else {
        return Err("not eleven columns");
    };
    let (held, waited) = match all_modes.split_once(" (waited: ") {
        Some((held, waited)) => (held, waited.trim_end_matches(')')),
        None => (*all_modes, ""),
    };
    Ok(LockRow {
        version,
        relation: (*relation).to_owned(),
        role: (*role).to_owned(),
        relkind: relkind.chars().next().unwrap_or('-'),
        outcome: outcome(strongest)?,
        modes: modes(held)?,
        waited: modes(waited)?,
        file: file_change(rewrite, rebuilt)?,
        rows_scanned: match *scanned {
            "" => None,
            number => Some(number.parse().map_err(|_| "rows_scanned is no number")?),
        },
    })
}

fn outcome(strongest: &str) -> Result<Outcome, &'static str> {
    if let Some(message) = strongest.strip_prefix("ERROR: ") {
        return Ok(Outcome::Refused(message.to_owned()));
    }
    if let Some(objects) = strongest.strip_prefix("no relation lock") {
        let objects = objects.trim_start_matches(" (object lock ");
        return Ok(Outcome::NoRelationLock {
            objects: objects.trim_end_matches(')').to_owned(),
        });
    }
    Mode::from_name(strongest)
        .map(Outcome::Locked)
        .ok_or("an unknown lock mode")
}

fn modes(text: &str) -> Result<Vec<Mode>, &'static str> {
    text.split(['+', ','])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Mode::from_abbreviation(part).ok_or("an unknown abbreviation of a lock mode"))
        .collect()
}

fn file_change(rewrite: &str, rebuilt: &str) -> Result<FileChange, &'static str> {
    match (rewrite, rebuilt) {
        ("yes", "no") => Ok(FileChange::Rewritten),
        ("no", "yes") => Ok(FileChange::IndexRebuilt),
        // A refused statement has neither.
        ("no", "no") | ("", "") => Ok(FileChange::Kept),
        _ => Err("rewrite and index_rebuilt do not fit together"),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileChange, LockCase, Mode, Outcome, TABLE, load, parse};

    fn case(name: &str) -> LockCase {
        let found = load().into_iter().find(|case| case.name == name);
        found.unwrap_or_else(|| panic!("no case {name}"))
    }

    #[test]
    fn every_line_of_the_table_is_a_row() {
        let cases = parse(TABLE).expect("the table is readable");
        let rows: usize = cases.iter().map(|case| case.rows.len()).sum();
        assert_eq!(rows, TABLE.lines().count() - 1);
        assert!(cases.len() > 200);
    }

    #[test]
    fn the_set_up_is_separated_from_the_statement() {
        let case = case("reindex-table-concurrently");
        assert_eq!(case.statement, "REINDEX TABLE CONCURRENTLY nopk");
        assert_eq!(case.after, ["CREATE INDEX nopk_i ON nopk(a)"]);
        assert_eq!(
            case.held.as_deref(),
            Some("INSERT INTO nopk VALUES (0,'z')")
        );
        assert_eq!(case.versions, [15, 18]);
    }

    #[test]
    fn several_statements_of_a_set_up_are_separated() {
        assert_eq!(case("alter-index-attach").after.len(), 2);
        let zoned = case("type-tz-to-ts-utc");
        assert_eq!(zoned.time_zone.as_deref(), Some("UTC"));
    }

    #[test]
    fn waiting_modes_and_rewrites_are_read() {
        let case = case("vacuum-full");
        let row = case.rows_on(15).next().expect("a row");
        assert_eq!(row.outcome, Outcome::Locked(Mode::AccessExclusive));
        assert_eq!(
            row.modes,
            [Mode::AccessShare, Mode::Share, Mode::AccessExclusive]
        );
        assert_eq!(row.waited, [Mode::AccessExclusive]);
        assert_eq!(row.file, FileChange::Rewritten);
    }

    #[test]
    fn a_refusal_and_an_object_lock_are_no_relation_lock() {
        let refused = case("add-fk-not-valid-from-partitioned");
        let row = refused.rows_on(15).next().expect("a row");
        assert!(matches!(&row.outcome, Outcome::Refused(text) if text.starts_with("cannot add")));
        let renamed = case("enum-rename-value");
        let row = renamed.rows_on(18).next().expect("a row");
        let objects = "pg_type:ExclusiveLock".to_owned();
        assert_eq!(row.outcome, Outcome::NoRelationLock { objects });
    }

    #[test]
    fn an_unknown_comment_is_an_error() {
        let table =
            "head\n15\tc\tSELECT 1 /* maybe: X */\t-\tnone\t-\tno relation lock\t\tno\tno\t";
        let error = parse(table).expect_err("an unknown comment");
        assert_eq!(error.line, 2);
    }
}

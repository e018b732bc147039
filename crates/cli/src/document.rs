//! What a check hands to the reports: events while it runs, and the document that is whole at the end.
//!
//! Nothing here knows a format. Statements are never kept; findings only for formats that need all of them at once.

use schemars::JsonSchema;
use serde::Serialize;

use segue_check::{Finding, JudgedMigration, ReadMigration, Severity, Suppression};
use segue_model::{Dialect, Tool};

use crate::show::excerpt::Excerpt;
use crate::show::position::Position;
use crate::show::steps::StepText;

/// Something a report may write about.
pub(crate) enum Event<'a> {
    /// The check begins.
    Begin(&'a Run),
    /// A project begins.
    Project(&'a Project),
    /// A migration was judged.
    Migration(&'a JudgedFile<'a>),
    /// A project ends, with what was found about it as a whole.
    ProjectEnd(&'a [Placed]),
    /// Everything was judged.
    End(&'a Document),
}

/// The whole answer.
#[derive(Debug)]
pub(crate) struct Document {
    /// What was asked.
    pub(crate) run: Run,
    /// The projects that were judged.
    pub(crate) projects: Vec<Project>,
    /// The migrations that were reported on, where the format keeps findings.
    pub(crate) judged: Vec<JudgedPath>,
    /// The findings, where the format keeps them.
    pub(crate) findings: KeptFindings,
    /// What directives allow, where the format keeps findings.
    pub(crate) suppressed: Vec<Allowed>,
    /// The numbers.
    pub(crate) summary: Summary,
}

/// All findings of a check in the order they were found: one list per migration, so that none is moved again.
#[derive(Debug, Default)]
pub(crate) struct KeptFindings {
    lists: Vec<Vec<Placed>>,
    length: usize,
}

impl KeptFindings {
    /// Adds the findings of one migration.
    pub(crate) fn add(&mut self, found: Vec<Placed>) {
        self.length += found.len();
        if !found.is_empty() {
            self.lists.push(found);
        }
    }

    /// All of them, in the order they were found.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Placed> {
        self.lists.iter().flatten()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The dialect's name.
    pub(crate) dialect: &'static str,
    /// The major version of the server.
    pub(crate) server_version: u16,
    /// The revision that findings are new since.
    pub(crate) base: Option<String>,
    /// The least severity that fails.
    pub(crate) fail_on: Severity,
}

/// The migrations of one tool in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// The tool.
    pub(crate) tool: Tool,
    /// The folder, as it is shown.
    pub(crate) directory: String,
    /// How many migrations it has.
    pub(crate) migrations: usize,
}

/// One migration that was judged, with its texts still at hand.
pub(crate) struct JudgedFile<'a> {
    /// Its number in the project, from 0, counting those that are reported.
    pub(crate) number: usize,
    /// What was read.
    pub(crate) read: &'a ReadMigration,
    /// What was answered.
    pub(crate) judged: &'a JudgedMigration,
    /// The dialect, which writes the safe steps.
    pub(crate) dialect: &'a dyn Dialect,
    /// What was found.
    pub(crate) findings: &'a [Placed],
    /// What a directive allows.
    pub(crate) suppressed: &'a [Allowed],
}

/// A migration that was reported on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JudgedPath {
    /// The project it belongs to.
    pub(crate) project: usize,
    /// Its id, as its tool names it.
    pub(crate) id: String,
    /// Its file or folder.
    pub(crate) path: String,
}

/// A finding with its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The finding.
    pub(crate) finding: Finding,
    /// The project it belongs to.
    pub(crate) project: usize,
    /// Where it stands; none when it is about a file or folder as a whole.
    pub(crate) spot: Option<Spot>,
    /// The safe steps as SQL.
    pub(crate) steps: Vec<StepText>,
}

/// Where a finding stands in its file.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// The first character.
    pub(crate) start: Position,
    /// One past the last character.
    pub(crate) end: Position,
    /// The lines around it; none when the format shows none.
    pub(crate) excerpt: Option<Excerpt>,
}

/// A finding that a directive allows.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// The finding.
    pub(crate) placed: Placed,
    /// The directive.
    pub(crate) suppression: Suppression,
}

/// The numbers of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Summary {
    /// Migrations that were reported on.
    pub(crate) migrations: usize,
    /// Migrations that were only replayed: they were there before the base revision.
    pub(crate) replayed: usize,
    /// Statements of the migrations that were reported on.
    pub(crate) statements: usize,
    /// Migrations that are programs and need a rehearsal.
    pub(crate) programs: usize,
    /// Findings of severity error.
    pub(crate) errors: usize,
    /// Findings of severity warning.
    pub(crate) warnings: usize,
    /// Findings of severity note.
    pub(crate) notes: usize,
    /// Findings that a directive allows.
    pub(crate) suppressed: usize,
    /// How long it took, in milliseconds.
    pub(crate) elapsed_ms: u64,
}

impl Summary {
    /// Counts a finding.
    pub(crate) fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// How many findings are at least this bad.
    pub(crate) fn at_least(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.errors + self.warnings,
            Severity::Note => self.errors + self.warnings + self.notes,
        }
    }
}

//! The audit as one JSON object. Its schema comes from the same structs.
//!
//! The format is versioned: within `segue.audit/1` fields are added, never renamed, removed or given another meaning.

use std::io::{self, Write};

use schemars::JsonSchema;
use segue_check::{Date, Remedy, Severity};
use segue_model::{QualifiedName, Tool};
use serde::Serialize;

use super::score::{Counts, Scored};
use super::watch::Found;
use super::{Audit, Tally};
use crate::document::{Project, Summary};
use crate::show::position::Position;
use crate::show::steps::StepText;

/// The format's name and version.
const FORMAT: &str = "segue.audit/1";

/// The whole answer.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Report<'a> {
    /// The format and its version.
    #[schemars(extend("const" = FORMAT))]
    format: &'static str,
    /// The version of Segue.
    segue: &'static str,
    /// The dialect.
    dialect: &'a str,
    /// The major version of the server that was assumed.
    server_version: u16,
    /// The projects that were found.
    projects: Vec<ProjectReport<'a>>,
    /// The score of the whole, 0 to 100; null when nothing could be scored.
    score: Option<usize>,
    /// The checklist.
    areas: Vec<AreaReport<'a>>,
    /// The worst findings, as positions in `findings`, the worst first.
    worst: &'a [usize],
    /// Every finding, in the order of the files.
    findings: Vec<FindingReport<'a>>,
    /// The files with findings, the worst first.
    files: Vec<TallyReport>,
    /// The tables with findings, the worst first.
    tables: Vec<TallyReport>,
    /// The numbers of the check.
    summary: &'a Summary,
}

/// One project.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ProjectReport<'a> {
    /// Its number, from 0.
    number: usize,
    /// The tool.
    tool: Tool,
    /// The folder.
    directory: &'a str,
    /// How many migrations it has.
    migrations: usize,
    /// How many of them are programs, which need a rehearsal.
    programs: usize,
    /// The first day in the names of the migrations; null when they have none.
    first: Option<Date>,
    /// The last day.
    last: Option<Date>,
}

/// One line of the checklist.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AreaReport<'a> {
    /// Its name: never renamed.
    area: &'static str,
    /// Its name for people.
    title: &'static str,
    /// What it asks.
    question: &'static str,
    /// What it weighs in the whole.
    weight: u32,
    /// Its score, 0 to 100; null where it has none.
    score: Option<usize>,
    /// Why it has no score.
    without_score: Option<&'a str>,
    /// Its findings.
    #[serde(flatten)]
    counts: CountsReport,
    /// The migrations they are in.
    migrations: usize,
    /// By how many points the whole would rise without them.
    gain: usize,
}

/// How many findings of each severity.
#[derive(Serialize, JsonSchema)]
struct CountsReport {
    /// Errors.
    errors: usize,
    /// Warnings.
    warnings: usize,
    /// Notes.
    notes: usize,
}

/// One finding.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FindingReport<'a> {
    /// The code: a rule's, or one of the audit's own.
    code: &'a str,
    /// The area that counts it.
    area: &'static str,
    /// How bad.
    severity: Severity,
    /// What happens.
    message: &'a str,
    /// The number of its project.
    project: usize,
    /// The file or folder.
    path: &'a str,
    /// The first character; null when it is about the file as a whole.
    start: Option<Position>,
    /// The migration's id.
    migration: Option<&'a str>,
    /// The relation it is about.
    relation: Option<&'a QualifiedName>,
    /// The lock, what it blocks, and for how long.
    lock: Option<&'a str>,
    /// What to do instead, in words.
    advice: Option<&'a str>,
    /// What to do instead, as SQL.
    steps: &'a [StepText],
    /// Stable across moves of lines.
    fingerprint: &'a str,
}

/// The findings of one file or table.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct TallyReport {
    /// The file or table.
    name: String,
    /// How many.
    #[serde(flatten)]
    counts: CountsReport,
    /// Which, as positions in `findings`.
    findings: Vec<usize>,
}

/// Writes the answer.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        format: FORMAT,
        segue: env!("CARGO_PKG_VERSION"),
        dialect: audit.run.dialect,
        server_version: audit.run.server_version,
        projects: audit
            .projects
            .iter()
            .map(|project| about(project, audit))
            .collect(),
        score: audit.score,
        areas: audit.areas.iter().map(area).collect(),
        worst: &audit.worst,
        findings: audit.found.iter().map(finding).collect(),
        files: audit.by_file().into_iter().map(tally).collect(),
        tables: audit.by_table().into_iter().map(tally).collect(),
        summary: &audit.summary,
    };
    serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
    writeln!(out)
}

/// The JSON Schema of the format.
pub(crate) fn schema() -> String {
    let schema = schemars::schema_for!(Report<'static>);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn about<'a>(project: &'a Project, audit: &'a Audit) -> ProjectReport<'a> {
    let marks = || {
        audit
            .marks
            .iter()
            .filter(|mark| mark.project == project.number)
    };
    ProjectReport {
        number: project.number,
        tool: project.tool,
        directory: &project.directory,
        migrations: project.migrations,
        programs: marks().filter(|mark| mark.program.is_some()).count(),
        first: marks().filter_map(|mark| mark.day).min(),
        last: marks().filter_map(|mark| mark.day).max(),
    }
}

fn area(scored: &Scored) -> AreaReport<'_> {
    AreaReport {
        area: scored.area.key,
        title: scored.area.title,
        question: scored.area.question,
        weight: scored.area.weight,
        score: scored.score.as_ref().ok().copied(),
        without_score: scored.score.as_ref().err().map(String::as_str),
        counts: counts(scored.counts),
        migrations: scored.migrations,
        gain: scored.gain,
    }
}

fn finding(found: &Found) -> FindingReport<'_> {
    let placed = &found.placed;
    FindingReport {
        code: &placed.finding.code,
        area: Audit::area(found).key,
        severity: placed.finding.severity,
        message: &placed.finding.message,
        project: placed.project,
        path: &placed.finding.place.path,
        start: placed.spot.as_ref().map(|spot| spot.start),
        migration: placed.finding.migration.as_deref(),
        relation: placed.finding.relation.as_ref(),
        lock: placed.finding.lock.as_deref(),
        advice: match &placed.finding.instead {
            Some(Remedy::Advice(advice)) => Some(advice),
            Some(Remedy::Steps(_)) | None => None,
        },
        steps: &placed.steps,
        fingerprint: &placed.finding.fingerprint,
    }
}

fn tally(tally: Tally) -> TallyReport {
    TallyReport {
        name: tally.name,
        counts: counts(tally.counts),
        findings: tally.which,
    }
}

fn counts(counts: Counts) -> CountsReport {
    CountsReport {
        errors: counts.errors,
        warnings: counts.warnings,
        notes: counts.notes,
    }
}

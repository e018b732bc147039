//! One JSON object with every statement and every answer, written as a stream. Its schema comes from the same structs.
//!
//! The format is versioned: within `segue.check/1` fields are added, never renamed, removed or given another meaning.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use segue_check::{JudgedStatement, Layer, Question, Remedy, Severity, Suppression};
use segue_model::{
    Breakage, Change, Dialect, Form, Impact, Inverse, Loss, Plan, QualifiedName, Repetition, Section, Span,
    Statement, TextNote, Tool, Wrapping, without_secrets,
};

use super::{Desk, Reporter, TerminalCodes};
use crate::document::{
    Allowed, Document, Event, JudgedFile, Placed, Project, Run, Summary,
};
use crate::judging::Keep;
use crate::show::excerpt::{Cut, secrets, statement_text};
use crate::show::position::{Finger, Position};
use crate::show::steps::{StepText, steps};

/// The format's name and version.
const FORMAT: &str = "segue.check/1";

pub(crate) static REPORTER: Reporter = Reporter {
    name: "json",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::Yes,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

/// The whole answer. Written piece by piece; this struct is what the schema is made from.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Report<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    /// The projects, each judged alone.
    projects: Vec<ProjectReport<'a>>,
    /// All findings, in the order they were found.
    findings: Vec<FindingReport<'a>>,
    /// Findings that a directive allows.
    suppressed: Vec<SuppressedReport<'a>>,
    /// The numbers.
    summary: &'a Summary,
}

/// What was asked.
#[derive(Serialize, JsonSchema)]
pub(super) struct Header<'a> {
    /// The format and its version.
    #[schemars(extend("const" = FORMAT))]
    format: &'static str,
    /// The version of Segue.
    segue: &'static str,
    /// The dialect.
    dialect: &'a str,
    /// The major version of the server that was assumed.
    server_version: u16,
    /// The revision that findings are new since.
    base: Option<&'a str>,
    /// The least severity that fails.
    fail_on: Severity,
}

/// The migrations of one tool in one place.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ProjectReport<'a> {
    #[serde(flatten)]
    project: ProjectHeader<'a>,
    /// The migrations that are reported on, in the tool's order.
    migrations: Vec<MigrationReport<'a>>,
}

/// Which project.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProjectHeader<'a> {
    /// Its number, from 0.
    number: usize,
    /// The tool.
    tool: Tool,
    /// The folder.
    directory: &'a str,
    /// How many migrations it has, with those that were only replayed.
    count: usize,
}

/// One migration.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MigrationReport<'a> {
    #[serde(flatten)]
    migration: MigrationHeader<'a>,
    /// Its statements; none when it is a program.
    statements: Vec<StatementReport<'a>>,
}

/// Which migration.
#[derive(Serialize, JsonSchema)]
pub(super) struct MigrationHeader<'a> {
    /// As its tool names it.
    id: &'a str,
    /// The descriptive part.
    name: &'a str,
    /// The file or folder.
    path: &'a str,
    /// Once, or on change.
    repetition: Repetition,
    /// The language of a program, which needs a rehearsal; null for SQL.
    program: Option<&'a str>,
}

/// One statement with every answer.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StatementReport<'a> {
    /// The file it stands in.
    path: &'a str,
    /// Its number in the migration, from 0.
    number: usize,
    /// The number of its section, from 0.
    section: usize,
    /// How its section reaches the server.
    wrapping: Wrapping,
    /// Its bytes in the file.
    span: Span,
    /// Its first character.
    start: Position,
    /// One past its last character.
    end: Position,
    /// Its text, at most 2,000 characters, secrets blotted out.
    text: String,
    /// Whether the text was cut.
    text_cut: bool,
    /// What it does.
    changes: &'a [Change],
    /// What was noticed about its text.
    notes: &'a [TextNote],
    /// Locks, work, waits, refusals, and whether it can run in a transaction.
    impact: &'a Impact,
    /// Whom it breaks while code written before it still runs.
    breaks: &'a [Breakage],
    /// What is lost.
    destroys: &'a [Loss],
    /// What undoes it, one answer per change.
    inverse: &'a [Inverse],
    /// The safe way to the same result; null when it is as good as it gets, or no safe way is known.
    safe_way: Option<SafeWayReport<'a>>,
}

/// The safe way of one statement.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SafeWayReport<'a> {
    /// The plan.
    plan: &'a Plan,
    /// Its steps as SQL.
    steps: Vec<StepText>,
}

/// One finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct FindingReport<'a> {
    /// The rule's code.
    code: &'a str,
    /// How bad.
    severity: Severity,
    /// Which question it answers.
    question: Question,
    /// Which layer proved it.
    layer: Layer,
    /// What happens.
    message: &'a str,
    /// The number of its project.
    project: usize,
    /// The file or folder.
    path: &'a str,
    /// The bytes of the file; null when it is about the file as a whole.
    span: Option<Span>,
    /// The first character.
    start: Option<Position>,
    /// One past the last character.
    end: Option<Position>,
    /// The migration's id.
    migration: Option<&'a str>,
    /// The relation it is about.
    relation: Option<&'a QualifiedName>,
    /// The lock, what it blocks, and for how long.
    lock: Option<&'a str>,
    /// What to do instead, in words.
    advice: Option<&'a str>,
    /// What to do instead, as a plan.
    plan: Option<&'a Plan>,
    /// The steps of the plan as SQL.
    steps: &'a [StepText],
    /// Stable across moves of lines.
    fingerprint: &'a str,
}

/// A finding that a directive allows.
#[derive(Serialize, JsonSchema)]
pub(super) struct SuppressedReport<'a> {
    /// The finding.
    finding: FindingReport<'a>,
    /// The directive.
    directive: &'a Suppression,
}

impl<'a> Header<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        Self {
            format: FORMAT,
            segue: env!("CARGO_PKG_VERSION"),
            dialect: run.dialect,
            server_version: run.server_version,
            base: run.base.as_deref(),
            fail_on: run.fail_on,
        }
    }
}

impl<'a> ProjectHeader<'a> {
    pub(super) fn new(project: &'a Project) -> Self {
        Self {
            number: project.number,
            tool: project.tool,
            directory: &project.directory,
            count: project.migrations,
        }
    }
}

impl<'a> MigrationHeader<'a> {
    pub(super) fn new(file: &JudgedFile<'a>) -> Self {
        let migration = &file.read.migration;
        let program = match &migration.form {
            Form::Sql { .. } => None,
            Form::Program { language, .. } => Some(*language),
        };
        Self {
            id: &migration.id,
            name: &migration.name,
            path: &migration.path,
            repetition: migration.repetition,
            program,
        }
    }
}

impl<'a> FindingReport<'a> {
    pub(super) fn new(placed: &'a Placed) -> Self {
        let finding = &placed.finding;
        let (advice, plan) = match &finding.instead {
            Some(Remedy::Steps(plan)) => (None, Some(plan)),
            Some(Remedy::Advice(advice)) => (Some(advice.as_str()), None),
            None => (None, None),
        };
        Self {
            code: &finding.code,
            severity: finding.severity,
            question: finding.question,
            layer: finding.layer,
            message: &finding.message,
            project: placed.project,
            path: &finding.place.path,
            span: finding.place.span,
            start: placed.spot.as_ref().map(|spot| spot.start),
            end: placed.spot.as_ref().map(|spot| spot.end),
            migration: finding.migration.as_deref(),
            relation: finding.relation.as_ref(),
            lock: finding.lock.as_deref(),
            advice,
            plan,
            steps: &placed.steps,
            fingerprint: &finding.fingerprint,
        }
    }
}

impl<'a> SuppressedReport<'a> {
    pub(super) fn new(allowed: &'a Allowed) -> Self {
        Self {
            finding: FindingReport::new(&allowed.placed),
            directive: &allowed.suppression,
        }
    }
}

/// Hands over the statements of a migration one by one.
pub(super) fn statements<'a>(
    file: &JudgedFile<'a>,
    mut each: impl FnMut(StatementReport<'a>) -> io::Result<()>,
) -> io::Result<()> {
    let sections = match &file.read.migration.form {
        Form::Sql { up, .. } => up.as_slice(),
        Form::Program { .. } => &[],
    };
    let mut at: Option<(usize, Finger<'a>)> = None;
    for (number, judged) in file.judged.statements.iter().enumerate() {
        let statement = file.judged.statement(file.read, judged);
        let (Some(section), Some(statement)) = (sections.get(judged.section), statement) else {
            continue;
        };
        if at.as_ref().is_none_or(|(of, _)| *of != judged.section) {
            at = Some((judged.section, Finger::new(&section.file.text)));
        }
        if let Some((_, finger)) = &mut at {
            each(report((number, judged), statement, section, (finger, file.dialect)))?;
        }
    }
    Ok(())
}

fn report<'a>(
    (number, judged): (usize, &'a JudgedStatement),
    statement: &'a Statement,
    section: &'a Section,
    (finger, dialect): (&mut Finger<'a>, &dyn Dialect),
) -> StatementReport<'a> {
    let start = finger.position(statement.span.start);
    let end = finger.position(statement.span.end);
    let (text, cut) = text(statement, &section.file.text);
    StatementReport {
        path: &section.file.path,
        number,
        section: judged.section,
        wrapping: section.wrapping,
        span: statement.span,
        start,
        end,
        safe_way: judged.plan.as_ref().map(|plan| SafeWayReport {
            plan,
            steps: steps(plan, dialect, &text),
        }),
        text,
        text_cut: cut == Cut::Yes,
        changes: &statement.changes,
        notes: &statement.notes,
        impact: &judged.answers.impact,
        breaks: &judged.answers.breaks,
        destroys: &judged.answers.destroys,
        inverse: &judged.inverse,
    }
}

fn text(statement: &Statement, file: &str) -> (String, Cut) {
    statement_text(file, statement.span, &secrets([statement]))
}

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    let out = &mut *desk.out;
    match event {
        Event::Begin(run) => {
            open(&Header::new(run), out)?;
            out.write_all(b",\"projects\":[")
        }
        Event::Project(project) => {
            separate(project.number, out)?;
            open(&ProjectHeader::new(project), out)?;
            out.write_all(b",\"migrations\":[")
        }
        Event::Migration(file) => {
            separate(file.number, out)?;
            open(&MigrationHeader::new(file), out)?;
            out.write_all(b",\"statements\":[")?;
            let mut written = 0;
            statements(file, |statement| {
                separate(written, out)?;
                written += 1;
                json(&statement, out)
            })?;
            out.write_all(b"]}")
        }
        Event::ProjectEnd(_) => out.write_all(b"]}\n"),
        Event::End(document) => end(document, out),
    }
}

fn end(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"],\"findings\":[")?;
    for (number, placed) in document.findings.iter().enumerate() {
        separate(number, out)?;
        json(&FindingReport::new(placed), out)?;
    }
    out.write_all(b"],\"suppressed\":[")?;
    for (number, allowed) in document.suppressed.iter().enumerate() {
        separate(number, out)?;
        json(&SuppressedReport::new(allowed), out)?;
    }
    out.write_all(b"],\"summary\":")?;
    json(&document.summary, out)?;
    out.write_all(b"}\n")
}

/// Before every element of an array but the first.
fn separate(number: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(if number == 0 { b"\n" } else { b",\n" })
}

/// An object without its closing brace, so that more fields can follow.
fn open(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    out.write_all(text.strip_suffix('}').unwrap_or(&text).as_bytes())
}

/// A value. Straight into the buffer: a statement may have thousands of changes.
pub(super) fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Masking);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// As compact as can be, and no text shows a secret: changes and plans hold the literals of their statements.
struct Masking;

impl serde_json::ser::Formatter for Masking {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        match without_secrets(fragment) {
            None => out.write_all(fragment.as_bytes()),
            Some(masked) => out.write_all(masked.as_bytes()),
        }
    }
}

/// The JSON Schema of the format.
pub(crate) fn schema() -> String {
    let schema = schemars::schema_for!(Report<'static>);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

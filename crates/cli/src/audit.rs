//! `segue audit`: what a project's migrations look like as a whole. A checklist with scores, the worst, the rest by file.
//!
//! Everything is counted from the findings of an ordinary check, the history of git and the catalog at the end; no rule is
//! asked twice and none is invented here.

pub(crate) mod area;
mod chart;
mod date;
mod edited;
pub(crate) mod html;
pub(crate) mod human;
pub(crate) mod json;
mod score;
mod unfinished;
mod watch;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use segue_check::{Date, Severity};
use segue_model::Tool;

use crate::document::{Document, Project, Run, Summary};
use crate::error::CliError;
use crate::judging::{Request, Subject, judge};
use crate::pipeline::Source;
use crate::release::plain;
use area::Area;
use edited::History;
use score::{Counts, Scored};
use watch::{Found, Mark, Watch};

/// Why areas about SQL have no score where there is none.
const NEEDS_REHEARSAL: &str = "programs need a rehearsal";
/// Why areas have none that only rules of another database are about.
const UNSPOKEN: &str = "no rule of it speaks of this database";
/// Findings that are shown in full.
const WORST: usize = 5;

/// The whole answer.
pub(crate) struct Audit {
    /// What was asked.
    pub(crate) run: Run,
    /// What people call it: the name of the folder.
    pub(crate) name: String,
    /// The path as it was typed.
    pub(crate) path: String,
    /// The day it was made.
    pub(crate) today: Date,
    /// The projects that were found.
    pub(crate) projects: Vec<Project>,
    /// Their migrations in order.
    pub(crate) marks: Vec<Mark>,
    /// The numbers of the check.
    pub(crate) summary: Summary,
    /// Every finding, in the order of the files.
    pub(crate) found: Vec<Found>,
    /// The worst findings, as positions in `found`.
    pub(crate) worst: Vec<usize>,
    /// The checklist.
    pub(crate) areas: Vec<Scored>,
    /// The score of the whole; none when nothing could be scored.
    pub(crate) score: Option<usize>,
}

/// Where one finding stands, how many there are: one line per file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The file, folder or table.
    pub(crate) name: String,
    /// How many.
    pub(crate) counts: Counts,
    /// Which, as positions in the findings.
    pub(crate) which: Vec<usize>,
}

impl Audit {
    /// The area of a finding.
    pub(crate) fn area(found: &Found) -> &'static Area {
        area::of(&found.placed.finding.code, found.placed.finding.question)
    }

    /// The first and the last day in the names of the migrations.
    pub(crate) fn days(&self) -> Option<(Date, Date)> {
        let days = || self.marks.iter().filter_map(|mark| mark.day);
        days().min().zip(days().max())
    }

    /// The lines of the checklist that are worth showing, and how many areas wait for a rehearsal.
    pub(crate) fn lines(&self) -> (Vec<&Scored>, usize) {
        let waits = |scored: &Scored| {
            scored
                .score
                .as_ref()
                .is_err_and(|why| why == NEEDS_REHEARSAL)
        };
        let waiting = self.areas.iter().filter(|scored| waits(scored)).count();
        let shown = self.areas.iter().filter(|scored| {
            !waits(scored) && (scored.area.key != "other" || scored.counts.all() > 0)
        });
        (shown.collect(), waiting)
    }

    /// How many findings there are.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for found in &self.found {
            counts.add(found.placed.finding.severity);
        }
        counts
    }

    /// The findings by file, the worst file first.
    pub(crate) fn by_file(&self) -> Vec<Tally> {
        tally(
            self.found
                .iter()
                .map(|found| Some(found.placed.finding.place.path.clone())),
            &self.found,
        )
    }

    /// The findings by table, the worst table first; those about no table are left out.
    pub(crate) fn by_table(&self) -> Vec<Tally> {
        tally(
            self.found.iter().map(|found| {
                let relation = found.placed.finding.relation.as_ref()?;
                Some(relation.to_string())
            }),
            &self.found,
        )
    }
}

fn tally(names: impl Iterator<Item = Option<String>>, found: &[Found]) -> Vec<Tally> {
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    let found_at = |number: &usize| found.get(*number);
    for (number, (name, found)) in names.zip(found).enumerate() {
        let Some(name) = name else {
            continue;
        };
        let group = groups.entry(name.clone()).or_insert_with(|| Tally {
            name,
            counts: Counts::default(),
            which: Vec::new(),
        });
        group.counts.add(found.placed.finding.severity);
        group.which.push(number);
    }
    let mut sorted: Vec<Tally> = groups.into_values().collect();
    let severity = |number: &usize| found_at(number).map(|found| found.placed.finding.severity);
    for tally in &mut sorted {
        tally.which.sort_by_key(|number| Reverse(severity(number)));
    }
    sorted.sort_by_key(|tally| {
        let Counts {
            errors,
            warnings,
            notes,
        } = tally.counts;
        Reverse((errors, warnings, notes))
    });
    sorted
}

/// Judges the projects and counts.
///
/// # Errors
/// When the check ends without its answer.
pub(crate) fn audit(
    request: &Request,
    subjects: Vec<Subject>,
    mut document: Document,
    path: &Path,
) -> Result<Audit, CliError> {
    let histories: Vec<(History, Vec<(PathBuf, String)>)> = subjects
        .iter()
        .map(|subject| {
            (
                edited::history(Path::new(&subject.directory)),
                files(subject),
            )
        })
        .collect();
    let dialects: BTreeSet<&'static str> = subjects
        .iter()
        .map(|subject| subject.reading.dialect.name())
        .collect();
    let mut watch = Watch::new(segue_model::ServerFacts {
        sizes: request.sizes.clone(),
        ..segue_model::ServerFacts::new(document.run.server_version)
    });
    judge(request, subjects, &mut document, &mut |event| {
        watch.hear(event);
        Ok(())
    })?;
    for (project, (history, files)) in histories.iter().enumerate() {
        add_edits(history, files, project, &mut watch);
    }
    let areas = checklist(&watch, (&document.projects, &dialects), &histories);
    let mut audit = Audit {
        run: document.run,
        name: name_of(path),
        path: path.display().to_string(),
        today: request.today,
        projects: document.projects,
        worst: worst(&watch.found),
        marks: watch.marks,
        summary: document.summary,
        found: watch.found,
        areas,
        score: None,
    };
    audit.score = score::whole(&mut audit.areas);
    Ok(audit)
}

/// The files that run once, in the two ways they are written.
fn files(subject: &Subject) -> Vec<(PathBuf, String)> {
    subject
        .sources
        .iter()
        .filter_map(|source| match source {
            Source::Unit(unit) if unit.repetition == segue_model::Repetition::Once => Some(unit),
            Source::Unit(_) | Source::Given(_) | Source::Unreadable(_) => None,
        })
        .flat_map(|unit| unit.files())
        .map(|file| (plain(Path::new(file)), file.to_owned()))
        .collect()
}

fn add_edits(history: &History, files: &[(PathBuf, String)], project: usize, watch: &mut Watch) {
    let History::Known(edited) = history else {
        return;
    };
    let mut seen = BTreeSet::new();
    for (plain, shown) in files {
        let Some(times) = edited.get(plain) else {
            continue;
        };
        if !seen.insert(plain) {
            continue;
        }
        let often = match times {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            several => format!("{several} times"),
        };
        let message = format!(
            "this file was edited {often} after it was merged: a database that ran it before has something else"
        );
        let advice = "restore the file as it was merged, and write the change as another migration";
        let finding = watch::own(
            area::EDITED,
            Severity::Warning,
            shown.clone(),
            message,
            advice,
        );
        watch.add(finding, project);
    }
}

/// One line per area, with its score or why it has none.
fn checklist(
    watch: &Watch,
    (projects, dialects): (&[Project], &BTreeSet<&'static str>),
    histories: &[(History, Vec<(PathBuf, String)>)],
) -> Vec<Scored> {
    let judged = watch
        .marks
        .iter()
        .filter(|mark| mark.program.is_none())
        .count();
    area::ALL
        .iter()
        .map(|area| {
            let mut counts = Counts::default();
            let mut worst: BTreeMap<usize, Severity> = BTreeMap::new();
            let mut alone = Vec::new();
            for found in &watch.found {
                if Audit::area(found).key != area.key {
                    continue;
                }
                let severity = found.placed.finding.severity;
                counts.add(severity);
                match found.mark {
                    Some(mark) => {
                        let known = worst.entry(mark).or_insert(severity);
                        *known = severity.max(*known);
                    }
                    None => alone.push(severity),
                }
            }
            let migrations = worst.len();
            let all: Vec<Severity> = worst.into_values().chain(alone).collect();
            let unspoken = || (!is_spoken_of(area, dialects)).then(|| UNSPOKEN.to_owned());
            let reason = without_score(area, judged, projects, histories).or_else(unspoken);
            let score = match reason {
                Some(reason) if all.is_empty() => Err(reason),
                Some(_) | None => Ok(score::of_area(&all, denominator(area, judged, watch))),
            };
            Scored {
                area,
                score,
                counts,
                migrations,
                gain: 0,
            }
        })
        .collect()
}

/// Areas about files count programs too; areas about SQL do not.
fn denominator(area: &Area, judged: usize, watch: &Watch) -> usize {
    match area.key {
        "order" | "edited" => watch.marks.len(),
        _ => judged,
    }
}

/// Whether anything looks for what an area is about: a rule that speaks of one of the dialects, or the audit itself.
fn is_spoken_of(area: &Area, dialects: &BTreeSet<&'static str>) -> bool {
    let is_own = |code: &&str| segue_check::rule(code).is_none();
    area.codes.iter().any(is_own)
        || area.key == area::LAST.key
        || segue_check::ALL.iter().any(|rule| {
            area::of(rule.code, rule.question).key == area.key
                && dialects
                    .iter()
                    .any(|dialect| segue_check::speaks_of(rule, dialect))
        })
}

/// Why an area has no score.
fn without_score(
    area: &Area,
    judged: usize,
    projects: &[Project],
    histories: &[(History, Vec<(PathBuf, String)>)],
) -> Option<String> {
    match area.key {
        "order" => None,
        "edited" => histories
            .iter()
            .try_fold(String::new(), |_, (history, _)| match history {
                History::Known(_) => None,
                History::Unknown(reason) => Some(reason.clone()),
            }),
        _ if judged == 0 => Some(NEEDS_REHEARSAL.to_owned()),
        "way-back" if !projects.iter().any(|project| has_way_back(project.tool)) => {
            Some("the tool has no down migrations".to_owned())
        }
        "other" => Some("nothing".to_owned()),
        _ => None,
    }
}

/// Tools whose files have a place for the way back.
fn has_way_back(tool: Tool) -> bool {
    match tool {
        Tool::Prisma
        | Tool::Drizzle
        | Tool::Flyway
        | Tool::Refinery
        | Tool::GraphileMigrate
        | Tool::Plain => false,
        Tool::Native
        | Tool::Dbmate
        | Tool::GolangMigrate
        | Tool::Goose
        | Tool::Sqlx
        | Tool::Diesel
        | Tool::NodePgMigrate
        | Tool::Liquibase
        | Tool::Alembic
        | Tool::Django
        | Tool::Knex
        | Tool::Rails
        | Tool::TypeOrm => true,
    }
}

/// The worst findings: severity, then lock times work, then the newest; no notes, and at most one of each statement. Of
/// each code one comes first: five times the same teaches less than five things.
fn worst(found: &[Found]) -> Vec<usize> {
    let mut order: Vec<(usize, &Found)> = found
        .iter()
        .enumerate()
        .filter(|(_, found)| found.placed.finding.severity > Severity::Note)
        .collect();
    order.sort_by_key(|(number, found)| (Reverse(gravity(found)), *number));
    let mut statements = BTreeSet::new();
    order.retain(|(_, found)| match (found.mark, found.statement) {
        (Some(mark), Some(statement)) => statements.insert((mark, statement)),
        (Some(_) | None, _) => true,
    });
    let mut codes = BTreeSet::new();
    let (first, again): (Vec<_>, Vec<_>) = order
        .into_iter()
        .partition(|(_, found)| codes.insert(found.placed.finding.code.as_str()));
    let mut chosen: Vec<(usize, &Found)> = first.into_iter().chain(again).take(WORST).collect();
    chosen.sort_by_key(|(number, found)| (Reverse(gravity(found)), *number));
    chosen.into_iter().map(|(number, _)| number).collect()
}

/// What decides which of two findings is worse.
fn gravity(found: &Found) -> (Severity, u32, Option<usize>) {
    (found.placed.finding.severity, found.force, found.mark)
}

/// What people call a project: the name of its folder.
fn name_of(path: &Path) -> String {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    real.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

//! The audit as one page: no request leaves it, no script runs in it, and it reads well in light and dark.
//!
//! Everything that comes from a project passes through `shown` or `shown_lines` before it is escaped for HTML.

mod card;
mod drawing;

use std::io::{self, Write};

use maud::{Markup, html};

use super::human::{count, counted};
use super::score::{Counts, Scored};
use super::{Audit, Tally, chart, date};
use crate::document::Run;
use crate::show::escape::{line, lines};
use crate::show::tool;

/// Findings that are shown in full; the rest is counted.
const CARDS_MAX: usize = 1_000;

/// Writes the page.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let page = page(audit).into_string();
    out.write_all(page.as_bytes())?;
    out.write_all(b"\n")
}

/// A line of the user's, harmless for eyes; maud escapes it for HTML.
fn shown(text: &str) -> String {
    line(text)
}

/// Several lines of the user's.
fn shown_lines(text: &str) -> String {
    lines(text)
}

fn page(audit: &Audit) -> Markup {
    let title = format!("Migrations of {}", shown(&audit.name));
    let body = html! {
        header {
            p.kicker { "segue audit" }
            h1 { (title) }
            (projects(audit))
        }
        (tiles(audit))
        (checklist(audit))
        (drawing::section(&chart::chart(audit)))
        (worst(audit))
        (by_file(audit))
        (by_table(audit))
        (foot(audit))
    };
    crate::page::page(&title, "segue audit", "", &body)
}

fn projects(audit: &Audit) -> Markup {
    html! {
        ul.projects {
            @for project in &audit.projects {
                li {
                    strong { (tool::name(project.tool)) }
                    " in " code { (shown(&project.directory)) }
                    ", " (count(project.migrations, "migration"))
                }
            }
        }
    }
}

fn tiles(audit: &Audit) -> Markup {
    let Counts {
        errors,
        warnings,
        notes,
    } = audit.counts();
    let programs = audit.summary.programs;
    html! {
        section.tiles aria-label="Summary" {
            div.tile.score-tile {
                @match audit.score {
                    Some(score) => {
                        span.number { (score) }
                        span.label { "of 100" }
                        (meter(score))
                    }
                    None => {
                        span.number { "–" }
                        span.label { "no score without a rehearsal" }
                    }
                }
            }
            (tile(errors, "error", "errors"))
            (tile(warnings, "warning", "warnings"))
            (tile(notes, "note", "notes"))
            div.tile {
                span.number { (audit.marks.len()) }
                span.label {
                    @if audit.marks.len() == 1 { "migration" } @else { "migrations" }
                    @if programs > 0 { ", " (count(programs, "program")) " to rehearse" }
                }
            }
            @if let Some((first, last)) = audit.days() {
                div.tile {
                    span.number.days { (date::words(first)) " –" br; (date::words(last)) }
                    span.label { "first and last migration" }
                }
            }
        }
    }
}

fn tile(number: usize, severity: &'static str, words: &'static str) -> Markup {
    html! {
        div.tile {
            span class={ "number " (severity) } { (card::sign(severity)) " " (number) }
            span.label { (words) }
        }
    }
}

/// A bar from 0 to 100.
fn meter(score: usize) -> Markup {
    let grade = match score {
        90.. => "good",
        60..90 => "fair",
        _ => "poor",
    };
    html! {
        span class={ "meter " (grade) } aria-hidden="true" {
            span style={ "width:" (score) "%" } {}
        }
    }
}

fn checklist(audit: &Audit) -> Markup {
    let (areas, waiting) = audit.lines();
    html! {
        section {
            h2 { "Checklist" }
            table.checklist {
                thead {
                    tr {
                        th scope="col" { "Area" }
                        th scope="col" { "Score" }
                        th scope="col" { "Findings" }
                        th.gain scope="col" { "Worth" }
                    }
                }
                tbody {
                    @for scored in &areas { (row(scored)) }
                }
            }
            @if waiting > 0 {
                p.remark { (count(waiting, "area")) " about SQL: programs need a rehearsal." }
            }
            p.remark {
                "“Worth” is what the whole score would gain if the area had no findings. docs/audit.md has the formula."
            }
        }
    }
}

fn row(scored: &Scored) -> Markup {
    html! {
        tr {
            th scope="row" {
                (scored.area.title)
                span.question { (scored.area.question) }
            }
            @match &scored.score {
                Ok(score) => {
                    td.score { span.value { (score) } (meter(*score)) }
                    td.counts { (pills(scored.counts)) }
                    td.gain { @if scored.gain > 0 { "+" (scored.gain) } }
                }
                Err(reason) => {
                    td.score { "–" }
                    td.counts colspan="2" { span.remark { (reason) } }
                }
            }
        }
    }
}

/// The counts, each with its sign.
fn pills(counts: Counts) -> Markup {
    let parts = [
        (counts.errors, "error"),
        (counts.warnings, "warning"),
        (counts.notes, "note"),
    ];
    html! {
        @if counts.all() == 0 { span.none { "none" } }
        @for (number, severity) in parts {
            @if number > 0 {
                span class={ "pill " (severity) } { (card::sign(severity)) " " (count(number, severity)) }
            }
        }
    }
}

fn worst(audit: &Audit) -> Markup {
    html! {
        @if !audit.worst.is_empty() {
            section {
                h2 { "The worst first" }
                @for number in &audit.worst {
                    @if let Some(found) = audit.found.get(*number) {
                        (card::card(found, None))
                    }
                }
            }
        }
    }
}

fn by_file(audit: &Audit) -> Markup {
    let files = audit.by_file();
    let mut left = CARDS_MAX;
    html! {
        section {
            h2 { "By file" }
            @if files.is_empty() { p { "No findings." } }
            @for tally in &files {
                details.group {
                    summary { code { (shown(&tally.name)) } span.counts { (pills(tally.counts)) } }
                    @for number in &tally.which {
                        @if let Some(found) = audit.found.get(*number) {
                            @if left > 0 {
                                ({ left -= 1; card::card(found, Some(*number)) })
                            }
                        }
                    }
                    @if left == 0 {
                        p.remark { "The page is full: " code { "segue check " (shown(&tally.name)) " -v" } " shows the rest." }
                    }
                }
            }
            @if audit.summary.suppressed > 0 {
                p.remark { (count(audit.summary.suppressed, "finding")) " allowed by directives." }
            }
        }
    }
}

fn by_table(audit: &Audit) -> Markup {
    let tables = audit.by_table();
    html! {
        @if !tables.is_empty() {
            section {
                h2 { "By table" }
                @for tally in &tables {
                    details.group {
                        summary { code { (shown(&tally.name)) } span.counts { (pills(tally.counts)) } }
                        (links(audit, tally))
                    }
                }
            }
        }
    }
}

fn links(audit: &Audit, tally: &Tally) -> Markup {
    html! {
        ul.links {
            @for number in &tally.which {
                @if let Some(found) = audit.found.get(*number) {
                    li {
                        (card::severity_pill(found))
                        " " (shown(&found.placed.finding.message)) " "
                        span.place { (card::place(found)) }
                    }
                }
            }
        }
    }
}

/// `PostgreSQL 18`, `SQLite 3.54`.
fn server(run: &Run) -> String {
    if run.dialect == "sqlite" {
        let (major, minor) = (run.server_version / 1000, run.server_version % 1000);
        format!("SQLite {major}.{minor}")
    } else {
        format!("PostgreSQL {}", run.server_version)
    }
}

fn foot(audit: &Audit) -> Markup {
    html! {
        footer {
            p {
                "Segue " (env!("CARGO_PKG_VERSION")) ", " (server(&audit.run)) " assumed, " (date::words(audit.today)) ". "
                (count(audit.summary.statements, "statement")) " judged: "
                @let all = counted(audit.counts());
                @if all.is_empty() { "no findings" } @else { (all) }
                "."
            }
            p { "Every finding again, in the terminal: " code { "segue check " (shown(&audit.path)) " -v" } }
        }
    }
}

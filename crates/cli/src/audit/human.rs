//! The audit for people at a terminal: the checklist, the worst findings as `check` shows them, and what to do next.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use segue_check::Severity;

use super::score::{Counts, Scored};
use super::{Audit, date};
use crate::arguments::Verbosity;
use crate::document::{Event, Placed};
use crate::environment::Colour;
use crate::report::{Desk, Written, human};
use crate::show::escape::line;
use crate::show::tool;

/// Files that are listed.
const FILES_MAX: usize = 20;
/// Advice that is given.
const RAISES_MAX: usize = 3;

/// Writes all of it.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write(audit: &Audit, out: &mut dyn Write, colour: Colour) -> io::Result<()> {
    found(audit, out)?;
    checklist(audit, (&mut *out, colour))?;
    worst(audit, (&mut *out, colour))?;
    files(audit, (&mut *out, colour))?;
    raise(audit, (&mut *out, colour))?;
    next(audit, out)
}

fn found(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    for project in &audit.projects {
        let marks = || {
            audit
                .marks
                .iter()
                .filter(|mark| mark.project == project.number)
        };
        let programs = marks().filter(|mark| mark.program.is_some()).count();
        write!(
            out,
            "{} in {}: {}",
            tool::name(project.tool),
            line(&project.directory),
            count(project.migrations, "migration")
        )?;
        let days = || marks().filter_map(|mark| mark.day);
        if let Some((first, last)) = days().min().zip(days().max()) {
            write!(out, ", {} to {}", date::words(first), date::words(last))?;
        }
        if let Some(language) = marks().find_map(|mark| mark.program) {
            let verb = if programs == 1 { "needs" } else { "need" };
            let programs = count(programs, &format!("{language} program"));
            write!(
                out,
                "; {programs} {verb} a rehearsal: the SQL is not in the file"
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn checklist(audit: &Audit, (out, colour): (&mut dyn Write, Colour)) -> io::Result<()> {
    let strong = style(colour, Style::new().bold());
    let (areas, waiting) = audit.lines();
    match (audit.score, waiting) {
        (Some(score), 0) => writeln!(out, "{strong}Score {score} of 100{strong:#}")?,
        (Some(score), _) => writeln!(
            out,
            "{strong}Score {score} of 100{strong:#}, for the files alone"
        )?,
        (None, _) => writeln!(
            out,
            "{strong}No score{strong:#}: nothing could be judged without a rehearsal"
        )?,
    }
    writeln!(out)?;
    let width = areas
        .iter()
        .map(|scored| scored.area.title.len())
        .max()
        .unwrap_or(0);
    for scored in areas {
        one_area(scored, width, (&mut *out, colour))?;
    }
    if waiting > 0 {
        let areas = count(waiting, "area");
        writeln!(out, "  {areas} about SQL: programs need a rehearsal")?;
    }
    writeln!(out)
}

fn one_area(
    scored: &Scored,
    width: usize,
    (out, colour): (&mut dyn Write, Colour),
) -> io::Result<()> {
    let title = scored.area.title;
    match &scored.score {
        Ok(score) => {
            let shade = match score {
                90.. => AnsiColor::Green,
                60..90 => AnsiColor::Yellow,
                _ => AnsiColor::Red,
            };
            let style = style(colour, Style::new().fg_color(Some(shade.into())));
            let counts = counted(scored.counts);
            let gap = if counts.is_empty() { "" } else { "  " };
            writeln!(
                out,
                "  {title:width$}  {style}{score:>3}{style:#}{gap}{counts}"
            )
        }
        Err(reason) => writeln!(out, "  {title:width$}    –  {reason}"),
    }
}

fn worst(audit: &Audit, (out, colour): (&mut dyn Write, Colour)) -> io::Result<()> {
    let placed: Vec<Placed> = audit
        .worst
        .iter()
        .filter_map(|number| audit.found.get(*number))
        .map(|found| found.placed.clone())
        .collect();
    if placed.is_empty() {
        return Ok(());
    }
    let strong = style(colour, Style::new().bold());
    let all = audit.counts().all();
    let title = match placed.len() {
        1 => "The worst finding".to_owned(),
        several => format!("The {several} worst findings"),
    };
    writeln!(out, "{strong}{title}{strong:#}, of {all}\n")?;
    let mut desk = Desk {
        out,
        colour,
        step_summary: None,
        least: Severity::Note,
        verbosity: Verbosity::Normal,
        written: Written::default(),
    };
    (human::REPORTER.write)(&Event::ProjectEnd(&placed), &mut desk)
}

fn files(audit: &Audit, (out, colour): (&mut dyn Write, Colour)) -> io::Result<()> {
    let by_file = audit.by_file();
    if by_file.is_empty() {
        return Ok(());
    }
    let strong = style(colour, Style::new().bold());
    writeln!(out, "{strong}All findings by file{strong:#}\n")?;
    let shown = || by_file.iter().take(FILES_MAX);
    let width = shown()
        .map(|tally| line(&tally.name).chars().count())
        .max()
        .unwrap_or(0);
    for tally in shown() {
        writeln!(
            out,
            "  {:width$}  {}",
            line(&tally.name),
            counted(tally.counts)
        )?;
    }
    match by_file.len().saturating_sub(FILES_MAX) {
        0 => {}
        more => writeln!(
            out,
            "  and {}: segue check {} -v",
            count(more, "more file"),
            line(&audit.path)
        )?,
    }
    if audit.summary.suppressed > 0 {
        writeln!(
            out,
            "  {} allowed by directives",
            count(audit.summary.suppressed, "finding")
        )?;
    }
    writeln!(out)
}

fn raise(audit: &Audit, (out, colour): (&mut dyn Write, Colour)) -> io::Result<()> {
    let mut areas: Vec<&Scored> = audit
        .areas
        .iter()
        .filter(|scored| scored.gain > 0)
        .collect();
    areas.sort_by_key(|scored| std::cmp::Reverse(scored.gain));
    if areas.is_empty() {
        return Ok(());
    }
    let strong = style(colour, Style::new().bold());
    writeln!(out, "{strong}What would raise the score{strong:#}\n")?;
    for scored in areas.iter().take(RAISES_MAX) {
        writeln!(
            out,
            "  +{:<2}  {}: {}",
            scored.gain, scored.area.title, scored.area.raise
        )?;
    }
    writeln!(out)
}

fn next(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let path = line(&audit.path);
    writeln!(
        out,
        "next  segue check {path} -v    every finding with its safe steps"
    )?;
    writeln!(
        out,
        "      segue audit {path} --output html > audit.html    the same as a page for the team"
    )
}

/// `3 errors, 1 note`; what there is none of is left out.
pub(super) fn counted(counts: Counts) -> String {
    let parts = [
        (counts.errors, "error"),
        (counts.warnings, "warning"),
        (counts.notes, "note"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    parts.join(", ")
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

fn style(colour: Colour, style: Style) -> Style {
    match colour {
        Colour::On => style,
        Colour::Off => Style::new(),
    }
}

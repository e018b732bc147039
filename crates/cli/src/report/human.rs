//! For people: the source with a caret, the lock, the way out, and one line of numbers at the end.

use std::io;

use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use segue_check::{Ask, Remedy, Severity};

use super::{Desk, Reporter, TerminalCodes};
use crate::arguments::Verbosity;
use crate::document::{Allowed, Document, Event, Placed, Spot, Summary};
use crate::environment::Colour;
use crate::judging::Keep;
use crate::show::escape::{line, lines, same_length};
use crate::show::excerpt::{Excerpt, LineStart};
use crate::show::steps::script;
use crate::show::tool;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "human",
    keeps_findings: Keep::No,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::Yes,
    terminal_codes: TerminalCodes::Stripped,
    write,
};

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) | Event::Project(_) => Ok(()),
        Event::Migration(file) => {
            findings(file.findings, desk)?;
            match desk.verbosity {
                Verbosity::Verbose => allowed(file.suppressed, desk),
                Verbosity::Quiet | Verbosity::Normal => Ok(()),
            }
        }
        Event::ProjectEnd(found) => findings(found, desk),
        Event::End(document) => match desk.verbosity {
            Verbosity::Quiet => Ok(()),
            Verbosity::Normal | Verbosity::Verbose => end(document, desk),
        },
    }
}

fn findings(found: &[Placed], desk: &mut Desk<'_>) -> io::Result<()> {
    for placed in found {
        if placed.finding.severity >= desk.least {
            finding(placed, desk)?;
        }
    }
    Ok(())
}

fn finding(placed: &Placed, desk: &mut Desk<'_>) -> io::Result<()> {
    let rendered = annotated(placed, desk.colour);
    writeln!(desk.out, "{rendered}")?;
    let found = &placed.finding;
    let excerpt = placed.spot.as_ref().and_then(|spot| spot.excerpt.as_ref());
    if let Some(excerpt) = excerpt
        && excerpt.lines_left_out > 0
    {
        writeln!(desk.out, "  … {} more lines", excerpt.lines_left_out)?;
    }
    if let Some(lock) = &found.lock {
        footer("lock", lock, desk)?;
    }
    match &found.instead {
        Some(Remedy::Steps(plan)) => {
            footer("instead", "these steps, with the same result:", desk)?;
            for step in lines(&script(&placed.steps)).lines() {
                writeln!(desk.out, "      {step}")?;
            }
            for remark in &plan.remarks {
                footer("note", remark, desk)?;
            }
        }
        Some(Remedy::Advice(advice)) => footer("instead", advice, desk)?,
        None => {}
    }
    if can_be_accepted(placed) {
        let directive = format!("-- segue:allow {} because …", found.code);
        footer("accept", &directive, desk)?;
    }
    writeln!(desk.out)
}

/// A directive needs a statement to stand above, and a rule that follows directives.
fn can_be_accepted(placed: &Placed) -> bool {
    let follows = segue_check::rule(&placed.finding.code).is_some_and(|rule| match rule.ask {
        Ask::Statement(_) | Ask::Changes(..) | Ask::Migration(_) | Ask::Contradiction(_) => true,
        Ask::Project(_) | Ask::Machinery => false,
    });
    follows && placed.finding.migration.is_some()
}

fn footer(label: &str, text: &str, desk: &mut Desk<'_>) -> io::Result<()> {
    let style = match desk.colour {
        Colour::On => Style::new().bold().fg_color(Some(AnsiColor::Cyan.into())),
        Colour::Off => Style::new(),
    };
    let text = line(text);
    writeln!(desk.out, "  {style}{label:7}{style:#}  {text}")
}

/// The title, the place and the source, as rustc shows them.
fn annotated(placed: &Placed, colour: Colour) -> String {
    let found = &placed.finding;
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let path = line(&found.place.path);
    let title = level
        .primary_title(line(&found.message))
        .id(found.code.as_str());
    let group = match &placed.spot {
        None => title.element(Origin::path(path)),
        Some(spot) => match &spot.excerpt {
            None => title.element(place(spot, path)),
            Some(excerpt) => match excerpt.start {
                LineStart::Whole => title.element(source(excerpt).path(path)),
                // The column cannot be counted from an excerpt that lacks the start of its line.
                LineStart::Cut => title.element(place(spot, path)).element(source(excerpt)),
            },
        },
    };
    renderer.render(&[group])
}

fn place<'a>(spot: &Spot, path: String) -> Origin<'a> {
    Origin::path(path)
        .line(spot.start.line)
        .char_column(spot.start.column)
}

fn source<'a>(excerpt: &Excerpt) -> Snippet<'a, Annotation<'a>> {
    let span = excerpt.span.start..excerpt.span.end;
    Snippet::source(same_length(&excerpt.text))
        .line_start(excerpt.first_line)
        .fold(false)
        .annotation(AnnotationKind::Primary.span(span))
}

fn allowed(suppressed: &[Allowed], desk: &mut Desk<'_>) -> io::Result<()> {
    for Allowed {
        placed,
        suppression,
    } in suppressed
    {
        let at = placed.spot.as_ref().map_or(1, |spot| spot.start.line);
        let path = line(&placed.finding.place.path);
        let reason = line(&suppression.reason);
        writeln!(
            desk.out,
            "allowed[{}] {path}:{at}: {reason}\n",
            placed.finding.code
        )?;
    }
    Ok(())
}

fn end(document: &Document, desk: &mut Desk<'_>) -> io::Result<()> {
    let summary = &document.summary;
    let mut tools: Vec<&str> = document
        .projects
        .iter()
        .map(|project| tool::name(project.tool))
        .collect();
    tools.sort_unstable();
    tools.dedup();
    write!(
        desk.out,
        "{} in {}, {} ({})",
        counted(summary),
        count(summary.migrations, "migration"),
        count(summary.statements, "statement"),
        tools.join(", ")
    )?;
    if summary.replayed > 0 {
        write!(desk.out, "; {} replayed", summary.replayed)?;
    }
    if summary.suppressed > 0 {
        write!(desk.out, "; {} suppressed", summary.suppressed)?;
    }
    writeln!(desk.out, "; {} ms", summary.elapsed_ms)?;
    if summary.notes > 0 && desk.least > Severity::Note {
        writeln!(desk.out, "notes are only counted here: `-v` shows them")?;
    }
    match summary.programs {
        0 => Ok(()),
        1 => writeln!(
            desk.out,
            "1 program needs a rehearsal: its SQL is not in the file"
        ),
        several => writeln!(
            desk.out,
            "{several} programs need a rehearsal: their SQL is not in the files"
        ),
    }
}

pub(super) fn counted(summary: &Summary) -> String {
    if summary.at_least(Severity::Note) == 0 {
        return "no findings".to_owned();
    }
    [
        count(summary.errors, "error"),
        count(summary.warnings, "warning"),
        count(summary.notes, "note"),
    ]
    .join(", ")
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

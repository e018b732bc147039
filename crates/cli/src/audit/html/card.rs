//! One finding: what happens, the lock, the statement and the safe steps side by side.

use maud::{Markup, html};
use segue_check::{Remedy, Severity};

use super::super::watch::Found;
use super::{shown, shown_lines};
use crate::document::Spot;
use crate::show::steps::script;

/// The class and name of a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A sign beside the colour, so that nothing is said by colour alone.
pub(super) fn sign(severity: &str) -> &'static str {
    match severity {
        "error" => "✖",
        "warning" => "▲",
        _note => "●",
    }
}

/// The severity with its sign.
pub(super) fn severity_pill(found: &Found) -> Markup {
    let severity = word(found.placed.finding.severity);
    html! { span class={ "pill " (severity) } { (sign(severity)) " " (severity) } }
}

/// `path:line`.
pub(super) fn place(found: &Found) -> String {
    let path = shown(&found.placed.finding.place.path);
    match &found.placed.spot {
        Some(spot) => format!("{path}:{}", spot.start.line),
        None => path,
    }
}

/// A finding in full; with its number it can be linked to.
pub(super) fn card(found: &Found, number: Option<usize>) -> Markup {
    let finding = &found.placed.finding;
    let id = number.map(|number| format!("finding-{number}"));
    html! {
        article class={ "card " (word(finding.severity)) } id=[id] {
            p.head {
                (severity_pill(found))
                code.code { (finding.code) }
                span.place { (place(found)) }
            }
            h3 { (shown(&finding.message)) }
            @if let Some(lock) = &finding.lock {
                p.lock { span.tag { "lock" } span { (shown(lock)) } }
            }
            (sides(found))
        }
    }
}

/// The statement on the left, the way out on the right; one below the other where there is no room.
fn sides(found: &Found) -> Markup {
    let statement = found.placed.spot.as_ref().and_then(statement);
    let way = way_out(found);
    let both = if statement.is_some() && !found.placed.steps.is_empty() {
        "sides"
    } else {
        "below"
    };
    html! {
        @if statement.is_some() || way.is_some() {
            div class=(both) {
                @if let Some(statement) = statement { (statement) }
                @if let Some(way) = way { (way) }
            }
        }
    }
}

fn statement(spot: &Spot) -> Option<Markup> {
    let excerpt = spot.excerpt.as_ref()?;
    let part = |from: usize, to: usize| excerpt.text.get(from..to).unwrap_or_default();
    let end = excerpt.span.end.min(excerpt.text.len());
    let start = excerpt.span.start.min(end);
    Some(html! {
        figure {
            figcaption { "as written, line " (spot.start.line) }
            pre { code {
                (shown_lines(part(0, start)))
                mark { (shown_lines(part(start, end))) }
                (shown_lines(part(end, excerpt.text.len())))
                @if excerpt.lines_left_out > 0 { "\n… " (excerpt.lines_left_out) " more lines" }
            } }
        }
    })
}

fn way_out(found: &Found) -> Option<Markup> {
    match found.placed.finding.instead.as_ref()? {
        Remedy::Steps(plan) => Some(html! {
            figure.safe {
                figcaption { "instead, with the same result" }
                pre { code { (shown_lines(script(&found.placed.steps).trim_end())) } }
                @for remark in &plan.remarks { p.remark { (shown(remark)) } }
            }
        }),
        Remedy::Advice(advice) => Some(html! {
            p.advice { span.tag { "instead" } span { (shown(advice)) } }
        }),
    }
}

//! A plan as one page: the phases as a picture, with a lane for each table, its locks as bars, the gate, the rollback window and the
//! point of no return; beside each step its SQL.
//!
//! Everything that comes from a project passes through `line` or `lines` before it is escaped for HTML.

mod overview;
mod papers;

pub(crate) use papers::{review, why};

use maud::{Markup, html};
use segue_engine::Weight;
use segue_model::{Blocks, LockMode};

use super::{Estimate, MigrationView, OwnDown, StepView, Undo, View, words};
use crate::show::escape::{line, lines};

/// The look of what this page has and others have not.
const STYLE: &str = include_str!("html/plan.css");
/// Tables that have a lane of their own; the others share the last one.
const LANES_MAX: usize = 8;

/// Writes the page.
pub(crate) fn write(view: &View<'_>) -> String {
    let title = title(view);
    let kicker = format!("segue plan: what segue {} sends", view.verb);
    let body = html! {
        header {
            p.kicker { (kicker) }
            h1 { (title) }
        }
        (hindrances(view))
        @for migration in &view.migrations { (section(migration, view)) }
        (foot(view))
    };
    let mut text = crate::page::page(&title, "segue plan", STYLE, &body).into_string();
    text.push('\n');
    text
}

/// What the page is about.
fn title(view: &View<'_>) -> String {
    match view.migrations.as_slice() {
        [] => "Nothing to do".to_owned(),
        [one] => line(&one.plan.path),
        several => format!("{} migrations", several.len()),
    }
}

fn hindrances(view: &View<'_>) -> Markup {
    html! {
        @for found in view.found {
            p class={ "hindrance " (match found.weight { Weight::Refused => "error", Weight::Reported => "warning" }) } {
                strong { (match found.weight { Weight::Refused => "✖ refused", Weight::Reported => "▲ in the way" }) }
                " " (line(&found.what))
            }
        }
    }
}

fn section(migration: &MigrationView<'_>, view: &View<'_>) -> Markup {
    let relations = migration.relations();
    let lanes = relations.len().min(LANES_MAX);
    html! {
        section.migration {
            @if view.migrations.len() > 1 { h2 { (line(&migration.plan.path)) } }
            (overview::draw(migration))
            (facts(migration, view))
            div.steps style={ "--lanes:" (lanes) } {
                (lane_names(&relations))
                @for (place, step) in migration.steps.iter().enumerate() {
                    (marks(migration, place))
                    (row(migration, (place, step), &relations, view))
                }
                @if migration.gate.is_none() { (end(migration)) }
            }
            @for remark in &migration.plan.remarks { p.remark { (line(remark)) } }
        }
    }
}

fn facts(migration: &MigrationView<'_>, view: &View<'_>) -> Markup {
    html! {
        dl.facts {
            div { dt { "Rollback window" } dd { (coded(&words::window(migration))) } }
            div class=(if matches!(migration.no_return, super::NoReturn::At(..)) { "alarm" } else { "" }) {
                dt { "Point of no return" } dd { (coded(&words::no_return(migration))) }
            }
            div {
                dt { "Lost for ever" }
                dd {
                    @if migration.losses.is_empty() { "nothing" }
                    @for loss in &migration.losses { span.loss { "✖ " (line(&words::loss(loss))) } }
                    @if !migration.losses.is_empty() {
                        span.agree { "to agree: " code { (line(&words::agreement(migration, view.verb))) } }
                    }
                }
            }
        }
    }
}

/// Text with commands in backquotes.
fn coded(text: &str) -> Markup {
    html! {
        @for (number, part) in line(text).split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn lane_names(relations: &[&segue_model::QualifiedName]) -> Markup {
    html! {
        div.row.names {
            div.rail {}
            div.lanes {
                @for (number, relation) in relations.iter().take(LANES_MAX).enumerate() {
                    @let is_shared = number + 1 == LANES_MAX && relations.len() > LANES_MAX;
                    span.lane-name title=(line(&relation.to_string())) {
                        @if is_shared { (relations.len() + 1 - LANES_MAX) " others" } @else { (line(relation.name.as_str())) }
                    }
                }
            }
            div.legend {
                span.key.reads-and-writes { "reads and writes wait" }
                span.key.writes { "writes wait" }
                span.key.nobody { "nobody waits" }
            }
        }
    }
}

/// What stands between two steps: a new phase, the gate, the point of no return.
fn marks(migration: &MigrationView<'_>, place: usize) -> Markup {
    let Some(step) = migration.steps.get(place) else {
        return html! {};
    };
    let before = place
        .checked_sub(1)
        .and_then(|before| migration.steps.get(before));
    let is_new = before.is_none_or(|before| before.step.phase != step.step.phase);
    html! {
        @if let (Some(waiting), true) = (&step.step.gate, migration.gate == Some(place)) {
            div.gate {
                span.sign aria-hidden="true" {}
                div {
                    strong { "Gate" } " the rest waits for " code { "segue contract " (line(&migration.plan.id)) }
                    ul { @for condition in &waiting.gate.conditions { li { (line(condition)) } } }
                }
            }
        }
        @if migration.is_no_return(place) {
            div.no-return { span { "point of no return" } }
        }
        @if is_new && (migration.gate.is_some() || place == 0) {
            h3.phase {
                (words::phase(step.step.phase)) span { (words::purpose(step.step.phase)) }
            }
        }
    }
}

/// Without a gate the window opens when all is done.
fn end(migration: &MigrationView<'_>) -> Markup {
    html! {
        @if migration.own_down == OwnDown::Written {
            p.remark.end { "done: " (coded(&words::window(migration))) }
        }
    }
}

fn row(
    migration: &MigrationView<'_>,
    (place, step): (usize, &StepView<'_>),
    relations: &[&segue_model::QualifiedName],
    view: &View<'_>,
) -> Markup {
    let is_open = migration.gate.is_some_and(|gate| place < gate);
    let goes_on = migration
        .steps
        .get(place + 1)
        .is_some_and(|next| next.turn == step.turn);
    html! {
        div class={ "row" (if goes_on { " joined" } else { "" }) } {
            div class={ "rail" (if is_open { " window" } else { "" }) (if place == 0 && is_open { " first" } else { "" }) } {}
            div.lanes aria-hidden="true" {
                @for (number, relation) in relations.iter().take(LANES_MAX).enumerate() {
                    @let mode = lane(migration, place, (number, relation, relations));
                    span.lane {
                        @if let Some(mode) = mode {
                            span class={ "bar " (class(mode)) (if goes_on { " on" } else { "" }) } title=(mode.words()) {}
                        }
                    }
                }
            }
            (card(step, view))
        }
    }
}

/// What is held in a lane; the last lane stands for all that have none.
fn lane(
    migration: &MigrationView<'_>,
    place: usize,
    (number, relation, relations): (
        usize,
        &segue_model::QualifiedName,
        &[&segue_model::QualifiedName],
    ),
) -> Option<LockMode> {
    if number + 1 < LANES_MAX {
        return migration.held(place, relation);
    }
    relations
        .iter()
        .skip(number)
        .filter_map(|relation| migration.held(place, relation))
        .max()
}

fn class(mode: LockMode) -> &'static str {
    match mode.blocks() {
        Blocks::Nobody => "nobody",
        Blocks::Writes => "writes",
        Blocks::ReadsAndWrites => "reads-and-writes",
    }
}

fn card(step: &StepView<'_>, view: &View<'_>) -> Markup {
    let is_long = step.estimate.ms.is_none_or(|ms| ms >= 1_000);
    html! {
        article.step {
            p.what {
                span.id { (step.step.id) }
                span { (line(&step.step.purpose)) }
                span.time title="estimated" { @if is_long { (words::cost(&step.estimate)) } }
            }
            pre { code { (lines(&step.sql)) } }
            ul.terms {
                @for lock in &step.locks {
                    li {
                        span class={ "dot " (class(lock.mode)) } {}
                        (lock.mode.words()) " on " (line(&lock.on.to_string())) ", " (words::blocks(lock.mode.blocks()))
                    }
                }
                @for work in &step.step.impact.work {
                    li { "on " (line(&work.on.to_string())) " " (words::work(&work.kind, work.cause)) }
                }
                @for wait in &step.step.impact.waits { li { "waits for " (words::wait(*wait)) } }
                @for how in &step.estimate.how { li { "estimate: " (line(how)) } }
                @if let Some(sample) = step.sample { li { (line(&super::human::sampled(sample))) } }
                li { (words::place(step.step.transaction)) "; " (words::patience(step, &view.limits)) }
            }
            (back(step))
        }
    }
}

fn back(step: &StepView<'_>) -> Markup {
    let exact = |sql: &[String], word: &str| {
        html! {
            details.back {
                summary { "undone " (word) }
                pre { code { (lines(&sql.join(";\n"))) } }
            }
        }
    };
    match &step.undo {
        Undo::Nothing => html! {},
        Undo::Exact(sql) => exact(sql, "exactly"),
        Undo::FromArchive(sql) => exact(sql, "with what the archive keeps, until it is purged"),
        Undo::OwnDown if !step.step.losses.is_empty() => html! {
            p.back.never { "✖ the migration's own way down brings back the structure, not what was in it" }
        },
        Undo::OwnDown => html! { p.back.plain { "undone by the migration's own way down" } },
        Undo::Stays => html! { p.back.plain { "not undone: its rows stay as it leaves them" } },
        Undo::Never => html! { p.back.never { "✖ nothing takes it back" } },
    }
}

fn foot(view: &View<'_>) -> Markup {
    let limits = &view.limits;
    let all = view
        .migrations
        .iter()
        .flat_map(|migration| &migration.steps)
        .map(|step| &step.estimate);
    html! {
        footer {
            p {
                "Segue " (env!("CARGO_PKG_VERSION")) ". All steps: " (words::cost(&Estimate::sum(all)))
                ". Times and log are estimates from the sizes of the tables now; docs/plan.md says how they are made."
            }
            p {
                "Each try waits at most " (limits.lock_timeout_ms) " ms for a lock, " (limits.attempts_max) " tries; more than "
                (limits.blocked_sessions_max) " sessions behind a statement cancel it."
            }
        }
    }
}

//! The course of a migration in one strip: phases, gate, rollback window, point of no return.

use maud::{Markup, html};
use segue_model::PhaseKind;

use super::super::{Estimate, MigrationView, NoReturn, StepView, words};

/// The steps of one phase.
struct Leg<'v> {
    phase: PhaseKind,
    steps: Vec<&'v StepView<'v>>,
    side: Side,
}

/// On which side of the gate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

/// The strip; nothing for a migration without a gate, where the steps say it all.
pub(super) fn draw(migration: &MigrationView<'_>) -> Markup {
    let Some(gate) = migration.gate else {
        return html! {};
    };
    let legs = legs(migration, gate);
    let open = legs.iter().filter(|leg| leg.side == Side::Before).count();
    let columns: Vec<&str> = legs
        .iter()
        .enumerate()
        .flat_map(|(place, _)| {
            let stop = (place == open).then_some("auto");
            stop.into_iter().chain(std::iter::once("minmax(0,1fr)"))
        })
        .collect();
    html! {
        div.course style={ "grid-template-columns:" (columns.join(" ")) } role="img" aria-label="The phases in order, the gate between, and how far one can go back" {
            @for (place, leg) in legs.iter().enumerate() {
                @if place == open { (gate_sign(migration)) }
                div class={ "leg " (words::phase(leg.phase)) } {
                    strong { (words::phase(leg.phase)) }
                    span { (words::purpose(leg.phase)) }
                    span.cost {
                        (leg.steps.len()) (if leg.steps.len() == 1 { " step, " } else { " steps, " })
                        (words::cost(&Estimate::sum(leg.steps.iter().map(|step| &step.estimate))))
                    }
                }
            }
            @if open > 0 {
                div.reach style={ "grid-column: 1 / span " (open) } { "◀ segue down goes back, and keeps every write" }
            }
        }
    }
}

fn gate_sign(migration: &MigrationView<'_>) -> Markup {
    let is_end = matches!(migration.no_return, NoReturn::At(..));
    html! {
        div class={ "stop" (if is_end { " end" } else { "" }) } {
            span.sign aria-hidden="true" {}
            span { @if is_end { "gate, and the point of no return behind it" } @else { "gate" } }
        }
    }
}

/// What is before the gate, by phases, and what is behind it.
fn legs<'v>(migration: &'v MigrationView<'v>, gate: usize) -> Vec<Leg<'v>> {
    let mut legs: Vec<Leg<'v>> = Vec::new();
    for (place, step) in migration.steps.iter().enumerate() {
        let side = if place < gate {
            Side::Before
        } else {
            Side::Behind
        };
        let phase = step.step.phase;
        match legs
            .iter_mut()
            .find(|leg| (leg.side, leg.phase) == (side, phase))
        {
            Some(leg) => leg.steps.push(step),
            None => legs.push(Leg {
                phase,
                steps: vec![step],
                side,
            }),
        }
    }
    legs
}

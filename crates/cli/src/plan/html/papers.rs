//! The two papers about a plan as pages: what a team reviews, and why each statement takes its way.

use maud::{Markup, html};
use segue_engine::Consent;
use segue_model::Dialect;

use super::{coded, foot, hindrances, title};
use crate::plan::review::{OWN_DOWN, facts, loss, others, ways_back};
use crate::plan::why::{parts, shown};
use crate::plan::{MigrationView, View, words};
use crate::show::escape::{line, lines};

/// What a page of papers has beside what the plan's page has.
const STYLE: &str = concat!(include_str!("plan.css"), include_str!("papers.css"));

fn page(view: &View<'_>, kicker: &str, body: &Markup) -> String {
    let title = title(view);
    let body = html! {
        header { p.kicker { (kicker) } h1 { (title) } }
        (body)
        (foot(view))
    };
    let mut text = crate::page::page(&title, "segue plan", STYLE, &body).into_string();
    text.push('\n');
    text
}

/// What a team reviews.
pub(crate) fn review(view: &View<'_>, consent: &Consent) -> String {
    let body = html! {
        (hindrances(view))
        @for migration in &view.migrations {
            section.migration {
                @if view.migrations.len() > 1 { h2 { (line(&migration.plan.path)) } }
                dl.paper {
                    @for (word, said) in facts(migration, (view, consent)) {
                        dt { (word) } dd { (coded(&said)) }
                    }
                }
                h3 { "Forward" }
                (forward(migration))
                h3 { "Back, the last step first" }
                (back(migration))
            }
        }
    };
    page(view, "segue plan --rollback: what a team reviews", &body)
}

fn forward(migration: &MigrationView<'_>) -> Markup {
    html! {
        table.paper {
            thead { tr { th { "step" } th { "what" } th { "others" } th { "takes" } th { "once it is done, going back" } } }
            tbody {
                @for (place, step) in migration.steps.iter().enumerate() {
                    @if migration.gate == Some(place) {
                        tr.gate { td {} td colspan="4" { "Gate: the rest waits for " code { "segue contract" } } }
                    }
                    @if migration.is_no_return(place) {
                        tr.no-return { td {} td colspan="4" { "Point of no return: from here on" } }
                    }
                    tr {
                        td { (step.step.id) }
                        td { (line(&step.step.purpose)) pre { code { (lines(&step.sql)) } } }
                        td { (others(step)) }
                        td { (words::cost(&step.estimate)) }
                        td { (line(&loss(step))) }
                    }
                }
            }
        }
    }
}

fn back(migration: &MigrationView<'_>) -> Markup {
    let back = ways_back(migration);
    html! {
        @if migration.gate.is_none() { p { (coded(OWN_DOWN)) } }
        @if back.is_empty() { p { "Nothing." } }
        ol.back {
            @for (step, sql) in &back {
                li { (step.step.id) " " (line(&step.step.purpose)) pre { code { (lines(&sql.join(";\n"))) } } }
            }
        }
    }
}

/// Why each statement takes its way.
pub(crate) fn why(view: &View<'_>, dialect: &dyn Dialect) -> String {
    let body = html! {
        @for migration in &view.migrations {
            section.migration {
                @if view.migrations.len() > 1 { h2 { (line(&migration.plan.path)) } }
                @if migration.plan.decisions.is_empty() { p { "It goes on with the plan it was begun with." } }
                @for decision in &migration.plan.decisions {
                    article.step {
                        p.what { span.id { (decision.statement) } code { (shown(decision, dialect)) } }
                        dl.paper {
                            @for (word, said) in parts(decision) {
                                @for one in &said { dt { (word) } dd { (coded(one)) } }
                            }
                        }
                    }
                }
            }
        }
    };
    page(
        view,
        "segue plan --why: which way each statement takes",
        &body,
    )
}

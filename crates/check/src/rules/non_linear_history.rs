//! The order of the migrations is not one line.

use segue_model::ProjectProblem;

use crate::{Ask, Group, Hit, Place, ProjectAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "non-linear-history",
    summary: "the order of the migrations is not one line",
    question: Question::Fails,
    group: Group::Project,
    page: "\
Two heads, two files with one number, a predecessor that does not exist, a file that its tool ignores or skips: \
on one database the migrations run in one order, on another one differently, or not at all. It happens when two \
branches are merged, each green by itself.

Renumber or merge as the tool wants it, and check the merged tree in CI (`segue check --base`).",
    bad: &[],
    good: &[],
    ask: Ask::Project(ask),
};

fn ask(asked: &ProjectAsked<'_>) -> Vec<(Place, Hit)> {
    asked
        .problems
        .iter()
        .filter_map(|problem| {
            described(problem).map(|(path, severity, message)| (path, Hit::new(severity, message)))
        })
        .map(|(path, hit)| {
            let place = path.map_or_else(|| asked.whole(), |path| Place { path, span: None });
            (
                place,
                hit.advice(
                    "renumber or merge as the tool wants it, and check the merged tree in CI",
                ),
            )
        })
        .collect()
}

fn described(problem: &ProjectProblem) -> Option<(Option<String>, Severity, String)> {
    let text = match problem {
        ProjectProblem::DuplicateId { id, paths } => (
            paths.last().cloned(),
            Severity::Error,
            format!(
                "{} migrations are called {id}: {}",
                paths.len(),
                paths.join(", ")
            ),
        ),
        ProjectProblem::SeveralHeads { heads } => (
            None,
            Severity::Error,
            format!(
                "the history has {} heads: {}",
                heads.len(),
                heads.join(", ")
            ),
        ),
        ProjectProblem::MissingParent { id, parent } => (
            None,
            Severity::Error,
            format!("{id} follows {parent}, which does not exist"),
        ),
        ProjectProblem::Cycle { ids } => (
            None,
            Severity::Error,
            format!("the migrations form a cycle: {}", ids.join(", ")),
        ),
        ProjectProblem::OutOfOrder { id, consequence } => (
            None,
            Severity::Warning,
            format!("{id} is out of order: {consequence}"),
        ),
        ProjectProblem::Ignored { path, reason } => (
            Some(path.clone()),
            Severity::Note,
            format!("the tool ignores this file: {reason}"),
        ),
        ProjectProblem::Unreadable { .. } | ProjectProblem::Configuration { .. } => return None,
    };
    Some(text)
}

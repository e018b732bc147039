//! A file cannot be read as text.

use segue_model::ProjectProblem;

use crate::{Ask, Group, Hit, Place, ProjectAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "unreadable-file",
    summary: "a file cannot be read as text",
    question: Question::Fails,
    group: Group::Project,
    page: "\
The file is not valid UTF-8 (the message gives the first byte that is not), holds a NUL byte, is no regular \
file, or lies outside the project. It was not judged.

Convert it to UTF-8. A byte order mark is fine.",
    bad: &[],
    good: &[],
    ask: Ask::Project(ask),
};

fn ask(asked: &ProjectAsked<'_>) -> Vec<(Place, Hit)> {
    asked
        .problems
        .iter()
        .filter_map(|problem| {
            if let ProjectProblem::Unreadable { path, reason } = problem {
                let place = Place {
                    path: path.clone(),
                    span: None,
                };
                Some((
                    place,
                    Hit::new(
                        Severity::Error,
                        format!("this file was not judged: {reason}"),
                    ),
                ))
            } else {
                None
            }
        })
        .collect()
}

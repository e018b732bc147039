//! A statement is no valid SQL of this dialect.

use segue_model::OpaqueReason;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "syntax-error",
    summary: "a statement is no valid SQL of this dialect",
    question: Question::Fails,
    group: Group::Running,
    page: "\
The text cannot be read as a statement. The server would refuse it too, at the latest when it runs.

The rest of the file is judged all the same.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN;")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN a int;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    match asked.statement.opaque() {
        Some(opaque) if opaque.reason == OpaqueReason::SyntaxError => {
            vec![
                Hit::new(Severity::Error, format!("syntax error: {}", opaque.message))
                    .at(opaque.span),
            ]
        }
        Some(_) | None => Vec::new(),
    }
}

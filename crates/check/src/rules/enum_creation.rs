//! The labels of an enum are hard to take back.

use segue_model::{TypeChange, TypeDefinition};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "enum-creation",
    summary: "the labels of an enum are hard to take back",
    question: Question::Advises,
    group: Group::Objects,
    page: "\
A label can be added to an enum, but never removed, and not moved; a new list of labels means a new type and a \
rewrite of every column that has it. Adding one that is used at once needs two transactions.

A lookup table with a foreign key, or a text column with a CHECK, can be changed row by row. Where the list is \
closed by nature (days of the week), an enum is fine: allow it with that reason.",
    bad: &[Example::new("CREATE TYPE mood AS ENUM ('sad', 'ok');")],
    good: &[Example::new("CREATE TABLE moods (name text PRIMARY KEY);"), Example::new("CREATE TYPE person AS (id bigint, name text);")],
    ask: Ask::Changes(Kind::Types, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (name, change) in asked.type_changes() {
        if let TypeChange::Create(TypeDefinition::Enum(_)) = change {
            let message = format!("labels of {name} can be added later, but not removed or moved");
            hits.push(
                Hit::new(Severity::Note, message)
                    .advice("a lookup table, or text with a CHECK, is easier to change"),
            );
        }
    }
    hits
}

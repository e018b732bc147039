//! A new enum label without BEFORE or AFTER sorts last.

use segue_model::{EnumPosition, TypeChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "enum-add-unordered",
    summary: "a new enum label without BEFORE or AFTER sorts last",
    question: Question::Advises,
    group: Group::Objects,
    page: "\
Labels of an enum sort in the order of the type, and `ADD VALUE` without a position appends. Where the order \
means something (severities, states, sizes), `ORDER BY` and comparisons are wrong from then on, and a label \
cannot be moved later.

Write `ADD VALUE 'high' AFTER 'medium'`, or `BEFORE`. Where the order means nothing, allow it once with that \
reason.

Source: PostgreSQL 17 manual, ALTER TYPE.",
    bad: &[Example::new("ALTER TYPE mood ADD VALUE 'happy';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);")],
    good: &[Example::new("ALTER TYPE mood ADD VALUE 'happy' AFTER 'ok';").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TYPE mood ADD VALUE 'happy';")],
    ask: Ask::Changes(Kind::Types, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (name, change) in asked.type_changes() {
        let TypeChange::AddValue {
            label,
            position: EnumPosition::End,
            ..
        } = change
        else {
            continue;
        };
        let is_new = asked
            .catalog()
            .types
            .get(name)
            .is_some_and(|known| asked.catalog().is_of_this_release(known.born));
        if !is_new {
            let message = format!("label '{label}' of {name} sorts after every other one");
            hits.push(
                Hit::new(Severity::Note, message)
                    .advice("say its place with BEFORE or AFTER where the order matters"),
            );
        }
    }
    hits
}

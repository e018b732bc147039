//! A change of a composite type locks every table of that type.

use segue_model::{LockRole, RefusalReason, TypeChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "composite-add-attribute",
    summary: "a change of a composite type locks every table of that type",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`ALTER TYPE … ADD ATTRIBUTE … CASCADE` adds the column to every typed table (`CREATE TABLE … OF type`), under \
ACCESS EXCLUSIVE on all of them at once; a new type of an attribute rewrites them. Without CASCADE the server \
refuses while there is such a table.

Typed tables make a type as hard to change as all of its tables together: prefer plain tables. Where they exist, \
run the change alone with a lock timeout and a retry.

Source: PostgreSQL 17 manual, ALTER TYPE; measured on 15 and 18.",
    bad: &[Example::new("ALTER TYPE person ADD ATTRIBUTE age int CASCADE;").after("CREATE TYPE person AS (id bigint, name text); CREATE TABLE people OF person;"), Example::new("ALTER TYPE person ADD ATTRIBUTE age int;").after("CREATE TYPE person AS (id bigint, name text); CREATE TABLE people OF person;")],
    good: &[Example::new("ALTER TYPE person ADD ATTRIBUTE age int;").after("CREATE TYPE person AS (id bigint, name text);")],
    ask: Ask::Changes(Kind::Types, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (name, change) in asked.type_changes() {
        let (TypeChange::AddAttribute { .. }
        | TypeChange::DropAttribute { .. }
        | TypeChange::AlterAttribute { .. }
        | TypeChange::RenameAttribute { .. }) = change
        else {
            continue;
        };
        let impact = &asked.answers.impact;
        for refusal in impact
            .refusals
            .iter()
            .filter(|refusal| refusal.reason == RefusalReason::Dependents)
        {
            hits.push(
                Hit::new(Severity::Error, refusal.message.clone())
                    .advice("write CASCADE, which changes the table too, under ACCESS EXCLUSIVE"),
            );
        }
        for claim in impact
            .claims
            .iter()
            .filter(|claim| claim.role == LockRole::Dependent)
        {
            let Some(table) = claim.on.relation() else {
                continue;
            };
            let rewrites = impact
                .work
                .iter()
                .any(|work| &work.on == table && work.kind == WorkKind::Rewrite);
            let stake = asked.stake(table);
            let severity = if rewrites {
                stake.of_long_lock()
            } else {
                stake.of_short_lock()
            };
            let message = format!(
                "changing type {name} keeps readers and writers of {table}, a table of this type, waiting"
            );
            hits.extend(severity.map(|severity| {
                Hit::new(severity, message)
                    .on(table)
                    .with_lock()
                    .advice("do it alone, with a lock timeout and a retry")
            }));
        }
    }
    hits
}

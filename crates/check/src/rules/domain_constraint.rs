//! A constraint of a domain reads every table that uses it while nobody can write to them.

use segue_model::{Cause, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "domain-constraint",
    summary: "a constraint of a domain reads every table that uses it while nobody can write to them",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`ALTER DOMAIN … ADD CONSTRAINT` and `SET NOT NULL` take SHARE on every table with a column of the domain, and \
read them all: writers wait. `NOT VALID` takes no lock on tables, but `VALIDATE` takes SHARE again: there is no \
online way.

Prefer CHECK constraints on the tables, which can be validated online.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER DOMAIN score ADD CONSTRAINT low CHECK (VALUE < 100);").after("CREATE DOMAIN score AS int; CREATE TABLE games (points score);"), Example::new("ALTER DOMAIN score SET NOT NULL;").after("CREATE DOMAIN score AS int; CREATE TABLE games (points score);")],
    good: &[Example::new("ALTER DOMAIN score ADD CONSTRAINT low CHECK (VALUE < 100) NOT VALID;").after("CREATE DOMAIN score AS int; CREATE TABLE games (points score);"), Example::new("ALTER DOMAIN score ADD CONSTRAINT low CHECK (VALUE < 100);").after("CREATE DOMAIN score AS int;")],
    ask: Ask::Changes(Kind::Domains, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (name, _) in asked.domain_changes() {
        let tables: Vec<_> = asked
            .answers
            .impact
            .work_for(Cause::DomainConstraint)
            .filter(|work| work.kind == WorkKind::Scan && asked.stake(&work.on).matters())
            .map(|work| &work.on)
            .collect();
        if let Some(first) = tables.first() {
            let shown: Vec<String> = tables.iter().map(ToString::to_string).collect();
            let message = format!(
                "this constraint of domain {name} reads {} while nobody can write to them",
                crate::wording::list(&shown)
            );
            hits.push(
                Hit::new(Severity::Error, message)
                    .on(first)
                    .with_lock()
                    .steps_or(
                        "put a CHECK on each table instead, added NOT VALID and then validated",
                    ),
            );
        }
    }
    hits
}

//! A constraint was added NOT VALID and no migration validates it.

use segue_model::{Enforcement, Relation, Validity, Wrapping};

use crate::{Ask, Example, Group, Hit, Place, ProjectAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "constraint-never-validated",
    summary: "a constraint was added NOT VALID and no migration validates it",
    question: Question::Fails,
    group: Group::Project,
    page: "\
A constraint that is `NOT VALID` checks new rows only. The planner does not use it, `SET NOT NULL` cannot use it \
as proof, and the old rows may violate it. The second half of the safe way never came.

`ALTER TABLE … VALIDATE CONSTRAINT …`, in a migration of its own: it reads the table while readers and writers \
go on.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit), Example::new("ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID; ALTER TABLE users DROP CONSTRAINT adult;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Project(ask),
};

fn ask(asked: &ProjectAsked<'_>) -> Vec<(Place, Hit)> {
    let mut hits = Vec::new();
    for (name, relation) in asked.context.catalog.relations() {
        let Relation::Table(table) = relation else {
            continue;
        };
        for constraint in &table.constraints {
            let waits = constraint.validity == Validity::NotValid
                && constraint.enforcement == Enforcement::Enforced;
            if waits && let Some(place) = asked.place_of(constraint.born) {
                let message = format!(
                    "{} on {name} was added NOT VALID, and no migration validates it",
                    constraint.name
                );
                hits.push((
                    place,
                    Hit::new(Severity::Note, message)
                        .on(name)
                        .advice("VALIDATE it in a migration of its own"),
                ));
            }
        }
    }
    hits
}

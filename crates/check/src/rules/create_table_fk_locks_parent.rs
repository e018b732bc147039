//! A foreign key of a new, empty table keeps writers of the referenced table waiting.

use segue_model::{LockRole, Locked};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "create-table-fk-locks-parent",
    summary: "a foreign key of a new, empty table keeps writers of the referenced table waiting",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
Even a table without a row takes SHARE ROW EXCLUSIVE on every table it references, until the transaction \
commits. The request queues behind every long write there, and all later writers queue behind it: this is how a \
migration of empty tables took an API down for 15 seconds.

Keep such a transaction tiny, set a short lock timeout, and retry; or create the table without the foreign key, \
and add it alone.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));")],
    ask: Ask::Changes(Kind::Tables, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (name, _) in asked.created_tables() {
        for claim in &asked.answers.impact.claims {
            let (Locked::Relation(parent), LockRole::ForeignKeyPartner) = (&claim.on, claim.role)
            else {
                continue;
            };
            if asked.stake(parent).matters() {
                let message = format!(
                    "creating {name} with a foreign key keeps writers of {parent} waiting until the transaction commits"
                );
                hits.push(
                    Hit::new(Severity::Warning, message)
                        .on(parent)
                        .with_lock()
                        .advice("keep the transaction tiny with a short lock timeout and a retry, or add the foreign key alone"),
                );
            }
        }
    }
    hits
}

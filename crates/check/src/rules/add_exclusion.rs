//! An exclusion constraint builds its index while nobody can read or write, and there is no online way.

use segue_model::ConstraintKind;

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-exclusion",
    summary: "an exclusion constraint builds its index while nobody can read or write, and there is no online way",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`EXCLUDE` cannot be NOT VALID and has no USING INDEX: the index is built under ACCESS EXCLUSIVE while every row \
is read.

There is no online way in place. Create a new table with the constraint, copy and swap; or enforce the rule by a \
trigger; or accept the wait in a maintenance window.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);").after("CREATE TABLE users (during tstzrange);")],
    good: &[Example::new("CREATE TABLE users (during tstzrange, CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::Exclude { .. } = &constraint.kind else {
            continue;
        };
        if let Some(severity) = asked.stake(table).of_long_lock() {
            let message = format!(
                "exclusion constraint {} builds its index while nobody can read or write {table}",
                constraint.name.ident()
            );
            hits.push(
                Hit::new(severity, message)
                    .on(table)
                    .with_lock()
                    .advice("there is no online way: a new table with the constraint, copied and swapped, or a maintenance window"),
            );
        }
    }
    hits
}

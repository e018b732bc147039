//! NOT VALID and VALIDATE in one transaction keep the first lock during the scan.

use segue_model::{ConstraintChange, LockMode, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "validate-in-same-tx",
    summary: "NOT VALID and VALIDATE in one transaction keep the first lock during the scan",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
`NOT VALID` is followed by `VALIDATE CONSTRAINT` in the *same* transaction: the strong lock of the first \
statement (ACCESS EXCLUSIVE for a CHECK, SHARE ROW EXCLUSIVE for a foreign key) is held while every row is read. \
The whole point of the two steps is lost.

Put them into two transactions: two migrations, or a migration that its tool runs without a transaction.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT k;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT k;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").wrapped(Wrapping::Autocommit), Example::new("ALTER TABLE users VALIDATE CONSTRAINT k;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0) NOT VALID;")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.constraint_changes() {
        let ConstraintChange::Validate(name) = change else {
            continue;
        };
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        let added_here = asked
            .catalog()
            .table(&target.name)
            .and_then(|table| table.constraint(name))
            .is_some_and(|known| known.born.transaction == asked.catalog().now.transaction);
        let held = asked.context.transaction.holds(&target.name);
        if let (true, true, Some(mode)) = (added_here, asked.context.transaction.is_open(), held)
            && mode > LockMode::ShareUpdateExclusive
        {
            let message = format!(
                "{name} is validated in the transaction that added it: {mode} on {} is held while every row is read",
                target.name
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .advice("validate it in a transaction of its own: another migration, or one that runs without a transaction"),
            );
        }
    }
    hits
}

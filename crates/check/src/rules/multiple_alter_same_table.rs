//! Several ALTER TABLE statements read the same table several times.

use segue_model::{Answers, Blocks, QualifiedName, WorkKind};

use crate::{Ask, Example, Group, Hit, MigrationAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "multiple-alter-same-table",
    summary: "several ALTER TABLE statements read the same table several times",
    question: Question::Advises,
    group: Group::Running,
    page: "\
Each of these statements reads the table for itself while it is locked. In one ALTER TABLE the server reads it \
once.

Merge them, except where the order matters: `SET NOT NULL` and the drop of the CHECK that proves it must stay \
two statements. Better still, take the online way for each.",
    bad: &[Example::new("ALTER TABLE users ADD CONSTRAINT a CHECK (age > 1); ALTER TABLE users ADD CONSTRAINT b CHECK (age < 200);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ADD COLUMN b text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD CONSTRAINT a CHECK (age > 1), ADD CONSTRAINT b CHECK (age < 200);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Migration(ask),
};

fn ask(asked: &MigrationAsked<'_>) -> Vec<Hit> {
    let mut seen: Vec<&QualifiedName> = Vec::new();
    let mut hits = Vec::new();
    for (statement, answers) in asked.statements.iter().zip(&asked.answers) {
        for table in scanned_under_lock(answers) {
            if asked.context.catalog.is_new_in_migration(table) {
                continue;
            }
            if seen.contains(&table) {
                let message = format!(
                    "{table} is read a second time under lock: one ALTER TABLE would read it once"
                );
                hits.push(
                    Hit::new(Severity::Note, message)
                        .on(table)
                        .at(statement.span)
                        .advice("merge the statements, or take the online way for each"),
                );
            } else {
                seen.push(table);
            }
        }
    }
    hits
}

/// The tables a statement reads or writes as a whole while the application waits.
fn scanned_under_lock(answers: &Answers) -> Vec<&QualifiedName> {
    let mut found: Vec<&QualifiedName> = answers
        .impact
        .work
        .iter()
        .filter(|work| matches!(work.kind, WorkKind::Scan | WorkKind::Rewrite))
        .filter(|work| {
            answers
                .impact
                .strongest_on(&work.on)
                .is_some_and(|mode| mode.blocks() == Blocks::ReadsAndWrites)
        })
        .map(|work| &work.on)
        .collect();
    found.dedup();
    found
}

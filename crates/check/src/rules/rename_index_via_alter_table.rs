//! ALTER TABLE renames an index under a stronger lock than ALTER INDEX.

use segue_model::{IndexChange, RenameSpelling, TableChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "rename-index-via-alter-table",
    summary: "ALTER TABLE renames an index under a stronger lock than ALTER INDEX",
    question: Question::Blocks,
    group: Group::Indexes,
    page: "\
`ALTER TABLE index RENAME TO …` takes ACCESS EXCLUSIVE on the index; `ALTER INDEX index RENAME TO …` takes SHARE \
UPDATE EXCLUSIVE (PostgreSQL 12 and later). Both do the same.

Source: measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users_name RENAME TO users_by_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    good: &[Example::new("ALTER INDEX users_name RENAME TO users_by_name;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let by_table = asked
        .table_changes()
        .into_iter()
        .filter_map(|(target, change)| {
            let is_index = asked.catalog().index(&target.name).is_some();
            (is_index && matches!(change, TableChange::Rename(_))).then_some(&target.name)
        });
    let by_index = asked.index_changes().into_iter().filter_map(|change| {
        if let IndexChange::Rename {
            from,
            spelled: RenameSpelling::AlterTable,
            ..
        } = change
        {
            Some(from)
        } else {
            None
        }
    });
    by_table
        .chain(by_index)
        .map(|name| {
            let message = format!("ALTER TABLE takes ACCESS EXCLUSIVE to rename index {name}: queries that plan for its table stall");
            Hit::new(Severity::Warning, message).on(name).with_lock().steps_or("use ALTER INDEX … RENAME")
        })
        .collect()
}

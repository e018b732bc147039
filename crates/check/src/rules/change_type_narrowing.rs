//! A narrower type fails on values that do not fit, or cuts them.

use segue_model::{ColumnChange, DataType, LossKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-narrowing",
    summary: "a narrower type fails on values that do not fit, or cuts them",
    question: Question::Loses,
    group: Group::Columns,
    page: "\
Narrowing a varchar over a longer value is an error and the migration fails; with `USING` the value is cut \
without a word. A smaller numeric scale rounds. Which of it happens depends on the data.

The safe way: keep the wide type, and add `CHECK (length(c) <= n) NOT VALID`, then validate it: that tells about \
the rows that do not fit, without a lock.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(20);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN name TYPE varchar(100) USING name::varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    ask: Ask::Changes(Kind::Columns, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (target, change) in asked.column_changes() {
        let ColumnChange::SetType {
            name, data_type, ..
        } = change
        else {
            continue;
        };
        let loses = asked
            .answers
            .destroys
            .iter()
            .any(|loss| loss.kind == LossKind::Precision && loss.column.as_ref() == Some(name));
        let known = asked.catalog().column(&target.name, name);
        let narrows = known.is_some_and(|column| is_narrower(&column.data_type, data_type));
        if loses && narrows && asked.stake(&target.name).matters() {
            let message = format!(
                "{} may hold values that {data_type} cannot: the change fails on them, or a USING cuts them",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .on(&target.name)
                    .advice("keep the wide type and add a CHECK on the length, NOT VALID and then validated"),
            );
        }
    }
    hits
}

/// The same kind of value with less room.
fn is_narrower(old: &DataType, new: &DataType) -> bool {
    const FAMILIES: &[&[&str]] = &[
        &["text", "character varying", "character"],
        &["bigint", "integer", "smallint"],
        &["numeric", "bigint", "integer", "smallint"],
        &["double precision", "real"],
        &["timestamp without time zone", "date"],
        &["timestamp with time zone", "date"],
    ];
    if old.name == new.name {
        return true;
    }
    FAMILIES.iter().any(|family| {
        let place =
            |data_type: &DataType| family.iter().position(|name| data_type.is_built_in(name));
        match (place(old), place(new)) {
            (Some(wide), Some(narrow)) => {
                wide < narrow && !(new.modifiers.is_empty() && new.is_built_in("character varying"))
            }
            (None, _) | (_, None) => false,
        }
    })
}

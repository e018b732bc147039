//! A type change that stores values differently writes the whole table anew.

use segue_model::{Cause, ColumnChange, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Kind};

pub(super) static RULE: Rule = Rule {
    code: "change-type-rewrite",
    summary: "a type change that stores values differently writes the whole table anew",
    question: Question::Blocks,
    group: Group::Columns,
    page: "\
When the new type stores values differently (int to bigint, text to varchar(n), json to jsonb, char(n) to \
anything, a narrower numeric, a USING that computes), the server writes every row anew and rebuilds every index \
of the table, under ACCESS EXCLUSIVE.

Free are: a wider varchar, varchar to text, a wider numeric of the same scale, cidr to inet, timestamp(3) to \
timestamp(6), and a few more; they are not reported here.

The safe way: a new column beside the old one, a trigger that keeps both in step, a copy in batches, its indexes \
built concurrently, then the names are swapped in one short transaction.

Source: PostgreSQL 17 manual, ALTER TABLE, notes; pairs measured on 15 and 18.",
    bad: &[Example::new("ALTER TABLE users ALTER COLUMN age TYPE bigint;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN name TYPE varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);")],
    good: &[Example::new("ALTER TABLE users ALTER COLUMN email TYPE varchar(100);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN email TYPE text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("ALTER TABLE users ALTER COLUMN name TYPE text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int, email varchar(50), made timestamp);"), Example::new("CREATE TABLE users (age int); ALTER TABLE users ALTER COLUMN age TYPE bigint;")],
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
        let causes = [
            Cause::TypeChange,
            Cause::UsingExpression,
            Cause::ConstrainedDomain,
        ];
        let Some(severity) = asked.stake(&target.name).of_long_lock() else {
            continue;
        };
        if causes
            .iter()
            .any(|cause| asked.works(&target.name, &WorkKind::Rewrite, *cause))
        {
            let message = format!(
                "changing {} to {data_type} writes every row anew and rebuilds every index",
                crate::select::column(&target.name, name)
            );
            hits.push(
                Hit::new(severity, message)
                    .on(&target.name)
                    .with_lock()
                    .steps_or("a new column beside the old one, kept in step by a trigger, filled in batches, indexed concurrently; then swap the names in one short transaction"),
            );
        }
    }
    hits
}

//! A table without a primary key cannot be replicated or worked through in batches.

use segue_model::{
    Change, ConstraintKind, Inheritance, Persistence, Statement, Table, TableChange,
    TableDefinition, Target,
};

use crate::{Ask, Example, Group, Hit, MigrationAsked, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "table-without-pk",
    summary: "a table without a primary key cannot be replicated or worked through in batches",
    question: Question::Advises,
    group: Group::Objects,
    page: "\
Logical replication needs a key to find the row an UPDATE or DELETE is about; backfills and deletions in batches \
need one to go on from; and without one nothing keeps the same row from being stored twice.

Give the table a primary key: the natural one, or `id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`. While \
the table is new that costs nothing.

Temporary tables, foreign tables, and partitions of a table that has one are not reported.",
    bad: &[Example::new("CREATE TABLE logs (at timestamptz, line text);")],
    good: &[Example::new("CREATE TABLE logs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line text);"), Example::new("CREATE TABLE logs (id bigint, line text); ALTER TABLE logs ADD PRIMARY KEY (id);"), Example::new("CREATE TEMP TABLE staging (line text);"), Example::new("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);").after("CREATE TABLE events (id bigint NOT NULL, name text) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    ask: Ask::Migration(ask),
};

fn ask(asked: &MigrationAsked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for statement in &asked.statements {
        for (target, definition) in created(statement) {
            let catalog = asked.context.catalog;
            let Some(table) = catalog
                .table(&target.name)
                .filter(|table| catalog.is_of_this_release(table.born))
            else {
                continue;
            };
            let is_partition = matches!(definition.inheritance, Inheritance::PartitionOf { .. });
            let is_kept =
                table.persistence != Persistence::Temporary && definition.server.is_none();
            if is_partition || !is_kept || has_primary_key(table) {
                continue;
            }
            let message = format!("{} has no primary key", target.name);
            hits.push(
                Hit::new(Severity::Note, message)
                    .on(&target.name)
                    .at(statement.span)
                    .advice("add one while the table is new: id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            );
        }
    }
    hits
}

fn created(statement: &Statement) -> impl Iterator<Item = (&Target, &TableDefinition)> {
    statement.changes.iter().filter_map(|change| {
        if let Change::Table(target, TableChange::Create(definition)) = change {
            Some((target, definition.as_ref()))
        } else {
            None
        }
    })
}

fn has_primary_key(table: &Table) -> bool {
    table
        .constraints
        .iter()
        .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey(_)))
}

//! A foreign key column has another type than the key it references.

use segue_model::{
    Catalog, Column, ColumnChange, Constraint, ConstraintKind, DataType, ForeignKey, Ident,
    QualifiedName,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "fk-type-mismatch",
    summary: "a foreign key column has another type than the key it references",
    question: Question::Fails,
    group: Group::Constraints,
    page: "\
An `integer` column that references a `bigint` key works until the key passes 2,147,483,647: then no row can \
reference it. Other mixtures need a cast at every check and may keep an index from being used.

Give the referencing column the type of the key. While the table is new that costs nothing.",
    bad: &[Example::new("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY, user_id int REFERENCES users (id));"), Example::new("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (user_id int);")],
    good: &[Example::new("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, columns, constraint) in keys(asked) {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            continue;
        };
        for (column, referenced) in key
            .columns
            .iter()
            .zip(referenced_columns(asked, table, columns, key))
        {
            let from = type_of(asked.catalog(), table, columns, column);
            let to = type_of(
                asked.catalog(),
                &key.references,
                if &key.references == table {
                    columns
                } else {
                    &[]
                },
                &referenced,
            );
            if let (Some(from), Some(to)) = (from, to)
                && from.name != to.name
            {
                let message = format!(
                    "{} is {from} and references {}, which is {to}",
                    crate::select::column(table, column),
                    crate::select::column(&key.references, &referenced)
                );
                hits.push(
                    Hit::new(Severity::Warning, message)
                        .on(table)
                        .advice("give the referencing column the type of the key"),
                );
            }
        }
    }
    hits
}

type Key<'a> = (&'a QualifiedName, &'a [Column], &'a Constraint);

/// The constraints a statement adds, with their table and the columns it creates along with them.
fn keys<'a>(asked: &Asked<'a>) -> Vec<Key<'a>> {
    let mut found: Vec<Key<'a>> = asked
        .constraint_changes()
        .into_iter()
        .filter_map(|(target, change)| {
            if let segue_model::ConstraintChange::Add(constraint) = change {
                Some((&target.name, &[] as &[Column], constraint))
            } else {
                None
            }
        })
        .collect();
    for (name, definition) in asked.created_tables() {
        found.extend(
            definition
                .constraints
                .iter()
                .map(|constraint| (name, definition.columns.as_slice(), constraint)),
        );
    }
    for (target, change) in asked.column_changes() {
        if let ColumnChange::Add {
            column,
            constraints,
            ..
        } = change
        {
            found.extend(
                constraints
                    .iter()
                    .map(|constraint| (&target.name, std::slice::from_ref(column), constraint)),
            );
        }
    }
    found
}

/// The referenced columns, the primary key's where none are written.
fn referenced_columns(
    asked: &Asked<'_>,
    table: &QualifiedName,
    columns: &[Column],
    key: &ForeignKey,
) -> Vec<Ident> {
    if !key.referenced_columns.is_empty() {
        return key.referenced_columns.clone();
    }
    if &key.references == table && !columns.is_empty() {
        return Vec::new();
    }
    asked
        .catalog()
        .table(&key.references)
        .map(|known| known.primary_key().to_vec())
        .unwrap_or_default()
}

fn type_of<'a>(
    catalog: &'a Catalog,
    table: &QualifiedName,
    created: &'a [Column],
    column: &Ident,
) -> Option<&'a DataType> {
    created
        .iter()
        .find(|known| &known.name == column)
        .or_else(|| catalog.column(table, column))
        .map(|known| &known.data_type)
}

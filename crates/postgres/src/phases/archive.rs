//! DROP COLUMN and DROP TABLE behind a gate: what is dropped is kept in the archive until it is purged.
//!
//! A table moves into the archive's namespace: a catalog change. The values of a column are copied there with the key, in
//! batches, before the column goes. Until the contract phase nothing is dropped; only what would make the new version
//! fail is relaxed (NOT NULL of a column that it does not write). Source: design, sections 4.1 and 4.4.

use segue_model::{
    ARCHIVE, Backfill, BackfillKind, BackfillProof, Change, ChosenName, Column, ColumnChange,
    CommentTarget, Constraint, ConstraintKind, Context, Expression, Fill, Ident, Inheritance, KeyColumns,
    Knowledge, NamespaceChange, Nullability, ObjectKind, Persistence, Presence, QualifiedName,
    Reaction, Retired, Shape, Sql, Table, TableChange, Taken, TableDefinition, Target,
};
use sha2::{Digest, Sha256};

use super::draft::Draft;
use super::{author, detach_partition, drop_referencing_table, expression, is_used, names};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let restrict = Reaction::Restrict;
    if let Change::Column(target, ColumnChange::Drop { name, reaction, .. }) = change
        && *reaction == restrict
    {
        return drop_column(target, name, context);
    }
    if let Change::Table(target, TableChange::Drop { reaction }) = change
        && *reaction == restrict
    {
        return drop_table(target, context);
    }
    None
}

fn drop_column(target: &Target, name: &Ident, context: &Context<'_>) -> Option<Draft> {
    let table = context.catalog.table(&target.name)?;
    let column = table.column(name)?;
    if !is_used(&target.name, context) || is_needed(target, table, name, context) {
        return None;
    }
    let key = key(table, std::slice::from_ref(name));
    let mut draft = Draft::new();
    let has_value = !matches!(column.fill, Fill::None);
    if column.nullability == Nullability::NotNull && !has_value {
        draft.own(
            format!("Let {name} of {} be null: the new version does not write it.", target.name),
            author::column(target, ColumnChange::DropNotNull(name.clone())),
        );
    }
    draft.gate(
        vec![format!(
            "No running version of the application uses the column {name} of {}.",
            target.name
        )],
        vec![Retired::Column {
            table: target.name.clone(),
            column: name.clone(),
            counter: None,
        }],
    );
    let none_remain = BackfillProof::NoneRemain;
    let restore =
        key.and_then(|key| keep_values(&mut draft, target, (table, column, none_remain), &key));
    if restore.is_none() {
        draft.remark(format!(
            "The values of {name} are not kept: {} has no key of stored columns to keep them by. The contract phase is the \
             point of no return.",
            target.name
        ));
    }
    drop_keys(&mut draft, target, table, std::slice::from_ref(name));
    draft.own(
        format!("Drop {name} of {}: no other table is locked.", target.name),
        author::column(
            target,
            ColumnChange::Drop {
                name: name.clone(),
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        ),
    );
    if let Some(restore) = restore {
        draft.restored_by(restore);
    }
    Some(draft)
}

/// The foreign keys of columns that go.
pub(super) fn drop_keys(draft: &mut Draft, target: &Target, table: &Table, names: &[Ident]) {
    for (constraint, key) in table.foreign_keys() {
        if key.columns.iter().any(|column| names.contains(column)) && key.references != target.name {
            draft.own(
                format!(
                    "Drop {} alone, so that {} is locked only for this moment.",
                    constraint.name, key.references
                ),
                author::drop_constraint(target, &constraint.name),
            );
        }
    }
}

/// True when the column cannot go as it is: something that would go with it, or that refuses, hangs on it.
pub(super) fn is_needed(target: &Target, table: &Table, name: &Ident, context: &Context<'_>) -> bool {
    table.knowledge == Knowledge::Assumed
        || table.partition_of.is_some()
        || !table.inherits.is_empty()
        || table.settings.server.is_some()
        || (table.partitioning.is_none() && !context.catalog.descendants(&target.name).is_empty())
        || table.is_partitioned_by(name)
        || table.columns.iter().any(|other| other.is_generated_from(name))
        || context.catalog.views_reading(&target.name, name).next().is_some()
}

/// A key without the columns: the columns by which their values find their rows again.
pub(super) fn key(table: &Table, names: &[Ident]) -> Option<Vec<Column>> {
    let of = |columns: &[Ident]| -> Option<Vec<Column>> {
        columns
            .iter()
            .map(|column| {
                table
                    .column(column)
                    .filter(|column| {
                        !names.contains(&column.name) && column.nullability == Nullability::NotNull
                    })
                    .cloned()
            })
            .collect()
    };
    let keys = |is_wanted: fn(&ConstraintKind) -> bool| {
        table
            .constraints
            .iter()
            .filter(move |constraint| is_wanted(&constraint.kind))
            .find_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey(KeyColumns::Build { columns, .. })
                | ConstraintKind::Unique(KeyColumns::Build { columns, .. }) => of(columns),
                ConstraintKind::PrimaryKey(KeyColumns::UsingIndex(_))
                | ConstraintKind::Unique(KeyColumns::UsingIndex(_))
                | ConstraintKind::Check(_)
                | ConstraintKind::NotNull(_)
                | ConstraintKind::ForeignKey(_)
                | ConstraintKind::Exclude { .. } => None,
            })
    };
    keys(|kind| matches!(kind, ConstraintKind::PrimaryKey(_)))
        .or_else(|| keys(|kind| matches!(kind, ConstraintKind::Unique(_))))
}

/// The archive's table and the copy; gives what puts the values back. None for a value that is computed.
pub(super) fn keep_values(
    draft: &mut Draft,
    target: &Target,
    (table, column, proof): (&Table, &Column, BackfillProof),
    key: &[Column],
) -> Option<Backfill> {
    if matches!(column.fill, Fill::Stored(_) | Fill::Virtual(_)) {
        return None;
    }
    let archive = place(&target.name, Some(&column.name));
    let keys: Vec<Ident> = key.iter().map(|column| column.name.clone()).collect();
    create_namespace(draft);
    draft.own(
        format!("Create {archive} for the values of {}, by the key of {}.", column.name, target.name),
        create(&archive, table, (column, key)),
    );
    draft.with_previous(
        "Say in its comment what it is.".to_owned(),
        say(&archive, &format!("{}.{}", target.name, column.name)),
    );
    let value = |name: &Ident| Expression {
        shape: Shape::Column(name.clone()),
        ..expression(&Sql::default().ident(name), vec![name.clone()])
    };
    let all: Vec<Ident> = keys.iter().chain([&column.name]).cloned().collect();
    let remaining = missing(&archive, (&target.name, &column.name), &keys);
    draft.backfill(
        format!("Copy the values of {} there, in batches.", column.name),
        Backfill {
            table: target.name.clone(),
            kind: BackfillKind::Copy {
                into: archive.clone(),
                columns: all.iter().map(|name| (name.clone(), value(name))).collect(),
                taken: Taken::Skipped,
            },
            remaining: expression(&remaining, all.clone()),
            proof,
        },
    );
    Some(back_from(&archive, (&target.name, column), &keys))
}

/// What an earlier round of the same change kept makes room for what is kept now.
pub(super) fn forget(draft: &mut Draft, table: &QualifiedName, column: &Ident) {
    let archive = place(table, Some(column));
    draft.own(
        format!("Make room for the values of {column}: what an earlier round kept goes."),
        Change::Table(
            Target {
                presence: Presence::Lenient,
                ..Target::required(archive)
            },
            TableChange::Drop {
                reaction: Reaction::Restrict,
            },
        ),
    );
}

/// `CREATE TABLE` for the key and the value.
fn create(archive: &QualifiedName, table: &Table, (column, key): (&Column, &[Column])) -> Change {
    let bare = |column: &Column| Column {
        nullability: Nullability::Nullable,
        fill: Fill::None,
        storage: None,
        ..column.clone()
    };
    let primary = ConstraintKind::PrimaryKey(KeyColumns::Build {
        columns: key.iter().map(|column| column.name.clone()).collect(),
        include: Vec::new(),
    });
    Change::Table(
        Target::required(archive.clone()),
        TableChange::Create(Box::new(TableDefinition {
            columns: key.iter().chain([column]).map(bare).collect(),
            constraints: vec![Constraint {
                name: ChosenName::Given(names::object_name(&archive.name, "", "pkey")),
                ..author::constraint(&archive.name, primary)
            }],
            like: Vec::new(),
            inheritance: Inheritance::None,
            partitioning: None,
            persistence: table.persistence,
            query: None,
            parameters: Vec::new(),
            tablespace: None,
            server: None,
        })),
    )
}

/// The rows whose value is not in the archive yet; a null is no value.
fn missing(archive: &QualifiedName, (table, column): (&QualifiedName, &Ident), keys: &[Ident]) -> Sql {
    let sql = Sql::default()
        .ident(&table.name)
        .text(".")
        .ident(column)
        .text(" IS NOT NULL AND NOT EXISTS (SELECT FROM ");
    same_key(sql.name(archive).text(" AS kept WHERE "), table, keys).text(")")
}

pub(super) fn same_key(sql: Sql, table: &QualifiedName, keys: &[Ident]) -> Sql {
    sql.list(keys, " AND ", |sql, key| {
        sql.text("kept.")
            .ident(key)
            .text(" OPERATOR(pg_catalog.=) ")
            .ident(&table.name)
            .text(".")
            .ident(key)
    })
}

/// Puts the values back where the column is null. A column that refuses null gets its default in rows that came later.
fn back_from(archive: &QualifiedName, (table, dropped): (&QualifiedName, &Column), keys: &[Ident]) -> Backfill {
    let column = &dropped.name;
    let kept = |sql: Sql, what: &dyn Fn(Sql) -> Sql| {
        same_key(
            what(sql).text(" FROM ").name(archive).text(" AS kept WHERE "),
            table,
            keys,
        )
    };
    let value = kept(Sql::literal("(SELECT "), &|sql| sql.text("kept.").ident(column)).text(")");
    let is_null = Sql::default().ident(&table.name).text(".").ident(column).text(" IS NULL");
    let (value, remaining) = match &dropped.fill {
        Fill::Default(default) if dropped.nullability == Nullability::NotNull => {
            let value = Sql::literal("COALESCE(").verbatim(value.as_str()).text(", ");
            (value.verbatim(&default.text).text(")"), is_null)
        }
        Fill::Default(_) | Fill::None | Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => {
            let remaining = kept(is_null.text(" AND EXISTS (SELECT"), &|sql| sql);
            (value, remaining.text(" AND kept.").ident(column).text(" IS NOT NULL)"))
        }
    };
    let columns: Vec<Ident> = keys.iter().chain([column]).cloned().collect();
    Backfill::update(
        table.clone(),
        vec![(column.clone(), expression(&value, keys.to_vec()))],
        expression(&remaining, columns),
    )
}

fn drop_table(target: &Target, context: &Context<'_>) -> Option<Draft> {
    let name = &target.name;
    let table = context.catalog.table(name)?;
    let is_held = context.catalog.views_of(name).next().is_some()
        || context
            .catalog
            .references_to(name)
            .any(|(from, _, _)| from != name)
        || !context.catalog.descendants(name).is_empty()
        || table.persistence == Persistence::Temporary
        || table.settings.server.is_some();
    if !is_used(name, context) || is_held {
        return None;
    }
    let mut draft = Draft::new();
    draft.gate(
        vec![format!("No running version of the application uses {name}.")],
        vec![Retired::Relation(name.clone())],
    );
    if let Some((parent, _)) = &table.partition_of {
        detach_partition::append(&mut draft, &Target::required(parent.clone()), name, context)?;
    }
    drop_referencing_table::append_keys(&mut draft, name, context);
    create_namespace(&mut draft);
    draft.own(
        format!("Move {name} into the archive: no row is read or written."),
        Change::Table(
            Target::required(name.clone()),
            TableChange::SetNamespace(Ident::from(ARCHIVE)),
        ),
    );
    draft.remark(format!(
        "{name} is kept in {ARCHIVE} until it is purged; `segue down` brings it back with its rows."
    ));
    Some(draft)
}

fn create_namespace(draft: &mut Draft) {
    draft.own(
        "Make sure that there is an archive.".to_owned(),
        Change::Namespace(
            Ident::from(ARCHIVE),
            NamespaceChange::Create(Presence::Lenient),
        ),
    );
}

/// Where the values of a column are kept: one place for each column of each table.
pub(super) fn place(table: &QualifiedName, column: Option<&Ident>) -> QualifiedName {
    let mut sum = Sha256::new();
    for part in [
        table.namespace.as_str(),
        table.name.as_str(),
        column.map_or("", Ident::as_str),
    ] {
        sum.update(part.len().to_le_bytes());
        sum.update(part);
    }
    let tail: String = sum
        .finalize()
        .iter()
        .take(3)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect();
    QualifiedName {
        namespace: Ident::from(ARCHIVE),
        name: names::object_name(&table.name, column.map_or("", Ident::as_str), &tail),
    }
}

fn say(archive: &QualifiedName, what: &str) -> Change {
    Change::Comment(
        CommentTarget {
            kind: ObjectKind::Table,
            name: Some(archive.clone()),
            part: None,
        },
        Some(format!("segue: the values of {what}, kept before it was dropped")),
    )
}

//! Changes for tests: the shortest way to say them.

use crate::*;

pub(in crate::ask) fn name(text: &str) -> QualifiedName {
    QualifiedName::new("public", text)
}

pub(in crate::ask) fn ident(text: &str) -> Ident {
    Ident::new(text)
}

pub(in crate::ask) fn idents(names: &[&str]) -> Vec<Ident> {
    names.iter().copied().map(Ident::new).collect()
}

pub(in crate::ask) fn on(table: &str) -> Target {
    Target::required(name(table))
}

pub(in crate::ask) fn expression(text: &str, columns: &[&str]) -> Expression {
    Expression {
        text: text.to_owned(),
        columns: idents(columns),
        functions: Vec::new(),
        shape: Shape::Other,
        logic: Predicate::Unknown,
    }
}

pub(in crate::ask) fn column(text: &str, data_type: &str) -> Column {
    Column {
        name: ident(text),
        data_type: DataType::built_in(data_type),
        collation: None,
        nullability: Nullability::Nullable,
        fill: Fill::None,
        storage: None,
    }
}

pub(in crate::ask) fn constraint(given: &str, kind: ConstraintKind) -> Constraint {
    Constraint {
        name: ChosenName::Given(ident(given)),
        kind,
        validity: Validity::Valid,
        enforcement: Enforcement::Enforced,
        deferral: Deferral::NotDeferrable,
    }
}

pub(in crate::ask) fn generated(base: &str, kind: ConstraintKind) -> Constraint {
    Constraint {
        name: ChosenName::Generated(ident(base)),
        ..constraint(base, kind)
    }
}

pub(in crate::ask) fn key(columns: &[&str]) -> KeyColumns {
    KeyColumns::Build {
        columns: idents(columns),
        include: Vec::new(),
    }
}

pub(in crate::ask) fn foreign_key(columns: &[&str], references: &str) -> ConstraintKind {
    ConstraintKind::ForeignKey(ForeignKey {
        columns: idents(columns),
        references: name(references),
        referenced_columns: Vec::new(),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
    })
}

pub(in crate::ask) fn definition(columns: Vec<Column>) -> TableDefinition {
    TableDefinition {
        columns,
        constraints: Vec::new(),
        like: Vec::new(),
        inheritance: Inheritance::None,
        partitioning: None,
        persistence: Persistence::Permanent,
        query: None,
        parameters: Vec::new(),
        tablespace: None,
        server: None,
    }
}

pub(in crate::ask) fn create(table: &str, definition: TableDefinition) -> Change {
    Change::Table(on(table), TableChange::Create(Box::new(definition)))
}

/// `CREATE TABLE table (id bigint PRIMARY KEY, a integer, b text)`.
pub(in crate::ask) fn create_plain(table: &str) -> Change {
    let columns = vec![
        column("id", "bigint"),
        column("a", "integer"),
        column("b", "text"),
    ];
    create(
        table,
        TableDefinition {
            constraints: vec![generated(
                &format!("{table}_pkey"),
                ConstraintKind::PrimaryKey(key(&["id"])),
            )],
            ..definition(columns)
        },
    )
}

/// `CREATE TABLE p (k integer NOT NULL, val text) PARTITION BY RANGE (k)`.
pub(in crate::ask) fn create_partitioned(table: &str) -> Change {
    let mut k = column("k", "integer");
    k.nullability = Nullability::NotNull;
    create(
        table,
        TableDefinition {
            partitioning: Some(Partitioning {
                strategy: PartitionStrategy::Range,
                columns: idents(&["k"]),
                expressions: Vec::new(),
            }),
            ..definition(vec![k, column("val", "text")])
        },
    )
}

pub(in crate::ask) fn bound(from: u32) -> PartitionBound {
    PartitionBound::Range {
        from: vec![from.to_string()],
        to: vec![(from + 1000).to_string()],
    }
}

pub(in crate::ask) fn create_partition(table: &str, parent: &str, from: u32) -> Change {
    create(
        table,
        TableDefinition {
            inheritance: Inheritance::PartitionOf {
                parent: name(parent),
                bound: bound(from),
            },
            ..definition(Vec::new())
        },
    )
}

pub(in crate::ask) fn index_on(
    chosen: ChosenName,
    table: &str,
    columns: &[&str],
) -> IndexDefinition {
    IndexDefinition {
        name: chosen,
        keys: idents(columns).into_iter().map(super::plain_key).collect(),
        ..super::plain_index(&name(table), &ident(""))
    }
}

pub(in crate::ask) fn create_index(index: IndexDefinition) -> Change {
    Change::Index(IndexChange::Create {
        index,
        build: Build::Blocking,
        presence: Presence::Required,
    })
}

pub(in crate::ask) fn index(given: &str, table: &str, columns: &[&str]) -> Change {
    create_index(index_on(ChosenName::Given(ident(given)), table, columns))
}

pub(in crate::ask) fn drop_index(given: &str) -> Change {
    Change::Index(IndexChange::Drop {
        name: name(given),
        build: Build::Blocking,
        presence: Presence::Required,
        reaction: Reaction::Restrict,
    })
}

pub(in crate::ask) fn add_column(table: &str, column: Column) -> Change {
    alter_column(
        table,
        ColumnChange::Add {
            column,
            constraints: Vec::new(),
            presence: Presence::Required,
        },
    )
}

pub(in crate::ask) fn drop_column(table: &str, column: &str, reaction: Reaction) -> Change {
    alter_column(
        table,
        ColumnChange::Drop {
            name: ident(column),
            presence: Presence::Required,
            reaction,
        },
    )
}

pub(in crate::ask) fn rename_column(table: &str, from: &str, to: &str) -> Change {
    alter_column(
        table,
        ColumnChange::Rename {
            from: ident(from),
            to: ident(to),
        },
    )
}

pub(in crate::ask) fn alter_column(table: &str, change: ColumnChange) -> Change {
    Change::Column(on(table), change)
}

pub(in crate::ask) fn add_constraint(table: &str, constraint: Constraint) -> Change {
    Change::Constraint(on(table), ConstraintChange::Add(constraint))
}

pub(in crate::ask) fn drop_constraint(table: &str, given: &str, reaction: Reaction) -> Change {
    Change::Constraint(
        on(table),
        ConstraintChange::Drop {
            name: ident(given),
            presence: Presence::Required,
            reaction,
        },
    )
}

pub(in crate::ask) fn drop_table(table: &str, reaction: Reaction) -> Change {
    Change::Table(on(table), TableChange::Drop { reaction })
}

/// A view that reads these columns of one table.
pub(in crate::ask) fn view(table: &str, columns: &[&str]) -> ViewDefinition {
    let uses = idents(columns).into_iter().map(|column| ColumnUse {
        relation: Some(name(table)),
        column,
    });
    ViewDefinition {
        kind: ViewKind::View,
        query: Query {
            text: format!("SELECT {} FROM {table}", columns.join(", ")),
            relations: vec![name(table)],
            columns: uses.clone().collect(),
            functions: Vec::new(),
            selects: Selects::Named,
            row_lock: RowLock::None,
            output: uses
                .map(|used| OutputColumn {
                    name: Some(used.column.clone()),
                    source: Some(used),
                })
                .collect(),
            reach: Reach::All,
        },
        columns: Vec::new(),
        parameters: Vec::new(),
    }
}

pub(in crate::ask) fn create_view(view_name: &str, definition: ViewDefinition) -> Change {
    Change::View(on(view_name), ViewChange::Create(definition))
}

pub(in crate::ask) fn insert(table: &str) -> Change {
    Change::Data(DataChange::Insert {
        table: name(table),
        columns: InsertColumns::Positional,
        source: InsertSource::Values { rows: 1 },
        each: None,
    })
}

/// The catalog after these changes, none of which may contradict it.
pub(in crate::ask) fn after(changes: &[Change]) -> Catalog {
    let mut catalog = Catalog::default();
    for change in changes {
        step(&mut catalog, change);
    }
    catalog
}

/// One change more, which may not contradict the catalog.
pub(in crate::ask) fn step(catalog: &mut Catalog, change: &Change) {
    catalog.now.statement += 1;
    let contradictions = apply(change, catalog);
    assert_eq!(contradictions, Vec::new(), "{change:?}");
}

//! Whom changes of tables, columns, constraints and partitions break.

use super::Break;
use crate::{
    BreakKind, Breakage, Catalog, Column, ColumnChange, Constraint, ConstraintChange,
    ConstraintKind, Enforcement, Fill, Ident, IdentityMode, Nullability, PartitionChange,
    QualifiedName, ReplicaIdentity, RowSecurity, Sides, TableChange, TriggerState,
};

/// Changes of a table as a whole.
pub(super) fn table(
    name: &QualifiedName,
    change: &TableChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog.is_new_in_migration(name) {
        return Vec::new();
    }
    let of = |kind, who| Break::of(kind, who, name);
    let found = match change {
        TableChange::Drop { .. } => of(BreakKind::NameGone, Sides::ReadersAndWriters)
            .says("every statement that names the table fails"),
        TableChange::Rename(_) | TableChange::SetNamespace(_) => {
            of(BreakKind::NameGone, Sides::ReadersAndWriters)
                .says("every statement that uses the old name fails")
        }
        TableChange::SetOwner(_) => of(BreakKind::AccessChanged, Sides::SomeStatements)
            .says("a role that relied on owning the table may be refused"),
        TableChange::SetRowSecurity(RowSecurity::Enable | RowSecurity::Force) => {
            of(BreakKind::AccessChanged, Sides::ReadersAndWriters)
                .says("rows that no policy allows are hidden, and writes of them refused")
        }
        TableChange::SetRowSecurity(RowSecurity::Disable | RowSecurity::NoForce) => {
            of(BreakKind::AccessChanged, Sides::Readers).says("rows that policies hid are shown")
        }
        TableChange::SetReplicaIdentity(ReplicaIdentity::Nothing) => {
            of(BreakKind::WritesRefused, Sides::Writers)
                .says("UPDATE and DELETE fail where the table is published")
        }
        TableChange::SetReplicaIdentity(
            ReplicaIdentity::Default | ReplicaIdentity::Full | ReplicaIdentity::Index(_),
        ) => of(BreakKind::BehaviourChanged, Sides::SomeStatements)
            .says("logical replicas receive other old-row images"),
        TableChange::SetTrigger {
            state: TriggerState::Disable,
            ..
        } => of(BreakKind::BehaviourChanged, Sides::Writers)
            .says("what the trigger did for writes is no longer done"),
        TableChange::NoInherit(_) => of(BreakKind::GuaranteeGone, Sides::Readers)
            .says("queries of the parent no longer see these rows"),
        TableChange::Create(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetTrigger { .. }
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::OfType(_) => return Vec::new(),
    };
    vec![found]
}

/// Changes of a column.
pub(super) fn column(
    table: &QualifiedName,
    change: &ColumnChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog.is_new_in_migration(table) {
        return Vec::new();
    }
    let of = |kind, who| Break::of(kind, who, table);
    let found = match change {
        ColumnChange::Add {
            column, constraints, ..
        } => return add(table, column, constraints),
        ColumnChange::Drop { name, .. } => of(BreakKind::NameGone, Sides::ReadersAndWriters)
            .column(name)
            .says("every statement that names the column fails, prepared SELECT * and positional INSERT too"),
        ColumnChange::Rename { from, .. } => of(BreakKind::NameGone, Sides::ReadersAndWriters)
            .column(from)
            .says("every statement that uses the old name fails"),
        ColumnChange::SetType { name, .. } => of(BreakKind::TypeChanged, Sides::SomeStatements)
            .column(name)
            .says("prepared statements that select the column fail once, and code that relies on its type may misread it"),
        ColumnChange::SetNotNull(name) => of(BreakKind::WritesRefused, Sides::Writers)
            .column(name)
            .says("writes that leave it null are refused"),
        ColumnChange::DropNotNull(name) => of(BreakKind::GuaranteeGone, Sides::Readers)
            .column(name)
            .says("readers start to see null"),
        ColumnChange::SetDefault { name, .. } => of(BreakKind::BehaviourChanged, Sides::Writers)
            .column(name)
            .says("inserts that leave it out store another value"),
        ColumnChange::DropDefault(name) => return drop_default(table, name, catalog),
        ColumnChange::AddIdentity {
            name,
            mode: IdentityMode::Always,
        }
        | ColumnChange::SetIdentity {
            name,
            mode: Some(IdentityMode::Always),
        } => of(BreakKind::WritesRefused, Sides::Writers)
            .column(name)
            .says("inserts that give a value of their own are refused"),
        ColumnChange::DropIdentity { name, .. } => of(BreakKind::WritesRefused, Sides::Writers)
            .column(name)
            .says("inserts that leave it out have no value any more"),
        ColumnChange::SetExpression { name, .. } => of(BreakKind::BehaviourChanged, Sides::Readers)
            .column(name)
            .says("the same rows show other values"),
        ColumnChange::DropExpression { name, .. } => of(BreakKind::BehaviourChanged, Sides::Writers)
            .column(name)
            .says("it is no longer computed: writers must fill it"),
        ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => return Vec::new(),
    };
    vec![found]
}

fn add(table: &QualifiedName, column: &Column, constraints: &[Constraint]) -> Vec<Breakage> {
    let of = |kind, who| Break::of(kind, who, table).column(&column.name);
    let mut found = vec![
        of(BreakKind::ShapeChanged, Sides::SomeStatements).says(
            "a prepared SELECT * fails with \"cached plan must not change result type\"; a positional INSERT keeps working only while the new column comes last and may be left out",
        ),
    ];
    if column.nullability != Nullability::Nullable && column.fill == Fill::None {
        found.push(
            of(BreakKind::WritesRefused, Sides::Writers)
                .says("inserts of code that does not know the column are refused"),
        );
    }
    found.extend(
        constraints
            .iter()
            .filter_map(|constraint| refuses_writes(table, constraint)),
    );
    found
}

/// A default that refused null's place: without it, inserts that leave the column out store null or fail.
fn drop_default(table: &QualifiedName, name: &Ident, catalog: &Catalog) -> Vec<Breakage> {
    let not_null = catalog
        .column(table, name)
        .is_none_or(|column| column.nullability != Nullability::Nullable);
    let what = if not_null {
        "inserts that leave it out are refused where it is NOT NULL"
    } else {
        "inserts that leave it out store null"
    };
    vec![
        Break::of(BreakKind::WritesRefused, Sides::Writers, table)
            .column(name)
            .says(what),
    ]
}

/// Changes of a constraint.
pub(super) fn constraint(
    table: &QualifiedName,
    change: &ConstraintChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    if catalog.is_new_in_migration(table) {
        return Vec::new();
    }
    let gone = || {
        Break::of(BreakKind::GuaranteeGone, Sides::ReadersAndWriters, table)
            .says("code that relies on the constraint may meet rows it forbade; ON CONFLICT that names its columns may fail")
    };
    match change {
        ConstraintChange::Add(constraint) => refuses_writes(table, constraint).into_iter().collect(),
        ConstraintChange::Drop { .. } => vec![gone()],
        ConstraintChange::SetEnforcement {
            enforcement: Enforcement::NotEnforced,
            ..
        } => vec![gone()],
        ConstraintChange::SetEnforcement {
            enforcement: Enforcement::Enforced,
            ..
        } => vec![
            Break::of(BreakKind::WritesRefused, Sides::Writers, table)
                .says("writes that the constraint forbids are refused"),
        ],
        ConstraintChange::SetDeferral { .. } => vec![
            Break::of(BreakKind::BehaviourChanged, Sides::Writers, table)
                .says("violations are reported at another moment; a deferrable key cannot serve ON CONFLICT"),
        ],
        ConstraintChange::Validate(_) | ConstraintChange::Rename { .. } => Vec::new(),
    }
}

/// Whether old code's writes may be refused by a new constraint. A constraint that is not enforced refuses nothing.
fn refuses_writes<'a>(table: &'a QualifiedName, constraint: &'a Constraint) -> Option<Breakage> {
    if constraint.enforcement == Enforcement::NotEnforced {
        return None;
    }
    let of = || Break::of(BreakKind::WritesRefused, Sides::Writers, table);
    Some(match &constraint.kind {
        ConstraintKind::Check(_) => of().says("writes that the condition forbids are refused, NOT VALID or not"),
        ConstraintKind::NotNull(column) => of().column(column).says("writes that leave it null are refused"),
        ConstraintKind::Unique(_) => of().says("writes that repeat a key are refused"),
        ConstraintKind::PrimaryKey(_) => of().says("writes that repeat a key, or leave it null, are refused"),
        ConstraintKind::ForeignKey(_) => {
            of().says("writes without a referenced row are refused, NOT VALID or not; so are deletes of referenced rows")
        }
        ConstraintKind::Exclude { .. } => of().says("writes that conflict are refused"),
    })
}

/// Changes of partitions.
pub(super) fn partition(
    parent: &QualifiedName,
    change: &PartitionChange,
    catalog: &Catalog,
) -> Vec<Breakage> {
    match change {
        PartitionChange::Attach { child, .. } if !catalog.is_new_in_migration(child) => vec![
            Break::of(BreakKind::WritesRefused, Sides::Writers, child)
                .says("writes outside the partition's bounds are refused"),
        ],
        PartitionChange::Detach { .. } if !catalog.is_new_in_migration(parent) => vec![
            Break::of(BreakKind::GuaranteeGone, Sides::ReadersAndWriters, parent)
                .says("queries of the partitioned table no longer see these rows, and inserts of their range fail"),
        ],
        PartitionChange::Attach { .. } | PartitionChange::Detach { .. } | PartitionChange::FinishDetach { .. } => Vec::new(),
    }
}

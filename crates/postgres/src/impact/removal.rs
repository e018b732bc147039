//! What goes along when something is dropped: DROP TABLE, and the dependents of tables, columns and keys.
//!
//! RESTRICT (the default) is refused while something depends on the object; CASCADE locks each dependent ACCESS
//! EXCLUSIVE. Source: PostgreSQL 17 manual, 5.15 and DROP TABLE; measured on 15 and 18.

use segue_model::{
    Catalog, Fill, Ident, Link, LockMode, LockRole, Presence, PublicationScope, QualifiedName,
    Reaction, RefusalReason, Relation, Table, Target, ViewKind,
};

use super::alter_table::refuse_in_use;
use super::ledger::Ledger;
use super::{constraint, storage, table};

/// DROP TABLE.
pub(super) fn drop_table(
    target: &Target,
    reaction: Reaction,
    also: &[QualifiedName],
    ledger: &mut Ledger<'_>,
) {
    let name = &target.name;
    let Some(found) = ledger.catalog().table(name) else {
        ledger.assume();
        // IF EXISTS on what the history never made: most likely it is not there, and then nothing is locked (measured).
        if target.presence == Presence::Required {
            ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
        }
        return;
    };
    ledger.table(name);
    ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
    refuse_in_use(name, ledger);
    // Dropping a partition changes the bounds of its siblings' DEFAULT (measured on 15).
    if let Some((parent, _)) = &found.partition_of {
        ledger.claim(parent, LockMode::AccessExclusive, LockRole::Parent);
        if let Some(default) = ledger.catalog().default_partition(parent) {
            ledger.claim(
                default,
                LockMode::AccessExclusive,
                LockRole::DefaultPartition,
            );
        }
    }
    let mut gone = also.to_vec();
    let mut own = vec![name.clone()];
    let is_partitioned = found.partitioning.is_some();
    for child in ledger.catalog().descendants(name) {
        if is_partitioned || reaction == Reaction::Cascade {
            ledger.claim(&child, LockMode::AccessExclusive, LockRole::Descendant);
            own.push(child);
        } else if !also.contains(&child) {
            refuse(name, &format!("the table {child} inherits from it"), ledger);
        }
    }
    gone.extend(own.iter().cloned());
    for table in own {
        drop_storage(&table, ledger);
        table_dependents(&table, reaction, &gone, ledger);
    }
}

fn drop_storage(name: &QualifiedName, ledger: &mut Ledger<'_>) {
    storage::claim_storage(ledger, name, LockMode::AccessExclusive);
    for sequence in table::owned_sequences(name, ledger) {
        ledger.claim(&sequence, LockMode::AccessExclusive, LockRole::Sequence);
    }
}

/// The other tables of its foreign keys, the views over it, the columns of its row type.
fn table_dependents(
    name: &QualifiedName,
    reaction: Reaction,
    gone: &[QualifiedName],
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    if let Some(found) = catalog.table(name) {
        for (_, key) in found.foreign_keys() {
            if !gone.contains(&key.references) && !constraint::is_of_parent(found, key, catalog) {
                constraint::claim_referenced(&key.references, LockMode::AccessExclusive, ledger);
            }
        }
    }
    for (from, known, _) in catalog.references_to(name) {
        if gone.contains(from) {
            continue;
        }
        match reaction {
            Reaction::Cascade => {
                ledger.claim(from, LockMode::AccessExclusive, LockRole::ForeignKeyPartner);
            }
            Reaction::Restrict => refuse(
                name,
                &format!("the foreign key {} of {from} points at it", known.name),
                ledger,
            ),
        }
    }
    views(name, None, reaction, ledger);
    for user in catalog.linked(&Link::HasType(name.clone())) {
        if gone.contains(user) {
            continue;
        }
        match reaction {
            Reaction::Cascade => ledger.claim(user, LockMode::AccessExclusive, LockRole::Dependent),
            Reaction::Restrict => refuse(
                name,
                &format!("a column of {user} has its row type"),
                ledger,
            ),
        }
    }
}

/// The views that read a relation, or one column of it, and the views over those.
pub(super) fn views(
    name: &QualifiedName,
    column: Option<&Ident>,
    reaction: Reaction,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    let direct: Vec<QualifiedName> = match column {
        Some(column) => catalog.views_reading(name, column).cloned().collect(),
        None => catalog
            .views_of(name)
            .map(|(view, _)| view.clone())
            .collect(),
    };
    match reaction {
        Reaction::Restrict => {
            for view in direct {
                refuse(name, &format!("the view {view} reads it"), ledger);
            }
        }
        Reaction::Cascade => {
            for view in with_views_over(direct, catalog) {
                claim_view(&view, LockRole::View, ledger);
            }
        }
    }
}

/// Views and the views that read them, each once.
pub(super) fn with_views_over(
    mut views: Vec<QualifiedName>,
    catalog: &Catalog,
) -> Vec<QualifiedName> {
    let mut next = 0;
    while let Some(view) = views.get(next).cloned() {
        for (over, _) in catalog.views_of(&view) {
            if !views.contains(over) {
                views.push(over.clone());
            }
        }
        next += 1;
    }
    views
}

/// A view that is dropped; a materialized one has storage.
pub(super) fn claim_view(view: &QualifiedName, role: LockRole, ledger: &mut Ledger<'_>) {
    ledger.claim(view, LockMode::AccessExclusive, role);
    let is_stored = ledger
        .catalog()
        .view(view)
        .is_some_and(|found| found.definition.kind == ViewKind::Materialized);
    if is_stored {
        storage::claim_storage(ledger, view, LockMode::AccessExclusive);
    }
}

/// What depends on one column: keys that reference it, views, and what stands on the table itself.
pub(super) fn column_dependents(
    table: &QualifiedName,
    column: &Ident,
    reaction: Reaction,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    for (from, known, key) in catalog.references_to(table) {
        if from == table || !constraint::referenced_columns(key, catalog).contains(column) {
            continue;
        }
        match reaction {
            Reaction::Cascade => {
                ledger.claim(from, LockMode::AccessExclusive, LockRole::ForeignKeyPartner);
            }
            Reaction::Restrict => refuse_column(
                (table, column),
                &format!("the foreign key {} of {from} points at it", known.name),
                ledger,
            ),
        }
    }
    views(table, Some(column), reaction, ledger);
    if reaction == Reaction::Restrict
        && let Some(found) = catalog.table(table)
    {
        for user in own_dependents(found, column)
            .into_iter()
            .chain(publications_of(table, column, catalog))
        {
            refuse_column((table, column), &format!("{user} uses it"), ledger);
        }
    }
}

/// Policies, generated columns and triggers that name a column of their own table.
pub(super) fn own_dependents(table: &Table, column: &Ident) -> Vec<String> {
    let mut users = Vec::new();
    for policy in table
        .policies
        .iter()
        .filter(|policy| policy.columns.contains(column))
    {
        users.push(format!("the policy {}", policy.name));
    }
    for other in table.columns.iter().filter(|other| &other.name != column) {
        match &other.fill {
            Fill::Stored(expression) | Fill::Virtual(expression)
                if expression.columns.contains(column) =>
            {
                users.push(format!("the generated column {}", other.name));
            }
            Fill::Stored(_)
            | Fill::Virtual(_)
            | Fill::None
            | Fill::Default(_)
            | Fill::Serial
            | Fill::Identity(_) => {}
        }
    }
    for trigger in &table.triggers {
        let definition = &trigger.definition;
        if definition.update_of.contains(column) || definition.when_columns.contains(column) {
            users.push(format!("the trigger {}", definition.name));
        }
    }
    users
}

/// Publications with the column in their list or filter.
pub(super) fn publications_of(
    table: &QualifiedName,
    column: &Ident,
    catalog: &Catalog,
) -> Vec<String> {
    catalog
        .publications
        .iter()
        .filter(|(_, publication)| match &publication.scope {
            PublicationScope::All => false,
            PublicationScope::Tables(tables) => tables
                .get(table)
                .is_some_and(|columns| columns.contains(column)),
        })
        .map(|(name, _)| format!("the publication {name}"))
        .collect()
}

/// Foreign keys that rely on a unique key of this table.
pub(super) fn referencing_key(
    table: &QualifiedName,
    columns: &[Ident],
    dropped: &QualifiedName,
    reaction: Reaction,
    ledger: &mut Ledger<'_>,
) {
    let catalog = ledger.catalog();
    let same = |left: &[Ident], right: &[Ident]| {
        left.len() == right.len() && left.iter().all(|column| right.contains(column))
    };
    for (from, known, key) in catalog.references_to(table) {
        if !same(&constraint::referenced_columns(key, catalog), columns) {
            continue;
        }
        match reaction {
            Reaction::Cascade => {
                ledger.claim(from, LockMode::AccessExclusive, LockRole::ForeignKeyPartner);
            }
            Reaction::Restrict => refuse(
                dropped,
                &format!("the foreign key {} of {from} relies on it", known.name),
                ledger,
            ),
        }
    }
}

/// Tables with a column of this type, or of a domain or composite type over it, or typed by it.
pub(super) fn tables_with_type(name: &QualifiedName, catalog: &Catalog) -> Vec<QualifiedName> {
    let mut tables: Vec<QualifiedName> = Vec::new();
    for of in super::domain::with_types_over(name, catalog) {
        for table in catalog.linked(&Link::HasType(of)) {
            if !tables.contains(table) {
                tables.push(table.clone());
            }
        }
    }
    tables
}

/// A type goes: with CASCADE the columns that have it go too, with their indexes (measured: ACCESS EXCLUSIVE).
pub(super) fn type_users(name: &QualifiedName, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    for user in tables_with_type(name, catalog) {
        match reaction {
            Reaction::Restrict => refuse(name, &format!("{user} has a column of it"), ledger),
            Reaction::Cascade => {
                ledger.claim(&user, LockMode::AccessExclusive, LockRole::Dependent);
                let Some(found) = catalog.table(&user) else {
                    continue;
                };
                if found.of_type.as_ref() == Some(name) {
                    // A table of the type goes as a whole (measured on 15).
                    drop_table(&super::alter_column::whole(&user), reaction, &[], ledger);
                }
                for column in &found.columns {
                    if column.data_type.user_type() != Some(name) {
                        continue;
                    }
                    for index in super::alter_column::indexes_over(&user, &column.name, ledger) {
                        ledger.claim(&index, LockMode::AccessExclusive, LockRole::Index);
                    }
                    views(&user, Some(&column.name), reaction, ledger);
                }
            }
        }
    }
}

/// Everything in a namespace, or nothing when it may not go.
pub(super) fn namespace(namespace: &Ident, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    let members: Vec<QualifiedName> = catalog
        .relations()
        .filter(|(name, _)| &name.namespace == namespace)
        .map(|(name, _)| name.clone())
        .collect();
    if reaction == Reaction::Restrict {
        if let Some(first) = members.first() {
            ledger.refuse(
                RefusalReason::Dependents,
                format!("the namespace {namespace} cannot be dropped: {first} is in it"),
            );
        }
        return;
    }
    for name in &members {
        match catalog.relation(name) {
            Some(Relation::Table(_)) => {
                drop_table(
                    &super::alter_column::whole(name),
                    reaction,
                    &members,
                    ledger,
                );
            }
            Some(Relation::View(_)) => {
                claim_view(name, LockRole::View, ledger);
                views(name, None, reaction, ledger);
            }
            Some(Relation::Sequence(_)) => {
                ledger.claim(name, LockMode::AccessExclusive, LockRole::Sequence);
            }
            Some(Relation::Index(_)) | None => {}
        }
    }
    if !catalog.namespaces.contains(namespace) {
        ledger.assume();
        ledger.claim_unnamed(
            format!("every other relation in the namespace {namespace}"),
            LockMode::AccessExclusive,
            LockRole::Dependent,
        );
    }
    for (name, _) in catalog
        .types
        .iter()
        .filter(|(name, _)| &name.namespace == namespace)
    {
        type_users(name, reaction, ledger);
    }
}

fn refuse(name: &QualifiedName, why: &str, ledger: &mut Ledger<'_>) {
    ledger.refuse(
        RefusalReason::Dependents,
        format!("{name} cannot be dropped without CASCADE: {why}"),
    );
}

fn refuse_column((table, column): (&QualifiedName, &Ident), why: &str, ledger: &mut Ledger<'_>) {
    ledger.refuse(
        RefusalReason::Dependents,
        format!("{column} of {table} cannot be dropped without CASCADE: {why}"),
    );
}

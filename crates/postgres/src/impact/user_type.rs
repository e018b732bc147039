//! Types of the user's that are no domains: enums, composite types, ranges.
//!
//! Source: PostgreSQL 17 manual, ALTER TYPE; measured on 15 and 18.

use segue_model::{
    Cause, Link, LockMode, LockRole, QualifiedName, Reaction, RefusalReason, TypeChange,
    TypeDefinition, UserTypeKind,
};

use super::ledger::Ledger;
use super::{removal, storage};

/// What happens to a type. Enums have no relation: nothing that a reader or writer waits for (measured).
pub(super) fn change(name: &QualifiedName, change: &TypeChange, ledger: &mut Ledger<'_>) {
    match change {
        TypeChange::Create(_) | TypeChange::AddValue { .. } | TypeChange::RenameValue { .. } => {}
        TypeChange::Drop { reaction, .. } => {
            claim_composite(name, ledger);
            removal::type_users(name, *reaction, ledger);
        }
        TypeChange::Rename(_) | TypeChange::SetNamespace(_) | TypeChange::SetOwner(_) => {
            claim_composite(name, ledger);
        }
        TypeChange::AddAttribute { reaction, .. }
        | TypeChange::RenameAttribute { reaction, .. } => {
            alter_attribute(name, *reaction, ledger);
        }
        TypeChange::DropAttribute { reaction, .. } => alter_attribute(name, *reaction, ledger),
        TypeChange::AlterAttribute { reaction, .. } => {
            alter_attribute(name, *reaction, ledger);
            retype_attribute(name, *reaction, ledger);
        }
    }
}

/// A composite type is a relation; the change locks it (measured on 15).
fn claim_composite(name: &QualifiedName, ledger: &mut Ledger<'_>) {
    let kind = ledger.catalog().types.get(name).map(|found| &found.kind);
    if matches!(
        kind,
        Some(UserTypeKind::Plain(TypeDefinition::Composite(_)))
    ) {
        ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
    }
}

/// The typed tables of a composite type.
fn typed_tables(name: &QualifiedName, ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    let catalog = ledger.catalog();
    catalog
        .linked(&Link::HasType(name.clone()))
        .filter(|table| {
            catalog
                .table(table)
                .is_some_and(|found| found.of_type.as_ref() == Some(name))
        })
        .cloned()
        .collect()
}

/// Attributes: typed tables follow with CASCADE, under ACCESS EXCLUSIVE, and forbid the change without it.
fn alter_attribute(name: &QualifiedName, reaction: Reaction, ledger: &mut Ledger<'_>) {
    ledger.claim(name, LockMode::AccessExclusive, LockRole::Target);
    for table in typed_tables(name, ledger) {
        match reaction {
            Reaction::Cascade => {
                for member in storage::family(
                    ledger.catalog(),
                    &table,
                    segue_model::Scope::WithDescendants,
                ) {
                    ledger.claim(&member, LockMode::AccessExclusive, LockRole::Dependent);
                }
            }
            Reaction::Restrict => ledger.refuse(
                RefusalReason::Dependents,
                format!(
                    "{name} cannot be altered without CASCADE: {table} is a table of this type"
                ),
            ),
        }
    }
}

/// Another type of an attribute rewrites the typed tables (measured on 15), and is refused where a column holds values
/// of the type. Wider than needed for types that are stored alike: the attribute's old type is not compared.
fn retype_attribute(name: &QualifiedName, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let typed = typed_tables(name, ledger);
    for table in removal::tables_with_type(name, ledger.catalog()) {
        if typed.contains(&table) {
            if reaction == Reaction::Cascade {
                storage::rewrite(ledger, &table, Cause::TypeChange);
            }
        } else {
            ledger.refuse(
                RefusalReason::Dependents,
                format!("{name} cannot be altered: a column of {table} has this type"),
            );
        }
    }
}

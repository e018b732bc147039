//! Domains: a constraint that has to hold for old values is checked in every table that uses the domain.
//!
//! There is no online way: VALIDATE takes SHARE as well. Source: PostgreSQL 17 manual, ALTER DOMAIN; measured on 15
//! and 18.

use segue_model::{
    Catalog, Cause, Constraint, DomainChange, LockMode, LockRole, QualifiedName, TypeDefinition,
    UserTypeKind, Validity,
};

use super::ledger::Ledger;
use super::{removal, storage};

/// What happens to a domain.
pub(super) fn change(name: &QualifiedName, change: &DomainChange, ledger: &mut Ledger<'_>) {
    match change {
        DomainChange::AddConstraint(added) => {
            if is_checked(added) {
                check_users(name, ledger);
            }
        }
        DomainChange::ValidateConstraint(_) | DomainChange::SetNotNull => check_users(name, ledger),
        DomainChange::Drop { reaction, .. } => removal::type_users(name, *reaction, ledger),
        DomainChange::Create { .. }
        | DomainChange::DropConstraint { .. }
        | DomainChange::RenameConstraint { .. }
        | DomainChange::DropNotNull
        | DomainChange::SetDefault(_)
        | DomainChange::DropDefault
        | DomainChange::Rename(_)
        | DomainChange::SetNamespace(_)
        | DomainChange::SetOwner(_) => {}
    }
}

/// NOT VALID takes no lock on any table (measured).
fn is_checked(added: &Constraint) -> bool {
    added.validity == Validity::Valid
}

/// SHARE on every table with a column of the domain, and every row is read. Partitioned tables have no rows of their
/// own and are let go at once (measured on 15).
fn check_users(name: &QualifiedName, ledger: &mut Ledger<'_>) {
    let catalog = ledger.catalog();
    if !catalog.types.contains_key(name) {
        ledger.assume();
        ledger.claim_unnamed(
            format!("every table with a column of {name}"),
            LockMode::Share,
            LockRole::Dependent,
        );
    }
    for table in storage::stored(catalog, removal::tables_with_type(name, catalog)) {
        ledger.claim(&table, LockMode::Share, LockRole::Dependent);
        ledger.scan(&table, Cause::DomainConstraint);
    }
}

/// A type, and the domains and composite types over it, each once.
pub(super) fn with_types_over(name: &QualifiedName, catalog: &Catalog) -> Vec<QualifiedName> {
    let mut found = vec![name.clone()];
    let mut next = 0;
    while let Some(under) = found.get(next).cloned() {
        for (other, known) in &catalog.types {
            let is_over = match &known.kind {
                UserTypeKind::Domain { base, .. } => base.user_type() == Some(&under),
                UserTypeKind::Plain(TypeDefinition::Composite(attributes)) => attributes
                    .iter()
                    .any(|attribute| attribute.data_type.user_type() == Some(&under)),
                UserTypeKind::Plain(TypeDefinition::Range(of)) => of.user_type() == Some(&under),
                UserTypeKind::Plain(TypeDefinition::Enum(_) | TypeDefinition::Base) => false,
            };
            if is_over && !found.contains(other) {
                found.push(other.clone());
            }
        }
        next += 1;
    }
    found
}

//! Privileges, owners, comments, namespaces and extensions.
//!
//! Source: PostgreSQL 17 manual, GRANT, COMMENT, REASSIGN OWNED, DROP EXTENSION; measured on 15 and 18.

use segue_model::{
    CommentTarget, ExtensionChange, Ident, LockMode, LockRole, NamespaceChange, ObjectKind,
    PrivilegeChange, QualifiedName, Reaction, Relation,
};

use super::ledger::Ledger;
use super::{removal, storage};

/// GRANT and REVOKE take ACCESS SHARE on 18 and nothing on 15; `ALL TABLES IN SCHEMA` takes nothing on either (measured;
/// 16 and 17 were not).
pub(super) fn privilege(change: &PrivilegeChange, ledger: &mut Ledger<'_>) {
    match change {
        PrivilegeChange::Grant { on, names, .. } | PrivilegeChange::Revoke { on, names, .. } => {
            if ledger.version() >= 18 && is_relation(*on) {
                for name in names {
                    ledger.claim(name, LockMode::AccessShare, LockRole::Target);
                }
            }
        }
        PrivilegeChange::Default => {}
        PrivilegeChange::ReassignOwned { from, .. } => owned(from, ledger),
        PrivilegeChange::DropOwned { roles, reaction } => {
            owned(roles, ledger);
            for table in tables_of(roles, ledger) {
                removal::views(&table, None, *reaction, ledger);
            }
        }
    }
}

fn is_relation(kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Table
        | ObjectKind::Column
        | ObjectKind::Sequence
        | ObjectKind::View
        | ObjectKind::MaterializedView => true,
        ObjectKind::Index
        | ObjectKind::Type
        | ObjectKind::Routine
        | ObjectKind::Namespace
        | ObjectKind::Constraint
        | ObjectKind::OnTable
        | ObjectKind::Other => false,
    }
}

fn tables_of(roles: &[Ident], ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    ledger
        .catalog()
        .relations()
        .filter_map(|(name, relation)| match relation {
            Relation::Table(table) => table
                .settings
                .owner
                .as_ref()
                .is_some_and(|owner| roles.contains(owner))
                .then(|| name.clone()),
            Relation::Index(_) | Relation::View(_) | Relation::Sequence(_) => None,
        })
        .collect()
}

/// ACCESS EXCLUSIVE on every table the role owns; whom a statement never named an owner for is not known.
fn owned(roles: &[Ident], ledger: &mut Ledger<'_>) {
    ledger.assume();
    for table in tables_of(roles, ledger) {
        ledger.claim(&table, LockMode::AccessExclusive, LockRole::Dependent);
        storage::claim_storage(ledger, &table, LockMode::AccessExclusive);
        for sequence in super::table::owned_sequences(&table, ledger) {
            ledger.claim(&sequence, LockMode::AccessExclusive, LockRole::Sequence);
        }
    }
    for role in roles {
        ledger.claim_unnamed(
            format!("every other relation owned by {role}"),
            LockMode::AccessExclusive,
            LockRole::Dependent,
        );
    }
}

/// COMMENT takes SHARE UPDATE EXCLUSIVE on a relation, and ACCESS SHARE on the table of a constraint, trigger, rule or
/// policy (measured for constraints).
pub(super) fn comment(target: &CommentTarget, ledger: &mut Ledger<'_>) {
    let Some(name) = &target.name else { return };
    match target.kind {
        ObjectKind::Table
        | ObjectKind::Column
        | ObjectKind::Index
        | ObjectKind::Sequence
        | ObjectKind::View
        | ObjectKind::MaterializedView => {
            ledger.claim(name, LockMode::ShareUpdateExclusive, LockRole::Target);
        }
        ObjectKind::Constraint | ObjectKind::OnTable => {
            ledger.claim(name, LockMode::AccessShare, LockRole::Target);
        }
        ObjectKind::Type | ObjectKind::Routine | ObjectKind::Namespace | ObjectKind::Other => {}
    }
}

/// A namespace: only a drop reaches relations, ACCESS EXCLUSIVE on every member (measured).
pub(super) fn namespace(name: &Ident, change: &NamespaceChange, ledger: &mut Ledger<'_>) {
    match change {
        NamespaceChange::Drop { reaction, .. } => removal::namespace(name, *reaction, ledger),
        NamespaceChange::Create(_) | NamespaceChange::Rename(_) | NamespaceChange::SetOwner(_) => {}
    }
}

/// Types that well-known extensions bring. Source: the extensions' own documentation.
const EXTENSION_TYPES: [(&str, &[&str]); 12] = [
    ("citext", &["citext"]),
    ("hstore", &["hstore"]),
    ("ltree", &["ltree", "lquery", "ltxtquery"]),
    ("cube", &["cube"]),
    ("seg", &["seg"]),
    (
        "isn",
        &[
            "ean13", "isbn13", "ismn13", "issn13", "isbn", "ismn", "issn", "upc",
        ],
    ),
    ("intarray", &["query_int"]),
    ("vector", &["vector", "halfvec", "sparsevec"]),
    ("postgis", &["geometry", "geography", "box2d", "box3d"]),
    ("lo", &["lo"]),
    ("pg_uuidv7", &[]),
    ("uint", &["uint1", "uint2", "uint4", "uint8"]),
];

/// True for a type that a well-known extension brings; none of them is a domain with constraints.
pub(super) fn is_extension_type(name: &QualifiedName) -> bool {
    EXTENSION_TYPES
        .iter()
        .any(|(_, types)| types.contains(&name.name.as_str()))
}

/// An extension: CASCADE drops every column of its types (measured); an update runs SQL that is not known.
pub(super) fn extension(name: &Ident, change: &ExtensionChange, ledger: &mut Ledger<'_>) {
    match change {
        ExtensionChange::Create(_) | ExtensionChange::Alter => {}
        ExtensionChange::Update => ledger.unknown(format!(
            "what the update script of the extension {name} touches"
        )),
        ExtensionChange::Drop { reaction, .. } => drop_extension(name, *reaction, ledger),
    }
}

fn drop_extension(name: &Ident, reaction: Reaction, ledger: &mut Ledger<'_>) {
    let brought = EXTENSION_TYPES
        .iter()
        .find(|(extension, _)| *extension == name.as_str());
    let Some((_, types)) = brought else {
        ledger.assume();
        if reaction == Reaction::Cascade {
            ledger.claim_unnamed(
                format!("every table that uses a type or function of the extension {name}"),
                LockMode::AccessExclusive,
                LockRole::Dependent,
            );
        }
        return;
    };
    let mut used: Vec<QualifiedName> = Vec::new();
    for (_, relation) in ledger.catalog().relations() {
        let Relation::Table(table) = relation else {
            continue;
        };
        for column in &table.columns {
            if let Some(of) = column.data_type.user_type()
                && types.contains(&of.name.as_str())
                && !used.contains(of)
            {
                used.push(of.clone());
            }
        }
    }
    for of in used {
        removal::type_users(&of, reaction, ledger);
    }
}

//! What belongs to a table on disk: its indexes, its TOAST table, its partitions and children.
//!
//! Answers from the catalog alone; what a table that is only assumed may have besides is said as such.

use segue_model::{
    Catalog, Cause, DataType, Ident, Knowledge, LockMode, LockRole, Locked, QualifiedName,
    Relation, Scope, Table, TypeDefinition, TypeName, UserTypeKind, WorkKind,
};

use super::ledger::Ledger;

/// Bytes a row may have before it needs a TOAST table: a quarter of a page. Source: manual, 66.2.1.
const TOAST_THRESHOLD: i64 = 2032;

/// True when the relation's rows are stored in a file of its own: no partitioned table, no foreign table.
pub(super) fn has_storage(table: &Table) -> bool {
    table.partitioning.is_none() && table.settings.server.is_none()
}

/// The target and, where they are meant, its children and partitions.
pub(super) fn family(
    catalog: &Catalog,
    target: &QualifiedName,
    scope: Scope,
) -> Vec<QualifiedName> {
    let mut members = vec![target.clone()];
    if scope == Scope::WithDescendants {
        members.extend(catalog.descendants(target));
    }
    members
}

/// The members of a family whose rows are stored; one that is not known is assumed to be.
pub(super) fn stored(catalog: &Catalog, members: Vec<QualifiedName>) -> Vec<QualifiedName> {
    members
        .into_iter()
        .filter(|name| catalog.table(name).is_none_or(has_storage))
        .collect()
}

/// The partitions of a table, theirs too; empty for a table that has children by INHERITS only.
pub(super) fn partitions(catalog: &Catalog, table: &QualifiedName) -> Vec<QualifiedName> {
    if is_partitioned(catalog, table) {
        catalog.descendants(table)
    } else {
        Vec::new()
    }
}

pub(super) fn is_partitioned(catalog: &Catalog, table: &QualifiedName) -> bool {
    catalog
        .table(table)
        .is_some_and(|table| table.partitioning.is_some())
}

/// Locks every index of a table or materialized view.
pub(super) fn claim_indexes(ledger: &mut Ledger<'_>, relation: &QualifiedName, mode: LockMode) {
    let catalog = ledger.catalog();
    for (index, _) in catalog.indexes_of(relation) {
        ledger.claim(&index, mode, LockRole::Index);
    }
    if is_assumed(catalog, relation) {
        ledger.assume();
        ledger.claim_unnamed(format!("every index of {relation}"), mode, LockRole::Index);
    }
}

/// True when the catalog knows the relation only by mention, or not at all.
pub(super) fn is_assumed(catalog: &Catalog, relation: &QualifiedName) -> bool {
    match catalog.relation(relation) {
        Some(Relation::Table(table)) => table.knowledge == Knowledge::Assumed,
        Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_)) => false,
        None => true,
    }
}

/// Locks the TOAST table of a table and its index, where there is one.
pub(super) fn claim_toast(ledger: &mut Ledger<'_>, relation: &QualifiedName, mode: LockMode) {
    if has_toast(ledger.catalog(), relation) {
        ledger.claim_on(Locked::Toast(relation.clone()), mode, LockRole::Toast);
        ledger.claim_on(Locked::ToastIndex(relation.clone()), mode, LockRole::Toast);
    }
}

/// The table is written anew: its indexes are built again, and TOAST gets a new file.
///
/// Measured on 15 and 18: ACCESS EXCLUSIVE on every index and on TOAST, whatever the reason.
pub(super) fn rewrite(ledger: &mut Ledger<'_>, table: &QualifiedName, cause: Cause) {
    ledger.work(table, WorkKind::Rewrite, cause);
    claim_indexes(ledger, table, LockMode::AccessExclusive);
    claim_toast(ledger, table, LockMode::AccessExclusive);
    let catalog = ledger.catalog();
    for (index, _) in catalog.indexes_of(table) {
        ledger.work(table, WorkKind::BuildIndex(index.name), cause);
    }
}

/// Everything that goes with a relation when it is dropped or changes its owner.
pub(super) fn claim_storage(ledger: &mut Ledger<'_>, relation: &QualifiedName, mode: LockMode) {
    claim_indexes(ledger, relation, mode);
    claim_toast(ledger, relation, mode);
}

/// True when the relation has a TOAST table: a column of a type that can be stored out of line, and rows that can
/// be longer than a quarter of a page. Source: manual, 66.2 (TOAST).
pub(super) fn has_toast(catalog: &Catalog, relation: &QualifiedName) -> bool {
    match catalog.relation(relation) {
        Some(Relation::Table(table)) => {
            table.knowledge == Knowledge::Assumed
                || (has_storage(table) && rows_need_toast(catalog, table))
        }
        Some(Relation::View(view)) => view_needs_toast(catalog, view),
        Some(Relation::Index(_) | Relation::Sequence(_)) => false,
        None => true,
    }
}

/// A materialized view has the columns of what it reads; a column that cannot be traced counts as long.
fn view_needs_toast(catalog: &Catalog, view: &segue_model::View) -> bool {
    if view.definition.kind != segue_model::ViewKind::Materialized {
        return false;
    }
    let query = &view.definition.query;
    if query.selects == segue_model::Selects::Star || query.output.is_empty() {
        return query.relations.iter().any(|name| has_toast(catalog, name));
    }
    query.output.iter().any(|output| {
        let traced = output.source.as_ref().and_then(|used| {
            let relation = used.relation.as_ref().or(query.relations.first())?;
            catalog.column(relation, &used.column)
        });
        traced.is_none_or(|column| {
            matches!(
                width(catalog, &column.data_type),
                Width::Unlimited | Width::AtMost(_)
            )
        })
    })
}

fn rows_need_toast(catalog: &Catalog, table: &Table) -> bool {
    let mut bytes: i64 = 24;
    let mut can_be_long = false;
    for column in &table.columns {
        match width(catalog, &column.data_type) {
            Width::Fixed(fixed) => bytes += fixed,
            Width::AtMost(most) => {
                bytes += most;
                can_be_long = true;
            }
            Width::Unlimited => return true,
        }
    }
    can_be_long && bytes > TOAST_THRESHOLD
}

/// How long a value can get.
enum Width {
    Fixed(i64),
    AtMost(i64),
    Unlimited,
}

fn width(catalog: &Catalog, data_type: &DataType) -> Width {
    if data_type.dimensions > 0 {
        return Width::Unlimited;
    }
    match &data_type.name {
        TypeName::BuiltIn(name) => built_in_width(name, data_type),
        TypeName::User(name) => match catalog.types.get(name).map(|found| &found.kind) {
            Some(UserTypeKind::Plain(TypeDefinition::Enum(_))) => Width::Fixed(4),
            Some(UserTypeKind::Domain { base, .. }) if base.user_type() != Some(name) => {
                width(catalog, base)
            }
            Some(UserTypeKind::Domain { .. } | UserTypeKind::Plain(_)) | None => Width::Unlimited,
        },
    }
}

/// Source: manual, chapter 8 (storage sizes); a character takes at most four bytes (UTF8).
fn built_in_width(name: &str, data_type: &DataType) -> Width {
    let modifier = data_type.modifier(0);
    match name {
        "boolean" | "\"char\"" => Width::Fixed(1),
        "smallint" => Width::Fixed(2),
        "integer" | "real" | "date" | "oid" | "xid" | "cid" => Width::Fixed(4),
        "bigint" | "double precision" | "money" | "pg_lsn" | "xid8" | "macaddr8" => Width::Fixed(8),
        "timestamp"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "time"
        | "time without time zone" => Width::Fixed(8),
        "macaddr" | "tid" => Width::Fixed(8),
        "time with time zone" | "circle" | "line" => Width::Fixed(24),
        "interval" | "uuid" | "point" => Width::Fixed(16),
        "lseg" | "box" => Width::Fixed(32),
        "name" => Width::Fixed(64),
        "tsquery" => Width::Fixed(0),
        _ if name.starts_with("reg") => Width::Fixed(4),
        "character" => Width::AtMost(4 * modifier.unwrap_or(1) + 4),
        "character varying" => {
            modifier.map_or(Width::Unlimited, |most| Width::AtMost(4 * most + 4))
        }
        "numeric" => modifier.map_or(Width::Unlimited, |digits| {
            Width::AtMost(8 + digits.div_euclid(2) + 4)
        }),
        "bit" => Width::AtMost(8 + modifier.unwrap_or(1).div_euclid(8)),
        "bit varying" => modifier.map_or(Width::Unlimited, |bits| {
            Width::AtMost(8 + bits.div_euclid(8))
        }),
        _ => Width::Unlimited,
    }
}

/// A name for a new index that nothing in the namespace has yet: a number is appended when something has.
pub(super) fn free_name(ledger: &Ledger<'_>, table: &QualifiedName, base: &Ident) -> Ident {
    let taken = |name: &Ident| {
        ledger
            .catalog()
            .relation(&table.sibling(name.clone()))
            .is_some()
            || ledger.builds(table).contains(name)
    };
    if !taken(base) {
        return base.clone();
    }
    (1_u32..10_000)
        .map(|number| Ident::new(format!("{}{number}", base.as_str())))
        .find(|name| !taken(name))
        .unwrap_or_else(|| base.clone())
}

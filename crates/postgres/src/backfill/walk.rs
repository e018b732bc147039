//! In which order a table is walked, and whether in stripes.
//!
//! Never guesses a key: one without a unique index on the columns themselves, with nulls, of a type that does not come
//! back from its text as it was, or ordered otherwise than its columns, is none.

use segue_model::{
    Backfill, BackfillKind, BackfillProof, Catalog, Column, DataType, Direction, Ident, Index,
    IndexKeyPart, IndexState, Nullability, Striping, Table, TypeDefinition, TypeName, Uniqueness,
    Unwalkable, UserTypeKind, Walk, WalkOrder,
};

/// Types whose values come back from their text exactly, and that have one order.
const KEY_TYPES: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "text",
    "character varying",
    "character",
    "uuid",
    "date",
    "timestamp",
    "timestamp without time zone",
    "timestamp with time zone",
    "time",
    "time without time zone",
    "boolean",
    "bytea",
    "oid",
    "inet",
];

const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];

/// TID range scans came with 14.
const PAGES_SINCE: u16 = 14;
/// A summarizing index does not stand in the way of HOT since 16.
const SUMMARIES_SINCE: u16 = 16;

/// How to walk the table of a backfill.
pub(crate) fn walk(
    backfill: &Backfill,
    catalog: &Catalog,
    version: u16,
) -> Result<Walk, Unwalkable> {
    let table = catalog
        .table(&backfill.table)
        .ok_or_else(|| Unwalkable(format!("{} is not there", backfill.table)))?;
    refuse_moves(backfill, table)?;
    let key = key(backfill, table, catalog);
    let (order, why) = order(backfill, key.as_deref(), version)?;
    let (striping, stripes) = striping(backfill, &order, (table, catalog), version);
    Ok(Walk {
        order,
        striping,
        reason: format!("{why}; {stripes}"),
    })
}

/// A row whose partition would change cannot be updated in its partition alone.
fn refuse_moves(backfill: &Backfill, table: &Table) -> Result<(), Unwalkable> {
    let Some(partitioning) = &table.partitioning else {
        return Ok(());
    };
    let moved = assigned(backfill).find(|column| {
        partitioning.columns.contains(column) || !partitioning.expressions.is_empty()
    });
    match moved {
        Some(column) => Err(Unwalkable(format!(
            "{column} decides in which partition of {} a row is: rows would move",
            backfill.table
        ))),
        None => Ok(()),
    }
}

fn order(
    backfill: &Backfill,
    key: Option<&[(Ident, DataType)]>,
    version: u16,
) -> Result<(WalkOrder, String), Unwalkable> {
    let table = &backfill.table;
    match (backfill.proof, key) {
        (BackfillProof::NoneRemain, _) if version >= PAGES_SINCE => Ok((
            WalkOrder::Pages(
                key.iter()
                    .flat_map(|key| key.iter().map(|(column, _)| column.clone()))
                    .collect(),
            ),
            format!("{table} is walked page by page: a row done twice comes out the same"),
        )),
        (BackfillProof::NoneRemain, Some(key)) => Ok((
            WalkOrder::Key(key.to_vec()),
            format!("{table} is walked by its key: this server has no scans of page ranges"),
        )),
        (BackfillProof::EachRangeOnce, Some(key)) => Ok((
            WalkOrder::Key(key.to_vec()),
            format!("{table} is walked by its key: no row may be done twice"),
        )),
        (BackfillProof::NoneRemain, None) => Err(Unwalkable(format!(
            "{table} has no unique key without nulls, and page ranges need PostgreSQL 14"
        ))),
        (BackfillProof::EachRangeOnce, None) => Err(Unwalkable(format!(
            "{table} has no unique key without nulls by which each row could be done exactly once"
        ))),
    }
}

fn assigned(backfill: &Backfill) -> impl Iterator<Item = &Ident> {
    let assignments = match &backfill.kind {
        BackfillKind::Update { assignments } => assignments.as_slice(),
        BackfillKind::Delete | BackfillKind::Copy { .. } => &[],
    };
    assignments.iter().map(|(column, _)| column)
}

/// Whether stripes gain anything, and why.
fn striping(
    backfill: &Backfill,
    order: &WalkOrder,
    (table, catalog): (&Table, &Catalog),
    version: u16,
) -> (Striping, String) {
    let none = |why: &str| (Striping::None, format!("in one go: {why}"));
    match &backfill.kind {
        BackfillKind::Update { .. } => {}
        BackfillKind::Delete | BackfillKind::Copy { .. } => {
            return none("no row is written anew");
        }
    }
    let indexed =
        assigned(backfill).find(|column| has_index(backfill, column, table, catalog, version));
    if let Some(column) = indexed {
        return (
            Striping::None,
            format!("in one go: {column} has an index, so no update can stay in its page"),
        );
    }
    let why = "in stripes: the room that one leaves in a page is taken by the next";
    (by(order, backfill, (table, catalog)), why.to_owned())
}

/// By what rows are told apart: an integer of the key is cheapest and spreads them most evenly.
fn by(order: &WalkOrder, backfill: &Backfill, (table, catalog): (&Table, &Catalog)) -> Striping {
    let key = match order {
        WalkOrder::Key(key) => Some(key.clone()),
        WalkOrder::Pages(_) => key(backfill, table, catalog),
    };
    let integer = key
        .iter()
        .flatten()
        .rev()
        .find(|(_, data_type)| INTEGERS.iter().any(|name| data_type.is_built_in(name)));
    match (integer, order, key.as_deref().and_then(<[_]>::last)) {
        (Some((column, _)), _, _) => Striping::Bits(column.clone()),
        (None, WalkOrder::Key(_), Some((column, _))) => Striping::Hash(column.clone()),
        (None, WalkOrder::Pages(_), _) => Striping::Place,
        (None, WalkOrder::Key(_), None) => Striping::None,
    }
}

fn has_index(
    backfill: &Backfill,
    column: &Ident,
    table: &Table,
    catalog: &Catalog,
    version: u16,
) -> bool {
    catalog
        .indexes_of(&backfill.table)
        .filter(|(_, index)| {
            version < SUMMARIES_SINCE || index.definition.method.as_str() != "brin"
        })
        .any(|(_, index)| names(index, column))
        || table.columns.iter().any(|other| {
            // A stored column changes with the columns it is computed from.
            matches!(&other.fill, segue_model::Fill::Stored(expression) if expression.columns.contains(column))
                && catalog.indexes_of(&backfill.table).any(|(_, index)| names(index, &other.name))
        })
}

fn names(index: &Index, column: &Ident) -> bool {
    let in_key = index.definition.keys.iter().any(|key| match &key.part {
        IndexKeyPart::Column(name) => name == column,
        IndexKeyPart::Expression(expression) => expression.columns.contains(column),
    });
    let in_predicate = index
        .definition
        .predicate
        .as_ref()
        .is_some_and(|predicate| predicate.columns.contains(column));
    in_key || in_predicate || index.definition.include.contains(column)
}

/// The best unique key without nulls that the backfill does not change: fewest columns, integers before others.
fn key(backfill: &Backfill, table: &Table, catalog: &Catalog) -> Option<Vec<(Ident, DataType)>> {
    let mut keys: Vec<Vec<(Ident, DataType)>> = catalog
        .indexes_of(&backfill.table)
        .filter_map(|(_, index)| columns_of(index, table, catalog))
        .filter(|key| !assigned(backfill).any(|column| key.iter().any(|(part, _)| part == column)))
        .collect();
    keys.sort_by_key(|key| {
        let others = key
            .iter()
            .filter(|(_, data_type)| !INTEGERS.iter().any(|name| data_type.is_built_in(name)))
            .count();
        (key.len(), others)
    });
    keys.into_iter().next()
}

/// The columns of an index by which the table can be walked.
fn columns_of(index: &Index, table: &Table, catalog: &Catalog) -> Option<Vec<(Ident, DataType)>> {
    let definition = &index.definition;
    let is_unique = match definition.uniqueness {
        Uniqueness::NotUnique => false,
        Uniqueness::Unique | Uniqueness::UniqueNullsEqual => true,
    };
    let is_sound = is_unique
        && index.state == IndexState::Valid
        && definition.predicate.is_none()
        && definition.method.as_str() == "btree";
    if !is_sound {
        return None;
    }
    definition
        .keys
        .iter()
        .map(|key| {
            let IndexKeyPart::Column(name) = &key.part else {
                return None;
            };
            let is_plain = key.collation.is_none()
                && key.operator_class.is_none()
                && key.direction == Direction::Ascending;
            let column = table.column(name)?;
            let is_known = is_plain && is_not_null(column, table) && is_key_type(column, catalog);
            is_known.then(|| (name.clone(), column.data_type.clone()))
        })
        .collect()
}

fn is_not_null(column: &Column, table: &Table) -> bool {
    column.nullability == Nullability::NotNull || table.primary_key().contains(&column.name)
}

fn is_key_type(column: &Column, catalog: &Catalog) -> bool {
    if column.data_type.dimensions > 0 {
        return false;
    }
    match &column.data_type.name {
        TypeName::BuiltIn(name) => KEY_TYPES.contains(&name.as_str()),
        // An enum, a domain or an extension's type has one order and reads back from its text; a catalog that was read in
        // part does not know which of them it is.
        TypeName::User(_) => match catalog
            .user_type(&column.data_type)
            .map(|known| &known.kind)
        {
            Some(UserTypeKind::Plain(TypeDefinition::Composite(_) | TypeDefinition::Range(_))) => {
                false
            }
            Some(
                UserTypeKind::Plain(TypeDefinition::Enum(_) | TypeDefinition::Base)
                | UserTypeKind::Domain { .. },
            )
            | None => true,
        },
    }
}

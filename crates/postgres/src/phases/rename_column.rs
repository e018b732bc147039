//! RENAME COLUMN: the new column beside the old one, kept alike by a trigger ▸ copied in batches ▸ everything attached comes
//! along ▸ gate ▸ the old column goes and the names are taken over, in one transaction of catalog changes.
//!
//! Where something hangs on the old column that follows it alone (a view, a policy, another table's foreign key, …), the old column
//! stays: the new one goes when nobody needs two names, and the old one takes the new name with all it has.
//!
//! Plainly written it is a catalog change too, and every running statement that names the column fails from then on.
//! Source: design, section 4.1; online engines, ideas 5, 11 and 16.

use segue_model::{
    Backfill, Change, ColumnChange, Context, Expression, Ident, Mapping, Presence, Reaction, Retired,
    Shape, Sql, SyncTrigger, Target,
};

use super::draft::Draft;
use super::shadow::{self, Carried, Pair};
use super::{author, create_index, expression, is_used};
use crate::render;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Column(target, ColumnChange::Rename { from, to }) = change else {
        return None;
    };
    let table = context.catalog.table(&target.name)?;
    let old = table.column(from)?;
    if !is_used(&target.name, context) || table.column(to).is_some() {
        return None;
    }
    let pair = Pair {
        target,
        table,
        old,
        new: to,
        context,
    };
    if !pair.beside().is_empty() {
        return None;
    }
    let sync = trigger(&pair);
    let mut draft = Draft::new();
    expand(&mut draft, &pair, &sync);
    let condition = format!(
        "No running version of the application uses the column {from} of {}.",
        target.name
    );
    let (table, column) = (target.name.clone(), from.clone());
    let counter = Some(sync.object.clone());
    let is_referenced = pair.references().next().is_some();
    let follows_alone = is_referenced || !pair.followers().is_empty();
    if let Some(carried) = pair.carried().filter(|_| !follows_alone) {
            carried.build(&mut draft, &pair);
            let retired = Retired::Column { table, column, counter };
            draft.gate(vec![condition], vec![retired]);
            contract(&mut draft, &pair, (&carried, &sync));
        } else {
            for index in pair.indexes_beside() {
                create_index::append(&mut draft, &index);
            }
            let retired = Retired::ColumnName { table, column, counter };
            draft.gate(vec![condition], vec![retired]);
            take_over(&mut draft, &pair, &sync);
    }
    if pair.steady_default().is_none() && shadow::default_of(&pair).is_some() {
        draft.remark(format!(
            "Until the contract phase an insert that says {to} = NULL gets the default: it differs from row to row, so \
             that it cannot be told from an insert that leaves {to} out."
        ));
    }
    Some(draft)
}

fn trigger(pair: &Pair<'_>) -> SyncTrigger {
    let (name, object) = pair.trigger("rename");
    let default = pair.steady_default();
    SyncTrigger {
        name,
        object,
        old: Pair::side(
            (&pair.old.name, &pair.old.data_type),
            default,
            Some(Mapping::Same(pair.new.clone())),
        ),
        new: Pair::side(
            (pair.new, &pair.old.data_type),
            default,
            Some(Mapping::Same(pair.old.name.clone())),
        ),
    }
}

fn expand(draft: &mut Draft, pair: &Pair<'_>, sync: &SyncTrigger) {
    let (table, old, new) = (&pair.target.name, &pair.old.name, pair.new);
    draft.probe(
        format!("Look for what is attached to {old} and cannot come along."),
        pair.probe(),
    );
    draft.own(
        format!("Add {new} to {table}: no row is read or written."),
        pair.add(&pair.old.data_type),
    );
    if let Some(default) = pair.steady_default() {
        draft.with_previous(
            format!("Give {new} the default of {old}, for new rows only."),
            set_default(pair.target, new, default),
        );
    }
    draft.with_previous(
        format!("Keep {old} and {new} alike from now on, whichever a statement writes."),
        shadow::sync(table, sync),
    );
    draft.backfill(
        format!("Copy {old} to {new} in the rows that were there, in batches."),
        Backfill::update(table.clone(), vec![(new.clone(), value_of(old))], differ(pair)),
    );
}

/// The old column, which has everything, gets the new name; the new column, which has its values, goes.
fn take_over(draft: &mut Draft, pair: &Pair<'_>, sync: &SyncTrigger) {
    let (table, old, new) = (&pair.target.name, &pair.old.name, pair.new);
    draft.probe(
        format!("Prove once more that {old} and {new} agree in every row."),
        pair.differing(&differ(pair)),
    );
    draft.own(
        format!("Stop keeping {old} and {new} alike."),
        shadow::drop_sync(table, sync),
    );
    draft.with_previous(
        format!("Drop the second column {new}: {old} has every value of it."),
        author::column(
            pair.target,
            ColumnChange::Drop {
                name: new.clone(),
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        ),
    );
    draft.with_previous(
        format!("Call {old} {new}: what hangs on it follows."),
        author::column(
            pair.target,
            ColumnChange::Rename {
                from: old.clone(),
                to: new.clone(),
            },
        ),
    );
}

fn contract(draft: &mut Draft, pair: &Pair<'_>, (carried, sync): (&Carried, &SyncTrigger)) {
    let (table, old, new) = (&pair.target.name, &pair.old.name, pair.new);
    draft.probe(
        format!("Prove once more that {old} and {new} agree in every row."),
        pair.differing(&differ(pair)),
    );
    draft.own(
        format!("Stop keeping {old} and {new} alike."),
        shadow::drop_sync(table, sync),
    );
    shadow::own_sequence(draft, pair, pair.new);
    draft.with_previous(
        format!("Drop {old}: {new} has every value of it."),
        author::column(
            pair.target,
            ColumnChange::Drop {
                name: old.clone(),
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        ),
    );
    carried.take_names(draft, pair);
    if pair.steady_default().is_none()
        && let Some(default) = shadow::default_of(pair)
    {
        draft.with_previous(
            format!("Give {new} the default that {old} had."),
            set_default(pair.target, new, &default),
        );
    }
}

pub(super) fn set_default(target: &Target, column: &Ident, default: &Expression) -> Change {
    author::column(
        target,
        ColumnChange::SetDefault {
            name: column.clone(),
            default: default.clone(),
        },
    )
}

/// The column itself, as an expression.
pub(super) fn value_of(column: &Ident) -> Expression {
    Expression {
        shape: Shape::Column(column.clone()),
        ..expression(&Sql::default().ident(column), vec![column.clone()])
    }
}

/// `new IS DISTINCT FROM old`.
fn differ(pair: &Pair<'_>) -> Expression {
    let (new, old) = (pair.new, &pair.old.name);
    let (one, other) = (Sql::default().ident(new), Sql::default().ident(old));
    let sides = (&one, &other);
    let sql = render::differ(Sql::default(), sides, &pair.old.data_type);
    expression(&sql, vec![new.clone(), old.clone()])
}

//! ALTER TYPE that keeps the heap, but scans for a CHECK or builds an index again: both are taken out of its way.
//!
//! Measured: `DROP INDEX CONCURRENTLY` ▸ `SET LOCAL TimeZone = 'UTC'` (timestamp to timestamptz and back); `DROP CONSTRAINT` of the
//! CHECKs that name the column; `ALTER … TYPE`; the CHECKs again NOT VALID, all in one transaction: ACCESS EXCLUSIVE, no scan, no
//! rewrite ▸ VALIDATE ▸ indexes concurrently. Between the steps queries run without the index. Source: lock table,
//! sections 3 and 8 (timestamp → timestamptz; widen a column that a CHECK names).
//!
//! The server refuses it while a view or a policy reads the column: these are set aside in the same transaction.
//!
//! Refuses a change that rewrites: that needs a new column beside the old one, and a gate.

use std::borrow::Cow;

use segue_model::{
    Cause, Change, ColumnChange, ConstraintKind, Context, DataType, Enforcement, Ident, IndexDefinition,
    QualifiedName, Settings, Table, TableConstraint, Target, TransactionSoFar, Uniqueness, Validity,
    WorkKind, apply,
};

use super::draft::Draft;
use super::shadow::Pair;
use super::{aside, author, create_index, is_used};
use crate::impact;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Column(
        target,
        ColumnChange::SetType {
            name,
            data_type,
            using: None,
            ..
        },
    ) = change
    else {
        return None;
    };
    let table = context.catalog.table(&target.name)?;
    if !is_used(&target.name, context) {
        return None;
    }
    let old = table.column(name)?;
    let zone = needs_utc(&old.data_type, data_type);
    let pair = Pair {
        target,
        table,
        old,
        new: name,
        context,
    };
    let is_followed = !pair.must_be_moved().is_empty();
    if is_followed && !pair.stuck().is_empty() {
        return None;
    }
    let mut catalog = Cow::Borrowed(context.catalog);
    if is_followed {
        let aside = author::column(target, ColumnChange::SetAside(name.clone()));
        apply(&aside, catalog.to_mut());
    }
    let alone = Context {
        catalog: &catalog,
        ..*context
    };
    let way = Way::find(change, (target, table, name), zone, &alone)?;
    let is_set = context.settings.value("timezone").is_some_and(is_utc);
    let is_free = way.checks.is_empty() && way.indexes.is_empty();
    if is_free && !is_followed && (zone == Zone::Any || is_set) {
        return None;
    }
    Some(way.draft(change, (&pair, data_type), zone))
}

/// Whether the session's time zone decides if the heap is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// It does not.
    Any,
    /// It must be UTC.
    Utc,
}

fn needs_utc(from: &DataType, to: &DataType) -> Zone {
    let (with, without) = ("timestamp with time zone", "timestamp without time zone");
    let is_plain = |data_type: &DataType| {
        data_type.is_built_in(without) || data_type.is_built_in("timestamp")
    };
    if (is_plain(from) && to.is_built_in(with)) || (from.is_built_in(with) && is_plain(to)) {
        Zone::Utc
    } else {
        Zone::Any
    }
}

fn is_utc(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("utc")
}

/// What stands in the way of a change that keeps the heap.
struct Way {
    checks: Vec<TableConstraint>,
    indexes: Vec<(QualifiedName, IndexDefinition)>,
}

impl Way {
    /// None when the heap is not kept, or what stands in the way cannot be taken out of it.
    fn find(
        change: &Change,
        (target, table, column): (&Target, &Table, &Ident),
        zone: Zone,
        context: &Context<'_>,
    ) -> Option<Self> {
        let mut settings = context.settings.clone();
        if zone == Zone::Utc {
            settings
                .local
                .insert(Ident::from("timezone"), "'UTC'".to_owned());
        }
        let impact = asked(change, &settings, context);
        if !impact.refusals.is_empty() {
            return None;
        }
        let mut way = Self {
            checks: Vec::new(),
            indexes: Vec::new(),
        };
        for work in &impact.work {
            if work.on != target.name {
                return None;
            }
            match &work.kind {
                WorkKind::BuildIndex(name) => {
                    let name = target.name.sibling(name.clone());
                    let index = context.catalog.index(&name)?;
                    if index.constraint.is_some() || index.parent.is_some() {
                        return None;
                    }
                    way.indexes.push((name, index.definition.clone()));
                }
                WorkKind::Scan if work.cause == Cause::Check => {
                    way.checks.extend(table.constraints.iter().filter(|constraint| {
                        constraint.validity == Validity::Valid
                            && constraint.enforcement == Enforcement::Enforced
                            && matches!(&constraint.kind, ConstraintKind::Check(check) if check.columns.contains(column))
                    }).cloned());
                }
                // The build of an index reads the rows too.
                WorkKind::Scan if work.cause == Cause::SortOrderChange => {}
                WorkKind::Scan
                | WorkKind::Rewrite
                | WorkKind::Copy
                | WorkKind::NewFile
                | WorkKind::Rows => return None,
            }
        }
        Some(way)
    }

    fn draft(
        &self,
        change: &Change,
        (pair, data_type): (&Pair<'_>, &DataType),
        zone: Zone,
    ) -> Draft {
        let (target, column) = (pair.target, &pair.old.name);
        let table = &target.name;
        let is_followed = !pair.must_be_moved().is_empty();
        let mut draft = Draft::new();
        if is_followed {
            aside::look(&mut draft, pair);
        }
        for (name, _) in &self.indexes {
            draft.outside(
                format!("Drop index {name}: it would be built again while {table} is locked."),
                author::drop_index(name),
            );
        }
        let together = self.together(change, (pair, data_type), zone);
        for (position, (purpose, change)) in together.into_iter().enumerate() {
            if position == 0 {
                draft.own(purpose, change);
            } else {
                draft.with_previous(purpose, change);
            }
        }
        if is_followed {
            aside::gather(&mut draft, pair);
        }
        self.finish(&mut draft, target);
        if zone == Zone::Utc {
            draft.remark(format!(
                "The old values of {column} are taken to be in UTC. If they are not, this is the wrong change."
            ));
        }
        draft
    }

    /// What is done in one transaction.
    fn together(
        &self,
        change: &Change,
        (pair, data_type): (&Pair<'_>, &DataType),
        zone: Zone,
    ) -> Vec<(String, Change)> {
        let (target, column) = (pair.target, &pair.old.name);
        let table = &target.name;
        let is_followed = !pair.must_be_moved().is_empty();
        let mut first = Vec::new();
        if is_followed {
            first.push(aside::setting(pair));
        }
        if zone == Zone::Utc {
            first.push((
                "Read times without a zone as UTC: only then the stored values stay as they are."
                    .to_owned(),
                author::set_time_zone(),
            ));
        }
        for check in &self.checks {
            first.push((
                format!("Drop {}, which would make the change read every row.", check.name),
                author::drop_constraint(target, &check.name),
            ));
        }
        first.push((
            format!("Change {column} of {table} to {data_type}: no row is read or written."),
            change.clone(),
        ));
        for check in &self.checks {
            let again = author::constraint(&check.name, check.kind.clone());
            first.push((
                format!("Add {} again for new rows.", check.name),
                author::add(target, author::not_valid(&again, &check.name)),
            ));
        }
        if is_followed {
            first.push(aside::putting(pair));
        }
        first
    }

    fn finish(&self, draft: &mut Draft, target: &Target) {
        let table = &target.name;
        for check in &self.checks {
            draft.own(
                format!(
                    "Check the rows of {table} against {} while reads and writes go on.",
                    check.name
                ),
                author::validate(target, &check.name),
            );
        }
        for (name, index) in &self.indexes {
            create_index::append(draft, index);
            draft.remark(format!("Until it is built again, queries run without {name}."));
            if index.uniqueness != Uniqueness::NotUnique {
                draft.remark(format!(
                    "Until it is built again, nothing keeps the rows of {table} from agreeing in the columns of {name}."
                ));
            }
        }
    }
}

fn asked(change: &Change, settings: &Settings, context: &Context<'_>) -> segue_model::Impact {
    impact::impact(
        std::slice::from_ref(change),
        &Context {
            catalog: context.catalog,
            transaction: &TransactionSoFar::default(),
            settings,
            server: context.server,
            reverses: context.reverses,
        },
    )
}

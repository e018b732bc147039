//! ALTER TYPE that keeps the heap, but scans for a CHECK or builds an index again: both are taken out of its way.
//!
//! Measured: `DROP INDEX CONCURRENTLY` ▸ `SET LOCAL TimeZone = 'UTC'` (timestamp to timestamptz and back); `DROP CONSTRAINT` of the
//! CHECKs that name the column; `ALTER … TYPE`; the CHECKs again NOT VALID, all in one transaction: ACCESS EXCLUSIVE, no scan, no
//! rewrite ▸ VALIDATE ▸ indexes concurrently. Between the steps queries run without the index. Source: lock table,
//! sections 3 and 8 (timestamp → timestamptz; widen a column that a CHECK names).
//!
//! Refuses a change that rewrites: that needs a new column beside the old one, and a gate.

use segue_model::{
    Cause, Change, ColumnChange, ConstraintKind, Context, DataType, Enforcement, Ident, Index,
    QualifiedName, Settings, Table, TableConstraint, Target, TransactionSoFar, Uniqueness, Validity,
    WorkKind,
};

use super::draft::Draft;
use super::{author, create_index, is_used};
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
    let zone = needs_utc(&table.column(name)?.data_type, data_type);
    let way = Way::find(change, (target, table, name), zone, context)?;
    let is_set = context.settings.value("timezone").is_some_and(is_utc);
    if way.checks.is_empty() && way.indexes.is_empty() && (zone == Zone::Any || is_set) {
        return None;
    }
    Some(way.draft(change, (target, name, data_type), zone))
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
struct Way<'a> {
    checks: Vec<&'a TableConstraint>,
    indexes: Vec<(QualifiedName, &'a Index)>,
}

impl<'a> Way<'a> {
    /// None when the heap is not kept, or what stands in the way cannot be taken out of it.
    fn find(
        change: &Change,
        (target, table, column): (&Target, &'a Table, &Ident),
        zone: Zone,
        context: &Context<'a>,
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
                    way.indexes.push((name, index));
                }
                WorkKind::Scan if work.cause == Cause::Check => {
                    way.checks.extend(table.constraints.iter().filter(|constraint| {
                        constraint.validity == Validity::Valid
                            && constraint.enforcement == Enforcement::Enforced
                            && matches!(&constraint.kind, ConstraintKind::Check(check) if check.columns.contains(column))
                    }));
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
        (target, column, data_type): (&Target, &Ident, &DataType),
        zone: Zone,
    ) -> Draft {
        let table = &target.name;
        let mut draft = Draft::new();
        for (name, _) in &self.indexes {
            draft.outside(
                format!("Drop index {name}: it would be built again while {table} is locked."),
                author::drop_index(name),
            );
        }
        let mut first = Vec::new();
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
        for (position, (purpose, change)) in first.into_iter().enumerate() {
            if position == 0 {
                draft.own(purpose, change);
            } else {
                draft.with_previous(purpose, change);
            }
        }
        self.finish(&mut draft, target);
        if zone == Zone::Utc {
            draft.remark(format!(
                "The old values of {column} are taken to be in UTC. If they are not, this is the wrong change."
            ));
        }
        draft
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
            create_index::append(draft, &index.definition);
            draft.remark(format!("Until it is built again, queries run without {name}."));
            if index.definition.uniqueness != Uniqueness::NotUnique {
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

//! A statement of several changes: each gets its own way, in an order that keeps what the statement means.
//!
//! Inside one ALTER TABLE the server drops first, then changes types, then adds columns, then the rest; one change that
//! needs ACCESS EXCLUSIVE makes the others run under it. Source: lock table, section 2 (several subcommands, passes).

use segue_model::{
    Blocks, Catalog, Change, ColumnChange, ConstraintChange, ConstraintKind, Context, Ident,
    StepTransaction, Target, TransactionSoFar, WorkKind, apply,
};

use super::draft::Draft;
use super::{is_used, recipe};
use crate::impact;

/// The steps of several changes; none when the statement as written is as good.
pub(super) fn draft(changes: &[Change], context: &Context<'_>) -> Option<Draft> {
    let has_recipe = changes
        .iter()
        .any(|change| recipe(change, context).is_some());
    let loses_proof = changes.iter().any(|change| {
        matches!(change, Change::Column(target, ColumnChange::SetNotNull(name))
            if drops_proof(target, name, changes, context.catalog))
    });
    let is_new = changes
        .iter()
        .filter_map(altered)
        .any(|target| !is_used(&target.name, context));
    if is_new || !(has_recipe || loses_proof || changes.iter().any(is_validation)) {
        return None;
    }
    let mut ordered: Vec<&Change> = changes.iter().collect();
    ordered.sort_by_key(|change| pass(change, changes, context.catalog));
    let mut catalog = context.catalog.clone();
    let mut split = Split {
        draft: Draft::new(),
        behind: Vec::new(),
        waiting: Vec::new(),
    };
    for change in ordered {
        let now = Context {
            catalog: &catalog,
            ..*context
        };
        if let Some(draft) = recipe(change, &now) {
            split.flush();
            let (before, behind) = draft.at_gate();
            if behind.is_empty() {
                apply(change, &mut catalog);
            } else {
                // What comes after it meets what is there before the gate.
                for step in before.changes() {
                    apply(step, &mut catalog);
                }
            }
            split.draft.append(before);
            split.behind.push(behind);
        } else {
            split.wait(change, &now)?;
            apply(change, &mut catalog);
        }
    }
    split.flush();
    for draft in split.behind {
        split.draft.append(draft);
    }
    Some(split.draft)
}

struct Split {
    draft: Draft,
    /// What waits behind gates stands last: nothing else must wait for it.
    behind: Vec<Draft>,
    /// Changes without a recipe that can share a statement.
    waiting: Vec<Change>,
}

impl Split {
    /// A change without a recipe. None when it would do real work under a lock: there is no safe way to the whole.
    fn wait(&mut self, change: &Change, context: &Context<'_>) -> Option<()> {
        if !is_online(change, context) {
            return None;
        }
        let last = self.waiting.last();
        if last.is_some_and(|last| drops_after_not_null(last, change)) {
            self.flush();
            self.draft.with_previous(
                "Drop the proof only after it was used, in the same transaction.".to_owned(),
                change.clone(),
            );
            return Some(());
        }
        if last.is_some_and(|last| !can_share(last, change)) {
            self.flush();
        }
        self.waiting.push(change.clone());
        Some(())
    }

    fn flush(&mut self) {
        let changes = std::mem::take(&mut self.waiting);
        let Some(first) = changes.first() else {
            return;
        };
        let purpose = match altered(first) {
            Some(target) => format!(
                "Change {} as written: nothing is read or rewritten under a lock.",
                target.name
            ),
            None => {
                "Do this part as written: nothing is read or rewritten under a lock.".to_owned()
            }
        };
        self.draft.change(StepTransaction::Own, purpose, changes);
    }
}

/// True when the change does no real work while it blocks somebody.
fn is_online(change: &Change, context: &Context<'_>) -> bool {
    let transaction = TransactionSoFar::default();
    let alone = Context {
        transaction: &transaction,
        ..*context
    };
    let impact = impact::impact(std::slice::from_ref(change), &alone);
    let blocks = impact
        .claims
        .iter()
        .any(|claim| claim.mode.blocks() != Blocks::Nobody);
    let works = impact.work.iter().any(|work| match work.kind {
        WorkKind::Scan | WorkKind::Rewrite | WorkKind::Copy | WorkKind::BuildIndex(_) => true,
        WorkKind::NewFile | WorkKind::Rows => false,
    });
    !(blocks && works)
}

fn altered(change: &Change) -> Option<&Target> {
    if let Change::Table(target, _)
    | Change::Column(target, _)
    | Change::Constraint(target, _)
    | Change::Partition(target, _) = change
    {
        Some(target)
    } else {
        None
    }
}

fn drops_after_not_null(last: &Change, change: &Change) -> bool {
    matches!(last, Change::Column(_, ColumnChange::SetNotNull(_)))
        && matches!(change, Change::Constraint(_, ConstraintChange::Drop { .. }))
        && altered(last) == altered(change)
}

/// Two changes that one ALTER TABLE can do without making either worse.
fn can_share(one: &Change, other: &Change) -> bool {
    let is_plain = |change: &Change| matches!(change, Change::Column(_, change) if !matches!(change, ColumnChange::Rename { .. }));
    is_plain(one) && is_plain(other) && altered(one) == altered(other)
}

fn is_validation(change: &Change) -> bool {
    matches!(
        change,
        Change::Constraint(_, ConstraintChange::Validate(_))
            | Change::Domain(_, segue_model::DomainChange::ValidateConstraint(_))
    )
}

/// When a change comes, as the server would do it; only NOT NULL comes before the drop of the CHECK that proves it.
fn pass(change: &Change, all: &[Change], catalog: &Catalog) -> u8 {
    if let Change::Column(target, column) = change {
        match column {
            ColumnChange::SetNotNull(name) if drops_proof(target, name, all, catalog) => 0,
            ColumnChange::Drop { .. }
            | ColumnChange::DropDefault(_)
            | ColumnChange::DropNotNull(_)
            | ColumnChange::DropIdentity { .. }
            | ColumnChange::DropExpression { .. } => 1,
            ColumnChange::SetType { .. } => 2,
            ColumnChange::Add { .. } => 3,
            ColumnChange::SetExpression { .. } => 4,
            ColumnChange::SetDefault { .. }
            | ColumnChange::SetNotNull(_)
            | ColumnChange::AddIdentity { .. }
            | ColumnChange::SetIdentity { .. }
            | ColumnChange::SetStatistics(_)
            | ColumnChange::SetParameters { .. }
            | ColumnChange::SetStorage(_)
            | ColumnChange::SetAside(_)
            | ColumnChange::PutBack(_)
            | ColumnChange::SetCompression(_)
            | ColumnChange::Rename { .. } => 5,
        }
    } else if let Change::Constraint(_, constraint) = change {
        match constraint {
            ConstraintChange::Drop { .. } => 1,
            ConstraintChange::Add(added) => match &added.kind {
                ConstraintKind::Unique(_)
                | ConstraintKind::PrimaryKey(_)
                | ConstraintKind::Exclude { .. } => 6,
                ConstraintKind::Check(_)
                | ConstraintKind::NotNull(_)
                | ConstraintKind::ForeignKey(_) => 7,
            },
            ConstraintChange::Validate(_)
            | ConstraintChange::Rename { .. }
            | ConstraintChange::SetDeferral { .. }
            | ConstraintChange::SetEnforcement { .. } => 8,
        }
    } else {
        8
    }
}

/// True when the same statement drops the CHECK that proves the column.
fn drops_proof(target: &Target, column: &Ident, all: &[Change], catalog: &Catalog) -> bool {
    let Some(table) = catalog.table(&target.name) else {
        return false;
    };
    all.iter().any(|change| {
        matches!(change, Change::Constraint(_, ConstraintChange::Drop { name, .. })
            if table.constraint(name).is_some_and(|constraint| {
                matches!(&constraint.kind, ConstraintKind::Check(check) if check.logic.proves_not_null(column))
            }))
    })
}

//! Which of the shop's migrations have a safe way today; the others are left out, and named.
//!
//! Nothing is listed by hand: the plan that would run is asked the same questions as everywhere. As soon as there is a
//! safe way for one more, it takes part.

use std::collections::BTreeSet;

use segue_engine::{PlannedMigration, PlannedStep};
use segue_model::{
    Blocks, BreakKind, Catalog, Change, ColumnChange, DataChange, LockMode, Locked, QualifiedName,
    StepTransaction, TriggerChange, breaks,
};

/// What is decided about a list of plans.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Tables on which one of them waits at its gate.
    held: BTreeSet<QualifiedName>,
}

impl Choice {
    /// Why the next plan does not take part; none when it does.
    pub(crate) fn objection(
        &mut self,
        plan: &PlannedMigration,
        catalog: &Catalog,
    ) -> Option<&'static str> {
        let tables = tables(plan);
        let own = objection(plan, catalog);
        if own.is_none() && !self.held.is_disjoint(&tables) {
            return Some("it comes when the one before it on the same table has passed its gate");
        }
        if own.is_none() && plan.steps.iter().any(|step| step.gate.is_some()) {
            self.held.extend(tables);
        }
        own
    }
}

fn tables(plan: &PlannedMigration) -> BTreeSet<QualifiedName> {
    let claims = plan.steps.iter().flat_map(|step| &step.impact.claims);
    let on = claims.filter_map(|claim| match &claim.on {
        Locked::Relation(name) => Some(name.clone()),
        Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => None,
    });
    on.collect()
}

/// The steps that run while the old version is there.
fn before_the_gate(plan: &PlannedMigration) -> &[PlannedStep] {
    let gate = plan.steps.iter().position(|step| step.gate.is_some());
    plan.steps
        .get(..gate.unwrap_or(plan.steps.len()))
        .unwrap_or_default()
}

/// Why the plan of a migration is not for a database in use; none when it is.
fn objection(plan: &PlannedMigration, catalog: &Catalog) -> Option<&'static str> {
    let steps = before_the_gate(plan);
    let changes = || steps.iter().flat_map(|step| &step.changes);
    if changes().any(|change| fails_for_the_old_version(change, catalog))
        || changes().any(|change| is_unknown_and_required(change, steps, catalog))
    {
        return Some("the old version of the application would fail");
    }
    let is_long = steps
        .chunk_by(|_, next| next.transaction == StepTransaction::WithPrevious)
        .any(|transaction| {
            let keeps_others_waiting = transaction
                .iter()
                .filter_map(|step| step.impact.strongest())
                .map(LockMode::blocks)
                .any(|blocks| blocks != Blocks::Nobody);
            let works = transaction.iter().any(|step| {
                !step.impact.work.is_empty() || step.changes.iter().any(is_mass_change)
            });
            keeps_others_waiting && works
        });
    is_long.then_some("the table would be locked while all its rows are worked on")
}

fn fails_for_the_old_version(change: &Change, catalog: &Catalog) -> bool {
    breaks(change, catalog)
        .iter()
        .any(|breakage| match breakage.kind {
            BreakKind::NameGone
            | BreakKind::TypeChanged
            | BreakKind::AccessChanged
            | BreakKind::Unknown => true,
            // The old version never writes what the new rule refuses, and names its columns. What it did not know
            // (a default of a column, a proof that has served its purpose) is no loss to it.
            BreakKind::WritesRefused
            | BreakKind::ShapeChanged
            | BreakKind::GuaranteeGone
            | BreakKind::BehaviourChanged => false,
        })
}

/// True for NOT NULL on a column that the old version does not know and that nothing fills for it.
fn is_unknown_and_required(change: &Change, steps: &[PlannedStep], catalog: &Catalog) -> bool {
    let Change::Column(table, ColumnChange::SetNotNull(column)) = change else {
        return false;
    };
    let is_filled = steps
        .iter()
        .flat_map(|step| &step.changes)
        .any(|other| {
            let has_default = matches!(other, Change::Column(_, ColumnChange::SetDefault { name, .. }) if name == column);
            has_default || matches!(other, Change::Trigger(on, TriggerChange::Sync(_)) if *on == table.name)
        });
    catalog.column(&table.name, column).is_none() && !is_filled
}

fn is_mass_change(change: &Change) -> bool {
    matches!(
        change,
        Change::Data(DataChange::Update { .. } | DataChange::Delete { .. })
    )
}

#[cfg(test)]
mod tests {
    use segue_engine::{Manner, PlannedMigration, Sent, prepare};
    use segue_model::{Catalog, Dialect as _, Replay, ServerFacts, Tool, Wrapping};
    use segue_postgres::Postgres;
    use segue_sources::read_text;

    use super::Choice;

    const TABLE: &str =
        "CREATE TABLE a (id bigint PRIMARY KEY, b text, n int); CREATE TABLE c (id int);";

    /// The catalog with the tables, and the plans of these migrations on it.
    fn plans(texts: &[&str]) -> (Catalog, Vec<PlannedMigration>) {
        let facts = ServerFacts::new(15);
        let mut replay = Replay::new(Catalog::default(), facts);
        replay.begin_migration();
        let tables = Postgres.read(TABLE, 15);
        replay.begin_section(Wrapping::Autocommit, &tables);
        for statement in &tables {
            let answers = replay.ask(statement, &Postgres);
            let _ = replay.advance(statement, &answers.impact);
        }
        replay.end_section();
        let mut catalog = replay.catalog.clone();
        catalog.now.migration += 1;
        replay.catalog = catalog.clone();
        let prepared = texts.iter().map(|text| {
            let file = format!("-- migrate:up\n{text}\n");
            let migration = read_text("1_a.sql", file, Tool::Dbmate);
            prepare(&migration, Sent::Up, Manner::Safe, &Postgres, &mut replay).unwrap()
        });
        (catalog.clone(), prepared.collect())
    }

    fn objections(texts: &[&str]) -> Vec<Option<&'static str>> {
        let (catalog, plans) = plans(texts);
        let mut choice = Choice::default();
        plans
            .iter()
            .map(|plan| choice.objection(plan, &catalog))
            .collect()
    }

    #[test]
    fn what_has_a_safe_way_takes_part_and_a_rename_goes_as_far_as_its_gate() {
        let found = objections(&[
            "CREATE INDEX a_b ON a (b);",
            "ALTER TABLE a RENAME COLUMN b TO d;",
        ]);
        assert_eq!(found, [None, None]);
    }

    #[test]
    fn what_comes_on_the_same_table_behind_a_gate_waits_and_on_another_does_not() {
        let found = objections(&[
            "ALTER TABLE a RENAME COLUMN b TO d;",
            "ALTER TABLE a ADD COLUMN e text;",
            "ALTER TABLE c ADD COLUMN e text;",
        ]);
        assert!(
            found[1].is_some_and(|why| why.contains("gate")),
            "{found:?}"
        );
        assert_eq!([found[0], found[2]], [None, None]);
    }

    #[test]
    fn a_column_that_the_old_version_does_not_fill_must_not_be_required() {
        let found = objections(&[
            "ALTER TABLE c ADD COLUMN e text; ALTER TABLE c ALTER COLUMN e SET NOT NULL;",
            "ALTER TABLE c ADD COLUMN f int; ALTER TABLE c ALTER COLUMN f SET DEFAULT 1; ALTER TABLE c ALTER COLUMN f SET NOT NULL;",
        ]);
        assert!(
            found[0].is_some_and(|why| why.contains("old version")),
            "{found:?}"
        );
        assert_eq!(found[1], None);
    }

    #[test]
    fn rows_are_not_worked_on_under_a_lock() {
        let found = objections(&["ALTER TABLE c ADD COLUMN e text; UPDATE c SET e = 'x';"]);
        assert!(
            found[0].is_some_and(|why| why.contains("locked")),
            "{found:?}"
        );
    }
}

//! Why a step fails that was sound when its plan was made: somebody changed the database meanwhile, or took a right away.
//!
//! Asked only after a failure. Reads; what it cannot read it does not say.

use std::collections::BTreeSet;

use segue_model::{
    CatalogScope, Change, DataChange, QualifiedName, Replay, ServerFacts, Session, Span, Statement,
};

use crate::journal::value;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::run::Running;
use crate::touched::touched;
use crate::turn::step_key;
use crate::verify::{Verdict, verdict};

/// What Segue itself writes, and how.
const OWN: &[(&str, &str)] = &[
    ("lease", "SELECT"),
    ("lease", "UPDATE"),
    ("migration", "INSERT"),
    ("migration", "UPDATE"),
    ("step", "INSERT"),
    ("step", "UPDATE"),
];

impl<S: Session> Running<'_, '_, S> {
    /// What is not any more as the plan found it, one line each.
    pub(crate) fn changed_meanwhile(
        &mut self,
        migration: &PlannedMigration,
        failed: &PlannedStep,
    ) -> Vec<String> {
        // The failed transaction may still be open.
        let _ = self.session.execute(&self.runner.statements.rollback);
        let mut lines = self.refused_now(migration, failed).unwrap_or_default();
        lines.extend(self.undone(migration, failed).ok().flatten());
        lines
    }

    /// What the model would have refused, had the plan been made on the catalog as it is now.
    fn refused_now(
        &mut self,
        migration: &PlannedMigration,
        failed: &PlannedStep,
    ) -> Result<Vec<String>, S::Error> {
        if failed.is_contradicted || !failed.impact.refusals.is_empty() {
            return Ok(Vec::new());
        }
        let live = self.session.catalog(&CatalogScope::Whole)?;
        let version = self.session.query(&self.runner.statements.server_version)?;
        let version = value(&version).and_then(|text| text.parse().ok());
        let facts = ServerFacts::new(version.unwrap_or_default());
        let dialect = self.runner.dialect;
        let mut replay = Replay::new(live, facts);
        for step in same_transaction(&migration.steps, failed) {
            let one = as_statement(step);
            let impact = dialect.impact(&step.changes, &replay.context());
            let _ = replay.advance(&one, &impact);
        }
        let one = as_statement(failed);
        let impact = dialect.impact(&failed.changes, &replay.context());
        let contradictions = replay.advance(&one, &impact);
        let refusals = impact.refusals.iter().map(|refusal| &refusal.message);
        let now = refusals.chain(contradictions.iter().map(|found| &found.message));
        Ok(now
            .map(|message| format!("changed by someone since the plan was made: {message}"))
            .collect())
    }

    /// The step that is recorded as done, and whose purpose is not in the catalog any more.
    fn undone(
        &mut self,
        migration: &PlannedMigration,
        failed: &PlannedStep,
    ) -> Result<Option<String>, S::Error> {
        let own = touched_by(failed);
        let done: Vec<&PlannedStep> = migration
            .steps
            .iter()
            .take_while(|step| step_key(migration, step) != step_key(migration, failed))
            .filter(|step| !touched_by(step).is_disjoint(&own))
            .collect();
        let same = same_transaction(&migration.steps, failed);
        let before = done.iter().filter(|step| !same.contains(step));
        let seen = verdict(&mut self.session, before.flat_map(|step| &step.changes))?;
        Ok(match seen {
            Verdict::Missing(how) => Some(format!(
                "changed by someone: what an earlier step of this migration did is gone: {how}"
            )),
            Verdict::Holds | Verdict::Unseen => None,
        })
    }

    /// The GRANTs whose absence explains why a step was refused.
    pub(crate) fn missing_rights(&mut self, failed: Option<&PlannedStep>) -> Vec<String> {
        let Some(rights) = self.runner.statements.rights.clone() else {
            return Vec::new();
        };
        // The failed transaction may still be open.
        let _ = self.session.execute(&self.runner.statements.rollback);
        let wanted = failed.iter().flat_map(|step| &step.changes);
        let wanted: Vec<(String, String, &str)> = wanted
            .flat_map(wanted_for)
            .map(|(name, right)| {
                let (namespace, name) = (name.namespace.as_str(), name.name.as_str());
                (namespace.to_owned(), name.to_owned(), right)
            })
            .chain(
                OWN.iter()
                    .map(|(name, right)| ("segue".to_owned(), (*name).to_owned(), *right)),
            )
            .collect();
        let mut lines: Vec<String> = Vec::new();
        for (namespace, name, right) in wanted {
            let parameters = [Some(namespace.as_str()), Some(name.as_str()), Some(right)];
            let Ok(rows) = self.session.query_with(&rights, &parameters) else {
                break;
            };
            for grant in rows.into_iter().flatten().flatten() {
                let line = format!("missing: {grant}");
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines
    }
}

/// The steps before this one that went with it when its transaction was rolled back.
fn same_transaction<'p>(steps: &'p [PlannedStep], failed: &PlannedStep) -> Vec<&'p PlannedStep> {
    crate::turn::turns(steps)
        .into_iter()
        .find(|turn| turn.iter().any(|step| step.id == failed.id))
        .unwrap_or_default()
        .iter()
        .take_while(|step| step.id != failed.id)
        .collect()
}

fn as_statement(step: &PlannedStep) -> Statement {
    Statement {
        span: Span::default(),
        changes: step.changes.clone(),
        notes: Vec::new(),
    }
}

fn touched_by(step: &PlannedStep) -> BTreeSet<QualifiedName> {
    step.changes.iter().flat_map(touched).collect()
}

/// The rights a change takes: those of a statement on rows, else that of the owner.
fn wanted_for(change: &Change) -> Vec<(QualifiedName, &'static str)> {
    let Change::Data(change) = change else {
        return touched(change)
            .into_iter()
            .map(|name| (name, "OWNER"))
            .collect();
    };
    let rows = |table: &QualifiedName, reads: &[QualifiedName], rights: &[&'static str]| {
        let own = rights.iter().map(|right| (table.clone(), *right));
        own.chain(reads.iter().map(|name| (name.clone(), "SELECT")))
            .collect()
    };
    match change {
        DataChange::Insert { table, .. } | DataChange::CopyIn { table } => {
            rows(table, &[], &["INSERT"])
        }
        DataChange::Update { table, reads, .. } => rows(table, reads, &["UPDATE", "SELECT"]),
        DataChange::Delete { table, reads, .. } => rows(table, reads, &["DELETE", "SELECT"]),
        DataChange::Merge { table, reads } => {
            rows(table, reads, &["INSERT", "UPDATE", "DELETE", "SELECT"])
        }
        DataChange::Truncate { tables, .. } => tables
            .iter()
            .map(|table| (table.clone(), "TRUNCATE"))
            .collect(),
        DataChange::CopyOut { reads } => {
            reads.iter().map(|name| (name.clone(), "SELECT")).collect()
        }
        DataChange::Select(_) => Vec::new(),
        DataChange::SetSequenceValue(_) => Vec::new(),
    }
}

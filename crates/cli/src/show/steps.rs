//! The safe steps of a plan as text that can be pasted: SQL with the user's names, and who shares a transaction.

use schemars::JsonSchema;
use serde::Serialize;

use segue_engine::redacted;
use segue_model::{Action, Dialect, Phase, PhaseKind, Plan, Step, StepTransaction};

use crate::show::escape::line;

/// One step, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct StepText {
    /// Its number in the plan.
    pub(crate) id: u32,
    /// Its phase.
    pub(crate) phase: PhaseKind,
    /// What must be true before it; only on the first step of a phase with a gate.
    pub(crate) gate: Vec<String>,
    /// With whom it shares a transaction.
    pub(crate) transaction: StepTransaction,
    /// One sentence.
    pub(crate) purpose: String,
    /// What kind of step.
    pub(crate) kind: StepKind,
    /// The SQL, without a semicolon at the end; of a backfill, what each batch runs without its range of keys.
    pub(crate) sql: String,
}

/// What kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepKind {
    /// A statement of Segue's.
    Statement,
    /// The user's own statement.
    AsWritten,
    /// Rows are changed in batches.
    Backfill,
    /// A query that must give no row.
    Probe,
}

/// The steps of a plan; `written` is the user's statement.
pub(crate) fn steps(plan: &Plan, dialect: &dyn Dialect, written: &str) -> Vec<StepText> {
    plan.phases
        .iter()
        .flat_map(|phase| {
            phase
                .steps
                .iter()
                .enumerate()
                .map(move |(number, step)| one(phase, number, step, (dialect, written)))
        })
        .collect()
}

fn one(
    phase: &Phase,
    number: usize,
    step: &Step,
    (dialect, written): (&dyn Dialect, &str),
) -> StepText {
    let (kind, sql) = match &step.action {
        Action::Change(changes) => match dialect.render(changes) {
            Ok(sql) => (StepKind::Statement, sql.as_str().to_owned()),
            Err(_) => (StepKind::AsWritten, written.to_owned()),
        },
        Action::AsWritten => (StepKind::AsWritten, written.to_owned()),
        Action::Backfill(backfill) => (StepKind::Backfill, backfill.shown().as_str().to_owned()),
        Action::Probe(probe) => (StepKind::Probe, probe.query.as_str().to_owned()),
    };
    let gate = match (&phase.gate, number) {
        (Some(gate), 0) => gate.conditions.clone(),
        (Some(_) | None, _) => Vec::new(),
    };
    StepText {
        id: step.id,
        phase: phase.kind,
        gate,
        transaction: step.transaction,
        purpose: step.purpose.clone(),
        kind,
        sql: redacted(sql.trim_end().trim_end_matches(';'), dialect),
    }
}

/// The steps as a script: comments say what each one is for, and statements that belong together stand in one transaction.
pub(crate) fn script(steps: &[StepText]) -> String {
    let mut text = String::new();
    let mut left = steps;
    while let Some((first, rest)) = left.split_first() {
        let along = rest
            .iter()
            .take_while(|step| step.transaction == StepTransaction::WithPrevious)
            .count();
        let (together, after) = rest.split_at_checked(along).unwrap_or((rest, &[]));
        let shared = along > 0 && first.transaction == StepTransaction::Own;
        if shared {
            text.push_str("BEGIN;\n");
        }
        for step in std::iter::once(first).chain(together) {
            push(step, &mut text);
        }
        if shared {
            text.push_str("COMMIT;\n");
        }
        left = after;
    }
    text
}

fn push(step: &StepText, text: &mut String) {
    for condition in &step.gate {
        text.push_str("-- not before: ");
        text.push_str(&line(condition));
        text.push('\n');
    }
    text.push_str("-- ");
    text.push_str(&step.id.to_string());
    text.push_str("  ");
    // A name with a line end in it must not end the comment.
    text.push_str(&line(&step.purpose));
    text.push_str(match step.transaction {
        StepTransaction::Own => " (in its own transaction)",
        StepTransaction::WithPrevious => " (in the same transaction)",
        StepTransaction::Outside => " (outside any transaction)",
    });
    text.push('\n');
    match step.kind {
        StepKind::Statement | StepKind::AsWritten => {}
        StepKind::Backfill => text.push_str(
            "-- in batches: once per range of the key, a transaction each, with the range added to WHERE\n",
        ),
        StepKind::Probe => text.push_str("-- must give no row\n"),
    }
    text.push_str(&step.sql);
    text.push_str(";\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: u32, transaction: StepTransaction, sql: &str) -> StepText {
        StepText {
            id,
            phase: PhaseKind::Expand,
            gate: Vec::new(),
            transaction,
            purpose: "do it".into(),
            kind: StepKind::Statement,
            sql: sql.into(),
        }
    }

    #[test]
    fn steps_that_share_a_transaction_stand_in_one() {
        let steps = [
            step(1, StepTransaction::Own, "A"),
            step(2, StepTransaction::WithPrevious, "B"),
            step(3, StepTransaction::Outside, "C"),
        ];
        assert_eq!(
            script(&steps),
            "BEGIN;\n-- 1  do it (in its own transaction)\nA;\n-- 2  do it (in the same transaction)\nB;\nCOMMIT;\n\
             -- 3  do it (outside any transaction)\nC;\n"
        );
    }

    #[test]
    fn a_line_end_in_a_name_does_not_end_a_comment() {
        let hostile = StepText {
            purpose: "index \"a\nDROP TABLE users; --\"".into(),
            ..step(1, StepTransaction::Own, "A")
        };
        let shown = script(&[hostile]);
        assert!(
            !shown.lines().any(|line| line.starts_with("DROP")),
            "{shown}"
        );
    }
}

//! A plan in the making: steps in order, each with whom it shares a transaction.

use segue_model::{
    Action, Backfill, Change, Gate, Phase, PhaseKind, Plan, Probe, Retired, Step, StepTransaction,
};

/// A plan in the making.
#[derive(Debug)]
pub(super) struct Draft {
    phases: Vec<Phase>,
    remarks: Vec<String>,
}

impl Draft {
    /// Nothing yet; the first step expands.
    pub(super) fn new() -> Self {
        Self {
            phases: vec![Phase {
                kind: PhaseKind::Expand,
                gate: None,
                steps: Vec::new(),
            }],
            remarks: Vec::new(),
        }
    }

    /// A statement in a transaction of its own.
    pub(super) fn own(&mut self, purpose: String, change: Change) {
        self.change(StepTransaction::Own, purpose, vec![change]);
    }

    /// A statement in the transaction of the step before.
    pub(super) fn with_previous(&mut self, purpose: String, change: Change) {
        self.change(StepTransaction::WithPrevious, purpose, vec![change]);
    }

    /// A statement that runs outside any transaction.
    pub(super) fn outside(&mut self, purpose: String, change: Change) {
        self.change(StepTransaction::Outside, purpose, vec![change]);
    }

    /// One statement with these changes.
    pub(super) fn change(
        &mut self,
        transaction: StepTransaction,
        purpose: String,
        changes: Vec<Change>,
    ) {
        self.step(transaction, purpose, Action::Change(changes));
    }

    /// A question that must find nothing.
    pub(super) fn probe(&mut self, purpose: String, probe: Probe) {
        self.step(StepTransaction::Own, purpose, Action::Probe(probe));
    }

    /// Data is copied: from here on the plan is in its backfill phase, unless a gate stands before it.
    pub(super) fn backfill(&mut self, purpose: String, backfill: Backfill) {
        self.enter(PhaseKind::Backfill, None);
        self.step(
            StepTransaction::Outside,
            purpose,
            Action::Backfill(backfill),
        );
    }

    /// What the last step takes away is put back by this, when its way back is gone.
    pub(super) fn restored_by(&mut self, backfill: Backfill) {
        if let Some(step) = self
            .phases
            .last_mut()
            .and_then(|phase| phase.steps.last_mut())
        {
            step.restore = Some(backfill);
        }
    }

    /// What takes the last step back, where its inverse would work on the data under a lock.
    pub(super) fn undone_by(&mut self, back: Vec<Change>) {
        if let Some(step) = self
            .phases
            .last_mut()
            .and_then(|phase| phase.steps.last_mut())
        {
            step.back = Some(back);
        }
    }

    /// What follows waits for these conditions.
    pub(super) fn gate(&mut self, conditions: Vec<String>, retires: Vec<Retired>) {
        let gate = Gate {
            conditions,
            retires,
        };
        self.enter(PhaseKind::Contract, Some(gate));
    }

    /// What the user has to know.
    pub(super) fn remark(&mut self, remark: String) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// The steps of another draft, after the ones of this.
    pub(super) fn append(&mut self, other: Self) {
        for phase in other.phases {
            if phase.steps.is_empty() {
                continue;
            }
            self.enter(phase.kind, phase.gate);
            if let Some(last) = self.phases.last_mut() {
                last.steps.extend(phase.steps);
            }
        }
        for remark in other.remarks {
            self.remark(remark);
        }
    }

    /// What comes before its gate, and what waits behind it; the second is empty for a draft without a gate.
    pub(super) fn at_gate(self) -> (Self, Self) {
        let gate = self
            .phases
            .iter()
            .position(|phase| phase.gate.is_some())
            .unwrap_or(self.phases.len());
        let mut before = self.phases;
        let behind = before.split_off(gate);
        let remarks = Vec::new();
        (
            Self {
                phases: before,
                remarks: self.remarks,
            },
            Self {
                phases: behind,
                remarks,
            },
        )
    }

    /// True when there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.phases.iter().all(|phase| phase.steps.is_empty())
    }

    /// Its changes, in order.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.phases
            .iter()
            .flat_map(|phase| &phase.steps)
            .flat_map(|step| match &step.action {
                Action::Change(changes) => changes.as_slice(),
                Action::AsWritten | Action::Backfill(_) | Action::Probe(_) => &[],
            })
    }

    /// The finished plan; steps are numbered from 1 and empty phases are left out.
    pub(super) fn into_plan(self, of: &[Change]) -> Plan {
        let mut phases = self.phases;
        phases.retain(|phase| !phase.steps.is_empty());
        for (id, step) in (1_u32..).zip(phases.iter_mut().flat_map(|phase| &mut phase.steps)) {
            step.id = id;
        }
        Plan {
            of: of.to_vec(),
            phases,
            remarks: self.remarks,
        }
    }

    fn step(&mut self, transaction: StepTransaction, purpose: String, action: Action) {
        if let Some(phase) = self.phases.last_mut() {
            phase.steps.push(Step {
                id: 0,
                purpose,
                action,
                transaction,
                restore: None,
                back: None,
            });
        }
    }

    /// Goes on to a later phase. A plan never goes back: what would expand after a backfill is part of the backfill.
    fn enter(&mut self, kind: PhaseKind, gate: Option<Gate>) {
        if let (Some(own), Some(more)) = (
            self.phases.last_mut().and_then(|phase| phase.gate.as_mut()),
            &gate,
        ) {
            // One gate for all of it.
            let conditions = more.conditions.iter();
            own.conditions.extend(
                conditions
                    .filter(|condition| !own.conditions.contains(condition))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            own.retires.extend(more.retires.iter().cloned());
            return;
        }
        let current = self
            .phases
            .last()
            .map_or(PhaseKind::Expand, |phase| phase.kind);
        if gate.is_some() || kind > current {
            self.phases.push(Phase {
                kind: kind.max(current),
                gate,
                steps: Vec::new(),
            });
        }
    }
}

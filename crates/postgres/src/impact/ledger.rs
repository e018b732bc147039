//! Where the impact of one statement is put together, piece by piece.
//!
//! Knows no statement: it holds the question's context and keeps claims and work free of repetitions.

use segue_model::{
    Catalog, Cause, Certainty, Context, Ident, Impact, Knowledge, LockClaim, LockMode, LockMoment,
    LockRole, Locked, QualifiedName, Refusal, RefusalReason, Table, TransactionNeed,
    TransactionState, Wait, Work, WorkKind, Wrapping,
};

/// The impact of one statement, while it is being put together.
pub(super) struct Ledger<'a> {
    /// What the question is asked in.
    pub(super) context: &'a Context<'a>,
    impact: Impact,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            impact: Impact::default(),
        }
    }

    pub(super) fn finish(self) -> Impact {
        self.impact
    }

    pub(super) fn catalog(&self) -> &'a Catalog {
        self.context.catalog
    }

    /// The server's major version.
    pub(super) fn version(&self) -> u16 {
        self.context.server.version
    }

    /// A table of the catalog; one that is not known whole makes the answer an assumption.
    pub(super) fn table(&mut self, name: &QualifiedName) -> Option<&'a Table> {
        let table = self.catalog().table(name);
        if table.is_none_or(|table| table.knowledge == Knowledge::Assumed) {
            self.assume();
        }
        table
    }

    /// A lock on a relation for the whole statement.
    pub(super) fn claim(&mut self, name: &QualifiedName, mode: LockMode, role: LockRole) {
        self.claim_on(Locked::Relation(name.clone()), mode, role);
    }

    /// A lock on anything for the whole statement.
    pub(super) fn claim_on(&mut self, on: Locked, mode: LockMode, role: LockRole) {
        self.claim_during(on, mode, role, LockMoment::Whole);
    }

    /// A lock on anything for a part of the statement.
    pub(super) fn claim_during(
        &mut self,
        on: Locked,
        mode: LockMode,
        role: LockRole,
        when: LockMoment,
    ) {
        let repeated = self
            .impact
            .claims
            .iter_mut()
            .find(|claim| claim.on == on && claim.when == when);
        match repeated {
            Some(claim) => claim.mode = claim.mode.max(mode),
            None => self.impact.claims.push(LockClaim {
                on,
                mode,
                when,
                role,
            }),
        }
    }

    /// A lock on relations that cannot be named beforehand.
    pub(super) fn claim_unnamed(&mut self, what: String, mode: LockMode, role: LockRole) {
        self.claim_on(Locked::Unnamed(what), mode, role);
    }

    /// Work on a relation's data. An index is built once, however many reasons there are.
    pub(super) fn work(&mut self, on: &QualifiedName, kind: WorkKind, cause: Cause) {
        let is_build = matches!(kind, WorkKind::BuildIndex(_));
        let repeated =
            self.impact.work.iter().any(|work| {
                &work.on == on && work.kind == kind && (is_build || work.cause == cause)
            });
        if !repeated {
            self.impact.work.push(Work {
                on: on.clone(),
                kind,
                cause,
            });
        }
    }

    /// Every row of a table is read.
    pub(super) fn scan(&mut self, on: &QualifiedName, cause: Cause) {
        self.work(on, WorkKind::Scan, cause);
    }

    /// An index is built over the rows of a table.
    pub(super) fn build(&mut self, table: &QualifiedName, index: &Ident, cause: Cause) {
        self.scan(table, cause);
        self.work(table, WorkKind::BuildIndex(index.clone()), cause);
    }

    /// True when the statement writes this table anew.
    pub(super) fn rewrites(&self, table: &QualifiedName) -> bool {
        self.impact
            .work
            .iter()
            .any(|work| &work.on == table && work.kind == WorkKind::Rewrite)
    }

    /// The indexes that the statement builds on a table so far.
    pub(super) fn builds(&self, table: &QualifiedName) -> Vec<Ident> {
        self.impact
            .work
            .iter()
            .filter(|work| &work.on == table)
            .filter_map(|work| match &work.kind {
                WorkKind::BuildIndex(name) => Some(name.clone()),
                WorkKind::Scan
                | WorkKind::Rewrite
                | WorkKind::Copy
                | WorkKind::NewFile
                | WorkKind::Rows => None,
            })
            .collect()
    }

    pub(super) fn wait(&mut self, wait: Wait) {
        if !self.impact.waits.contains(&wait) {
            self.impact.waits.push(wait);
        }
    }

    pub(super) fn refuse(&mut self, reason: RefusalReason, message: String) {
        let refusal = Refusal { reason, message };
        if !self.impact.refusals.contains(&refusal) {
            self.impact.refusals.push(refusal);
        }
    }

    /// The server has this only since `version`.
    pub(super) fn since(&mut self, version: u16, feature: &str) {
        if self.version() < version {
            let server = self.version();
            self.refuse(
                RefusalReason::Version,
                format!(
                    "{feature} exists since PostgreSQL {version}; this is for PostgreSQL {server}"
                ),
            );
        }
    }

    /// Part of the answer rests on what the catalog does not know.
    pub(super) fn assume(&mut self) {
        self.impact.certainty = self.impact.certainty.max(Certainty::Assumed);
    }

    /// The answer is not known: treated as the worst.
    pub(super) fn unknown(&mut self, what: String) {
        self.impact.certainty = Certainty::Unknown;
        self.claim_unnamed(what, LockMode::AccessExclusive, LockRole::Dependent);
    }

    /// The statement cannot run in a transaction block, nor in a message with others.
    ///
    /// Source: PostgreSQL 17 manual, the Notes of each of these commands.
    pub(super) fn must_be_outside(&mut self, verb: &str) {
        self.impact.transaction = TransactionNeed::MustBeOutside;
        let transaction = self.context.transaction;
        match transaction.state {
            TransactionState::None => {}
            TransactionState::ImplicitBatch => {
                if transaction.wrapping != Some(Wrapping::AutocommitOrOneMessage) {
                    self.refuse(
                        RefusalReason::InsideBatch,
                        format!("{verb} cannot be sent in one message with other statements"),
                    );
                }
            }
            TransactionState::Tool | TransactionState::ToolWholeRun | TransactionState::File => {
                let avoided = transaction.state == TransactionState::Tool
                    && transaction.wrapping == Some(Wrapping::TransactionUnlessImpossible);
                if !avoided {
                    self.refuse(
                        RefusalReason::InsideTransaction,
                        format!("{verb} cannot run inside a transaction block"),
                    );
                }
            }
        }
    }

    /// Takes in the impact of a statement inside this one.
    pub(super) fn absorb(&mut self, other: Impact) {
        self.impact.absorb(other);
    }

    /// Leaves out what is said of relations that come into being inside the statement.
    pub(super) fn forget(&mut self, born_inside: &[QualifiedName]) {
        self.impact.claims.retain(|claim| {
            claim
                .on
                .relation()
                .is_none_or(|name| !born_inside.contains(name))
        });
    }
}

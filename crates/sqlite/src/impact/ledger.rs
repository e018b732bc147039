//! Where the impact of one statement is put together.
//!
//! Knows no statement. Names are compared as SQLite does: without regard to ASCII case.

use segue_model::{
    Catalog, Cause, Certainty, Context, Ident, Impact, Knowledge, LockClaim, LockMode, LockMoment,
    LockRole, Locked, QualifiedName, Refusal, RefusalReason, Relation, Table, TransactionNeed,
    TransactionState, Work, WorkKind, Wrapping,
};

/// True when SQLite takes two names for one.
pub(crate) fn same(one: &Ident, other: &Ident) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// A table by its name, in whatever case, with its name as the catalog has it.
pub(crate) fn find_table<'c>(
    catalog: &'c Catalog,
    name: &QualifiedName,
) -> Option<(QualifiedName, &'c Table)> {
    let (found, relation) = catalog.relation_as_named(name)?;
    match relation {
        Relation::Table(table) => Some((found.clone(), table)),
        Relation::Index(_) | Relation::View(_) | Relation::Sequence(_) => None,
    }
}

/// The impact of one statement, while it is being put together.
pub(super) struct Ledger<'a> {
    context: &'a Context<'a>,
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

    /// A table of the catalog; one that is not known whole makes the answer an assumption.
    pub(super) fn known(&mut self, name: &QualifiedName) -> Option<(QualifiedName, &'a Table)> {
        let found = find_table(self.catalog(), name);
        let table = found.as_ref().map(|(_, table)| *table);
        if table.is_none_or(|table| table.knowledge == Knowledge::Assumed) {
            self.assume();
        }
        found
    }

    /// Every table of the database file `main`.
    pub(super) fn tables(&self) -> Vec<QualifiedName> {
        self.catalog()
            .relations()
            .filter_map(|(name, relation)| match relation {
                Relation::Table(_) if name.namespace.as_str() == "main" => Some(name.clone()),
                Relation::Table(_)
                | Relation::Index(_)
                | Relation::View(_)
                | Relation::Sequence(_) => None,
            })
            .collect()
    }

    /// A relation is read.
    pub(super) fn reads(&mut self, name: &QualifiedName) {
        let on = Locked::Relation(name.clone());
        self.claim(
            on,
            LockMode::AccessShare,
            LockRole::Dependent,
            LockMoment::Whole,
        );
    }

    /// A relation is written: it, and the file it lives in.
    pub(super) fn writes(&mut self, name: &QualifiedName) {
        let on = Locked::Relation(name.clone());
        self.claim(on, LockMode::Exclusive, LockRole::Target, LockMoment::Whole);
        self.writes_file(&name.namespace);
    }

    /// A database file is written: nobody else writes it until the transaction ends. Temporary tables are nobody else's.
    pub(super) fn writes_file(&mut self, database: &Ident) {
        if database.as_str().eq_ignore_ascii_case("temp") {
            return;
        }
        let file = || Locked::Unnamed(format!("every table of the database file {database}"));
        let role = LockRole::Dependent;
        self.claim(file(), LockMode::Exclusive, role, LockMoment::Whole);
        let mode = self.context.settings.value("journal_mode");
        if !mode.is_some_and(|mode| mode.eq_ignore_ascii_case("wal")) {
            self.claim(file(), LockMode::AccessExclusive, role, LockMoment::AtEnd);
        }
        if mode.is_none() {
            self.assume();
        }
    }

    /// The file is kept from readers too, for as long as the statement runs.
    pub(super) fn shuts_file(&mut self, what: &str) {
        let on = Locked::Unnamed(format!("every table of the database file: {what}"));
        let role = LockRole::Dependent;
        self.claim(on, LockMode::AccessExclusive, role, LockMoment::Whole);
    }

    fn claim(&mut self, on: Locked, mode: LockMode, role: LockRole, when: LockMoment) {
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

    pub(super) fn work(&mut self, on: &QualifiedName, kind: WorkKind, cause: Cause) {
        let work = Work {
            on: on.clone(),
            kind,
            cause,
        };
        if !self.impact.work.contains(&work) {
            self.impact.work.push(work);
        }
    }

    pub(super) fn refuse(&mut self, reason: RefusalReason, message: String) {
        let refusal = Refusal { reason, message };
        if !self.impact.refusals.contains(&refusal) {
            self.impact.refusals.push(refusal);
        }
    }

    /// SQLite has this only since `version`.
    pub(super) fn since(&mut self, version: u16, feature: &str) {
        let linked = self.context.server.version;
        if linked < version {
            let words = |version: u16| format!("3.{}", version % 1000);
            let (since, linked) = (words(version), words(linked));
            self.refuse(
                RefusalReason::Version,
                format!("{feature} exists since SQLite {since}; this is for SQLite {linked}"),
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
        let (mode, role) = (LockMode::AccessExclusive, LockRole::Dependent);
        self.claim(Locked::Unnamed(what), mode, role, LockMoment::Whole);
    }

    /// The statement cannot run in a transaction. SQLite has no implicit transaction over several statements of a text.
    pub(super) fn must_be_outside(&mut self, verb: &str) {
        self.impact.transaction = TransactionNeed::MustBeOutside;
        if self.is_in_transaction() {
            self.refuse(
                RefusalReason::InsideTransaction,
                format!("{verb} cannot run inside a transaction"),
            );
        }
    }

    fn is_in_transaction(&self) -> bool {
        let transaction = self.context.transaction;
        match transaction.state {
            TransactionState::None | TransactionState::ImplicitBatch => false,
            TransactionState::Tool => {
                transaction.wrapping != Some(Wrapping::TransactionUnlessImpossible)
            }
            TransactionState::ToolWholeRun | TransactionState::File => true,
        }
    }
}

//! The replay: statements in order, the questions asked of each, and the catalog carried along.
//!
//! Knows who opens transactions and when they end; knows no rule.

use crate::{
    Breakage, Catalog, Change, ConstraintTiming, Context, Contradiction, DataChange, Deferral,
    Deferred, Dialect, HeldLock, Ident, Impact, InsertSource, Inverse, LockClaim, Loss,
    QualifiedName, Reverse, ServerFacts, SessionChange, SettingScope, Settings, Statement,
    TransactionChange, TransactionSoFar, TransactionState, TypeChange, Wrapping, apply, breaks,
    destroys, inverse,
};

/// What the questions answered for one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Locks and work.
    pub impact: Impact,
    /// Whom it breaks.
    pub breaks: Vec<Breakage>,
    /// What is lost.
    pub destroys: Vec<Loss>,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionEnd {
    /// It commits.
    Commit,
    /// It is rolled back.
    Rollback,
}

/// A replay in progress.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What is in the database now.
    pub catalog: Catalog,
    /// The transaction that is open, or none.
    pub transaction: TransactionSoFar,
    /// The session's settings.
    pub settings: Settings,
    /// The server.
    pub server: ServerFacts,
    /// What every session begins with.
    pub at_connect: Settings,
    /// The ways back that a person declared for the next statement.
    pub reverses: Vec<Reverse>,
    /// The catalog to go back to when the open transaction is rolled back by its file.
    before: Option<Box<Catalog>>,
    /// Whether the section says ROLLBACK somewhere; only then is a catalog kept to go back to.
    rolls_back: bool,
}

impl Replay {
    /// Starts from what is there.
    pub fn new(catalog: Catalog, server: ServerFacts) -> Self {
        Self {
            catalog,
            transaction: TransactionSoFar::default(),
            settings: Settings::default(),
            server,
            at_connect: Settings::default(),
            reverses: Vec::new(),
            before: None,
            rolls_back: false,
        }
    }

    /// What a question is asked in, now.
    pub fn context(&self) -> Context<'_> {
        Context {
            catalog: &self.catalog,
            transaction: &self.transaction,
            settings: &self.settings,
            server: &self.server,
            reverses: &self.reverses,
        }
    }

    /// The next migration begins.
    pub fn begin_migration(&mut self) {
        self.catalog.now.migration += 1;
    }

    /// A section begins, with these statements. `wrapping` is the tool's.
    pub fn begin_section(&mut self, wrapping: Wrapping, section: &[Statement]) {
        let statements = section.len();
        let state = match wrapping {
            Wrapping::Autocommit => TransactionState::None,
            Wrapping::OneMessage | Wrapping::AutocommitOrOneMessage => {
                if statements > 1 {
                    TransactionState::ImplicitBatch
                } else {
                    TransactionState::None
                }
            }
            Wrapping::Transaction | Wrapping::TransactionUnlessImpossible => TransactionState::Tool,
            Wrapping::WholeRun => TransactionState::ToolWholeRun,
        };
        let carries_on = state == TransactionState::ToolWholeRun
            && self.transaction.state == TransactionState::ToolWholeRun;
        if !carries_on {
            self.open(state);
        }
        self.transaction.wrapping = Some(wrapping);
        self.transaction.section_statements = statements;
        self.rolls_back = section.iter().any(|statement| {
            statement
                .changes
                .contains(&Change::Transaction(TransactionChange::Rollback))
        });
    }

    /// A section ends. A session's settings are kept only where the tool goes on with the same session: we assume not.
    pub fn end_section(&mut self) {
        if self.transaction.state != TransactionState::ToolWholeRun {
            self.open(TransactionState::None);
            self.settings = self.at_connect.clone();
        }
        self.before = None;
    }

    /// Asks the questions of one statement, before it has any effect.
    pub fn ask(&self, statement: &Statement, dialect: &dyn Dialect) -> Answers {
        let context = self.context();
        Answers {
            impact: dialect.impact(&statement.changes, &context),
            breaks: statement
                .changes
                .iter()
                .flat_map(|change| breaks(change, &self.catalog))
                .collect(),
            destroys: statement
                .changes
                .iter()
                .flat_map(|change| destroys(change, &self.catalog))
                .collect(),
        }
    }

    /// What undoes a statement, one answer per change; asked before it has any effect.
    pub fn inverse(&self, statement: &Statement) -> Vec<Inverse> {
        statement
            .changes
            .iter()
            .map(|change| inverse(change, &self.catalog))
            .collect()
    }

    /// Lets a statement have its effect. What contradicts the catalog is given back.
    pub fn advance(&mut self, statement: &Statement, impact: &Impact) -> Vec<Contradiction> {
        if self.transaction.state == TransactionState::None {
            self.catalog.now.transaction += 1;
        }
        self.catalog.now.statement += 1;
        self.hold(&impact.claims);
        self.transaction.statements += 1;
        let mut contradictions = Vec::new();
        for change in &statement.changes {
            self.note(change);
            contradictions.extend(apply(change, &mut self.catalog));
        }
        if self.transaction.state == TransactionState::None {
            self.forget_transaction();
        }
        contradictions
    }

    /// A lock that is held already is not held twice: a file of a million INSERTs holds a handful.
    fn hold(&mut self, claims: &[LockClaim]) {
        for claim in claims {
            if !self
                .transaction
                .held
                .iter()
                .any(|held| &held.claim == claim)
            {
                self.transaction.held.push(HeldLock {
                    claim: claim.clone(),
                    statement: self.transaction.statements,
                });
            }
        }
    }

    /// Follows what a change does to the session and the transaction.
    fn note(&mut self, change: &Change) {
        match change {
            Change::Session(session) => self.note_session(session),
            Change::Transaction(TransactionChange::Begin) => self.begin_in_file(),
            Change::Transaction(TransactionChange::Commit) => {
                self.end_in_file(TransactionEnd::Commit);
            }
            Change::Transaction(TransactionChange::Rollback) => {
                self.end_in_file(TransactionEnd::Rollback);
            }
            Change::Transaction(
                TransactionChange::Savepoint(_)
                | TransactionChange::Release(_)
                | TransactionChange::RollbackTo(_)
                | TransactionChange::Other,
            ) => {}
            Change::Data(data) => self.note_rows(data),
            Change::Type(name, TypeChange::AddValue { label, .. }) => {
                self.transaction
                    .new_labels
                    .insert((name.clone(), label.clone()));
            }
            Change::Program(program) => {
                for inner in program
                    .statements
                    .iter()
                    .flat_map(|statement| &statement.changes)
                {
                    self.note(inner);
                }
            }
            Change::Namespace(..)
            | Change::Table(..)
            | Change::Column(..)
            | Change::Constraint(..)
            | Change::Partition(..)
            | Change::Index(..)
            | Change::View(..)
            | Change::Sequence(..)
            | Change::Type(..)
            | Change::Domain(..)
            | Change::Routine(..)
            | Change::Trigger(..)
            | Change::Rule(..)
            | Change::Policy(..)
            | Change::Statistics(..)
            | Change::Publication(..)
            | Change::Extension(..)
            | Change::Privilege(..)
            | Change::Comment(..)
            | Change::Maintenance(..)
            | Change::Other(..)
            | Change::Opaque(..) => {}
        }
    }

    fn note_session(&mut self, change: &SessionChange) {
        match change {
            SessionChange::Set { name, value, scope } => self.set(name, value.as_ref(), *scope),
            SessionChange::Reset(None) => self.settings = self.at_connect.clone(),
            SessionChange::Reset(Some(name)) => {
                self.settings.session.remove(name);
                self.settings.local.remove(name);
            }
            SessionChange::SetConstraints { timing, .. } => {
                self.transaction.deferred = match timing {
                    ConstraintTiming::Deferred => Deferred::All,
                    ConstraintTiming::Immediate => Deferred::None,
                };
                if *timing == ConstraintTiming::Immediate {
                    self.transaction.pending_events.clear();
                }
            }
            SessionChange::Lock(_) | SessionChange::Nothing { .. } => {}
        }
    }

    /// `SET LOCAL` outside a transaction does nothing (measured: the value stays).
    fn set(&mut self, name: &Ident, value: Option<&String>, scope: SettingScope) {
        let settings = match scope {
            SettingScope::Session => &mut self.settings.session,
            SettingScope::Local if self.transaction.is_open() => &mut self.settings.local,
            SettingScope::Local => return,
        };
        match value {
            Some(value) => {
                settings.insert(name.clone(), value.clone());
            }
            None => {
                settings.remove(name);
            }
        }
        if scope == SettingScope::Session {
            self.settings.local.remove(name);
        }
    }

    fn note_rows(&mut self, change: &DataChange) {
        let (written, read): (Vec<&QualifiedName>, &[QualifiedName]) = match change {
            DataChange::Insert { table, source, .. } => (
                vec![table],
                match source {
                    InsertSource::Query(query) => query.relations.as_slice(),
                    InsertSource::Values { .. } | InsertSource::Defaults => &[],
                },
            ),
            DataChange::Update { table, reads, .. }
            | DataChange::Delete { table, reads, .. }
            | DataChange::Merge { table, reads } => (vec![table], reads.as_slice()),
            DataChange::Truncate { tables, .. } => (tables.iter().collect(), &[]),
            DataChange::CopyIn { table } => (vec![table], &[]),
            DataChange::CopyOut { reads } => (Vec::new(), reads.as_slice()),
            DataChange::Select(query) => (Vec::new(), query.relations.as_slice()),
            DataChange::SetSequenceValue(_) => (Vec::new(), &[]),
        };
        for table in written {
            self.transaction.written.insert(table.clone());
            if self.defers_checks_of(table) {
                self.transaction.pending_events.insert(table.clone());
            }
        }
        self.transaction.read.extend(read.iter().cloned());
    }

    /// True when a write to the table leaves a check for the end of the transaction.
    fn defers_checks_of(&self, table: &QualifiedName) -> bool {
        let deferred = |deferral: Deferral| match (deferral, self.transaction.deferred) {
            (Deferral::NotDeferrable, _) | (_, Deferred::None) => false,
            (Deferral::InitiallyDeferred, _) | (Deferral::InitiallyImmediate, Deferred::All) => {
                true
            }
            (Deferral::InitiallyImmediate, Deferred::AsDeclared) => false,
        };
        let own = self.catalog.table(table).is_some_and(|found| {
            found
                .foreign_keys()
                .any(|(constraint, _)| deferred(constraint.deferral))
        });
        own || self
            .catalog
            .references_to(table)
            .any(|(_, constraint, _)| deferred(constraint.deferral))
    }

    fn begin_in_file(&mut self) {
        if self.transaction.is_open() && self.transaction.state != TransactionState::ImplicitBatch {
            return;
        }
        if self.rolls_back {
            self.before = Some(Box::new(self.catalog.clone()));
        }
        self.open(TransactionState::File);
    }

    fn end_in_file(&mut self, end: TransactionEnd) {
        match (end, self.before.take()) {
            (TransactionEnd::Rollback, Some(before)) => {
                let now = self.catalog.now;
                self.catalog = *before;
                self.catalog.now = now;
            }
            (TransactionEnd::Rollback | TransactionEnd::Commit, _) => {}
        }
        self.open(TransactionState::None);
    }

    /// Starts a transaction (or the absence of one), keeping what belongs to the section.
    fn open(&mut self, state: TransactionState) {
        self.catalog.now.transaction += 1;
        self.forget_transaction();
        self.transaction.state = state;
    }

    fn forget_transaction(&mut self) {
        self.settings.local.clear();
        self.transaction = TransactionSoFar {
            state: self.transaction.state,
            wrapping: self.transaction.wrapping,
            statements: self.transaction.statements,
            section_statements: self.transaction.section_statements,
            ..TransactionSoFar::default()
        };
    }
}

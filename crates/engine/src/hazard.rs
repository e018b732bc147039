//! What is refused before anything is changed: a statement that would break a running version or keep it waiting for as
//! long as a table is large, and for which no safe way is known.
//!
//! A name that is gone breaks at any size above zero; work under a lock is decided by the rows that are there. What a
//! person allows with `-- segue:allow` runs as written. What is unknown is not judged here: its losses need an approval.

use segue_model::{
    Answers, Blocks, BreakKind, Breakage, CatalogScope, Cause, Change, ColumnChange, Constraint,
    ConstraintChange, ConstraintKind, Date, Impact, IndexChange, LockMode, LockMoment, LossKind,
    MaintenanceChange, Nullability, PartitionChange, Persistence, QualifiedName, Replay,
    SMALL_ROWS, Session, Sides, Sql, StepTransaction, Suppression, TableChange, VacuumMode,
    ViewChange, ViewKind, Work, WorkKind,
};

use crate::error::{EngineError, Kind, Place};
use crate::journal::value;
use crate::prepare::{PlannedMigration, PlannedStep};
use crate::up::Runner;

/// Why a statement is not sent as it is written, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// What it does.
    pub finding: Finding,
    /// What is known to stand in the way of a safe way.
    pub obstacles: Vec<String>,
    /// The statement's number.
    pub(crate) step: String,
    /// The file, and the byte of the statement.
    pub(crate) file: (String, usize),
    /// The directives above the statement.
    pub(crate) allowed: Vec<Suppression>,
}

/// What one statement as written does to those who are at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that finds it in `segue check`, and that a person allows.
    pub rule: &'static str,
    /// What would happen, with the user's names.
    pub why: String,
    /// Whose users would be hit.
    pub relation: QualifiedName,
    /// Up to how many rows it is none.
    pub(crate) harmless_rows: HarmlessRows,
}

impl Hazard {
    /// True when the name is there again before anybody can miss it: a later statement of the same transaction makes it.
    pub(crate) fn is_put_back(&self, steps: &[PlannedStep]) -> bool {
        if self.finding.harmless_rows != HarmlessRows::Never {
            return false;
        }
        steps
            .iter()
            .skip_while(|step| step.id != self.step)
            .skip(1)
            .take_while(|step| step.transaction == StepTransaction::WithPrevious)
            .flat_map(|step| &step.changes)
            .any(|change| {
                matches!(change,
                    Change::View(target, ViewChange::Create(_) | ViewChange::Replace(_))
                    | Change::Table(target, TableChange::Create(_))
                        if target.name == self.finding.relation)
            })
    }
}

/// Up to how many rows nobody would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HarmlessRows {
    /// Whatever is in it.
    Never,
    /// None at all.
    Empty,
    /// Few enough.
    Few,
}

/// What one statement does, asked before it has any effect; one answer for each rule.
pub(crate) fn findings(changes: &[Change], answers: &Answers, replay: &Replay) -> Vec<Finding> {
    let flat = flat(changes);
    let impact = &answers.impact;
    let mut found: Vec<Finding> = Vec::new();
    // What destroys is agreed to by its hash.
    let is_agreed_to = answers.destroys.iter().any(|loss| match loss.kind {
        LossKind::Rows | LossKind::Values | LossKind::Precision | LossKind::Unknown => true,
        LossKind::Structure | LossKind::Durability => false,
    });
    if !is_agreed_to {
        found.extend(
            answers
                .breaks
                .iter()
                .filter_map(|breakage| gone(&flat, breakage, replay)),
        );
    }
    for work in &impact.work {
        let Some(rule) = waited_for(work, &flat, impact) else {
            continue;
        };
        let Some(mode) = keeps_waiting(work, impact, replay) else {
            continue;
        };
        if found.iter().all(|other| other.rule != rule) {
            found.push(Finding {
                rule,
                why: words(work, mode),
                relation: work.on.clone(),
                harmless_rows: HarmlessRows::Few,
            });
        }
    }
    found
}

fn flat(changes: &[Change]) -> Vec<&Change> {
    let mut all = Vec::with_capacity(changes.len());
    for change in changes {
        all.push(change);
        if let Change::Program(program) = change {
            for statement in &program.statements {
                all.extend(flat(&statement.changes));
            }
        }
    }
    all
}

/// A name that a running version uses and that is gone, or a default that its inserts need.
fn gone(changes: &[&Change], breakage: &Breakage, replay: &Replay) -> Option<Finding> {
    let hits = match breakage.who {
        Sides::Writers | Sides::Readers | Sides::ReadersAndWriters => true,
        Sides::Nobody | Sides::SomeStatements | Sides::Unknown => false,
    };
    let relation = breakage.relation.as_ref().filter(|_| hits)?;
    if is_new(relation, replay) {
        return None;
    }
    let rule = changes
        .iter()
        .find_map(|change| breaking_rule(change, breakage, replay))?;
    let subject = match &breakage.column {
        Some(column) => format!("{column} of {relation}"),
        None => relation.to_string(),
    };
    Some(Finding {
        rule,
        why: format!("{subject}: {}", breakage.operation),
        relation: relation.clone(),
        harmless_rows: if replay.catalog.table(relation).is_some() {
            HarmlessRows::Empty
        } else {
            HarmlessRows::Never
        },
    })
}

/// New in what goes out now: no running code knows it.
fn is_new(relation: &QualifiedName, replay: &Replay) -> bool {
    let catalog = &replay.catalog;
    catalog.is_new_in_migration(relation)
        || catalog
            .view(relation)
            .is_some_and(|view| catalog.is_of_this_release(view.born))
}

/// The rule for a change after which running statements fail for certain.
fn breaking_rule(change: &Change, breakage: &Breakage, replay: &Replay) -> Option<&'static str> {
    match (breakage.kind, change) {
        (BreakKind::NameGone, Change::Column(_, ColumnChange::Rename { .. })) => {
            Some("rename-column")
        }
        (BreakKind::NameGone, Change::Column(_, ColumnChange::Drop { .. })) => Some("drop-column"),
        (BreakKind::NameGone, Change::Table(_, TableChange::Rename(_))) => Some("rename-table"),
        (BreakKind::NameGone, Change::Table(_, TableChange::SetNamespace(_))) => Some("set-schema"),
        (BreakKind::NameGone, Change::Table(_, TableChange::Drop { .. })) => Some("drop-table"),
        (BreakKind::NameGone, Change::View(_, ViewChange::Drop { .. })) => Some("drop-object"),
        (
            BreakKind::NameGone,
            Change::View(_, ViewChange::Rename { .. } | ViewChange::RenameColumn { .. }),
        ) => Some("rename-object"),
        (BreakKind::NameGone, Change::View(_, ViewChange::SetNamespace(_))) => Some("set-schema"),
        (BreakKind::WritesRefused, Change::Column(target, ColumnChange::DropDefault(name))) => {
            let is_needed = replay
                .catalog
                .column(&target.name, name)
                .is_some_and(|column| column.nullability != Nullability::Nullable);
            is_needed.then_some("drop-default")
        }
        (
            BreakKind::NameGone
            | BreakKind::TypeChanged
            | BreakKind::WritesRefused
            | BreakKind::GuaranteeGone
            | BreakKind::ShapeChanged
            | BreakKind::AccessChanged
            | BreakKind::BehaviourChanged
            | BreakKind::Unknown,
            _,
        ) => None,
    }
}

/// The lock under which the work is done, when it keeps the table's users waiting for as long as the work takes.
fn keeps_waiting(work: &Work, impact: &Impact, replay: &Replay) -> Option<LockMode> {
    if is_new(&work.on, replay) {
        return None;
    }
    // Nobody writes a materialized view.
    let is_materialized = replay
        .catalog
        .view(&work.on)
        .is_some_and(|view| view.definition.kind == ViewKind::Materialized);
    impact
        .claims
        .iter()
        .filter(|claim| claim.on.relation() == Some(&work.on) && claim.when != LockMoment::Briefly)
        .map(|claim| claim.mode)
        .max()
        .filter(|mode| match mode.blocks() {
            Blocks::Nobody => false,
            Blocks::Writes => !is_materialized,
            Blocks::ReadsAndWrites => true,
        })
}

fn words(work: &Work, mode: LockMode) -> String {
    let on = &work.on;
    let what = match &work.kind {
        WorkKind::Scan => format!("every row of {on} is read"),
        WorkKind::Rewrite => format!("every row of {on} is written anew"),
        WorkKind::Copy => format!("the files of {on} are copied"),
        WorkKind::BuildIndex(index) => format!("the index {index} of {on} is built"),
        WorkKind::NewFile | WorkKind::Rows => format!("{on} is worked on"),
    };
    let who = match mode.blocks() {
        Blocks::Nobody => "nobody waits",
        Blocks::Writes => "writes wait",
        Blocks::ReadsAndWrites => "reads and writes wait",
    };
    format!("{what}, and {who} as long as it takes ({mode})")
}

/// The rule for work that takes longer the larger the table is; none for work whose size the statement itself says.
fn waited_for(work: &Work, changes: &[&Change], impact: &Impact) -> Option<&'static str> {
    match &work.kind {
        WorkKind::Scan | WorkKind::Rewrite | WorkKind::Copy | WorkKind::BuildIndex(_) => {}
        WorkKind::NewFile | WorkKind::Rows => return None,
    }
    let is_rewritten = impact
        .work
        .iter()
        .any(|other| other.on == work.on && other.kind == WorkKind::Rewrite);
    let shape = Shape(changes);
    Some(match work.cause {
        Cause::VolatileDefault => "add-column-volatile-default",
        Cause::StoredGenerated if shape.adds_column() => "add-column-stored-generated",
        Cause::StoredGenerated => "change-generated-expression",
        Cause::Serial => "add-column-serial",
        Cause::Identity => "add-column-identity",
        Cause::ConstrainedDomain if shape.adds_column() => "add-column-constrained-domain",
        Cause::ConstrainedDomain | Cause::TypeChange | Cause::UsingExpression if is_rewritten => {
            "change-type-rewrite"
        }
        Cause::ConstrainedDomain
        | Cause::TypeChange
        | Cause::UsingExpression
        | Cause::SortOrderChange => "change-type-index-rebuild",
        Cause::TimeZone => "change-type-timezone",
        Cause::Check | Cause::NotNull | Cause::ForeignKey | Cause::UniqueKey => {
            shape.constraint(work.cause)
        }
        Cause::Exclusion => "add-exclusion",
        Cause::Index if shape.reindexes() => "reindex-blocking",
        Cause::Index => "create-index-blocking",
        Cause::PartitionBound => "attach-partition-scan",
        Cause::DefaultPartition if shape.attaches() => "attach-with-default-partition",
        Cause::DefaultPartition => "create-partition-of",
        Cause::Storage => changes.iter().find_map(|change| storage(change))?,
        Cause::Refresh => "refresh-matview",
        Cause::DomainConstraint => "domain-constraint",
        Cause::Query | Cause::Removal => return None,
    })
}

/// The changes of a statement, asked which kinds are among them.
struct Shape<'a>(&'a [&'a Change]);

impl Shape<'_> {
    fn has(&self, is: fn(&Change) -> bool) -> bool {
        self.0.iter().any(|change| is(change))
    }

    fn adds_column(&self) -> bool {
        self.has(|change| matches!(change, Change::Column(_, ColumnChange::Add { .. })))
    }

    fn changes_type(&self) -> bool {
        self.has(|change| matches!(change, Change::Column(_, ColumnChange::SetType { .. })))
    }

    fn enforces(&self) -> bool {
        self.has(|change| {
            matches!(
                change,
                Change::Constraint(_, ConstraintChange::SetEnforcement { .. })
            )
        })
    }

    fn attaches(&self) -> bool {
        self.has(|change| matches!(change, Change::Partition(_, PartitionChange::Attach { .. })))
    }

    fn creates_index(&self) -> bool {
        self.has(|change| matches!(change, Change::Index(IndexChange::Create { .. })))
    }

    fn reindexes(&self) -> bool {
        self.has(|change| {
            matches!(
                change,
                Change::Index(IndexChange::Rebuild { .. })
                    | Change::Maintenance(MaintenanceChange::Reindex { .. })
            )
        })
    }

    fn adds_primary_key(&self) -> bool {
        self.has(|change| {
            matches!(
                change,
                Change::Constraint(
                    _,
                    ConstraintChange::Add(Constraint {
                        kind: ConstraintKind::PrimaryKey(_),
                        ..
                    })
                )
            )
        })
    }

    fn constraint(&self, cause: Cause) -> &'static str {
        if self.enforces() {
            return "alter-constraint-enforced";
        }
        if self.attaches() {
            return "attach-partition-scan";
        }
        match cause {
            Cause::Check if self.changes_type() => "change-type-recheck",
            Cause::Check if self.adds_column() => "add-column-inline-check",
            Cause::ForeignKey if self.adds_column() => "add-column-fk-with-default",
            Cause::ForeignKey => "add-fk-validated",
            Cause::UniqueKey if self.creates_index() => "create-index-blocking",
            Cause::UniqueKey if self.adds_primary_key() => "add-primary-key",
            Cause::UniqueKey if self.adds_column() => "add-column-inline-unique",
            Cause::UniqueKey => "add-unique-constraint",
            Cause::NotNull if self.adds_primary_key() => "pk-using-nullable-index",
            Cause::NotNull => "set-not-null",
            Cause::Check
            | Cause::VolatileDefault
            | Cause::StoredGenerated
            | Cause::Serial
            | Cause::Identity
            | Cause::ConstrainedDomain
            | Cause::TypeChange
            | Cause::SortOrderChange
            | Cause::UsingExpression
            | Cause::TimeZone
            | Cause::Exclusion
            | Cause::Index
            | Cause::PartitionBound
            | Cause::DefaultPartition
            | Cause::Storage
            | Cause::Refresh
            | Cause::Query
            | Cause::DomainConstraint
            | Cause::Removal => "add-check-validated",
        }
    }
}

fn storage(change: &Change) -> Option<&'static str> {
    match change {
        Change::Table(_, TableChange::SetTablespace(_)) => Some("set-tablespace"),
        Change::Table(_, TableChange::SetPersistence(Persistence::Unlogged)) => {
            Some("set-unlogged")
        }
        Change::Table(_, TableChange::SetPersistence(_)) => Some("set-logged"),
        Change::Table(_, TableChange::SetAccessMethod(_)) => Some("set-access-method"),
        Change::Maintenance(MaintenanceChange::Cluster { .. }) => Some("cluster"),
        Change::Maintenance(MaintenanceChange::Vacuum {
            mode: VacuumMode::Full,
            ..
        }) => Some("vacuum-full"),
        Change::Index(_) => Some("alter-index-tablespace"),
        Change::Namespace(..)
        | Change::Table(..)
        | Change::Column(..)
        | Change::Constraint(..)
        | Change::Partition(..)
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
        | Change::Privilege(_)
        | Change::Comment(..)
        | Change::Data(_)
        | Change::Maintenance(_)
        | Change::Session(_)
        | Change::Transaction(_)
        | Change::Program(_)
        | Change::Other(_)
        | Change::Opaque(_) => None,
    }
}

impl<S: Session + Send> Runner<'_, S> {
    /// Gives the plans back when none of them has a statement that is refused.
    ///
    /// # Errors
    /// [`Kind::Unsafe`] with what would happen, and how it is allowed.
    pub(crate) fn without_hazards(
        &self,
        session: &mut S,
        mut plans: Vec<PlannedMigration>,
    ) -> Result<Vec<PlannedMigration>, EngineError> {
        if plans.iter().all(|plan| plan.hazards.is_empty()) {
            return Ok(plans);
        }
        let today = Date::of_day(self.clock.now_ms() / 86_400_000);
        let mut real: Vec<(&PlannedMigration, &Hazard)> = Vec::new();
        let mut accepted: Vec<(usize, String)> = Vec::new();
        for (number, plan) in plans.iter().enumerate() {
            for hazard in &plan.hazards {
                if self.is_harmless(session, hazard)? {
                    continue;
                }
                let mut allowed = hazard.allowed.iter();
                match allowed.find(|one| one.names(hazard.finding.rule, today)) {
                    None => real.push((plan, hazard)),
                    Some(allowed) => accepted.push((number, remark(hazard, &allowed.reason))),
                }
            }
        }
        if let Some((plan, first)) = real.first() {
            return Err(refusal(plan, first, &real));
        }
        for (number, remark) in accepted {
            if let Some(plan) = plans.get_mut(number) {
                plan.remarks.push(remark);
            }
        }
        Ok(plans)
    }

    /// True when so few rows are there that nobody would notice.
    fn is_harmless(&self, session: &mut S, hazard: &Hazard) -> Result<bool, EngineError> {
        let at_most = match hazard.finding.harmless_rows {
            HarmlessRows::Never => return Ok(false),
            HarmlessRows::Empty => 0,
            HarmlessRows::Few => i64::try_from(SMALL_ROWS).unwrap_or(i64::MAX),
        };
        let name = &hazard.finding.relation;
        let uncounted = "the rows could not be counted";
        let scope = CatalogScope::Relations(std::iter::once(name.clone()).collect());
        let catalog = self.read(session, "the catalog could not be read", |session| {
            session.catalog(&scope)
        })?;
        if catalog.relation(name).is_none() {
            // An earlier pending migration gives it this name: how many rows it has is not known.
            return Ok(false);
        }
        let sql = Sql::literal("SELECT CAST(count(*) AS text) FROM (SELECT 1 FROM ")
            .name(name)
            .text(" LIMIT ")
            .number(at_most.saturating_add(1))
            .text(") AS first");
        let rows = self.read(session, uncounted, |session| session.query(&sql))?;
        Ok(value(&rows)
            .and_then(|rows| rows.parse::<i64>().ok())
            .is_some_and(|rows| rows <= at_most))
    }
}

/// What is done all the same, because somebody wrote that it may be.
fn remark(hazard: &Hazard, reason: &str) -> String {
    format!(
        "Statement {} runs as written: {}. Allowed by `segue:allow {}`, because {reason}.",
        hazard.step, hazard.finding.why, hazard.finding.rule
    )
}

fn refusal(
    plan: &PlannedMigration,
    first: &Hazard,
    all: &[(&PlannedMigration, &Hazard)],
) -> EngineError {
    let mut details: Vec<String> = first.obstacles.clone();
    for (other, hazard) in all.iter().skip(1) {
        details.push(format!(
            "also refused: {} statement {} ({}): {}",
            other.path, hazard.step, hazard.finding.rule, hazard.finding.why
        ));
    }
    details.push("as written all the same: the line below above the statement, or --verbatim where no version runs".to_owned());
    EngineError::new(
        Kind::Unsafe,
        format!(
            "statement {} has no safe way that Segue knows: {}",
            first.step, first.finding.why
        ),
    )
    .at(Place {
        migration: plan.id.clone(),
        step: first.step.clone(),
        file: Some(first.file.clone()),
    })
    .with_details(details)
    .with_next(format!(
        "-- segue:allow {} because REASON",
        first.finding.rule
    ))
}

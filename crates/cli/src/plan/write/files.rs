//! What stands in each file.

use std::fmt::Write as _;

use segue_engine::{EngineError, Limits, StepText};
use segue_model::{
    Backfill, Blocks, Change, Dialect, Ident, NamespaceChange, Presence, QualifiedName, Script,
    Sql, StepTransaction, Walk, WalkOrder,
};

use crate::plan::{MigrationView, StepView, Undo, words};
use crate::show::escape::line;

/// A file to be written.
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
    /// The id of the migration it comes from.
    pub(super) migration: String,
    pub(super) phase: &'static str,
    pub(super) side: Side,
    pub(super) wrapping: Wrapped,
}

/// On which side of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    BeforeGate,
    BehindGate,
}

/// How a runner sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// In a transaction.
    Transaction,
    /// One statement, outside any transaction.
    Alone,
}

impl Wrapped {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Transaction => "in a transaction",
            Self::Alone => "one statement outside a transaction",
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::Transaction => "",
            Self::Alone => " transaction:false",
        }
    }
}

/// Asks how a table is walked now.
pub(super) type Walked<'w> = dyn FnMut(&Backfill) -> Result<Walk, EngineError> + 'w;

struct Writer<'a, 'w> {
    migration: &'a MigrationView<'a>,
    dialect: &'a dyn Dialect,
    limits: Limits,
    walked: &'w mut Walked<'w>,
    files: Vec<File>,
    /// The version of the next file.
    version: u64,
}

/// The files of a migration; a sentence for what only Segue can run. Versions that are taken are not given again.
pub(super) fn of<'a, 'w>(
    migration: &'a MigrationView<'a>,
    (dialect, limits): (&'a dyn Dialect, Limits),
    taken: &mut Vec<u64>,
    walked: &'w mut Walked<'w>,
) -> Result<Result<Vec<File>, String>, EngineError> {
    let plan = migration.plan;
    let Ok(version) = plan.id.parse::<u64>() else {
        return Ok(Err(format!(
            "{}: files are written in the form of Segue and dbmate, whose versions are numbers",
            line(&plan.path)
        )));
    };
    taken.retain(|one| *one != version);
    let mut writer = Writer {
        migration,
        dialect,
        limits,
        walked,
        files: Vec::new(),
        version,
    };
    let mut left = migration.steps.as_slice();
    let mut place = 0;
    while !left.is_empty() {
        let count = together(left);
        let (now, rest) = left.split_at_checked(count).unwrap_or((left, &[]));
        let side = match migration.gate {
            Some(gate) if place >= gate => Side::BehindGate,
            Some(_) | None => Side::BeforeGate,
        };
        if let Err(why) = writer.file(now, side)? {
            return Ok(Err(why));
        }
        place += count;
        left = rest;
    }
    let files = writer.files;
    let clash = (version..)
        .take(files.len())
        .find(|one| taken.contains(one));
    if let Some(clash) = clash {
        return Ok(Err(format!(
            "{} becomes {} files, and {clash} is another migration: leave room between the versions",
            line(&plan.path),
            files.len()
        )));
    }
    taken.extend((version..).take(files.len()));
    Ok(Ok(files))
}

/// How many steps make one file: those that share a transaction, and such transactions of one phase behind them that only
/// touch the catalog and lock others out of the same table alone.
fn together(steps: &[StepView<'_>]) -> usize {
    let Some(first) = steps.first() else { return 0 };
    let mut count = 0;
    let mut locked: Vec<&QualifiedName> = Vec::new();
    for turn in steps.chunk_by(|one, next| one.turn == next.turn) {
        let is_alone = turn
            .iter()
            .any(|step| step.step.transaction == StepTransaction::Outside);
        let is_light = !is_alone
            && turn.iter().all(|step| {
                step.step.phase == first.step.phase
                    && step.step.impact.work.is_empty()
                    && !matches!(step.step.text, StepText::Probe(..))
            });
        let locks = turn.iter().flat_map(|step| &step.locks);
        for lock in locks.filter(|lock| lock.mode.blocks() != Blocks::Nobody) {
            if !locked.contains(&lock.on) {
                locked.push(lock.on);
            }
        }
        if count > 0 && (!is_light || locked.len() > 1) {
            return count;
        }
        count += turn.len();
        if !is_light {
            return count;
        }
    }
    count
}

impl Writer<'_, '_> {
    fn file(
        &mut self,
        steps: &[StepView<'_>],
        side: Side,
    ) -> Result<Result<(), String>, EngineError> {
        let [first, ..] = steps else {
            return Ok(Ok(()));
        };
        let wrapping = match (first.step.transaction, &first.step.text) {
            (StepTransaction::Outside, _) | (_, StepText::Backfill(..)) => Wrapped::Alone,
            (StepTransaction::Own | StepTransaction::WithPrevious, _) => Wrapped::Transaction,
        };
        let phase = words::phase(first.step.phase);
        let name = self.name(phase);
        let mut text = String::new();
        self.head(&mut text, side);
        let progress = self.progress(first);
        let mut keeps_progress = false;
        let _ = writeln!(text, "-- migrate:up{}", wrapping.option());
        self.patience(&mut text, wrapping);
        if steps.iter().any(|step| step.sql.contains("\"segue\".")) {
            self.namespace(&mut text);
        }
        for step in steps {
            match self.up(step, &progress)? {
                Ok((sql, keeps)) => {
                    keeps_progress |= keeps;
                    push(&mut text, step, &sql);
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        self.down(&mut text, steps, keeps_progress.then_some(&progress));
        self.push(text, (name.clone(), phase), (side, wrapping));
        if keeps_progress && let Some(sql) = self.dialect.script(Script::Forget(&progress)) {
            let mut text = String::new();
            self.head(&mut text, side);
            text.push_str("-- migrate:up\n-- the batches are done: what kept their place goes\n");
            text.push_str(sql.as_str());
            text.push_str(";\n\n-- migrate:down\n-- nothing to take back\n");
            self.push(
                text,
                (format!("{name}_done"), phase),
                (side, Wrapped::Transaction),
            );
        }
        Ok(Ok(()))
    }

    /// What a file of this phase is called, without its version.
    fn name(&self, phase: &str) -> String {
        let slug: String = self
            .migration
            .plan
            .name
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '_'
                }
            })
            .collect();
        let same = self.files.iter().filter(|file| file.phase == phase).count();
        let number = if same == 0 {
            String::new()
        } else {
            format!("_{}", same + 1)
        };
        format!("{slug}_{phase}{number}")
    }

    fn push(
        &mut self,
        text: String,
        (name, phase): (String, &'static str),
        (side, wrapping): (Side, Wrapped),
    ) {
        let version = self.version;
        self.version += 1;
        self.files.push(File {
            name: format!("{version:014}_{name}.sql"),
            text,
            migration: self.migration.plan.id.clone(),
            phase,
            side,
            wrapping,
        });
    }

    /// Where a backfill keeps its place.
    fn progress(&self, step: &StepView<'_>) -> QualifiedName {
        let namespace = match &step.step.text {
            StepText::Backfill(backfill, _) => backfill.table.namespace.clone(),
            StepText::Users(_) | StepText::Authored(_) | StepText::Probe(..) => {
                self.dialect.default_namespace()
            }
        };
        QualifiedName {
            namespace,
            name: Ident::new(format!("segue_progress_{}", self.version)),
        }
    }

    fn head(&self, text: &mut String, side: Side) {
        let _ = writeln!(text, "-- from {}", line(&self.migration.plan.path));
        let gate = self
            .migration
            .steps
            .iter()
            .find_map(|step| step.step.gate.as_ref());
        if let (Side::BehindGate, Some(waiting)) = (side, gate) {
            for condition in &waiting.gate.conditions {
                let _ = writeln!(text, "-- not before: {}", line(condition));
            }
        }
    }

    /// A lock that is not granted in time fails the file, and the runner tries it again.
    fn patience(&self, text: &mut String, wrapping: Wrapped) {
        let wanted = Script::LockTimeout(self.limits.lock_timeout_ms);
        match (wrapping, self.dialect.script(wanted)) {
            (Wrapped::Transaction, Some(sql)) => {
                let _ = writeln!(text, "{};", sql.as_str());
            }
            (Wrapped::Transaction, None) | (Wrapped::Alone, _) => {}
        }
    }

    /// Triggers and counters live in Segue's namespace, which nobody may have made yet.
    fn namespace(&self, text: &mut String) {
        let change = Change::Namespace(
            Ident::from("segue"),
            NamespaceChange::Create(Presence::Lenient),
        );
        if let Ok(sql) = self.dialect.render(&[change]) {
            text.push_str(sql.as_str());
            text.push_str(";\n");
        }
    }

    /// What is sent for a step, and whether it keeps its place in a table.
    fn up(
        &mut self,
        step: &StepView<'_>,
        progress: &QualifiedName,
    ) -> Result<Result<(String, bool), String>, EngineError> {
        let id = &step.step.id;
        let script = |sql: Option<Sql>, keeps: bool| {
            sql.map(|sql| (sql.as_str().to_owned(), keeps))
                .ok_or_else(|| format!("step {id} cannot be written as one ordinary statement"))
        };
        Ok(match &step.step.text {
            StepText::Users(text) => Ok((text.clone(), false)),
            StepText::Authored(sql) => Ok((sql.as_str().to_owned(), false)),
            StepText::Probe(query, finds) => {
                script(self.dialect.script(Script::Probe(query, finds)), false)
            }
            StepText::Backfill(backfill, _) => {
                let walk = (self.walked)(backfill)?;
                let keeps = match walk.order {
                    WalkOrder::Pages(_) => false,
                    WalkOrder::Key(_) => true,
                };
                let wanted = Script::Batches {
                    backfill,
                    walk: &walk,
                    progress,
                };
                script(self.dialect.script(wanted), keeps)
            }
        })
    }

    /// The way back of a file: its steps, the last first.
    fn down(&self, text: &mut String, steps: &[StepView<'_>], progress: Option<&QualifiedName>) {
        let mut back: Vec<(&StepView<'_>, Vec<String>)> = Vec::new();
        for step in steps.iter().rev() {
            let sql = match &step.undo {
                Undo::Nothing => continue,
                Undo::Exact(sql) => sql.clone(),
                Undo::FromArchive(sql) => {
                    // Where only the structure comes back by itself the values follow from where they are kept.
                    let values = step
                        .step
                        .restore
                        .as_ref()
                        .map(|one| one.shown().as_str().to_owned());
                    sql.iter()
                        .take(1)
                        .cloned()
                        .chain(values)
                        .chain(sql.iter().skip(1).cloned())
                        .collect()
                }
                Undo::OwnDown | Undo::Stays | Undo::Never => self.refusal(step),
            };
            back.push((step, sql));
        }
        if let Some(sql) = progress.and_then(|table| self.dialect.script(Script::Forget(table))) {
            let _ = writeln!(text, "\n-- migrate:down\n{};", sql.as_str());
            return;
        }
        let is_alone = steps
            .iter()
            .any(|step| step.step.transaction == StepTransaction::Outside)
            && matches!(back.as_slice(), [(_, sql)] if sql.len() == 1);
        let wrapping = if is_alone {
            Wrapped::Alone
        } else {
            Wrapped::Transaction
        };
        let _ = writeln!(text, "\n-- migrate:down{}", wrapping.option());
        if back.is_empty() {
            text.push_str("-- nothing to take back\n");
            return;
        }
        self.patience(text, wrapping);
        for (step, statements) in back {
            let _ = writeln!(text, "-- back {}", line(&step.step.id));
            for sql in statements {
                text.push_str(&sql);
                text.push_str(";\n");
            }
        }
    }

    /// A way back that is none says so instead of doing nothing.
    fn refusal(&self, step: &StepView<'_>) -> Vec<String> {
        let why = format!(
            "nothing takes this back exactly: {} {}",
            step.step.id, step.step.purpose
        );
        self.dialect
            .script(Script::Refusal(&why))
            .map(|sql| vec![sql.as_str().to_owned()])
            .unwrap_or_default()
    }
}

fn push(text: &mut String, step: &StepView<'_>, sql: &str) {
    // A name with a line end in it must not end the comment.
    let _ = writeln!(
        text,
        "-- {}  {}",
        line(&step.step.id),
        line(&step.step.purpose)
    );
    let sql = sql.trim_end();
    text.push_str(sql);
    text.push_str(if sql.ends_with(';') { "\n" } else { ";\n" });
}

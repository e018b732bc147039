//! The safe way of every statement, found or not: worked out beside the judge, in the same context.
//!
//! Only formats that carry whole statements ask for it.

use segue_check::{JudgedMigration, ReadMigration, Reported};
use segue_model::{Catalog, Dialect, Form, Replay, Section, ServerFacts, Statement};

use crate::document::SafeWay;
use crate::show::excerpt::{secrets, statement_text};
use crate::show::steps::steps;

/// A replay of its own, fed with what the judge answered.
pub(crate) struct SafeWays<'a> {
    dialect: &'a dyn Dialect,
    replay: Replay,
}

impl<'a> SafeWays<'a> {
    /// Starts with an empty database, as the judge does.
    pub(crate) fn new(dialect: &'a dyn Dialect, server: ServerFacts) -> Self {
        Self {
            dialect,
            replay: Replay::new(Catalog::default(), server),
        }
    }

    /// What is new from here on is one release.
    pub(crate) fn begin_release(&mut self) {
        self.replay.catalog.release = Some(self.replay.catalog.now.migration + 1);
    }

    /// The safe ways of a migration's statements, in the order they were judged; none for what is only replayed.
    pub(crate) fn of(
        &mut self,
        read: &ReadMigration,
        judged: &JudgedMigration,
        reported: Reported,
    ) -> Vec<SafeWay> {
        let sections: &[Section] = match &read.migration.form {
            Form::Sql { up, .. } => up,
            Form::Program { .. } => &[],
        };
        let mut answers = judged.statements.iter();
        let mut found = Vec::new();
        self.replay.begin_migration();
        for (section, statements) in sections.iter().zip(&read.up) {
            self.replay.begin_section(section.wrapping, statements);
            for statement in statements {
                match reported {
                    Reported::Yes => found.push(self.one(section, statement)),
                    Reported::No => {}
                }
                if let Some(judged) = answers.next() {
                    self.replay.advance(statement, &judged.answers.impact);
                }
            }
            self.replay.end_section();
        }
        found
    }

    fn one(&self, section: &Section, statement: &Statement) -> SafeWay {
        let plan = self
            .dialect
            .phases(&statement.changes, &self.replay.context());
        let steps = plan.as_ref().map_or_else(Vec::new, |plan| {
            let hidden = secrets([statement]);
            let (written, _) = statement_text(&section.file.text, statement.span, &hidden);
            steps(plan, self.dialect, &written)
        });
        SafeWay { plan, steps }
    }
}

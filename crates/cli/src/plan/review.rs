//! The document a team reviews before a plan runs: forward, back, what is lost at each point, the window, the point of no
//! return, and who has to agree.

use std::fmt::Write as _;

use segue_engine::Consent;

use super::why::Markup;
use super::{Estimate, MigrationView, StepView, Undo, View, words};
use crate::show::escape::{line, lines};

/// Writes it.
pub(crate) fn write(view: &View<'_>, consent: &Consent, markup: Markup) -> String {
    if view.migrations.is_empty() {
        return "nothing to do\n".to_owned();
    }
    let mut text = String::new();
    for migration in &view.migrations {
        let page = Page { markup };
        page.title(&mut text, &migration.plan.path);
        for (word, said) in facts(migration, (view, consent)) {
            page.fact(&mut text, word, &said);
        }
        page.forward(&mut text, migration);
        page.back(&mut text, migration);
        text.push('\n');
    }
    for found in view.found {
        let _ = writeln!(text, "in the way now: {}", line(&found.what));
    }
    text
}

/// What is said of a migration as a whole: a word and a sentence each.
pub(super) fn facts(
    migration: &MigrationView<'_>,
    (view, consent): (&View<'_>, &Consent),
) -> Vec<(&'static str, String)> {
    let (before, behind) = migration.stretches();
    let total = |steps: &[StepView<'_>]| {
        words::cost(&Estimate::sum(steps.iter().map(|step| &step.estimate)))
    };
    let time = if behind.is_empty() {
        total(before)
    } else {
        format!("{}; behind the gate {}", total(before), total(behind))
    };
    let mut facts = vec![
        ("plan", migration.plan.hash.clone()),
        ("takes (estimated)", time),
        ("rollback window", words::window(migration)),
        ("point of no return", words::no_return(migration)),
    ];
    if migration.losses.is_empty() {
        facts.push(("lost for ever", "nothing".to_owned()));
        facts.push(("approvals", "none needed: nothing is destroyed".to_owned()));
    } else {
        let losses = migration.losses.iter();
        facts.extend(losses.map(|loss| ("lost for ever", words::loss(loss))));
        let who = match consent {
            Consent::GivenOrRecorded => "whoever runs it, with the plan's hash".to_owned(),
            Consent::Recorded { people: 1, .. } => "1 person, on a terminal".to_owned(),
            Consent::Recorded { people, .. } => format!("{people} people, each on a terminal"),
        };
        facts.push(("approvals", who));
        facts.push(("to agree", words::agreement(migration, view.verb)));
    }
    let waiting = migration
        .steps
        .iter()
        .find_map(|step| step.step.gate.as_ref());
    let conditions = waiting
        .into_iter()
        .flat_map(|waiting| &waiting.gate.conditions);
    facts.extend(conditions.map(|condition| ("gate opens when", condition.clone())));
    let remarks = migration.plan.remarks.iter();
    facts.extend(remarks.map(|remark| ("note", remark.clone())));
    facts
}

/// The ways back, the last step first: each step with the statements that undo it.
pub(super) fn ways_back<'s>(
    migration: &'s MigrationView<'s>,
) -> Vec<(&'s StepView<'s>, Vec<String>)> {
    let back = migration.steps.iter().rev();
    back.filter_map(|step| match &step.undo {
        Undo::Exact(sql) => Some((step, sql.clone())),
        Undo::FromArchive(sql) => {
            let values = "-- then the values come back from the archive, in batches".to_owned();
            Some((step, sql.iter().cloned().chain([values]).collect()))
        }
        Undo::Nothing | Undo::OwnDown | Undo::Stays | Undo::Never => None,
    })
    .collect()
}

/// What is said of the ways back where the migration has no gate.
pub(super) const OWN_DOWN: &str =
    "`segue down` runs the migration's own way down. The exact opposite of each step would be:";

/// A way of marking up.
#[derive(Clone, Copy)]
struct Page {
    markup: Markup,
}

impl Page {
    fn title(self, text: &mut String, path: &str) {
        let _ = match self.markup {
            Markup::Plain => writeln!(text, "Review of {}\n", line(path)),
            Markup::Markdown => writeln!(text, "# Review of `{}`\n", cell(path)),
        };
    }

    fn heading(self, text: &mut String, words: &str) {
        let _ = match self.markup {
            Markup::Plain => writeln!(text, "\n{words}"),
            Markup::Markdown => writeln!(text, "\n## {words}\n"),
        };
    }

    fn fact(self, text: &mut String, word: &str, said: &str) {
        let _ = match self.markup {
            Markup::Plain => writeln!(text, "  {word:<20} {}", line(said)),
            Markup::Markdown => writeln!(text, "- **{word}**: {}", cell(said)),
        };
    }

    /// Each step, and what going back means once it is done.
    fn forward(self, text: &mut String, migration: &MigrationView<'_>) {
        self.heading(text, "Forward");
        if self.markup == Markup::Markdown {
            text.push_str("| step | what | others | takes | once it is done, going back |\n| --- | --- | --- | --- | --- |\n");
        }
        for (place, step) in migration.steps.iter().enumerate() {
            if migration.gate == Some(place) {
                let gate = "GATE: the rest waits for `segue contract`";
                let _ = match self.markup {
                    Markup::Plain => writeln!(text, "  -- {gate} --"),
                    Markup::Markdown => writeln!(text, "| | **{gate}** | | | |"),
                };
            }
            if migration.is_no_return(place) {
                let point = "POINT OF NO RETURN: from here on";
                let _ = match self.markup {
                    Markup::Plain => writeln!(text, "  !! {point} !!"),
                    Markup::Markdown => writeln!(text, "| | **{point}** | | | |"),
                };
            }
            let (others, takes, loss) = (others(step), words::cost(&step.estimate), loss(step));
            let id = &step.step.id;
            let _ = match self.markup {
                Markup::Plain => writeln!(
                    text,
                    "  {id:<5} {}\n        {others}; {takes}; going back: {}",
                    line(&step.step.purpose),
                    line(&loss)
                ),
                Markup::Markdown => writeln!(
                    text,
                    "| {id} | {} | {others} | {takes} | {} |",
                    cell(&step.step.purpose),
                    cell(&loss)
                ),
            };
        }
        self.statements(
            text,
            migration
                .steps
                .iter()
                .map(|step| (step, vec![step.sql.clone()])),
        );
    }

    /// The ways back, the last step first.
    fn back(self, text: &mut String, migration: &MigrationView<'_>) {
        self.heading(text, "Back, the last step first");
        let back = ways_back(migration);
        if migration.gate.is_none() {
            let _ = writeln!(text, "{OWN_DOWN}");
        }
        if back.is_empty() {
            text.push_str("Nothing.\n");
        }
        self.statements(text, back.into_iter());
    }

    fn statements<'s>(
        self,
        text: &mut String,
        statements: impl Iterator<Item = (&'s StepView<'s>, Vec<String>)>,
    ) {
        if self.markup == Markup::Markdown {
            text.push_str("\n```sql\n");
        }
        for (step, sql) in statements {
            if self.markup == Markup::Plain && sql.is_empty() {
                continue;
            }
            let _ = writeln!(
                text,
                "{}-- {} {}",
                self.indent(),
                step.step.id,
                line(&step.step.purpose)
            );
            for one in sql {
                let end = if one.starts_with("--") { "" } else { ";" };
                for row in lines(&format!("{one}{end}")).lines() {
                    let _ = writeln!(text, "{}{}", self.indent(), row.replace("```", "'''"));
                }
            }
        }
        if self.markup == Markup::Markdown {
            text.push_str("```\n");
        }
    }

    fn indent(self) -> &'static str {
        match self.markup {
            Markup::Plain => "        ",
            Markup::Markdown => "",
        }
    }
}

/// Whom a step keeps waiting.
pub(super) fn others(step: &StepView<'_>) -> &'static str {
    step.locks
        .iter()
        .map(|lock| lock.mode.blocks())
        .max()
        .map_or("nobody waits", words::blocks)
}

/// What going back means once a step is done.
pub(super) fn loss(step: &StepView<'_>) -> String {
    match &step.undo {
        Undo::Nothing => "nothing to undo".to_owned(),
        Undo::Exact(_) => "exact".to_owned(),
        Undo::FromArchive(_) => {
            "exact, with the values from the archive, until it is purged".to_owned()
        }
        Undo::OwnDown => match step.step.losses.first() {
            Some(loss) => format!(
                "by the migration's own way down; lost: {}",
                words::loss(loss)
            ),
            None => "by the migration's own way down".to_owned(),
        },
        Undo::Stays => {
            "its rows stay as it leaves them: what it overwrote or removed is gone".to_owned()
        }
        Undo::Never => match step.step.losses.first() {
            Some(loss) => format!("impossible: lost are {}", words::loss(loss)),
            None => "impossible: there is no way down".to_owned(),
        },
    }
}

/// A text in a cell of a table, or in a list.
fn cell(text: &str) -> String {
    line(text).replace('|', "\\|").replace('<', "&lt;")
}

//! `segue repair`: where the journal and the catalog disagree. The evidence first; the record is mended with `--apply`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use segue_engine::{
    Basis, CatalogSays, Choice, Event, Evidence, JournalSays, Limits, Observer, Purpose, Remedy,
    checksums,
};
use segue_model::{Dialect, Migration};

use crate::arguments::{RepairArguments, RunOutput};
use crate::commands::{status, verify};
use crate::environment::{ask, is_on_terminal};
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::{project, with_runner_for};
use crate::show::escape::line;

/// Shows the evidence, and mends the record when it is asked to.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &RepairArguments) -> Result<Exit, CliError> {
    let project = project(&arguments.database)?;
    let mut observer = |_: &Event| {};
    let purpose = if arguments.apply {
        Purpose::Change
    } else {
        Purpose::Read
    };
    let talk = (Limits::default(), &mut observer as &mut dyn Observer);
    let mut answer = String::new();
    let (all, done) = with_runner_for(purpose, &arguments.database, talk, |runner| {
        let asked = asked(arguments);
        let mut all = runner.diagnose(&project.migrations, &asked)?;
        all.retain(|one| {
            arguments.only.is_empty() || arguments.only.contains(&one.id) || asked.contains(&one.id)
        });
        let choices = chosen(arguments, &all);
        answer = match arguments.output {
            RunOutput::Human => human((&all, &choices), &project.migrations, runner.dialect),
            RunOutput::Json => String::new(),
        };
        if !arguments.apply || choices.is_empty() {
            return Ok((all, None));
        }
        if arguments.output == RunOutput::Human {
            // Whoever is asked has to have seen it.
            let _ = std::io::stdout().write_all(std::mem::take(&mut answer).as_bytes());
        }
        if is_on_terminal() {
            let said = ask("change the record as proposed? [y/N] ");
            if !matches!(said.as_deref(), Some("y" | "Y" | "yes")) {
                return Ok((all, Some(None)));
            }
        }
        let done = runner.repair(&project.migrations, &choices)?;
        Ok((all, Some(Some(done))))
    })?;
    let mut out = std::io::stdout().lock();
    out.write_all(answer.as_bytes())?;
    let done = match done {
        Some(None) => {
            return Err(CliError::new(
                Code::Refused,
                "nobody agreed",
                "segue repair",
            ));
        }
        Some(Some(done)) => done,
        None => Vec::new(),
    };
    match arguments.output {
        RunOutput::Json => writeln!(out, "{}", json(&all, &done))?,
        RunOutput::Human if !done.is_empty() => {
            writeln!(out, "repaired: {}", line(&done.join(", ")))?;
        }
        RunOutput::Human => {}
    }
    let is_whole = all.iter().all(|one| done.contains(&one.id));
    Ok(if is_whole { Exit::Ok } else { Exit::FailedStep })
}

/// The migrations that somebody decided about.
fn asked(arguments: &RepairArguments) -> BTreeSet<String> {
    let all = [
        &arguments.mark_applied,
        &arguments.forget,
        &arguments.accept,
    ];
    all.into_iter().flatten().cloned().collect()
}

/// What is done to whom: what was asked for by name; where nothing was, what is proposed.
fn chosen(arguments: &RepairArguments, all: &[Evidence]) -> Vec<Choice> {
    let mut choices = Vec::new();
    for (ids, remedy) in [
        (&arguments.mark_applied, Remedy::MarkApplied),
        (&arguments.forget, Remedy::Forget),
        (&arguments.accept, Remedy::AcceptChecksum),
    ] {
        choices.extend(ids.iter().map(|id| Choice {
            id: id.clone(),
            remedy: remedy.clone(),
            basis: Basis::AskedFor,
        }));
    }
    if choices.is_empty() {
        choices.extend(all.iter().filter_map(|one| {
            Some(Choice {
                id: one.id.clone(),
                remedy: one.remedy.clone()?,
                basis: Basis::Proposed,
            })
        }));
    }
    choices
}

fn human(
    (all, choices): (&[Evidence], &[Choice]),
    migrations: &[Migration],
    dialect: &dyn Dialect,
) -> String {
    if all.is_empty() && choices.is_empty() {
        return "nothing to repair: the journal says what the catalog says\n".to_owned();
    }
    let mut text = String::new();
    for one in all {
        let _ = writeln!(
            text,
            "{}  {}\n  {}",
            line(&one.path),
            status::word(one.standing),
            line(one.because.as_deref().unwrap_or("both sides say the same"))
        );
        for step in &one.steps {
            let _ = writeln!(
                text,
                "  step {:<5} journal: {:<9} catalog: {}  ({})",
                step.id,
                journal(step.journal),
                line(&catalog(&step.catalog)),
                line(&step.purpose)
            );
        }
        let migration = migrations.iter().find(|migration| migration.id == one.id);
        if let (Some(ran), Some(migration)) = (&one.ran, migration) {
            let now = checksums(migration, dialect)
                .for_the_journal(migration, dialect)
                .normalized;
            for (sign, statement) in verify::difference(ran, &now) {
                let _ = writeln!(text, "  {sign} {}", line(&statement));
            }
        }
        if let Some(Remedy::DropInvalid(names)) = &one.remedy {
            for name in names {
                let _ = writeln!(text, "  invalid index {}", line(&name.to_string()));
            }
        }
        match &one.remedy {
            Some(remedy) => {
                let _ = writeln!(text, "  proposed: {}", remedy.word());
            }
            None => text.push_str("  proposed: nothing\n"),
        }
        text.push('\n');
    }
    for choice in choices {
        if choice.basis == Basis::AskedFor {
            let _ = writeln!(
                text,
                "asked for: {} {}",
                choice.remedy.word(),
                line(&choice.id)
            );
        }
    }
    text.push_str("nothing is changed without `segue repair --apply`\n");
    text
}

fn journal(says: JournalSays) -> &'static str {
    match says {
        JournalSays::Done => "done",
        JournalSays::Intended => "intended",
        JournalSays::Nothing => "nothing",
    }
}

fn catalog(says: &CatalogSays) -> String {
    match says {
        CatalogSays::Holds => "there".to_owned(),
        CatalogSays::Missing(how) => format!("not there: {how}"),
        CatalogSays::Superseded => "not there, and later steps worked on it".to_owned(),
        CatalogSays::Unseen => "leaves no trace there".to_owned(),
    }
}

fn json(all: &[Evidence], done: &[String]) -> serde_json::Value {
    let migrations: Vec<_> = all
        .iter()
        .map(|one| {
            let steps: Vec<_> = one
                .steps
                .iter()
                .map(|step| {
                    serde_json::json!({
                        "id": step.id,
                        "purpose": step.purpose,
                        "journal": journal(step.journal),
                        "catalog": catalog_word(&step.catalog),
                    })
                })
                .collect();
            serde_json::json!({
                "id": one.id,
                "path": one.path,
                "state": status::word(one.standing),
                "because": one.because,
                "edited": one.ran.is_some(),
                "steps": steps,
                "proposed": one.remedy.as_ref().map(Remedy::word),
                "repaired": done.contains(&one.id),
            })
        })
        .collect();
    serde_json::json!({ "version": 1, "migrations": migrations, "repaired": done })
}

fn catalog_word(says: &CatalogSays) -> &'static str {
    match says {
        CatalogSays::Holds => "holds",
        CatalogSays::Missing(_) => "missing",
        CatalogSays::Superseded => "superseded",
        CatalogSays::Unseen => "unseen",
    }
}

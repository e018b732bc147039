//! The phases as files that any runner can run, in the form of Segue and dbmate: each file one transaction, or one statement outside
//! of one, with its way up and its way back.
//!
//! Never overwrites. What waits behind the gate stands in a folder of its own, so that no runner goes there by itself.

mod files;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use segue_engine::{EngineError, Event, PlannedMigration, Runner, Target};

use crate::arguments::PlanOutput;
use crate::commands::plan::Asked;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::plan::{Material, Samples, View};
use crate::running::{limits, project, selection, with_runner};
use crate::session::AnySession;
use crate::show::escape::line;
use files::File;

/// Writes the files and says what it wrote.
///
/// # Errors
/// [`Code::Refused`] for a plan that only Segue can run; [`Code::Output`] when a file is there already.
pub(crate) fn run(asked: &Asked<'_>, folder: &Path) -> Result<Exit, CliError> {
    let project = project(asked.database)?;
    let mut observer = |_: &Event| {};
    let made = with_runner(
        asked.database,
        (limits(asked.locks), &mut observer),
        |runner| {
            let plans = runner.plan(&project.migrations, &selection(asked.choice, Target::All))?;
            made(runner, (&project.migrations, &plans))
        },
    )?;
    let files = made.map_err(|why| {
        CliError::new(Code::Refused, why, "segue plan")
            .with_details(["nothing was written".to_owned()])
    })?;
    let paths = placed(folder, &files)?;
    let unwritable = |path: &Path, error: std::io::Error| {
        CliError::new(
            Code::Output,
            "a file could not be written",
            "name an empty folder: segue plan --write DIR",
        )
        .at(path.display().to_string())
        .because(error)
    };
    for (path, file) in paths.iter().zip(&files) {
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).map_err(|error| unwritable(above, error))?;
        }
        let mut out = std::fs::File::create_new(path).map_err(|error| unwritable(path, error))?;
        out.write_all(file.text.as_bytes())
            .map_err(|error| unwritable(path, error))?;
    }
    said(asked, &paths, &files)?;
    Ok(Exit::Ok)
}

type Made = Result<Vec<File>, String>;

fn made(
    runner: &mut Runner<'_, AnySession>,
    (project, plans): (&[segue_model::Migration], &[PlannedMigration]),
) -> Result<Made, EngineError> {
    let sizes = runner.measured()?;
    let samples = Samples::new();
    let dialect = runner.dialect;
    let view = View::of(&Material {
        plans,
        project,
        found: &[],
        sizes: &sizes,
        samples: &samples,
        limits: runner.limits,
        verb: "up",
        dialect,
    });
    let mut taken: Vec<u64> = project
        .iter()
        .filter_map(|one| one.id.parse().ok())
        .collect();
    let mut all = Vec::new();
    for migration in &view.migrations {
        let mut walk = |backfill: &segue_model::Backfill| runner.walked(backfill);
        match files::of(
            migration,
            (dialect, runner_limits(&view)),
            &mut taken,
            &mut walk,
        )? {
            Ok(files) => all.extend(files),
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(Ok(all))
}

fn runner_limits(view: &View<'_>) -> segue_engine::Limits {
    view.limits
}

/// Where each goes; an error when one of them is there.
fn placed(folder: &Path, files: &[File]) -> Result<Vec<PathBuf>, CliError> {
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|file| match file.side {
            files::Side::BeforeGate => folder.join(&file.name),
            files::Side::BehindGate => folder.join("contract").join(&file.name),
        })
        .collect();
    let there: Vec<String> = paths
        .iter()
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if there.is_empty() {
        return Ok(paths);
    }
    Err(CliError::new(
        Code::Output,
        "files of these names are there already: nothing was written",
        "name another folder: segue plan --write DIR",
    )
    .with_details(there))
}

fn said(asked: &Asked<'_>, paths: &[PathBuf], files: &[File]) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    if asked.output == PlanOutput::Json {
        let listed: Vec<_> = paths
            .iter()
            .zip(files)
            .map(|(path, file)| {
                serde_json::json!({
                    "path": path,
                    "migration": file.migration,
                    "phase": file.phase,
                    "behind_the_gate": file.side == files::Side::BehindGate,
                    "in_a_transaction": file.wrapping == files::Wrapped::Transaction,
                })
            })
            .collect();
        writeln!(
            out,
            "{}",
            serde_json::json!({ "version": 1, "written": listed })
        )?;
        return Ok(());
    }
    if files.is_empty() {
        writeln!(out, "nothing to do: nothing was written")?;
        return Ok(());
    }
    for (path, file) in paths.iter().zip(files) {
        let path = line(&path.display().to_string());
        writeln!(out, "{path}  {}, {}", file.phase, file.wrapping.words())?;
    }
    writeln!(
        out,
        "\nthey take the place of the plain migration: never run both; where both lie in one project, --dir names the folder that is meant"
    )?;
    if files
        .iter()
        .any(|file| file.side == files::Side::BehindGate)
    {
        writeln!(
            out,
            "run what is in contract/ in a later deployment, when no running version uses what goes"
        )?;
    }
    Ok(())
}

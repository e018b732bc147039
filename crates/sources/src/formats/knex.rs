//! Knex: `<digits>_<name>.js|ts` that export `up(knex)` and `down(knex)`; programs.
//!
//! Transactions (3.3.0), chosen per run: one for everything pending when no pending migration says
//! `config = { transaction: false }`; otherwise each its own, or none, and every row after the COMMIT. So the same
//! file behaves differently from one run to the next. The recorded name carries the extension.

use segue_model::{Form, Tool};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::history::{History, HistoryTables, applied_rows, rows};
use crate::names::{description, leading_digits, script_stem};
use crate::programs::{program, script_choice, script_down, script_language};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Knex,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(_, folder)| {
            let scripts: Vec<&str> = scripts(folder).filter(|n| leading_digits(n).is_some()).collect();
            survey.any_head(folder, &scripts, |head| {
                let code = Code::new(head, Language::Script);
                code.says("up") && (code.says("knex") || code.says("Knex"))
            })
        })
        .map(|(index, _)| index)
        .collect()
}

fn scripts(folder: &Folder) -> impl Iterator<Item = &str> {
    folder
        .files
        .iter()
        .map(String::as_str)
        .filter(|name| script_stem(name).is_some())
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    if let Some(folder) = survey.folder(index) {
        project.units = scripts(folder)
            .map(|file| {
                let stem = script_stem(file).unwrap_or(file);
                let words = leading_digits(stem).map_or(stem, |(_, rest)| description(rest));
                survey.unit(Tool::Knex, file, folder, file).named(words)
            })
            .collect();
    }
    project
}

fn split(reading: &Reading) -> Form {
    let code = Code::new(&reading.up.text, Language::Script);
    let choice = script_choice(&code);
    let down = script_down(&code);
    program(script_language(&reading.up.path), choice, down)
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let is_locked = rows(tables, "knex_migrations_lock")
        .iter()
        .any(|row| row.is_true("is_locked"));
    History {
        locked_by: is_locked.then(|| "an unnamed run, or one that died".to_owned()),
        ..applied_rows(units, tables, ("knex_migrations", "name"))
    }
}

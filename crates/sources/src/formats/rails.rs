//! Rails / Active Record: `db/migrate/<digits>_<name>.rb`; programs.
//!
//! Transactions (6.1.7.10): one per migration with the row in it. `disable_ddl_transaction!`: the statements without
//! one, then the row in its own. Order is the number; late migrations run.

use segue_model::{Form, Tool};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::duplicates;
use crate::history::{History, HistoryTables, applied_rows};
use crate::names::{compare_numbers, description, leading_digits};
use crate::programs::{choice_by_word, program, ruby_down};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Rails,
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
            let scripts: Vec<&str> = numbered(folder).map(|(file, ..)| file).collect();
            (folder.name() == "migrate" || folder.name().ends_with("_migrate") || folder.path.is_empty())
                && survey.any_head(folder, &scripts, |head| {
                    head.contains("ActiveRecord::Migration")
                })
        })
        .map(|(index, _)| index)
        .collect()
}

/// File, digits and description of what Rails takes for a migration.
fn numbered(folder: &Folder) -> impl Iterator<Item = (&str, &str, &str)> {
    folder.files.iter().filter_map(|file| {
        let (digits, rest) = leading_digits(file.strip_suffix(".rb")?)?;
        Some((file.as_str(), digits, description(rest)))
    })
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    project.units = numbered(folder)
        .map(|(file, digits, words)| survey.unit(Tool::Rails, digits, folder, file).named(words))
        .collect();
    project.units.sort_by(|a, b| compare_numbers(&a.id, &b.id));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let code = Code::new(&reading.up.text, Language::Ruby);
    let choice = choice_by_word(&code, "disable_ddl_transaction");
    program("Ruby", choice, ruby_down(&code))
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("schema_migrations", "version"))
}

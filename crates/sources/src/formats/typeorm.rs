//! TypeORM: `<13 digits>-<Name>.ts|js` with a class `<Name><13 digits>`; programs.
//!
//! Transactions (1.1.1) by `migrationsTransactionMode`. `all`, the default: one for everything pending, and one
//! migration with a `transaction` setting of its own makes the whole run fail before it starts. `each`: one per
//! migration; `transaction = false` none, the row after. Files are read while the project is found, because the
//! recorded name stands in the class.

use segue_model::{Form, ProjectProblem, Tool, TransactionChoice};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::duplicates;
use crate::history::{History, HistoryTables, applied_rows};
use crate::names::{compare_numbers, description, leading_digits, script_stem};
use crate::programs::{program, script_choice, script_down, script_language};
use crate::survey::{Project, Survey};
use crate::tree::Folder;
use crate::unit::{Content, Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::TypeOrm,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

const TIMESTAMP_DIGITS: usize = 13;

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(_, folder)| {
            let scripts: Vec<&str> = scripts(folder).map(|(file, ..)| file).collect();
            survey.any_head(folder, &scripts, |head| {
                let code = Code::new(head, Language::Script);
                code.says("class") && code.says("up") && code.says("down")
            })
        })
        .map(|(index, _)| index)
        .collect()
}

/// File, digits and words of what has the name of a migration.
fn scripts(folder: &Folder) -> impl Iterator<Item = (&str, &str, &str)> {
    folder.files.iter().filter_map(|file| {
        let (digits, rest) = leading_digits(script_stem(file)?)?;
        (digits.len() == TIMESTAMP_DIGITS).then(|| (file.as_str(), digits, description(rest)))
    })
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    let mut listed: Vec<(&str, Unit)> = Vec::new();
    for (file, digits, words) in scripts(folder) {
        let source = match survey.text(folder, file) {
            Ok(source) => source,
            Err(error) => {
                project.problems.push(ProjectProblem::Unreadable {
                    path: error.path().to_owned(),
                    reason: error.reason(),
                });
                continue;
            }
        };
        let code = Code::new(&source.text, Language::Script);
        let id = recorded_name(&code).unwrap_or_else(|| [words, digits].concat());
        let name = id.strip_suffix(digits).unwrap_or(words).to_owned();
        let unit = survey.unit(Tool::TypeOrm, &id, folder, file).named(&name);
        listed.push((digits, unit.ready(form(&code, file))));
    }
    listed.sort_by(|a, b| compare_numbers(a.0, b.0).then_with(|| a.1.id.cmp(&b.1.id)));
    project.units = listed.into_iter().map(|(_, unit)| unit).collect();
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project.problems.extend(mode_problem(survey, index, &project));
    project
}

/// The `name` property, else the class.
fn recorded_name(code: &Code<'_>) -> Option<String> {
    let property = code
        .assigned("name")
        .and_then(|value| code.strings_in(value).first().map(|name| (*name).to_owned()));
    property.or_else(|| {
        let at = code.words("class").next()?;
        let rest = code.mask().get(at + "class".len()..)?.trim_start();
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        (!name.is_empty()).then_some(name)
    })
}

fn form(code: &Code<'_>, path: &str) -> Form {
    let choice = script_choice(code);
    program(script_language(path), choice, script_down(code))
}

/// In the default mode one migration with a setting of its own stops every run.
fn mode_problem(survey: &Survey, index: usize, project: &Project) -> Option<ProjectProblem> {
    let opted_out = project.units.iter().find(|unit| {
        matches!(
            &unit.content,
            Content::Ready(Form::Program {
                choice: TransactionChoice::OptedOut,
                ..
            })
        )
    })?;
    let sets_mode = survey.upwards(index).into_iter().any(|above| {
        survey.folder(above).is_some_and(|folder| {
            folder
                .files
                .iter()
                .filter(|name| {
                    let name = name.to_ascii_lowercase();
                    name.contains("source") || name.contains("ormconfig") || name.contains("typeorm")
                })
                .any(|name| survey.head(folder, name).contains("migrationsTransactionMode"))
        })
    });
    (!sets_mode).then(|| ProjectProblem::Configuration {
        concerns: segue_model::Concerns::Every,
        path: opted_out.path.clone(),
        consequence: "it sets `transaction` and no data source sets migrationsTransactionMode: in the default mode \
                      TypeORM then refuses to run anything"
            .to_owned(),
    })
}

fn split(reading: &Reading) -> Form {
    form(
        &Code::new(&reading.up.text, Language::Script),
        &reading.up.path,
    )
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("migrations", "name"))
}

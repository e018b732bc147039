//! node-pg-migrate: `<digits>_<name>.sql` with `-- Up Migration` and `-- Down Migration`, or JavaScript with
//! `exports.up = (pgm)`.
//!
//! Transactions (9.0.0): one for everything pending; `pgm.noTransaction()` in a program commits it, runs its own
//! statements and row without one, and begins again. SQL files have no way to say so. A migration older than an
//! applied one is refused.

use segue_model::{Form, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::code::{Code, Language};
use crate::graph::duplicates;
use crate::history::{History, HistoryTables, applied_rows};
use crate::lines::{comment, lines};
use crate::markers::{Direction, Marker, after_word, form, stretches};
use crate::names::{compare_numbers, description, is_sql, leading_digits, script_stem, without_ending};
use crate::programs::{choice_by_word, program, script_down, script_language};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::NodePgMigrate,
    find,
    project,
    split,
    history,
    way_back: WayBack::Below("-- Down Migration"),
};

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, folder)| {
            let marked = survey.any_sql(*index, |head| {
                lines(head).any(|line| matches!(marker(line.text), Some((Direction::Up, _))))
            });
            let scripts: Vec<&str> = folder
                .files
                .iter()
                .map(String::as_str)
                .filter(|name| script_stem(name).is_some() && leading_digits(name).is_some())
                .collect();
            marked
                || survey.any_head(folder, &scripts, |head| {
                    Code::new(head, Language::Script).says("pgm")
                })
        })
        .map(|(index, _)| index)
        .collect()
}

fn marker(line: &str) -> Option<Marker<'_>> {
    let said = comment(line)?.trim_start_matches([' ', '-', '\t']);
    let of = |word| {
        after_word(said, word)
            .and_then(|rest| after_word(rest, "migration").or_else(|| starts_migration(rest)))
    };
    of("up")
        .map(|rest| (Direction::Up, rest))
        .or_else(|| of("down").map(|rest| (Direction::Down, rest)))
}

/// The tool wants no word's end after `migration`.
fn starts_migration(rest: &str) -> Option<&str> {
    let (head, tail) = rest.split_at_checked("migration".len())?;
    head.eq_ignore_ascii_case("migration").then_some(tail)
}

fn stem(file: &str) -> Option<&str> {
    without_ending(file, ".sql").or_else(|| script_stem(file))
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    let Some(folder) = survey.folder(index) else {
        return project;
    };
    for file in &folder.files {
        let Some(stem) = stem(file) else { continue };
        match leading_digits(stem) {
            Some((_, rest)) => project.units.push(
                survey
                    .unit(Tool::NodePgMigrate, stem, folder, file)
                    .named(description(rest)),
            ),
            None if is_sql(file) => project.problems.push(survey.ignored(
                folder,
                file,
                "its name does not begin with digits",
            )),
            None => {}
        }
    }
    let digits = |unit: &Unit| leading_digits(&unit.id).map_or(String::new(), |(d, _)| d.to_owned());
    project
        .units
        .sort_by(|a, b| compare_numbers(&digits(a), &digits(b)).then_with(|| a.id.cmp(&b.id)));
    let ids = project.units.iter().map(|u| (u.id.as_str(), u.path.as_str()));
    let twice = duplicates(ids);
    project.problems.extend(twice);
    project
}

fn split(reading: &Reading) -> Form {
    let text = &reading.up.text;
    if script_stem(&reading.up.path).is_some() {
        let code = Code::new(text, Language::Script);
        let choice = choice_by_word(&code, "noTransaction");
        let down = script_down(&code);
        return program(script_language(&reading.up.path), choice, down);
    }
    let (preamble, found) = stretches(text, marker);
    form(&reading.up, preamble, &found, |_| {
        (Wrapping::WholeRun, TransactionChoice::ToolDefault)
    })
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    applied_rows(units, tables, ("pgmigrations", "name"))
}

//! Prisma Migrate: `<14 digits>_<name>/migration.sql` beside `migration_lock.toml`.
//!
//! Transactions (6.19.0): none is opened. The wasm engine sends each statement alone; the native engine sends the file
//! as one message, which is one implicit transaction. What a failure leaves depends on the engine. No way back, no
//! directives, no opting out. Order is the text order of the folders; late migrations run.

use segue_model::{Down, Form, ProjectProblem, Tool, TransactionChoice, Wrapping};

use super::{Format, WayBack};
use crate::history::{History, HistoryEntry, HistoryState, HistoryTables, Row, by_key, rows};
use crate::names::{description, leading_digits};
use crate::settings;
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit, whole_file};

pub(crate) static FORMAT: Format = Format {
    tool: Tool::Prisma,
    find,
    project,
    split,
    history,
    way_back: WayBack::Nowhere,
};

const LOCK: &str = "migration_lock.toml";
const SCRIPT: &str = "migration.sql";
const SCHEMA: &str = "schema.prisma";

fn find(survey: &Survey) -> Vec<usize> {
    survey
        .free()
        .into_iter()
        .filter(|(index, folder)| {
            folder.has(LOCK)
                || survey
                    .inside(*index)
                    .iter()
                    .any(|(_, inner)| inner.has(SCRIPT))
        })
        .map(|(index, _)| index)
        .collect()
}

fn project(survey: &Survey, index: usize) -> Project {
    let mut project = Project::at(index);
    for (inner_index, inner) in survey.inside(index) {
        project.claims.push(inner_index);
        if !inner.has(SCRIPT) {
            project.problems.push(ProjectProblem::Ignored {
                path: survey.shown(inner_index),
                reason: "a folder without migration.sql; Prisma stops at it".to_owned(),
            });
            continue;
        }
        let name = inner.name();
        let words = leading_digits(name).map_or(name, |(_, rest)| description(rest));
        project.units.push(
            survey
                .unit(Tool::Prisma, name, inner, SCRIPT)
                .named(words),
        );
    }
    if let Some((provider, path)) = provider(survey, index) {
        project.problems.extend(other_provider(&provider, path));
        project.written_for = Some(provider);
    }
    project
}

/// The database that the lock file names, else the schema beside the migrations, and that file.
fn provider(survey: &Survey, index: usize) -> Option<(String, String)> {
    let folder = survey.folder(index)?;
    let locked = folder.has(LOCK).then(|| survey.text(folder, LOCK).ok());
    let locked = locked.flatten().and_then(|file| {
        let provider = settings::toml(&file.text).remove("provider")?;
        Some((provider, file.path))
    });
    locked.or_else(|| {
        let file = survey.nearest(index, SCHEMA)?;
        Some((datasource(&file.text)?.to_owned(), file.path))
    })
}

/// What a schema says of its database: `datasource db { provider = "sqlite" }`. Generators have providers too.
fn datasource(schema: &str) -> Option<&str> {
    let lines = schema
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim());
    let mut inside = lines
        .skip_while(|line| !line.starts_with("datasource "))
        .take_while(|line| *line != "}");
    let value = inside.find_map(|line| line.strip_prefix("provider")?.trim().strip_prefix('='))?;
    value.trim().strip_prefix('"')?.split('"').next()
}

/// It is none that Segue speaks.
fn other_provider(provider: &str, path: String) -> Option<ProjectProblem> {
    let ours = ["postgresql", "postgres", "cockroachdb", "sqlite"].contains(&provider);
    (!ours).then(|| ProjectProblem::Configuration {
        concerns: segue_model::Concerns::Every,
        path,
        consequence: format!("these migrations are written for {provider}, not for PostgreSQL"),
    })
}

fn split(reading: &Reading) -> Form {
    Form::Sql {
        up: vec![whole_file(
            &reading.up,
            Wrapping::AutocommitOrOneMessage,
            TransactionChoice::ToolDefault,
        )],
        down: Down::Missing,
    }
}

fn history(units: &[Unit], tables: &HistoryTables) -> History {
    let mut recorded: Vec<HistoryEntry> = Vec::new();
    for row in rows(tables, "_prisma_migrations") {
        let (Some(id), Some(state)) = (row.value("migration_name"), state(&row)) else {
            continue;
        };
        let entry = HistoryEntry {
            id: id.to_owned(),
            state,
            checksum: row.value("checksum").map(str::to_owned),
        };
        match recorded.iter_mut().find(|known| known.id == id) {
            // One failed row blocks everything, whatever the others say.
            Some(known) if known.state != HistoryState::Failed => *known = entry,
            Some(_) => {}
            None => recorded.push(entry),
        }
    }
    History {
        entries: by_key(units, recorded, |_, _| false),
        locked_by: None,
    }
}

/// Nothing for a row that was rolled back.
fn state(row: &Row<'_>) -> Option<HistoryState> {
    match (row.value("finished_at"), row.value("rolled_back_at")) {
        (_, Some(_)) => None,
        (Some(_), None) => Some(HistoryState::Applied),
        (None, None) => Some(HistoryState::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::datasource;

    #[test]
    fn a_schema_names_its_database_in_its_datasource() {
        let schema = "generator client {\n  provider = \"prisma-client-js\"\n}\n\n\
                      datasource db {\n  // provider = \"mysql\"\n  provider = \"sqlite\" // for now\n  url = env(\"DATABASE_URL\")\n}\n";
        assert_eq!(datasource(schema), Some("sqlite"));
        assert_eq!(datasource("generator c {\n provider = \"x\"\n}\n"), None);
    }
}

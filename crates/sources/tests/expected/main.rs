//! Every row of `EXPECTED.tsv` is read from its fixture: files, transaction rules, way back, history, checksum.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod copy;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use segue_model::{Down, Form, Migration, Tool, TransactionChoice};
use segue_sources::{
    History, HistoryEntry, HistoryState, LocateOptions, Located, Unit, history, locate,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats")
}

/// One row of the table.
struct Expected {
    folder: String,
    dump: String,
    id: String,
    name: String,
    transactional: String,
    has_down: String,
    state: String,
    checksum: String,
}

fn expected() -> Vec<Expected> {
    let text = std::fs::read_to_string(fixtures().join("EXPECTED.tsv")).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cell: Vec<String> = line.split('\t').map(str::to_owned).collect();
            Expected {
                folder: cell[0].clone(),
                dump: cell[1].clone(),
                id: cell[2].clone(),
                name: cell[3].clone(),
                transactional: cell[4].clone(),
                has_down: cell[5].clone(),
                state: cell[6].clone(),
                checksum: cell[7].clone(),
            }
        })
        .collect()
}

fn tool(folder: &str) -> Tool {
    match folder {
        "alembic" => Tool::Alembic,
        "dbmate" => Tool::Dbmate,
        "diesel" => Tool::Diesel,
        "django" => Tool::Django,
        "drizzle" => Tool::Drizzle,
        "flyway" => Tool::Flyway,
        "graphile-migrate" => Tool::GraphileMigrate,
        "knex" => Tool::Knex,
        "liquibase" => Tool::Liquibase,
        "node-pg-migrate" => Tool::NodePgMigrate,
        "prisma" => Tool::Prisma,
        "rails" => Tool::Rails,
        "refinery" => Tool::Refinery,
        "sqlx" => Tool::Sqlx,
        "typeorm" => Tool::TypeOrm,
        other => panic!("no tool {other}"),
    }
}

/// The project of a dump: without any option, exactly one project of the right tool.
fn project(row: &Expected) -> Located {
    let root = fixtures().join(&row.folder).join(&row.dump);
    let mut found = locate(root.parent().unwrap(), &LocateOptions::default()).unwrap();
    // The variants of dbmate lie below its folder and are found with it.
    found.retain(|located| row.dump.contains("variants/") || !located.shown.contains("/variants/"));
    let tools: Vec<Tool> = found.iter().map(|located| located.tool).collect();
    assert_eq!(tools, [tool(&row.folder)], "{}", row.folder);
    found.remove(0)
}

fn history_of(row: &Expected, located: &Located) -> History {
    let dump = std::fs::read_to_string(fixtures().join(&row.folder).join(&row.dump)).unwrap();
    let tables = copy::history_tables_of_dump(&dump);
    history(located.tool, &located.units, &tables)
}

fn transactional(migration: &Migration) -> &'static str {
    let said = match &migration.form {
        Form::Sql { up, .. } => up
            .iter()
            .map(|section| section.choice)
            .find(|choice| *choice != TransactionChoice::ToolDefault)
            .unwrap_or(TransactionChoice::ToolDefault),
        Form::Program { choice, .. } => *choice,
    };
    match said {
        TransactionChoice::ToolDefault => "tool-default",
        TransactionChoice::OptedOut => "no",
        TransactionChoice::OptedIn => "yes",
    }
}

fn has_down(migration: &Migration) -> &'static str {
    let (Form::Sql { down, .. } | Form::Program { down, .. }) = &migration.form;
    match down {
        Down::Missing | Down::Empty => "no",
        Down::Sections(_) | Down::Derived => "yes",
    }
}

fn state(entry: &HistoryEntry) -> &'static str {
    match entry.state {
        HistoryState::Applied => "applied",
        HistoryState::Failed => "failed",
        HistoryState::Pending => "pending",
        HistoryState::Deleted => "deleted",
        HistoryState::Baseline => "baseline",
    }
}

/// What was stored where there is a row, what would be stored where there is none; both where there are both.
fn checksum(entry: &HistoryEntry, unit: Option<&Unit>) -> String {
    let computed = unit.and_then(|unit| unit.checksum().unwrap());
    let found = match entry.state {
        HistoryState::Pending => computed,
        HistoryState::Baseline => None,
        HistoryState::Deleted => entry.checksum.clone(),
        HistoryState::Applied | HistoryState::Failed => {
            if let (Some(stored), Some(computed)) = (&entry.checksum, &computed) {
                assert_eq!(stored, computed, "{} as stored and as computed", entry.id);
            }
            entry.checksum.clone()
        }
    };
    found.unwrap_or_else(|| "-".to_owned())
}

#[test]
fn every_row_of_the_expected_table_is_read_from_its_fixture() {
    let rows = expected();
    assert_eq!(rows.len(), 105, "the table as it was copied");
    for row in &rows {
        let at = format!("{} {} {}", row.folder, row.dump, row.id);
        let located = project(row);
        let read = history_of(row, &located);
        let entry = read.entries.iter().find(|entry| entry.id == row.id);
        let entry = entry.unwrap_or_else(|| panic!("{at}: not in the history"));
        assert_eq!(state(entry), row.state, "{at}: state");
        let unit = located.units.iter().find(|unit| unit.id == row.id);
        // Liquibase alone computes the sum of a changeset that has not run: it is of the parsed change.
        let is_unknowable = row.folder == "liquibase" && row.state == "pending";
        if is_unknowable {
            assert_eq!(checksum(entry, unit), "-", "{at}: checksum");
        } else {
            assert_eq!(checksum(entry, unit), row.checksum, "{at}: checksum");
        }
        let Some(unit) = unit else {
            assert_eq!(row.state, "deleted", "{at}: only a deleted one has no file");
            continue;
        };
        let migration = unit.read().unwrap();
        let name = if row.name == "-" { "" } else { &row.name };
        assert_eq!(migration.name, name, "{at}: name");
        assert_eq!(migration.id, row.id, "{at}: id");
        assert_eq!(
            transactional(&migration),
            row.transactional,
            "{at}: transactional"
        );
        assert_eq!(has_down(&migration), row.has_down, "{at}: way back");
    }
}

#[test]
fn no_fixture_has_a_migration_that_the_expected_table_does_not_list() {
    let mut listed: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let rows = expected();
    for row in &rows {
        let key = (row.folder.clone(), row.dump.clone());
        listed.entry(key).or_default().insert(row.id.clone());
    }
    for row in &rows {
        let located = project(row);
        let read = history_of(row, &located);
        let ids: BTreeSet<String> = read.entries.iter().map(|entry| entry.id.clone()).collect();
        assert_eq!(
            ids,
            listed[&(row.folder.clone(), row.dump.clone())],
            "{}",
            row.dump
        );
    }
}

#[test]
fn units_come_in_the_order_of_the_expected_table() {
    let rows = expected();
    let mut by_dump: BTreeMap<(&str, &str), Vec<&Expected>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state != "deleted") {
        by_dump
            .entry((&row.folder, &row.dump))
            .or_default()
            .push(row);
    }
    for rows in by_dump.into_values() {
        let located = project(rows[0]);
        let ids: Vec<&str> = located.units.iter().map(|unit| unit.id.as_str()).collect();
        let wanted: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, wanted, "{}", located.shown);
    }
}

#[test]
fn a_lock_that_is_a_row_is_read_with_its_holder() {
    let rows = expected();
    let locked = |folder: &str, dump: &str| {
        let row = rows
            .iter()
            .find(|row| row.folder == folder && row.dump == dump)
            .unwrap();
        history_of(row, &project(row)).locked_by
    };
    assert_eq!(
        locked("liquibase", "history-locked.sql").as_deref(),
        Some("app-host (192.0.2.10)")
    );
    assert!(locked("knex", "history-locked.sql").is_some());
    assert_eq!(locked("liquibase", "history.sql"), None);
    assert_eq!(locked("knex", "history.sql"), None);
}

#[test]
fn the_whole_folder_of_fixtures_is_one_repository_with_all_its_projects() {
    let found = locate(&fixtures(), &LocateOptions::default()).unwrap();
    let tools: BTreeSet<Tool> = found.iter().map(|located| located.tool).collect();
    assert_eq!(tools.len(), 15);
    assert_eq!(found.len(), 17, "dbmate has two variants");
    assert!(!tools.contains(&Tool::Plain), "dumps are no migrations");
}

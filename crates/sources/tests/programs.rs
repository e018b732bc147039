//! Migrations that are programs: recognised, ordered and counted; and histories without a fixture.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use segue_model::{Down, Form, ProjectProblem, Repetition, Tool, TransactionChoice};
use segue_sources::{
    HistoryState, HistoryTable, LocateOptions, Located, history, locate, read_text,
};
use tempfile::TempDir;

fn only(files: &[(&str, &str)]) -> (TempDir, Located) {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut located = locate(folder.path(), &LocateOptions::default()).unwrap();
    assert_eq!(located.len(), 1, "{located:#?}");
    (folder, located.remove(0))
}

fn ids(located: &Located) -> Vec<&str> {
    located.units.iter().map(|unit| unit.id.as_str()).collect()
}

fn down(name: &str, text: &str, tool: Tool) -> Down {
    match read_text(name, text.to_owned(), tool).form {
        Form::Sql { down, .. } | Form::Program { down, .. } => down,
    }
}

#[test]
fn a_script_has_the_way_back_that_it_writes() {
    let cases = [
        ("exports.up = (knex) => {};", Down::Missing),
        ("exports.down = (knex) => {};", Down::Empty),
        ("exports.down = false;", Down::Missing),
        ("exports.down = (knex) => knex.raw('x');", Down::Derived),
        (
            "export async function down(knex: Knex): Promise<void> {\n}",
            Down::Empty,
        ),
        (
            "export async function down({ context: q }) {\n  await q.x();\n}",
            Down::Derived,
        ),
        ("// exports.down = (knex) => knex.raw('x');", Down::Missing),
    ];
    for (text, expected) in cases {
        assert_eq!(down("1_a.ts", text, Tool::Knex), expected, "{text}");
    }
}

#[test]
fn a_rails_migration_has_the_way_back_that_it_writes() {
    let cases = [
        ("def change\n  add_column :a, :b, :text\nend", Down::Derived),
        ("def up\n  x\nend", Down::Missing),
        ("def up\n  x\nend\ndef down\nend", Down::Empty),
        (
            "def down\n  raise ActiveRecord::IrreversibleMigration\nend",
            Down::Missing,
        ),
        ("def up\n  x\nend\ndef down\n  y\nend", Down::Derived),
    ];
    for (text, expected) in cases {
        assert_eq!(down("1_a.rb", text, Tool::Rails), expected, "{text}");
    }
}

#[test]
fn an_alembic_downgrade_that_passes_is_empty_unless_the_upgrade_passes_too() {
    let revision = |up: &str, down: &str| {
        format!(
            "def upgrade():\n    {up}\n\n\ndef downgrade():\n    \"\"\"Back.\"\"\"\n    {down}\n"
        )
    };
    let of = |up, back| down("a.py", &revision(up, back), Tool::Alembic);
    assert_eq!(of("op.x()", "pass"), Down::Empty);
    assert_eq!(of("pass", "pass"), Down::Derived);
    assert_eq!(of("op.x()", "raise NotImplementedError"), Down::Missing);
    assert_eq!(of("op.x()", "op.y()"), Down::Derived);
}

#[test]
fn a_django_operation_without_a_reverse_argument_has_no_way_back() {
    let of = |operation: &str| down("a.py", &format!("operations = [{operation}]"), Tool::Django);
    assert_eq!(of("migrations.RunSQL('x, y')"), Down::Missing);
    assert_eq!(of("migrations.RunSQL('x', 'y')"), Down::Derived);
    assert_eq!(
        of("migrations.RunSQL(sql='x', reverse_sql='y')"),
        Down::Derived
    );
    assert_eq!(
        of("migrations.RunPython(f, migrations.RunPython.noop)"),
        Down::Derived
    );
    assert_eq!(of("migrations.RunPython(f)"), Down::Missing);
}

#[test]
fn knex_and_rails_folders_are_recognised_and_ordered() {
    let (_folder, knex) = only(&[
        (
            "migrations/20260101000002_b.ts",
            "export async function up(knex: Knex) {}",
        ),
        (
            "migrations/20260101000001_a.ts",
            "export const config = { transaction: false };",
        ),
    ]);
    assert_eq!(knex.tool, Tool::Knex);
    assert_eq!(ids(&knex), ["20260101000001_a.ts", "20260101000002_b.ts"]);
    let Form::Program {
        language, choice, ..
    } = knex.units[0].read().unwrap().form
    else {
        unreachable!("a script is a program")
    };
    assert_eq!(
        (language, choice),
        ("TypeScript", TransactionChoice::OptedOut)
    );
    let class = "class A < ActiveRecord::Migration[8.0]\nend";
    let (_folder, rails) = only(&[("db/migrate/2_b.rb", class), ("db/migrate/10_a.rb", class)]);
    assert_eq!((rails.tool, ids(&rails)), (Tool::Rails, vec!["2", "10"]));
}

#[test]
fn typeorm_without_a_mode_cannot_run_a_migration_with_a_setting_of_its_own() {
    let class = "export class A1767225600001 implements MigrationInterface {\n  transaction = false;\n  \
                 async up(q) { x }\n  async down(q) { y }\n}";
    let (_folder, located) = only(&[("src/migration/1767225600001-A.ts", class)]);
    assert_eq!(
        (located.tool, ids(&located)),
        (Tool::TypeOrm, vec!["A1767225600001"])
    );
    assert!(located.problems.iter().any(|problem| matches!(
        problem,
        ProjectProblem::Configuration { consequence, .. } if consequence.contains("migrationsTransactionMode")
    )));
}

#[test]
fn liquibase_follows_includes_in_their_order_and_names_those_that_are_not_there() {
    let master = "databaseChangeLog:\n  - include: {file: db/changelog/b.xml}\n  - includeAll: {path: more, \
                  relativeToChangelogFile: true}\n  - include: {file: gone.yaml}\n";
    let xml = "<databaseChangeLog><changeSet id=\"1\" author=\"me\" runOnChange=\"true\"><createTable \
               tableName=\"t\"/></changeSet><changeSet id=\"2\" author=\"me\"><sql>x</sql></changeSet>\
               </databaseChangeLog>";
    let json =
        "{\"databaseChangeLog\":[{\"changeSet\":{\"id\":3,\"author\":\"me\",\"changes\":[]}}]}";
    let (_folder, located) = only(&[
        (
            "src/main/resources/db/changelog/db.changelog-master.yaml",
            master,
        ),
        ("src/main/resources/db/changelog/b.xml", xml),
        ("src/main/resources/db/changelog/more/a.json", json),
    ]);
    assert_eq!(
        ids(&located),
        [
            "db/changelog/b.xml::1::me",
            "db/changelog/b.xml::2::me",
            "db/changelog/more/a.json::3::me"
        ]
    );
    assert_eq!(located.units[0].repetition, Repetition::OnChange);
    let downs: Vec<bool> = located
        .units
        .iter()
        .map(|unit| match unit.read().unwrap().form {
            Form::Sql { down, .. } | Form::Program { down, .. } => down == Down::Derived,
        })
        .collect();
    assert_eq!(downs, [true, false, true]);
    assert!(located.problems.iter().any(
        |problem| matches!(problem, ProjectProblem::Unreadable { path, .. } if path == "gone.yaml")
    ));
}

#[test]
fn a_changelog_that_cannot_be_read_is_named() {
    for (name, text) in [
        ("changelog.yaml", "databaseChangeLog: ["),
        ("changelog.json", "{\"databaseChangeLog\": 1}"),
        (
            "changelog.xml",
            "<databaseChangeLog><changeSet id='1' author='a'>",
        ),
    ] {
        let (_folder, located) = only(&[(name, text)]);
        assert!(
            located.problems.iter().any(
                |problem| matches!(problem, ProjectProblem::Unreadable { path, .. } if path.ends_with(name))
            ),
            "{name}"
        );
    }
}

#[test]
fn golang_migrate_knows_the_current_version_only_and_marks_it_when_it_failed() {
    let (_folder, located) = only(&[
        ("migrations/1_a.up.sql", ""),
        ("migrations/2_b.up.sql", ""),
        ("migrations/10_c.up.sql", ""),
    ]);
    let table = HistoryTable {
        columns: vec!["version".to_owned(), "dirty".to_owned()],
        rows: vec![vec![Some("2".to_owned()), Some("t".to_owned())]],
    };
    let tables = BTreeMap::from([("public.schema_migrations".to_owned(), table)]);
    let read = history(Tool::GolangMigrate, &located.units, &tables);
    let states: Vec<HistoryState> = read.entries.iter().map(|entry| entry.state).collect();
    assert_eq!(
        states,
        [
            HistoryState::Applied,
            HistoryState::Failed,
            HistoryState::Pending
        ]
    );
}

#[test]
fn the_newest_row_of_a_goose_version_counts_whatever_the_order_of_the_rows() {
    let (_folder, located) = only(&[("migrations/00001_a.sql", "-- +goose Up\nSELECT 1;\n")]);
    let row = |id: &str, applied: &str| {
        [id, "1", applied]
            .iter()
            .map(|v| Some((*v).to_owned()))
            .collect()
    };
    let table = HistoryTable {
        columns: ["id", "version_id", "is_applied"]
            .iter()
            .map(|c| (*c).to_owned())
            .collect(),
        rows: vec![row("3", "f"), row("2", "t")],
    };
    let tables = BTreeMap::from([("goose_db_version".to_owned(), table)]);
    let read = history(Tool::Goose, &located.units, &tables);
    assert_eq!(read.entries[0].state, HistoryState::Pending);
}

#[test]
fn a_migration_that_only_the_table_knows_is_listed_after_the_others() {
    let (_folder, located) = only(&[("db/migrations/2_a.sql", "-- migrate:up\nSELECT 1;\n")]);
    let table = HistoryTable {
        columns: vec!["version".to_owned()],
        rows: vec![vec![Some("1".to_owned())]],
    };
    let tables = BTreeMap::from([("schema_migrations".to_owned(), table)]);
    let read = history(Tool::Dbmate, &located.units, &tables);
    let listed: Vec<(&str, HistoryState)> = read
        .entries
        .iter()
        .map(|e| (e.id.as_str(), e.state))
        .collect();
    assert_eq!(
        listed,
        [("2", HistoryState::Pending), ("1", HistoryState::Applied)]
    );
}

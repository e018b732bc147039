//! Hostile file systems, hostile bytes, arbitrary text.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::{any, proptest};
use proptest::strategy::Strategy;
use segue_model::{Down, Form, ProjectProblem, Section, Tool};
use segue_sources::{LocateOptions, Located, locate, read_text};
use tempfile::TempDir;

const UP: &str = "-- migrate:up\nSELECT 1;\n";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let migrations = folder.path().join("project/db/migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    std::fs::write(migrations.join("1_a.sql"), UP).unwrap();
    folder
}

fn only(folder: &TempDir) -> Located {
    let mut found = locate(&folder.path().join("project"), &LocateOptions::default()).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn refused(located: &Located, name: &str) -> String {
    let found = located.problems.iter().find_map(|problem| match problem {
        ProjectProblem::Unreadable { path, reason } if path.ends_with(name) => Some(reason.clone()),
        ProjectProblem::Unreadable { .. }
        | ProjectProblem::DuplicateId { .. }
        | ProjectProblem::SeveralHeads { .. }
        | ProjectProblem::MissingParent { .. }
        | ProjectProblem::Cycle { .. }
        | ProjectProblem::Ignored { .. }
        | ProjectProblem::OutOfOrder { .. }
        | ProjectProblem::Configuration { .. } => None,
    });
    found.unwrap_or_else(|| panic!("{name} is not in {:#?}", located.problems))
}

#[test]
fn a_loop_of_links_ends() {
    let folder = folder();
    let migrations = folder.path().join("project/db/migrations");
    symlink(folder.path().join("project"), migrations.join("again")).unwrap();
    symlink("2_loop.sql", migrations.join("2_loop.sql")).unwrap();
    let located = only(&folder);
    assert_eq!(located.units.len(), 1);
    assert!(refused(&located, "2_loop.sql").contains("leads nowhere"));
}

#[test]
fn a_link_out_of_the_project_is_refused_and_one_inside_is_read() {
    let folder = folder();
    let migrations = folder.path().join("project/db/migrations");
    std::fs::write(folder.path().join("secret.sql"), UP).unwrap();
    symlink(
        folder.path().join("secret.sql"),
        migrations.join("2_out.sql"),
    )
    .unwrap();
    symlink("1_a.sql", migrations.join("3_in.sql")).unwrap();
    let located = only(&folder);
    assert!(refused(&located, "2_out.sql").contains("out of the project"));
    let ids: Vec<&str> = located.units.iter().map(|unit| unit.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    assert!(located.units[1].read().is_ok());
}

#[test]
fn a_file_that_becomes_a_link_or_a_pipe_after_it_was_found_is_refused_and_never_waited_for() {
    let folder = folder();
    let file = folder.path().join("project/db/migrations/1_a.sql");
    let unit = only(&folder).units.remove(0);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(folder.path().join("secret.sql"), UP).unwrap();
    symlink(folder.path().join("secret.sql"), &file).unwrap();
    assert!(unit.read().unwrap_err().is_definitive());
    std::fs::remove_file(&file).unwrap();
    make_pipe(&file);
    assert!(unit.read().unwrap_err().is_definitive());
}

#[test]
fn a_pipe_and_a_folder_with_the_name_of_a_migration_are_refused() {
    let folder = folder();
    let migrations = folder.path().join("project/db/migrations");
    make_pipe(&migrations.join("2_pipe.sql"));
    std::fs::create_dir(migrations.join("3_folder.sql")).unwrap();
    let located = only(&folder);
    assert_eq!(located.units.len(), 1);
    assert_eq!(refused(&located, "2_pipe.sql"), "not a regular file");
    assert!(refused(&located, "3_folder.sql").contains("a folder"));
}

fn make_pipe(path: &Path) {
    let status = std::process::Command::new("mkfifo")
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_file_that_is_not_utf_8_is_found_and_refused_with_its_offset_when_read() {
    let folder = folder();
    let file = folder.path().join("project/db/migrations/2_b.sql");
    std::fs::write(file, b"-- migrate:up\nSELECT '\xE9';").unwrap();
    let located = only(&folder);
    let error = located.units[1].read().unwrap_err();
    assert_eq!(error.byte_offset(), Some(22));
    assert!(error.is_definitive());
}

#[test]
fn a_root_that_does_not_exist_is_an_error_that_says_so() {
    let error = locate(Path::new("no/such/folder"), &LocateOptions::default()).unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.path(), "no/such/folder");
}

#[test]
fn units_can_be_read_on_any_thread() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<segue_sources::Unit>();
}

const TOOLS: [Tool; 19] = [
    Tool::Native,
    Tool::Dbmate,
    Tool::Prisma,
    Tool::Drizzle,
    Tool::Flyway,
    Tool::GolangMigrate,
    Tool::Goose,
    Tool::Sqlx,
    Tool::Diesel,
    Tool::Refinery,
    Tool::NodePgMigrate,
    Tool::GraphileMigrate,
    Tool::Plain,
    Tool::Liquibase,
    Tool::Alembic,
    Tool::Django,
    Tool::Knex,
    Tool::Rails,
    Tool::TypeOrm,
];

fn fits(section: &Section) {
    let span = section.span;
    let text = &section.file.text;
    assert!(
        text.get(span.start..span.end).is_some(),
        "{span:?} in {text:?}"
    );
}

fn assert_spans_fit(text: &str) {
    for tool in TOOLS {
        for name in ["a.sql", "a.py", "a.js", "a.rb", "a.yaml", "a.xml", "a.json"] {
            if let Form::Sql { up, down } = read_text(name, text.to_owned(), tool).form {
                up.iter().for_each(fits);
                if let Down::Sections(down) = down {
                    down.iter().for_each(fits);
                }
            }
        }
    }
}

/// Text made of what the formats look for, so that their branches are met.
fn marked_text() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "-- migrate:up",
        "-- migrate:down",
        " transaction:false",
        "-- segue:transaction none",
        "\n",
        "\r",
        "\r\n",
        "--",
        "/*",
        "*/",
        "-- +goose Up",
        "-- +goose Down",
        "-- +goose NO TRANSACTION",
        "--! Previous: -",
        "--! Hash: ",
        "--! no-transaction",
        "-- Up Migration",
        "-- Down Migration",
        "--> statement-breakpoint",
        "é",
        "\u{1F600}",
        "--liquibase formatted sql",
        "--changeset a:b",
        "--changeset \"a",
        "--rollback x",
        "--rollback",
        "SELECT 1;",
        "/* liquibase rollback",
        "exports.down = (",
        "down",
        "{",
        "}",
        "(",
        ")",
        "=>",
        "'",
        "\"",
        "`",
        "\"\"\"",
        "\\",
        "RunSQL(",
        "def downgrade():",
        "class Migration",
        "dependencies = [(",
        "def down",
        " ",
        "$$",
    ]);
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn sections_lie_inside_any_text_on_character_boundaries(text in any::<String>()) {
        assert_spans_fit(&text);
    }

    #[test]
    fn sections_lie_inside_any_text_with_markers(text in marked_text()) {
        assert_spans_fit(&text);
    }
}

//! Traps of the formats: order, graphs, transaction rules, spans.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use segue_model::{
    Down, Form, Migration, ProjectProblem, Section, Tool, TransactionChoice, Wrapping,
};
use segue_sources::{LocateOptions, Located, NativeDefault, locate, read_text};
use tempfile::TempDir;

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn found(root: &Path) -> Vec<Located> {
    locate(root, &LocateOptions::default()).unwrap()
}

fn only(files: &[(&str, &str)]) -> (TempDir, Located) {
    let folder = project(files);
    let mut located = found(folder.path());
    assert_eq!(located.len(), 1, "{located:#?}");
    (folder, located.remove(0))
}

fn ids(located: &Located) -> Vec<&str> {
    located.units.iter().map(|unit| unit.id.as_str()).collect()
}

fn sections(migration: &Migration) -> (&[Section], &Down) {
    match &migration.form {
        Form::Sql { up, down } => (up, down),
        Form::Program { .. } => panic!("{migration:?} is no SQL"),
    }
}

fn wrapping(tool: Tool, text: &str) -> (Wrapping, TransactionChoice) {
    let migration = read_text("-", text.to_owned(), tool);
    let (up, _) = sections(&migration);
    (up[0].wrapping, up[0].choice)
}

const UP: &str = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";

#[test]
fn dbmate_orders_names_as_text() {
    let (_folder, located) = only(&[
        ("db/migrations/9_x.sql", UP),
        ("db/migrations/10_x.sql", UP),
    ]);
    assert_eq!(located.tool, Tool::Dbmate);
    assert_eq!(ids(&located), ["10", "9"]);
}

#[test]
fn flyway_orders_versions_as_numbers_and_repeatable_scripts_last() {
    let (_folder, located) = only(&[
        ("sql/R__a.sql", ""),
        ("sql/V1.0.5__late.sql", ""),
        ("sql/V1.1__b.sql", ""),
        ("sql/V10__d.sql", ""),
        ("sql/V1__a.sql", ""),
        ("sql/V2__c.sql", ""),
    ]);
    assert_eq!(located.tool, Tool::Flyway);
    assert_eq!(ids(&located), ["1", "1.0.5", "1.1", "2", "10", "R__a"]);
}

#[test]
fn flyway_says_that_a_concurrent_index_would_hang_unless_the_lock_is_changed() {
    let says_so = |located: &Located| {
        located.problems.iter().any(|problem| {
            matches!(problem, ProjectProblem::Configuration { consequence, .. }
                if consequence.contains("transactional.lock"))
        })
    };
    let script = ("sql/V1__a.sql", "SELECT 1;");
    let (_folder, silent) = only(&[script, ("flyway.conf", "flyway.locations=filesystem:sql\n")]);
    assert!(says_so(&silent));
    let set = "flyway.postgresql.transactional.lock=false\n";
    let (_folder, cured) = only(&[script, ("flyway.conf", set)]);
    assert!(!says_so(&cured));
}

#[test]
fn flyway_groups_mark_every_script_as_part_of_the_whole_run() {
    let (_folder, located) = only(&[
        ("sql/V1__a.sql", "SELECT 1;"),
        ("flyway.toml", "[flyway]\ngroup = true\n"),
    ]);
    let migration = located.units[0].read().unwrap();
    assert_eq!(sections(&migration).0[0].wrapping, Wrapping::WholeRun);
}

#[test]
fn a_flyway_baseline_script_does_not_replay_what_its_versions_did() {
    let (_folder, located) = only(&[("sql/V1__a.sql", ""), ("sql/B2__all.sql", "")]);
    assert_eq!(ids(&located), ["1"]);
    assert!(located.problems.iter().any(
        |problem| matches!(problem, ProjectProblem::Ignored { path, .. } if path.ends_with("B2__all.sql"))
    ));
}

#[test]
fn alembic_with_two_revisions_at_the_end_has_several_heads() {
    let revision = |id: &str, down: &str| format!("revision = '{id}'\ndown_revision = {down}\n");
    let (_folder, located) = only(&[
        ("alembic/versions/x.py", &revision("a", "None")),
        ("alembic/versions/y.py", &revision("c", "'a'")),
        ("alembic/versions/z.py", &revision("b", "'a'")),
    ]);
    assert_eq!(located.tool, Tool::Alembic);
    assert_eq!(ids(&located), ["a", "b", "c"]);
    let heads = vec!["b".to_owned(), "c".to_owned()];
    assert!(
        located
            .problems
            .contains(&ProjectProblem::SeveralHeads { heads })
    );
}

#[test]
fn alembic_names_a_missing_parent_and_a_duplicate_id() {
    let (_folder, located) = only(&[
        ("versions/x.py", "revision = 'b'\ndown_revision = 'a'\n"),
        ("versions/y.py", "revision = 'b'\ndown_revision = 'a'\n"),
    ]);
    let (id, parent) = ("b".to_owned(), "a".to_owned());
    assert!(
        located
            .problems
            .contains(&ProjectProblem::MissingParent { id, parent })
    );
    assert!(
        located
            .problems
            .iter()
            .any(|problem| matches!(problem, ProjectProblem::DuplicateId { id, .. } if id == "b"))
    );
}

fn django(depends_on: &str) -> String {
    format!(
        "class Migration(migrations.Migration):\n    dependencies = [{depends_on}]\n    operations = []\n"
    )
}

#[test]
fn django_with_two_leaves_in_one_app_has_several_heads() {
    let on_first = django("(\"shop\", \"0001_a\"), (\"auth\", \"0001_initial\")");
    let (_folder, located) = only(&[
        ("manage.py", ""),
        ("shop/migrations/0001_a.py", &django("")),
        ("shop/migrations/0002_b.py", &on_first),
        ("shop/migrations/0002_c.py", &on_first),
    ]);
    assert_eq!(ids(&located), ["shop.0001_a", "shop.0002_b", "shop.0002_c"]);
    let heads = vec!["shop.0002_b".to_owned(), "shop.0002_c".to_owned()];
    assert_eq!(located.problems, [ProjectProblem::SeveralHeads { heads }]);
}

#[test]
fn django_orders_across_apps_and_names_a_parent_that_is_not_there() {
    let (_folder, located) = only(&[
        ("manage.py", ""),
        ("a/migrations/0001_x.py", &django("(\"z\", \"0001_x\")")),
        ("z/migrations/0001_x.py", &django("(\"z\", \"0000_gone\")")),
    ]);
    assert_eq!(ids(&located), ["z.0001_x", "a.0001_x"]);
    let (id, parent) = ("z.0001_x".to_owned(), "z.0000_gone".to_owned());
    assert_eq!(
        located.problems,
        [ProjectProblem::MissingParent { id, parent }]
    );
}

#[test]
fn drizzle_names_a_late_entry_and_a_file_without_one() {
    let journal = r#"{"dialect":"postgresql","entries":[
        {"idx":0,"when":20,"tag":"0000_a"},{"idx":1,"when":10,"tag":"0001_b"}]}"#;
    let (_folder, located) = only(&[
        ("drizzle/meta/_journal.json", journal),
        ("drizzle/0000_a.sql", ""),
        ("drizzle/0001_b.sql", ""),
        ("drizzle/0002_c.sql", ""),
    ]);
    assert_eq!(ids(&located), ["0000_a", "0001_b"]);
    assert!(
        located.problems.iter().any(
            |problem| matches!(problem, ProjectProblem::OutOfOrder { id, .. } if id == "0001_b")
        )
    );
    assert!(located.problems.iter().any(
        |problem| matches!(problem, ProjectProblem::Ignored { path, .. } if path.ends_with("0002_c.sql"))
    ));
}

#[test]
fn up_and_down_pairs_are_sqlx_when_the_crate_uses_it_and_golang_migrate_else() {
    let pair = [
        ("app/migrations/2_b.up.sql", "SELECT 1;"),
        ("app/migrations/2_b.down.sql", "SELECT 2;"),
        ("app/migrations/10_c.up.sql", "SELECT 1;"),
    ];
    let (_folder, golang) = only(&pair);
    assert_eq!(golang.tool, Tool::GolangMigrate);
    assert_eq!(ids(&golang), ["2", "10"]);
    let mut with_crate = pair.to_vec();
    with_crate.push(("Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n"));
    let (_folder, sqlx) = only(&with_crate);
    assert_eq!(sqlx.tool, Tool::Sqlx);
}

#[test]
fn versioned_names_are_refinery_when_the_crate_uses_it_and_flyway_else() {
    let script = ("migrations/V1__a.sql", "SELECT 1;");
    let (_folder, flyway) = only(&[script]);
    assert_eq!(flyway.tool, Tool::Flyway);
    let (_folder, refinery) = only(&[script, ("Cargo.toml", "refinery = \"0.10\"")]);
    assert_eq!(refinery.tool, Tool::Refinery);
}

#[test]
fn a_directive_or_a_segue_toml_makes_dbmate_files_segues_own() {
    let plain = ("db/migrations/1_a.sql", UP);
    let (_folder, dbmate) = only(&[plain]);
    assert_eq!(dbmate.tool, Tool::Dbmate);
    let directed = "-- migrate:up\n-- segue:transaction none\nSELECT 1;\n";
    let (_folder, native) = only(&[("db/migrations/1_a.sql", directed)]);
    assert_eq!(native.tool, Tool::Native);
    let (_folder, native) = only(&[
        plain,
        ("segue.toml", "[project]\ndir = \"db/migrations\"\n"),
    ]);
    assert_eq!(native.tool, Tool::Native);
    let (_folder, other) = only(&[plain, ("segue.toml", "[project]\ndir = \"elsewhere\"\n")]);
    assert_eq!(other.tool, Tool::Dbmate);
    let options = LocateOptions {
        native_default: NativeDefault::Always,
        ..LocateOptions::default()
    };
    let folder = project(&[plain]);
    assert_eq!(
        locate(folder.path(), &options).unwrap()[0].tool,
        Tool::Native
    );
}

#[test]
fn the_folder_of_migrations_itself_may_be_the_root() {
    let folder = project(&[
        ("db/migrations/1_a.sql", UP),
        ("prisma/migrations/1_a/migration.sql", ""),
        ("shop/migrations/0001_a.py", &django("")),
    ]);
    let at = |path: &str| found(&folder.path().join(path)).remove(0);
    assert_eq!(at("db/migrations").tool, Tool::Dbmate);
    assert_eq!(at("prisma/migrations").tool, Tool::Prisma);
    assert_eq!(ids(&at("shop/migrations")), ["shop.0001_a"]);
}

#[test]
fn one_file_is_read_as_its_folder_is_and_as_plain_sql_else() {
    let folder = project(&[
        ("db/migrations/1_a.sql", UP),
        ("db/migrations/2_b.sql", UP),
        ("queries/report.sql", "SELECT 1;"),
    ]);
    let marked = found(&folder.path().join("db/migrations/2_b.sql"));
    assert_eq!((marked[0].tool, ids(&marked[0])), (Tool::Dbmate, vec!["2"]));
    let plain = found(&folder.path().join("queries/report.sql"));
    assert_eq!(
        (plain[0].tool, ids(&plain[0])),
        (Tool::Plain, vec!["report"])
    );
}

#[test]
fn a_tool_can_be_forced_on_a_folder_that_does_not_look_like_it() {
    let folder = project(&[("sql/1_a.sql", "SELECT 1;"), ("sql/2_b.sql", "SELECT 2;")]);
    let options = LocateOptions {
        tool: Some(Tool::Goose),
        ..LocateOptions::default()
    };
    let located = locate(folder.path(), &options).unwrap();
    assert_eq!(
        (located[0].tool, ids(&located[0])),
        (Tool::Goose, vec!["1", "2"])
    );
}

#[test]
fn code_of_others_is_not_searched() {
    let folder = project(&[
        ("node_modules/x/db/migrations/1_a.sql", UP),
        (".cache/db/migrations/1_a.sql", UP),
        ("env/pyvenv.cfg", ""),
        ("env/lib/x/migrations/0001_a.py", &django("")),
    ]);
    assert!(found(folder.path()).is_empty());
}

#[test]
fn each_tool_has_its_own_rule_for_the_transaction() {
    use TransactionChoice::ToolDefault;
    let default = |tool| wrapping(tool, "SELECT 1;");
    let expected = [
        (Tool::Native, Wrapping::Transaction),
        (Tool::Dbmate, Wrapping::Transaction),
        (Tool::Prisma, Wrapping::AutocommitOrOneMessage),
        (Tool::Drizzle, Wrapping::WholeRun),
        (Tool::Flyway, Wrapping::TransactionUnlessImpossible),
        (Tool::GolangMigrate, Wrapping::OneMessage),
        (Tool::Goose, Wrapping::Transaction),
        (Tool::Sqlx, Wrapping::Transaction),
        (Tool::Diesel, Wrapping::Transaction),
        (Tool::Refinery, Wrapping::Transaction),
        (Tool::NodePgMigrate, Wrapping::WholeRun),
        (Tool::GraphileMigrate, Wrapping::Transaction),
        (Tool::Plain, Wrapping::Autocommit),
        (Tool::Liquibase, Wrapping::Transaction),
    ];
    for (tool, wrapping) in expected {
        assert_eq!(default(tool), (wrapping, ToolDefault), "{tool:?}");
    }
}

#[test]
fn each_tool_has_its_own_way_out_of_the_transaction() {
    use TransactionChoice::{OptedOut, ToolDefault};
    let opted_out = [
        (
            Tool::Native,
            "-- migrate:up\n-- segue:transaction none\nSELECT 1;",
            Wrapping::Autocommit,
        ),
        (
            Tool::Native,
            "-- segue:transaction none\n-- migrate:up\nSELECT 1;",
            Wrapping::Autocommit,
        ),
        (
            Tool::Native,
            "-- migrate:up transaction:false\nSELECT 1;",
            Wrapping::Autocommit,
        ),
        (
            Tool::Dbmate,
            "-- migrate:up transaction:false\nSELECT 1;",
            Wrapping::OneMessage,
        ),
        (
            Tool::Goose,
            "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;",
            Wrapping::Autocommit,
        ),
        (
            Tool::Sqlx,
            "-- no-transaction\nSELECT 1;",
            Wrapping::OneMessage,
        ),
        (
            Tool::GraphileMigrate,
            "--! Previous: -\n--! Hash: sha1:x\n\n--! no-transaction\nSELECT 1;",
            Wrapping::OneMessage,
        ),
        (
            Tool::Liquibase,
            "--liquibase formatted sql\n--changeset a:b runInTransaction:false\nSELECT 1;",
            Wrapping::Autocommit,
        ),
    ];
    for (tool, text, expected) in opted_out {
        assert_eq!(
            wrapping(tool, text),
            (expected, OptedOut),
            "{tool:?} {text:?}"
        );
    }
    let nothing_to_say = "-- migrate:up\n-- segue:transaction none\nSELECT 1;";
    assert_eq!(
        wrapping(Tool::Dbmate, nothing_to_say),
        (Wrapping::Transaction, ToolDefault)
    );
}

#[test]
fn the_text_of_a_section_is_the_sql_between_the_markers() {
    let cases = [
        (Tool::Dbmate, UP),
        (Tool::Native, UP),
        (
            Tool::Goose,
            "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n",
        ),
        (
            Tool::NodePgMigrate,
            "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;\n",
        ),
    ];
    for (tool, text) in cases {
        for ending in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', ending);
            let migration = read_text("-", text, tool);
            let (up, down) = sections(&migration);
            assert_eq!(up[0].text(), ["SELECT 1;", ending].concat(), "{tool:?}");
            let Down::Sections(down) = down else {
                panic!("{tool:?} has a way back")
            };
            assert_eq!(down[0].text(), ["SELECT 2;", ending].concat(), "{tool:?}");
        }
    }
}

#[test]
fn a_way_back_of_comments_alone_is_empty_and_none_is_missing() {
    let down = |text: &str| {
        let migration = read_text("-", text.to_owned(), Tool::Dbmate);
        sections(&migration).1.clone()
    };
    assert_eq!(
        down("-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing\n"),
        Down::Empty
    );
    assert_eq!(down("-- migrate:up\nSELECT 1;\n"), Down::Missing);
}

#[test]
fn liquibase_sections_are_changesets_and_their_rollback_lines() {
    let text = "--liquibase formatted sql\n\n--changeset a:one\nSELECT 1;\n--rollback SELECT -1;\n\
                --changeset a:two\nSELECT 2;\n/* liquibase rollback\nSELECT -2;\n*/\n";
    let migration = read_text("-", text.to_owned(), Tool::Liquibase);
    let (up, down) = sections(&migration);
    assert_eq!(up[0].text(), "SELECT 1;\n--rollback SELECT -1;\n");
    assert!(up[1].text().starts_with("SELECT 2;\n"));
    let Down::Sections(down) = down else {
        panic!("there is a way back")
    };
    let texts: Vec<&str> = down.iter().map(Section::text).collect();
    assert_eq!(texts, ["SELECT -1;", "SELECT -2;\n"]);
}

#[test]
fn text_after_a_breakpoint_on_its_line_is_not_lost_in_the_comment() {
    let text = "SELECT 1;--> statement-breakpoint SELECT 2;";
    let migration = read_text("-", text.to_owned(), Tool::Drizzle);
    let texts: Vec<&str> = sections(&migration).0.iter().map(Section::text).collect();
    assert_eq!(texts, ["SELECT 1;", " SELECT 2;"]);
}

#[test]
fn an_older_text_of_a_file_is_split_like_the_file() {
    let (_folder, located) = only(&[("db/migrations/1_a.sql", UP)]);
    let older = located.units[0]
        .read_with_text("-- migrate:up\nSELECT 0;\n".to_owned())
        .unwrap();
    assert_eq!(older.id, "1");
    assert_eq!(sections(&older).0[0].text(), "SELECT 0;\n");
}

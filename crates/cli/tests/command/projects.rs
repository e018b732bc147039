//! What a project says of itself: the database it is written for, and where a way back would stand.

use segue_testkit::TestServer;

use crate::segue::{command, folder, ran, segue, write};

/// A Prisma project with one migration, and what its schema says of the database.
fn prisma(provider: &str, sql: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let schema = [
        "generator client {\n  provider = \"prisma-client-js\"\n}\ndatasource db {\n  provider = \"",
        provider,
        "\"\n  url      = env(\"DATABASE_URL\")\n}\n",
    ];
    write(place.path(), "prisma/schema.prisma", &schema.concat());
    write(
        place.path(),
        "prisma/migrations/20260101000000_init/migration.sql",
        sql,
    );
    place
}

#[test]
fn a_prisma_schema_says_what_its_migrations_are_written_for() {
    let sql = "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT);\n";
    let sqlite = prisma("sqlite", sql);
    let check = segue(sqlite.path(), &["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let postgres = segue(prisma("postgresql", sql).path(), &["check"]);
    assert_eq!(postgres.code, 3, "{}", postgres.out);
}

#[test]
fn a_drizzle_configuration_says_what_its_migrations_are_written_for() {
    let place = tempfile::tempdir().unwrap();
    let config = "import { defineConfig } from \"drizzle-kit\";\n// dialect: \"postgresql\"\n\
                  export default defineConfig({ out: \"./drizzle\", dialect: \"sqlite\" });\n";
    write(place.path(), "drizzle.config.ts", config);
    write(
        place.path(),
        "drizzle/meta/_journal.json",
        "{\"version\":\"7\",\"entries\":[{\"idx\":0,\"when\":1,\"tag\":\"0000_a\"}]}",
    );
    write(
        place.path(),
        "drizzle/0000_a.sql",
        "CREATE TABLE `users` (`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL);\n",
    );
    let check = segue(place.path(), &["check"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
}

#[test]
fn a_project_for_a_database_that_is_not_spoken_is_named_and_not_read() {
    let sql = "CREATE TABLE `users` (\n  `id` INTEGER NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB;\n";
    let place = prisma("mysql", sql);
    for verb in ["check", "audit"] {
        let run = segue(place.path(), &[verb]);
        assert_eq!(run.code, 2, "{verb}: {}{}", run.out, run.err);
        assert!(
            run.err
                .contains("written for mysql, which Segue does not speak"),
            "{verb}: {}",
            run.err
        );
        assert!(!run.out.contains("syntax-error"), "{verb}: {}", run.out);
    }
    let read = segue(place.path(), &["check", "--dialect", "postgres"]);
    assert!(read.out.contains("syntax-error"), "{}", read.out);
    let up = segue(place.path(), &["up", "--url", "mysql://root@h/shop"]);
    assert_eq!(up.code, 2, "{}", up.err);
    assert!(
        up.err.contains("Segue speaks PostgreSQL and SQLite"),
        "{}",
        up.err
    );
}

#[test]
fn a_file_without_a_way_down_says_what_to_write_where() {
    let server = TestServer::start_newest().unwrap();
    for (path, text, said) in [
        (
            "db/migrations/20260101000000_a.sql",
            "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\n",
            "write the way back into db/migrations/20260101000000_a.sql, below a line `-- migrate:down`",
        ),
        (
            "migrations/000001_a.up.sql",
            "CREATE TABLE a (id int);\n",
            "write the way back into migrations/000001_a.down.sql",
        ),
        (
            "migrations/00001_a.sql",
            "-- +goose Up\nCREATE TABLE a (id int);\n",
            "below a line `-- +goose Down`",
        ),
    ] {
        let database = server.create_database().unwrap();
        let project = folder(&[(path, text)]);
        let run = |words: &[&str]| {
            ran(command(project.path())
                .env("DATABASE_URL", database.url())
                .args(words))
        };
        let up = run(&["up"]);
        assert_eq!(up.code, 0, "{path}: {}", up.err);
        for words in [&["down"][..], &["down", "--dry-run"]] {
            let down = run(words);
            assert_eq!(down.code, 4, "{path}: {}{}", down.out, down.err);
            assert!(down.err.contains(said), "{path}: {}", down.err);
        }
    }
}

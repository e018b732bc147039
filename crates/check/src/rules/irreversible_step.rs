//! The migration has no way back.

use segue_model::{Change, Down, Tool};

use crate::{Ask, Example, Group, Hit, MigrationAsked, Question, Rule, Severity, WayBack};

pub(super) static RULE: Rule = Rule {
    code: "irreversible-step",
    summary: "the migration has no way back",
    question: Question::Fails,
    group: Group::Running,
    page: "\
There is no down section, or it is empty. When the release goes wrong, the way back is written in a hurry, at \
night.

Write the way back with the way there, even if it only says what is lost. Tools without down migrations (Prisma, \
Drizzle, refinery) are not reported: there the way back is another migration.",
    bad: &[Example::new("-- migrate:up\nALTER TABLE users ADD COLUMN a text;\n-- migrate:down\n").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").by(Tool::Dbmate)],
    good: &[Example::new("-- migrate:up\nALTER TABLE users ADD COLUMN a text;\n-- migrate:down\nALTER TABLE users DROP COLUMN a;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").by(Tool::Dbmate), Example::new("ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").by(Tool::Prisma)],
    ask: Ask::Migration(ask),
};

fn ask(asked: &MigrationAsked<'_>) -> Vec<Hit> {
    let has_one = match asked.down {
        Down::Sections(_) => asked.way_back == WayBack::Written,
        Down::Derived => true,
        Down::Missing | Down::Empty => false,
    };
    let changes_structure = asked
        .statements
        .iter()
        .flat_map(|statement| &statement.changes)
        .any(|change| !matches!(change, Change::Session(_) | Change::Transaction(_)));
    if has_one || !changes_structure || !has_down_migrations(asked.tool) {
        return Vec::new();
    }
    vec![
        Hit::new(Severity::Note, "this migration has no way back").advice(
            "write the down section with the up section, even if it only says what is lost",
        ),
    ]
}

/// Tools whose files have a place for the way back.
fn has_down_migrations(tool: Tool) -> bool {
    match tool {
        Tool::Native
        | Tool::Dbmate
        | Tool::GolangMigrate
        | Tool::Goose
        | Tool::Sqlx
        | Tool::Diesel
        | Tool::NodePgMigrate
        | Tool::Liquibase
        | Tool::Alembic
        | Tool::Django
        | Tool::Knex
        | Tool::Rails
        | Tool::TypeOrm => true,
        Tool::Prisma
        | Tool::Drizzle
        | Tool::Flyway
        | Tool::Refinery
        | Tool::GraphileMigrate
        | Tool::Plain => false,
    }
}

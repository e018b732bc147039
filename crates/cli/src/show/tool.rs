//! The tools by the names people type and the names people read.

use segue_model::Tool;

/// Every tool.
pub(crate) const ALL: &[Tool] = &[
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

/// As it is typed after `--tool` and in `segue.toml`.
pub(crate) fn word(tool: Tool) -> &'static str {
    match tool {
        Tool::Native => "native",
        Tool::Dbmate => "dbmate",
        Tool::Prisma => "prisma",
        Tool::Drizzle => "drizzle",
        Tool::Flyway => "flyway",
        Tool::GolangMigrate => "golang-migrate",
        Tool::Goose => "goose",
        Tool::Sqlx => "sqlx",
        Tool::Diesel => "diesel",
        Tool::Refinery => "refinery",
        Tool::NodePgMigrate => "node-pg-migrate",
        Tool::GraphileMigrate => "graphile-migrate",
        Tool::Plain => "plain",
        Tool::Liquibase => "liquibase",
        Tool::Alembic => "alembic",
        Tool::Django => "django",
        Tool::Knex => "knex",
        Tool::Rails => "rails",
        Tool::TypeOrm => "typeorm",
    }
}

/// As its own makers write it.
pub(crate) fn name(tool: Tool) -> &'static str {
    match tool {
        Tool::Native => "Segue",
        Tool::Dbmate => "dbmate",
        Tool::Prisma => "Prisma",
        Tool::Drizzle => "Drizzle",
        Tool::Flyway => "Flyway",
        Tool::GolangMigrate => "golang-migrate",
        Tool::Goose => "goose",
        Tool::Sqlx => "sqlx",
        Tool::Diesel => "Diesel",
        Tool::Refinery => "refinery",
        Tool::NodePgMigrate => "node-pg-migrate",
        Tool::GraphileMigrate => "graphile-migrate",
        Tool::Plain => "plain SQL",
        Tool::Liquibase => "Liquibase",
        Tool::Alembic => "Alembic",
        Tool::Django => "Django",
        Tool::Knex => "Knex",
        Tool::Rails => "Rails",
        Tool::TypeOrm => "TypeORM",
    }
}

/// The tool of this word.
///
/// # Errors
/// The words there are.
pub(crate) fn parse(typed: &str) -> Result<Tool, String> {
    ALL.iter()
        .copied()
        .find(|tool| word(*tool) == typed)
        .ok_or_else(|| {
            let words: Vec<&str> = ALL.iter().map(|tool| word(*tool)).collect();
            format!("there is no tool `{typed}`: {}", words.join(", "))
        })
}

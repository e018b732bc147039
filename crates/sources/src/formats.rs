//! The formats: one file per tool, in the order in which they are looked for.
//!
//! A format finds its folders, lists their migrations in the tool's order, splits texts and reads the tool's tables.
//! It parses no SQL and runs no program.

use segue_model::{Form, Tool};

use crate::history::{History, HistoryTables};
use crate::survey::{Project, Survey};
use crate::unit::{Reading, Unit};

/// How one tool lays its migrations out.
pub(crate) struct Format {
    /// The tool.
    pub(crate) tool: Tool,
    /// The folders in which its evidence lies.
    pub(crate) find: fn(&Survey) -> Vec<usize>,
    /// The project in one folder.
    pub(crate) project: fn(&Survey, usize) -> Project,
    /// Splits the texts of one migration.
    pub(crate) split: fn(&Reading) -> Form,
    /// Reads the tool's tables.
    pub(crate) history: fn(&[Unit], &HistoryTables) -> History,
}

macro_rules! formats {
    ($($module:ident),+ $(,)?) => {
        $(pub(crate) mod $module;)+
        /// Every format, in detection order: the first that recognises a folder has it.
        pub(crate) static ALL: &[&Format] = &[$(&$module::FORMAT),+];
    };
}

formats![
    prisma,
    drizzle,
    alembic,
    django,
    rails,
    liquibase,
    graphile_migrate,
    diesel,
    native,
    dbmate,
    goose,
    node_pg_migrate,
    refinery,
    flyway,
    sqlx,
    golang_migrate,
    knex,
    typeorm,
    plain,
];

/// The format of a tool.
pub(crate) fn format_of(tool: Tool) -> &'static Format {
    ALL.iter()
        .find(|format| format.tool == tool)
        .copied()
        .unwrap_or(&plain::FORMAT)
}

#[cfg(test)]
mod tests {
    use super::format_of;
    use segue_model::Tool;

    #[test]
    fn every_tool_has_its_own_format() {
        let tools = [
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
        for tool in tools {
            assert_eq!(format_of(tool).tool, tool);
        }
    }
}

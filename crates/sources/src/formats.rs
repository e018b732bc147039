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
    /// Where its files have the way back.
    pub(crate) way_back: WayBack,
}

/// Where the files of a tool have the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayBack {
    /// Below this line of the same file.
    Below(&'static str),
    /// In lines like this behind the way there.
    Lines(&'static str),
    /// In the file beside it whose name ends otherwise: how the way there ends, and the way back.
    Beside(&'static str, &'static str),
    /// In this file of its folder.
    InItsFolder(&'static str),
    /// In the file whose name begins with `U` and the same version (Flyway).
    Undo,
    /// Nowhere: another migration takes it back.
    Nowhere,
}

/// What to write where, so that a migration has a way back: one sentence without its end. The path is as the project shows it.
pub fn way_back(tool: Tool, path: &str) -> String {
    match format_of(tool).way_back {
        WayBack::Below(line) => format!("write the way back into {path}, below a line `{line}`"),
        WayBack::Lines(line) => {
            format!("write the way back into {path}, in lines `{line}` below its statements")
        }
        WayBack::Beside(there, back) => match path.strip_suffix(there) {
            Some(stem) => format!("write the way back into {stem}{back}"),
            None => format!(
                "write the way back into {}{back}, and give {path} the ending {there}",
                path.trim_end_matches(".sql")
            ),
        },
        WayBack::InItsFolder(file) => {
            let folder = path.strip_suffix("/up.sql").unwrap_or(path);
            format!("write the way back into {folder}/{file}")
        }
        WayBack::Undo => {
            let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
            let rest = name.get(1..).unwrap_or_default();
            format!("write the way back into {folder}/U{rest}")
        }
        WayBack::Nowhere => {
            "its tool has no place for a way back: write another migration that takes it back"
                .to_owned()
        }
    }
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
    use super::{format_of, way_back};
    use segue_model::Tool;

    #[test]
    fn a_way_back_is_written_where_its_tool_looks_for_it() {
        for (tool, path, where_to) in [
            (
                Tool::Dbmate,
                "db/1_a.sql",
                "into db/1_a.sql, below a line `-- migrate:down`",
            ),
            (
                Tool::Goose,
                "1_a.sql",
                "into 1_a.sql, below a line `-- +goose Down`",
            ),
            (Tool::GolangMigrate, "m/1_a.up.sql", "into m/1_a.down.sql"),
            (
                Tool::Sqlx,
                "m/1_a.sql",
                "into m/1_a.down.sql, and give m/1_a.sql the ending .up.sql",
            ),
            (Tool::Diesel, "m/1_a/up.sql", "into m/1_a/down.sql"),
            (Tool::Diesel, "m/1_a", "into m/1_a/down.sql"),
            (Tool::Flyway, "sql/V1__a.sql", "into sql/U1__a.sql"),
            (Tool::Prisma, "m/1_a/migration.sql", "another migration"),
        ] {
            let said = way_back(tool, path);
            assert!(said.contains(where_to), "{said}");
        }
    }

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

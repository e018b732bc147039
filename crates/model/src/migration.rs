//! A project's migrations as its own tool sees them: files, sections, and who opens the transaction.
//!
//! Knows nothing of SQL: a section is text with a place and the tool's transaction rules.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Span;

/// The tool a project's migrations are written for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Segue's own files: dbmate's sections plus `-- segue:` directives.
    Native,
    /// dbmate.
    Dbmate,
    /// Prisma Migrate.
    Prisma,
    /// Drizzle Kit.
    Drizzle,
    /// Flyway.
    Flyway,
    /// golang-migrate.
    GolangMigrate,
    /// goose.
    Goose,
    /// sqlx.
    Sqlx,
    /// diesel.
    Diesel,
    /// refinery.
    Refinery,
    /// node-pg-migrate.
    NodePgMigrate,
    /// graphile-migrate.
    GraphileMigrate,
    /// A plain folder of `.sql` files, run by nobody we know.
    Plain,
    /// Liquibase.
    Liquibase,
    /// Alembic.
    Alembic,
    /// Django.
    Django,
    /// Knex.
    Knex,
    /// Rails / Active Record.
    Rails,
    /// TypeORM.
    TypeOrm,
}

/// Who opens a transaction around a section, and how the text reaches the server.
///
/// Source: facts measured per tool; see the module of each format.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Wrapping {
    /// Each statement is sent alone and commits by itself (psql, Prisma's wasm engine).
    Autocommit,
    /// The whole section is one message without a transaction of the tool's: two or more statements are one
    /// implicit transaction (dbmate `transaction:false`, sqlx `-- no-transaction`, golang-migrate).
    OneMessage,
    /// The tool opens a transaction for this section, migration or file.
    Transaction,
    /// The tool opens one transaction for everything that is pending (Drizzle, node-pg-migrate, Alembic).
    WholeRun,
    /// A transaction, unless the tool finds a statement that cannot run inside one (Flyway); a mixture is refused.
    TransactionUnlessImpossible,
    /// Each statement alone or all in one message: it depends on the tool's engine (Prisma).
    AutocommitOrOneMessage,
}

/// What the file says about its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionChoice {
    /// The file says nothing.
    ToolDefault,
    /// The file opts out.
    OptedOut,
    /// The file asks for a transaction.
    OptedIn,
}

/// One stretch of SQL that its tool runs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The file it stands in.
    pub file: Arc<SourceText>,
    /// The bytes of the file that are SQL of this section.
    pub span: Span,
    /// How it reaches the server.
    pub wrapping: Wrapping,
    /// What the file itself says about it.
    pub choice: TransactionChoice,
}

impl Section {
    /// The SQL of this section.
    pub fn text(&self) -> &str {
        self.span.of(&self.file.text)
    }
}

/// A file that was read: the path as the project shows it, and the text, without a byte order mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Path relative to the directory the command was started for, with `/`.
    pub path: String,
    /// The text. Spans count bytes of this text.
    pub text: String,
}

/// The way back, as far as the files have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// The tool has no way back, or this migration has none.
    Missing,
    /// A place for it exists and is empty.
    Empty,
    /// SQL.
    Sections(Vec<Section>),
    /// The tool derives it, or a program contains it.
    Derived,
}

/// What a migration is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// SQL that can be judged.
    Sql {
        /// The way there.
        up: Vec<Section>,
        /// The way back.
        down: Down,
    },
    /// A program (Python, JavaScript, Ruby, XML …): recognised and ordered, and judged only by a rehearsal.
    Program {
        /// The language, for example `Python`.
        language: &'static str,
        /// What the file says about its transaction.
        choice: TransactionChoice,
        /// Whether the program has a way back.
        down: Down,
    },
}

/// How often a migration runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repetition {
    /// Once.
    Once,
    /// Again whenever its text changes (Flyway `R__`, Liquibase `runOnChange`).
    OnChange,
}

/// One unit of the user's project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// How the tool itself names it: the key in its history table.
    pub id: String,
    /// The descriptive part; empty when there is none.
    pub name: String,
    /// The file or folder, relative to where the command was started, with `/`.
    pub path: String,
    /// Once, or on change.
    pub repetition: Repetition,
    /// SQL or a program.
    pub form: Form,
}

/// What is wrong with a project before any SQL is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ProjectProblem {
    /// Two migrations have the same id.
    DuplicateId {
        /// The id.
        id: String,
        /// The files.
        paths: Vec<String>,
    },
    /// The history has more than one head or leaf.
    SeveralHeads {
        /// The ids of the heads.
        heads: Vec<String>,
    },
    /// A migration names a predecessor that does not exist.
    MissingParent {
        /// The migration.
        id: String,
        /// Its missing predecessor.
        parent: String,
    },
    /// The migrations form a cycle.
    Cycle {
        /// The ids on it.
        ids: Vec<String>,
    },
    /// The file's name does not fit the tool's pattern, so the tool ignores it.
    Ignored {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file could not be read as text.
    Unreadable {
        /// The file.
        path: String,
        /// Why, with the byte offset where there is one.
        reason: String,
    },
    /// The tool would refuse or skip this migration because of its place in the order.
    OutOfOrder {
        /// The migration.
        id: String,
        /// What the tool does about it.
        consequence: String,
    },
    /// A setting of the project that decides whether its migrations can run.
    Configuration {
        /// The file with the setting, or where it would stand.
        path: String,
        /// What follows from it.
        consequence: String,
        /// Which migrations it concerns.
        concerns: Concerns,
    },
}

/// Which migrations a setting of the project concerns.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Concerns {
    /// All of them.
    Every,
    /// Those with a statement that cannot run in a transaction.
    OutsideTransactions,
}

/// The migrations of one tool in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectLocation {
    /// The tool.
    pub tool: Tool,
    /// The folder with its migrations.
    pub directory: PathBuf,
    /// The same, relative to where the command was started, with `/`.
    pub shown: String,
}

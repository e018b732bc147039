//! The command line: every verb, its flags, and an example of each.
//!
//! Says nothing about what a verb does: an unknown flag or a malformed value never gets past here.

mod archive;
mod demo;
mod plans;
mod proofs;
mod runs;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use segue_check::{Date, Severity};
use segue_model::{Dialect, Tool};
use segue_postgres::Postgres;
use segue_sqlite::Sqlite;

pub(crate) use archive::{
    ArchiveArguments, ArchiveVerb, KeptArguments, PurgeArguments, RestoreArguments,
};
pub(crate) use demo::DemoArguments;
pub(crate) use plans::{PlanArguments, PlanOutput};
pub(crate) use proofs::{
    ApproveArguments, EnvArguments, EnvMarkArguments, EnvVerb, LookArguments, RepairArguments,
};
pub(crate) use runs::{
    BackfillArguments, BackfillWhat, ChoiceArguments, ContractArguments, LockArguments,
    PaceArguments, RunOutput, UpArguments,
};

use crate::report;
use crate::show::tool;

/// The exit codes of a verb that runs migrations.
macro_rules! exits_of_a_run {
    () => {
        "Exit codes: 0 ok, 1 failed and nothing changed, 2 usage, 4 refused, 5 no connection, 6 another runner, 7 lock budget, 8 partial: run `segue up`, 9 unknown: run `segue status`, 129, 130 or 143 stopped by a signal."
    };
}

/// Those of a verb that reads the journal or writes a record into it.
macro_rules! exits_of_a_record {
    () => {
        "Exit codes: 0 ok, 2 usage, 4 refused, 5 no connection, 6 another runner."
    };
}

/// Changes a production database while the application keeps running.
#[derive(Debug, Parser)]
#[command(
    name = "segue",
    version,
    about = "Change databases while applications run: judge migrations, and run them under lock time-outs, resumable, verified",
    max_term_width = 100,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = false,
    after_help = "Examples:\n  segue audit                    a checklist, a score, and the worst findings\n  segue check                    judge the migrations of this project\n  segue plan                     what `up` would send, with locks\n  segue up                       run what is pending\n  segue explain drop-column      what a finding means and what to do\n\nExit codes: 0 ok, 1 failed and nothing was changed, 2 usage or configuration, 3 findings, 4 refused, 5 no connection, 6 another runner, 7 lock budget, 8 partial: run `segue up`, 9 unknown: run `segue status`."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Watch it work: a shop in use on a scratch server, changed while two versions of its application run
    #[command(
        after_help = "Examples:\n  segue demo\n  segue demo --compare     beside the same files, sent as they are written\n  segue demo --keep        look around afterwards\n  segue demo --story split one change, there and back again\n\nNeeds no configuration and touches no database of yours: it starts a PostgreSQL of its own, from the programs it finds\non this machine, and removes it at the end, also after Ctrl-C.\nExit codes: 0 ok, 2 usage, 5 no server."
    )]
    Demo(DemoArguments),
    /// Look at a project's migrations as a whole: a checklist with scores, and the worst findings
    #[command(
        after_help = "Examples:\n  segue audit\n  segue audit path/to/project\n  segue audit --output html > audit.html\n\nExit codes: 0 ok, 2 usage or configuration, 3 errors were found and --strict was given."
    )]
    Audit(Box<AuditArguments>),
    /// Judge migrations: what they lock, whom they break, what they destroy, and the safe way
    #[command(
        visible_alias = "lint",
        after_help = "Examples:\n  segue check\n  segue check db/migrations --server-version 15\n  segue check --base origin/main --output github\n  pg_dump --schema-only shop | segue check -\n\nExit codes: 0 nothing at or above --fail-on, 2 usage or configuration, 3 findings."
    )]
    Check(Box<CheckArguments>),
    /// Write a new migration file that sorts behind all others
    #[command(
        visible_alias = "create",
        alias = "add",
        after_help = "Examples:\n  segue new add_customers_phone\n  segue new \"wider order numbers\" --dir db/migrations\n\nExit codes: 0 ok, 2 usage or the file cannot be written."
    )]
    New(NewArguments),
    /// Show what `up` would send: every step with its locks and transaction. Changes nothing
    #[command(
        after_help = "Examples:\n  segue plan\n  segue plan --steps 1 --output json\n  segue plan --output html > plan.html\n  segue plan --why              which way was taken for each statement, and why\n  segue plan --rollback --output markdown > review.md\n  segue plan --write phases     files for another runner\n\nTimes and amounts of log are estimates, made from the sizes of the tables now; docs/plan.md says how.\nExit codes: 0 ok, 2 usage, 4 refused, 5 no connection."
    )]
    Plan(Box<PlanArguments>),
    /// Run pending migrations: under lock time-outs, resumable, verified
    #[command(
        visible_alias = "migrate",
        aliases = ["apply", "deploy"],
        after_help = concat!("Examples:\n  segue up\n  segue up --to 20260301120000\n  segue up --dry-run\n  segue up --no-archive        what its contract phase drops is not kept\n  segue up --verbatim          as written, for development\n\nKill it at any moment and run it again: it goes on where it stopped.\n", exits_of_a_run!())
    )]
    Up(UpArguments),
    /// Finish what waits at its gate: the old structure goes, when nobody is seen to use it
    #[command(
        visible_alias = "complete",
        after_help = concat!("Examples:\n  segue contract                       all that wait\n  segue contract 20260301120000 --dry-run\n  segue contract --watch 600           watch counters for ten minutes first\n  segue contract --no-archive          keep nothing of what goes\n\nThe gate stays shut, with exit code 4, while something still uses what would go.\n", exits_of_a_run!())
    )]
    Contract(ContractArguments),
    /// Take migrations back, the last one first
    #[command(
        visible_alias = "rollback",
        aliases = ["revert", "undo"],
        after_help = concat!("Examples:\n  segue down                    the last one\n  segue down --dry-run          what it would send\n  segue down --steps 2\n  segue down --to 20260301120000    that one stays\n\n", exits_of_a_run!())
    )]
    Down(UpArguments),
    /// Take the last migration back and run it again
    #[command(after_help = concat!("Examples:\n  segue redo\n\n", exits_of_a_run!()))]
    Redo(UpArguments),
    /// Show where the project and the database stand
    #[command(
        visible_alias = "info",
        after_help = "Examples:\n  segue status\n  segue status --exit-code\n\nExit codes: 0 ok, 2 usage, 5 no connection; with --exit-code: 0 nothing to do, 10 pending, 11 half done, 12 edited after it ran."
    )]
    Status(StatusArguments),
    /// Compare the recorded migrations with the files, and show what was edited
    #[command(
        after_help = "Examples:\n  segue verify\n\nExit codes: 0 all as recorded, 2 usage, 5 no connection, 12 something was edited."
    )]
    Verify(StatusArguments),
    /// Show where the journal and the catalog disagree, and mend the record
    #[command(
        aliases = ["resolve", "force", "unlock"],
        after_help = "Examples:\n  segue repair                              the evidence, and what is proposed: changes nothing\n  segue repair --apply                      does what is proposed\n  segue repair --apply --only 20260301120000\n  segue repair --apply --mark-applied 20260301120000    against the proposal\n\nOnly the journal is changed, and an index that a failed build left invalid is dropped.\nExit codes: 0 nothing to repair, or done; 11 there is something to repair, 4 refused, 6 another runner."
    )]
    Repair(RepairArguments),
    /// Say in the database which environment it is, or show it
    #[command(
        subcommand_required = true,
        after_help = concat!("Examples:\n  segue env show\n  segue env mark staging\n  segue env mark production --protected\n\n", exits_of_a_record!())
    )]
    Env(EnvArguments),
    /// Agree to what a plan destroys: on a terminal, by a person, recorded in the journal
    #[command(
        after_help = "Examples:\n  segue plan                    prints the hash\n  segue approve HASH --env production\n\nA program does not agree: refused without a terminal, and where one of these variables is set: SEGUE_AGENT, AI_AGENT, AIDER_MODEL, AMP_CURRENT_THREAD_ID, AUGMENT_AGENT, CLAUDECODE, CLAUDE_CODE_ENTRYPOINT, CLINE_ACTIVE, CODEX_SANDBOX, CODEX_SANDBOX_NETWORK_DISABLED, CURSOR_AGENT, GEMINI_CLI, OPENCODE, REPLIT_AGENT.\n\nExit codes: 0 recorded, 2 no pending plan has this hash, 4 nobody agreed."
    )]
    Approve(ApproveArguments),
    /// Explain what this role may and may not do on this server, with the command that mends each point
    #[command(
        after_help = "Examples:\n  segue doctor\n  segue doctor --env production --output json\n\nExit codes: 0 nothing is bad, 1 something is, 5 no connection."
    )]
    Doctor(LookArguments),
    /// Record migrations as done that were there before Segue. Runs none
    #[command(after_help = concat!("Examples:\n  segue baseline 20260301120000\n\n", exits_of_a_record!()))]
    Baseline(BaselineArguments),
    /// Wait until a migration is recorded as done, for processes that must not migrate themselves
    #[command(
        after_help = "Examples:\n  segue wait 20260301120000 --seconds 60\n\nExit codes: 0 it is, 2 usage, 5 no connection, 10 it is not yet."
    )]
    Wait(WaitArguments),
    /// Look at backfills, pause, resume or cancel them, and lend them workers
    #[command(
        after_help = "Examples:\n  segue backfill status\n  segue backfill pause 3\n  segue backfill run --worker 3 --workers 2      on another machine: helps the one that runs it\n  segue backfill retry 3                           after the rows that were put aside were mended\n\nExit codes: 0 ok, 2 usage, 5 no connection."
    )]
    Backfill(BackfillArguments),
    /// What the contract phases dropped and Segue kept: show it, bring it back, remove it
    #[command(
        subcommand_required = true,
        after_help = concat!("Examples:\n  segue archive list\n  segue archive restore public.users.nickname\n  segue archive purge --older-than 30d\n\n", exits_of_a_run!())
    )]
    Archive(ArchiveArguments),
    /// Print the database's structure as SQL that makes it again: needs no `pg_dump`, same structure, same bytes
    #[command(
        visible_alias = "inspect",
        after_help = "Examples:\n  segue dump > db/schema.sql\n\nExit codes: 0 ok, 2 usage, 5 no connection."
    )]
    Dump(DumpArguments),
    /// Remove Segue's journal from the database
    #[command(after_help = concat!("Examples:\n  segue uninstall\n\n", exits_of_a_record!()))]
    Uninstall(StatusArguments),
    /// Print the page of a rule or an error, or list all of them
    #[command(
        after_help = "Examples:\n  segue explain\n  segue explain add-check-validated\n\nExit codes: 0 ok, 2 there is no such code."
    )]
    Explain(ExplainArguments),
    /// Print completions for a shell
    #[command(
        after_help = "Examples:\n  segue completions bash > /etc/bash_completion.d/segue\n  segue completions zsh > ~/.zfunc/_segue\n\nThe names of migrations and the codes of rules are filled in by the project that you are in.\nExit codes: 0 ok, 2 usage."
    )]
    Completions(CompletionsArguments),
    /// Print the manual page, or write one per verb into a directory
    #[command(
        after_help = "Examples:\n  segue man | man -l -\n  segue man target/man\n\nExit codes: 0 ok, 2 the directory cannot be written."
    )]
    Man(ManArguments),
    /// Print what a shell may fill in here, one a line with its name behind a tab
    #[command(hide = true)]
    FillIn(FillInArguments),
    /// Write the generated part of the documentation into a directory
    #[command(hide = true)]
    GenerateDocs(GenerateDocsArguments),
}

/// What `check` is told.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Folders, projects or single files; `-` reads SQL from standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human",
          value_parser = PossibleValuesParser::new(report::ALL.iter().map(|reporter| reporter.name)))]
    pub(crate) output: String,
    /// The major version of the PostgreSQL server [default: 18]
    #[arg(long, value_name = "VERSION", env = "SEGUE_SERVER_VERSION", hide_env_values = true,
          value_parser = clap::value_parser!(u16).range(12..=18))]
    pub(crate) server_version: Option<u16>,
    /// The database the migrations are for [default: what the project says, then the scheme of `DATABASE_URL`, else postgres]
    #[arg(
        long,
        value_name = "NAME",
        env = "SEGUE_DIALECT",
        hide_env_values = true
    )]
    pub(crate) dialect: Option<DialectName>,
    /// Take the migrations for this tool's [default: detected]
    #[arg(long, value_name = "NAME", env = "SEGUE_TOOL", hide_env_values = true, value_parser = tool::parse)]
    pub(crate) tool: Option<Tool>,
    /// Report only what is new since this git revision; the merged tree is judged
    #[arg(long, value_name = "REV", env = "SEGUE_BASE", hide_env_values = true)]
    pub(crate) base: Option<String>,
    /// Sizes of the tables (see docs/statistics.md)
    #[arg(
        long,
        value_name = "FILE",
        env = "SEGUE_STATISTICS",
        hide_env_values = true
    )]
    pub(crate) statistics: Option<PathBuf>,
    /// The least severity that makes the exit code 3 [default: warning]
    #[arg(
        long,
        value_name = "SEVERITY",
        env = "SEGUE_FAIL_ON",
        hide_env_values = true
    )]
    pub(crate) fail_on: Option<Threshold>,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColourChoice,
    /// How much is said
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// The date suppressions are compared with
    #[arg(long, value_name = "DATE", hide = true, value_parser = date)]
    pub(crate) today: Option<Date>,
}

/// What `audit` is told.
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// A folder or project
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: AuditOutput,
    /// The major version of the PostgreSQL server [default: 18]
    #[arg(long, value_name = "VERSION", env = "SEGUE_SERVER_VERSION", hide_env_values = true,
          value_parser = clap::value_parser!(u16).range(12..=18))]
    pub(crate) server_version: Option<u16>,
    /// The database the migrations are for [default: what the project says, then the scheme of `DATABASE_URL`, else postgres]
    #[arg(
        long,
        value_name = "NAME",
        env = "SEGUE_DIALECT",
        hide_env_values = true
    )]
    pub(crate) dialect: Option<DialectName>,
    /// Take the migrations for this tool's [default: detected]
    #[arg(long, value_name = "NAME", env = "SEGUE_TOOL", hide_env_values = true, value_parser = tool::parse)]
    pub(crate) tool: Option<Tool>,
    /// Sizes of the tables (see docs/statistics.md)
    #[arg(
        long,
        value_name = "FILE",
        env = "SEGUE_STATISTICS",
        hide_env_values = true
    )]
    pub(crate) statistics: Option<PathBuf>,
    /// Colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColourChoice,
    /// Exit with 3 when there are errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// The date suppressions are compared with
    #[arg(long, value_name = "DATE", hide = true, value_parser = date)]
    pub(crate) today: Option<Date>,
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub(crate) struct DatabaseArguments {
    /// The database: `postgres://user@host/database`, `key=value` words, or `sqlite:app.db` [default: `SEGUE_URL`, `DATABASE_URL`, then `PG*`]
    #[arg(long, short = 'u', value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The environment that is meant: `[environments.NAME]` in segue.toml says where it is, a marker in the database proves it
    #[arg(
        long = "env",
        value_name = "NAME",
        env = "SEGUE_ENV",
        hide_env_values = true
    )]
    pub(crate) environment: Option<String>,
    /// Read variables from this file too; the real environment wins [default: .env]
    #[arg(long, value_name = "FILE", conflicts_with = "no_env_file")]
    pub(crate) env_file: Option<PathBuf>,
    /// Read no .env
    #[arg(long)]
    pub(crate) no_env_file: bool,
    /// The same database without the pooler between: steps that need a session run there
    #[arg(
        long,
        value_name = "URL",
        env = "SEGUE_DIRECT_URL",
        hide_env_values = true
    )]
    pub(crate) direct_url: Option<String>,
    /// What the pooler keeps together: `session` says that a connection of ours keeps its server session
    #[arg(long, value_name = "MODE")]
    pub(crate) pooler: Option<PoolerMode>,
    /// Where the migrations are [default: found below the working directory]
    #[arg(
        long,
        short = 'd',
        value_name = "PATH",
        env = "SEGUE_DIR",
        hide_env_values = true
    )]
    pub(crate) dir: Option<PathBuf>,
    /// Take the migrations for this tool's [default: detected]
    #[arg(long, value_name = "NAME", env = "SEGUE_TOOL", hide_env_values = true, value_parser = tool::parse)]
    pub(crate) tool: Option<Tool>,
}

/// What a pooler keeps together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PoolerMode {
    /// A whole session.
    Session,
}

/// A dialect, as it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl DialectName {
    /// What it speaks.
    pub(crate) fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Postgres => &Postgres,
            Self::Sqlite => &Sqlite,
        }
    }

    /// The dialect that a project names in its own word; none for one that is not spoken.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "postgres" | "postgresql" | "pg" | "cockroachdb" => Some(Self::Postgres),
            "sqlite" | "sqlite3" | "turso" => Some(Self::Sqlite),
            _ => None,
        }
    }
}

/// What `status`, `verify` and `uninstall` are told.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
    /// Answer with the exit code too
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How the answer is written
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "human")]
    pub(crate) output: RunOutput,
}

/// What `dump` is told.
#[derive(Debug, Args)]
pub(crate) struct DumpArguments {
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
}

/// What `baseline` is told.
#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    /// The last migration that the database has
    #[arg(value_name = "ID")]
    pub(crate) last: String,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
}

/// What `wait` is told.
#[derive(Debug, Args)]
pub(crate) struct WaitArguments {
    /// The migration
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// How long at most
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) seconds: u32,
    /// Which database
    #[command(flatten)]
    pub(crate) database: DatabaseArguments,
}

/// What `new` is told.
#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// What it does, in a few words
    #[arg(value_name = "DESCRIPTION")]
    pub(crate) description: String,
    /// Where the migrations are [default: found below the working directory, else db/migrations]
    #[arg(
        long,
        short = 'd',
        value_name = "PATH",
        env = "SEGUE_DIR",
        hide_env_values = true
    )]
    pub(crate) dir: Option<PathBuf>,
}

/// How an audit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditOutput {
    /// For a terminal.
    Human,
    /// One object; docs/generated/audit.schema.json.
    Json,
    /// One page that needs nothing else.
    Html,
}

impl AuditArguments {
    /// The check that finds and judges the same migrations.
    pub(crate) fn check(&self) -> CheckArguments {
        CheckArguments {
            paths: self.path.iter().cloned().collect(),
            output: report::ALL
                .first()
                .map_or_else(String::new, |reporter| reporter.name.to_owned()),
            server_version: self.server_version,
            dialect: self.dialect,
            tool: self.tool,
            base: None,
            statistics: self.statistics.clone(),
            fail_on: None,
            color: self.color,
            talk: Talk {
                quiet: 0,
                verbose: 0,
            },
            today: self.today,
        }
    }
}

/// How much is said besides the answer.
#[derive(Debug, Args)]
pub(crate) struct Talk {
    /// Findings only: no summary, no remarks
    #[arg(long, short = 'q', action = clap::ArgAction::Count, conflicts_with = "verbose")]
    quiet: u8,
    /// Say where settings come from and what is suppressed
    #[arg(long, short = 'v', action = clap::ArgAction::Count)]
    verbose: u8,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Findings only.
    Quiet,
    /// Findings and a summary.
    Normal,
    /// And where everything comes from.
    Verbose,
}

impl Talk {
    /// As one word.
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (1.., _) => Verbosity::Quiet,
            (0, 0) => Verbosity::Normal,
            (0, 1..) => Verbosity::Verbose,
        }
    }
}

/// The least severity that fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Threshold {
    /// Errors only.
    Error,
    /// Warnings and errors.
    Warning,
    /// Everything.
    Note,
}

impl Threshold {
    /// The severity.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless a variable says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `explain` is told.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The code of a rule or an error
    pub(crate) code: Option<String>,
}

/// What `completions` is told.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// What `fill-in` is told.
#[derive(Debug, Args)]
pub(crate) struct FillInArguments {
    /// What is filled in
    pub(crate) what: Filled,
    /// Where the migrations are
    #[arg(
        long,
        short = 'd',
        value_name = "PATH",
        env = "SEGUE_DIR",
        hide_env_values = true
    )]
    pub(crate) dir: Option<PathBuf>,
}

/// What a shell fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Filled {
    /// The ids of the project's migrations.
    Migrations,
    /// The codes of rules and errors.
    Codes,
}

/// What `man` is told.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Where to write one page per verb
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

/// What `generate-docs` is told.
#[derive(Debug, Args)]
pub(crate) struct GenerateDocsArguments {
    /// Where to write
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| format!("`{text}` is no date: write YYYY-MM-DD"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_variable_of_an_agent_is_in_the_help_of_approve() {
        let mut command = super::Cli::command();
        let help = command.find_subcommand_mut("approve").unwrap();
        let help = help.render_long_help().to_string();
        let words: Vec<&str> = help.split([' ', ',', '\n', '.']).collect();
        for name in crate::environment::AGENTS {
            assert!(words.contains(name), "{name}");
        }
    }
}

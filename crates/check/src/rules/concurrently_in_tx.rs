//! A CONCURRENTLY statement, or VACUUM, fails inside a transaction.

use segue_model::{Tool, TransactionNeed, TransactionState, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-in-tx",
    summary: "a CONCURRENTLY statement, or VACUUM, fails inside a transaction",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
CREATE, DROP and REINDEX … CONCURRENTLY, DETACH PARTITION … CONCURRENTLY and VACUUM cannot run in a transaction \
block: the server refuses them. Most tools wrap a migration into a transaction unless the file opts out, each in \
its own words.

Put the statement into a migration of its own that opts out. How: dbmate `-- migrate:up transaction:false`, sqlx \
`-- no-transaction`, Flyway a `.sql.conf` beside the script, diesel `metadata.toml`, goose `-- +goose NO \
TRANSACTION`, Rails `disable_ddl_transaction!`, Segue `-- segue:transaction none`. Drizzle and refinery cannot.

Source: measured on 15 and 18.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"), Example::new("BEGIN; DROP INDEX CONCURRENTLY users_name; COMMIT;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE INDEX users_name ON users (name);").wrapped(Wrapping::Autocommit), Example::new("VACUUM users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"), Example::new("REINDEX TABLE CONCURRENTLY users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);"), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::WholeRun)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::TransactionUnlessImpossible), Example::new("CREATE INDEX CONCURRENTLY users_name ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::OneMessage)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if asked.answers.impact.transaction != TransactionNeed::MustBeOutside {
        return Vec::new();
    }
    let state = asked.context.transaction.state;
    let alone = asked.section.len() == 1;
    let (who, hint) = match state {
        TransactionState::None | TransactionState::ImplicitBatch => return Vec::new(),
        TransactionState::Tool
            if asked.wrapping == Wrapping::TransactionUnlessImpossible && alone =>
        {
            return Vec::new();
        }
        TransactionState::File => ("this file's BEGIN", "put it outside BEGIN … COMMIT"),
        TransactionState::ToolWholeRun => {
            ("the one transaction of the whole run", way_out(asked.tool))
        }
        TransactionState::Tool => ("the transaction the tool opens", way_out(asked.tool)),
    };
    vec![
        Hit::new(
            Severity::Error,
            format!("this statement cannot run inside {who}: the server refuses it"),
        )
        .advice(hint),
    ]
}

/// How a file of this tool opts out of its transaction.
fn way_out(tool: Tool) -> &'static str {
    match tool {
        Tool::Dbmate => "move it to a migration of its own with `-- migrate:up transaction:false`",
        Tool::Native => "move it to a migration of its own with `-- segue:transaction none`",
        Tool::Sqlx => "move it to a migration of its own whose first line is `-- no-transaction`",
        Tool::Diesel => {
            "move it to a migration of its own with `run_in_transaction = false` in metadata.toml"
        }
        Tool::Flyway => {
            "move it to a script of its own with `executeInTransaction=false` in its .sql.conf"
        }
        Tool::Goose => "move it to a migration of its own with `-- +goose NO TRANSACTION`",
        Tool::GraphileMigrate => "move it to a migration of its own with `--! no-transaction`",
        Tool::NodePgMigrate => "move it to a JavaScript migration that calls pgm.noTransaction()",
        Tool::Drizzle | Tool::Refinery => {
            "this tool cannot run it at all, and it blocks every later migration: run it by hand"
        }
        Tool::Liquibase => "set runInTransaction:false on its changeset",
        Tool::Prisma
        | Tool::GolangMigrate
        | Tool::Plain
        | Tool::Alembic
        | Tool::Django
        | Tool::Knex
        | Tool::Rails
        | Tool::TypeOrm => "move it to a migration of its own that runs without a transaction",
    }
}

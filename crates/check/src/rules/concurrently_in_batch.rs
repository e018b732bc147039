//! A CONCURRENTLY statement fails in one message with another statement.

use segue_model::{Tool, TransactionNeed, TransactionState, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "concurrently-in-batch",
    summary: "a CONCURRENTLY statement fails in one message with another statement",
    question: Question::Fails,
    group: Group::Indexes,
    page: "\
A file that its tool sends as one message is one implicit transaction as soon as it holds two statements, also \
when the file opts out of the tool's own transaction. CREATE, DROP and REINDEX … CONCURRENTLY and VACUUM are \
refused there. dbmate, sqlx, diesel, golang-migrate and graphile-migrate send files in this way.

One such statement per file or section, and nothing else with it.

Source: measured on 15 and 18; the tools' messages were read from the server's log.",
    bad: &[Example::new("CREATE INDEX CONCURRENTLY a ON users (name); CREATE INDEX CONCURRENTLY b ON users (age);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::OneMessage), Example::new("SET lock_timeout = '1s'; CREATE INDEX CONCURRENTLY a ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::OneMessage).by(Tool::Dbmate)],
    good: &[Example::new("CREATE INDEX CONCURRENTLY a ON users (name);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::OneMessage), Example::new("CREATE INDEX CONCURRENTLY a ON users (name); CREATE INDEX CONCURRENTLY b ON users (age);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let inside = asked.context.transaction.state == TransactionState::ImplicitBatch;
    if asked.answers.impact.transaction != TransactionNeed::MustBeOutside || !inside {
        return Vec::new();
    }
    let (severity, message) = if asked.wrapping == Wrapping::AutocommitOrOneMessage {
        (
            Severity::Warning,
            "this statement fails where the tool sends the whole file as one message",
        )
    } else {
        (
            Severity::Error,
            "the tool sends this file as one message, one implicit transaction: the server refuses this statement in it",
        )
    };
    vec![
        Hit::new(severity, message)
            .advice("give it a file or section of its own, with nothing else in it"),
    ]
}

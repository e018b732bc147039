//! Transaction control inside a file that its tool already wraps, or a BEGIN that nothing ends.

use segue_model::{Change, TransactionChange, TransactionState, Wrapping};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "nested-transaction",
    summary: "transaction control inside a file that its tool already wraps, or a BEGIN that nothing ends",
    question: Question::Fails,
    group: Group::Running,
    page: "\
`BEGIN` inside the tool's own transaction is only a warning for the server, but `COMMIT` ends the *tool's* \
transaction: what follows commits statement by statement, and a failure leaves half of it. A `BEGIN` without \
`COMMIT` leaves the work uncommitted, and is rolled back when the session ends.

Remove them, or let the file opt out of the tool's transaction.",
    bad: &[Example::new("BEGIN; ALTER TABLE users ADD COLUMN a text; COMMIT;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("BEGIN; ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    good: &[Example::new("BEGIN; ALTER TABLE users ADD COLUMN a text; COMMIT;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").wrapped(Wrapping::Autocommit)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let control = asked.statement.changes.iter().filter_map(|change| {
        if let Change::Transaction(control) = change {
            Some(control)
        } else {
            None
        }
    });
    control
        .filter_map(|control| problem(control, asked))
        .map(|message| {
            Hit::new(Severity::Warning, message)
                .advice("remove it, or let the file opt out of the tool's transaction")
        })
        .collect()
}

fn problem(control: &TransactionChange, asked: &Asked<'_>) -> Option<&'static str> {
    let state = asked.context.transaction.state;
    match (control, state) {
        (TransactionChange::Begin, TransactionState::Tool | TransactionState::ToolWholeRun) => {
            Some("BEGIN inside the tool's own transaction: the COMMIT that follows ends the tool's")
        }
        (TransactionChange::Begin, TransactionState::File) => {
            Some("BEGIN inside BEGIN: the server ignores the second one")
        }
        (TransactionChange::Begin, TransactionState::None | TransactionState::ImplicitBatch) => {
            (!ends_later(asked)).then_some(
                "this BEGIN is never committed: the work is rolled back when the session ends",
            )
        }
        (
            TransactionChange::Commit | TransactionChange::Rollback,
            TransactionState::Tool | TransactionState::ToolWholeRun,
        ) => Some(
            "this ends the transaction the tool opened: what follows commits statement by statement",
        ),
        (
            TransactionChange::Commit
            | TransactionChange::Rollback
            | TransactionChange::Savepoint(_)
            | TransactionChange::Release(_)
            | TransactionChange::RollbackTo(_)
            | TransactionChange::Other,
            _,
        ) => None,
    }
}

/// True when a later statement of the section ends the transaction.
fn ends_later(asked: &Asked<'_>) -> bool {
    asked
        .section
        .iter()
        .skip(asked.position + 1)
        .flat_map(|statement| &statement.changes)
        .any(|change| {
            matches!(
                change,
                Change::Transaction(TransactionChange::Commit | TransactionChange::Rollback)
            )
        })
}

//! ALTER SEQUENCE keeps nextval waiting, and hands out other numbers.

use segue_model::{Change, SequenceChange, breaks};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "alter-sequence",
    summary: "ALTER SEQUENCE keeps nextval waiting, and hands out other numbers",
    question: Question::Blocks,
    group: Group::Objects,
    page: "\
`ALTER SEQUENCE` with RESTART, INCREMENT, AS or bounds gives the sequence a new file under SHARE ROW EXCLUSIVE: \
every `nextval`, and with it every insert that draws from the sequence, waits until the transaction ends. After \
a RESTART the sequence may hand out numbers that exist already.

`SELECT setval('sequence', number)` sets the position under a writer's lock and blocks nobody; it is not undone \
by a rollback. Where ALTER SEQUENCE is needed, run it alone.

Source: PostgreSQL 17 manual, ALTER SEQUENCE; measured on 15 and 18.",
    bad: &[Example::new("ALTER SEQUENCE numbers RESTART WITH 100;").after("CREATE SEQUENCE numbers;")],
    good: &[Example::new("CREATE SEQUENCE numbers; ALTER SEQUENCE numbers RESTART WITH 100;"), Example::new("SELECT setval('numbers', 100);").after("CREATE SEQUENCE numbers;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Sequence(target, SequenceChange::Alter { options }) = change else {
            continue;
        };
        if breaks(change, asked.catalog()).is_empty() {
            continue;
        }
        let restarts = options.iter().any(|option| option == "RESTART");
        let then = if restarts {
            ", and it may then hand out numbers that exist already"
        } else {
            ""
        };
        let message = format!(
            "inserts that draw from {} wait until the transaction ends{then}",
            target.name
        );
        hits.push(
            Hit::new(Severity::Warning, message)
                .on(&target.name)
                .with_lock()
                .advice(
                    "to move its position use setval, which blocks nobody; otherwise run it alone",
                ),
        );
    }
    hits
}

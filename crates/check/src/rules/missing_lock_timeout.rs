//! A statement waits for a strong lock without a limit, and everybody waits behind it.

use segue_model::{Blocks, LockMode, QualifiedName, Tool};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "missing-lock-timeout",
    summary: "a statement waits for a strong lock without a limit, and everybody waits behind it",
    question: Question::Blocks,
    group: Group::Running,
    page: "\
A request for a strong lock that waits behind one long query stops every later query on the table, SELECT too, \
for as long as it waits. The statement itself may take a millisecond: the outage is the queue. A point read \
waited 3.3 s behind such an ALTER, and 171 ms with `lock_timeout = '200ms'`.

Set `lock_timeout` before the first such statement, and retry with pauses.

Nothing is reported when a setting of the role or of the tool may be in force that the file does not show: the \
note says what the file shows.",
    bad: &[Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("SET lock_timeout = '200ms'; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b text;"), Example::new("SET LOCAL lock_timeout = '1s'; ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE users ADD COLUMN nickname text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);").by(Tool::Native)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    if asked.tool == Tool::Native || asked.context.settings.value("lock_timeout").is_some() {
        return Vec::new();
    }
    let Some((relation, mode)) = strong(asked) else {
        return Vec::new();
    };
    let already = asked.context.transaction.held.iter().any(|held| {
        held.claim.mode.blocks() != Blocks::Nobody
            && held
                .claim
                .on
                .relation()
                .is_some_and(|on| asked.stake(on).matters())
    });
    if already {
        return Vec::new();
    }
    let message = format!(
        "no lock_timeout is set: while this waits for {mode} on {relation}, every later query there waits behind it"
    );
    vec![
        Hit::new(Severity::Note, message)
            .on(relation)
            .advice("SET lock_timeout = '200ms' before it, and retry with pauses"),
    ]
}

/// The strongest lock of the statement that keeps the application waiting, on a relation somebody may use.
fn strong<'a>(asked: &Asked<'a>) -> Option<(&'a QualifiedName, LockMode)> {
    asked
        .answers
        .impact
        .claims
        .iter()
        .filter(|claim| claim.mode.blocks() != Blocks::Nobody)
        .filter_map(|claim| claim.on.relation().map(|relation| (relation, claim.mode)))
        .filter(|(relation, _)| asked.stake(relation).matters())
        .max_by_key(|(_, mode)| *mode)
}

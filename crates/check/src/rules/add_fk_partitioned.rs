//! A foreign key from a partitioned table locks every partition and checks every row.

use segue_model::{Cause, ConstraintKind, RefusalReason, WorkKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity, Kind};

pub(super) static RULE: Rule = Rule {
    code: "add-fk-partitioned",
    summary: "a foreign key from a partitioned table locks every partition and checks every row",
    question: Question::Blocks,
    group: Group::Constraints,
    page: "\
Before PostgreSQL 18 a foreign key *from* a partitioned table cannot be NOT VALID: it takes SHARE ROW EXCLUSIVE \
on the parent, on every partition and on the referenced table, and checks every row.

Before 18: on each partition `NOT VALID`, then validate; then the foreign key on the parent, which merges them \
without a scan but takes ACCESS EXCLUSIVE on the referenced table for a moment. On 18: on the parent `NOT \
VALID`, then validate.

Source: measured on 15 and 18. No other linter reports it.",
    bad: &[Example::new("ALTER TABLE events ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id);").after("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE events (id bigint, user_id bigint) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);"), Example::new("ALTER TABLE events ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE events (id bigint, user_id bigint) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);").on(15)],
    good: &[Example::new("ALTER TABLE events ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;").after("CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE events (id bigint, user_id bigint) PARTITION BY RANGE (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);")],
    ask: Ask::Changes(Kind::Constraints, ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (table, constraint) in asked.added_constraints() {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else {
            continue;
        };
        if asked
            .catalog()
            .table(table)
            .is_none_or(|known| known.partitioning.is_none())
        {
            continue;
        }
        let refused = asked.answers.impact.refusals.iter().find(|refusal| {
            matches!(
                refusal.reason,
                RefusalReason::Partitioned | RefusalReason::Version | RefusalReason::Unsupported
            )
        });
        let message = match refused {
            Some(refusal) => refusal.message.clone(),
            None if asked.works(table, &WorkKind::Scan, Cause::ForeignKey) => format!(
                "foreign key {} checks every partition of {table} while nobody can write to them or to {}",
                constraint.name.ident(),
                key.references
            ),
            None => continue,
        };
        let severity = if refused.is_some() {
            Some(Severity::Error)
        } else {
            asked.stake(table).of_long_lock()
        };
        hits.extend(severity.map(|severity| {
            Hit::new(severity, message)
                .on(table)
                .with_lock()
                .steps_or("before PostgreSQL 18 add it to each partition NOT VALID, validate, then to the parent; on 18 add it to the parent NOT VALID, then validate")
        }));
    }
    hits
}

//! GRANT and REVOKE change what running code may do.

use segue_model::{
    Birth, Blocks, Change, Locked, ObjectKind, PrivilegeChange, QualifiedName, Relation,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "grant-revoke",
    summary: "GRANT and REVOKE change what running code may do",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`REVOKE` makes statements of running code fail that were allowed a moment before; a `GRANT … TO PUBLIC` opens \
the object to every role there is. On PostgreSQL 18 both take ACCESS SHARE on the table, so they wait behind an \
ACCESS EXCLUSIVE lock, while up to 15 they took none; in a transaction that holds locks already, everybody \
behind those waits too.

Revoke only after the release that no longer needs the right; keep grants in a transaction of their own.

A GRANT to named roles is reported only where it would wait while the transaction holds strong locks on other \
tables. Objects that are new in the same migration are not reported.

Source: measured on 15 and 18 (16 and 17 were not).",
    bad: &[Example::new("REVOKE SELECT ON users FROM app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("GRANT SELECT ON users TO PUBLIC;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD COLUMN note text; GRANT SELECT ON users TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);")],
    good: &[Example::new("CREATE FUNCTION secret() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION secret() FROM PUBLIC;"), Example::new("GRANT SELECT ON users TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE TABLE notes (id bigint PRIMARY KEY); GRANT SELECT ON notes TO PUBLIC;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE orders ADD COLUMN note text; GRANT SELECT ON users TO app;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);").on(15)],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Change::Privilege(change) = change else {
            continue;
        };
        if let PrivilegeChange::Revoke { on, names, from } = change
            && let Some(what) = objects(asked, *on, names)
        {
            let message = format!(
                "REVOKE refuses to {} what was allowed on {what} until now",
                crate::wording::list(from)
            );
            hits.push(
                Hit::new(Severity::Warning, message)
                    .advice("first deploy code that no longer needs the right"),
            );
        }
        if let PrivilegeChange::Grant { on, names, to } = change
            && let Some(what) = objects(asked, *on, names)
        {
            if to.iter().any(|role| role.eq_ignore_ascii_case("public")) {
                let message = format!("GRANT … TO PUBLIC opens {what} to every role there is");
                hits.push(
                    Hit::new(Severity::Warning, message)
                        .advice("grant it to the roles that need it"),
                );
            }
            hits.extend(waits_with_locks(asked, names).map(|message| {
                Hit::new(Severity::Note, message)
                    .advice("put the grant into a transaction of its own")
            }));
        }
    }
    hits
}

/// The objects that somebody may use already, for people; none when all are new. An empty list is `ALL … IN SCHEMA`.
fn objects(asked: &Asked<'_>, on: ObjectKind, names: &[QualifiedName]) -> Option<String> {
    if names.is_empty() {
        return Some("every such object of the schema".to_owned());
    }
    let used: Vec<String> = names
        .iter()
        .filter_map(|name| {
            if on == ObjectKind::Namespace {
                let is_new = super::drop_schema::is_new(asked, &name.name);
                (!is_new).then(|| format!("schema {}", name.name))
            } else {
                (!is_new(asked, name)).then(|| name.to_string())
            }
        })
        .collect();
    (!used.is_empty()).then(|| crate::wording::list(&used))
}

/// True when the object came with this release; one that is not known was there before.
fn is_new(asked: &Asked<'_>, name: &QualifiedName) -> bool {
    let catalog = asked.catalog();
    let is_new = |born: Birth| catalog.is_of_this_release(born);
    match catalog.relation(name) {
        Some(Relation::Table(_)) => !asked.stake(name).matters(),
        Some(Relation::View(view)) => is_new(view.born),
        Some(Relation::Sequence(sequence)) => is_new(sequence.born),
        Some(Relation::Index(index)) => is_new(index.born),
        None => {
            catalog
                .types
                .get(name)
                .is_some_and(|found| is_new(found.born))
                || catalog
                    .routines
                    .get(name)
                    .is_some_and(|found| found.iter().all(|routine| is_new(routine.born)))
        }
    }
}

/// The statement may wait for a table while the transaction already keeps users of another one waiting.
fn waits_with_locks(asked: &Asked<'_>, names: &[QualifiedName]) -> Option<String> {
    let waits = names.iter().find(|name| {
        asked.answers.impact.strongest_on(name).is_some()
            && asked.stake(name).matters()
            && asked.context.transaction.holds(name).is_none()
    })?;
    let held = asked
        .context
        .transaction
        .held
        .iter()
        .find_map(|held| match &held.claim.on {
            Locked::Relation(name)
                if held.claim.mode.blocks() != Blocks::Nobody && asked.stake(name).matters() =>
            {
                Some(name)
            }
            Locked::Relation(_) | Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => {
                None
            }
        })?;
    Some(format!(
        "since PostgreSQL 18 this waits for any ACCESS EXCLUSIVE lock on {waits}, while the transaction keeps users of {held} waiting"
    ))
}

//! Row security and policies hide rows from running code, or show them.

use segue_model::{Change, PolicyChange, QualifiedName, RowSecurity, TableChange, breaks};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "rls-and-policies",
    summary: "row security and policies hide rows from running code, or show them",
    question: Question::Breaks,
    group: Group::Objects,
    page: "\
`ENABLE ROW LEVEL SECURITY` without a policy hides every row from every role but the owner: queries return \
nothing, and writes are refused. A policy that is created, changed or dropped makes rows appear or disappear for \
running code, without an error. Each takes ACCESS EXCLUSIVE for a moment.

Create a PERMISSIVE policy that allows what is allowed today *before* row security is switched on, test as the \
application's own role (not as the owner, who is exempt), and narrow it in a later release.

A table that is new in the same migration is not reported.

Source: PostgreSQL 17 manual, 5.9.",
    bad: &[Example::new("ALTER TABLE users ENABLE ROW LEVEL SECURITY;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("CREATE POLICY own ON users USING (name = current_user);").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("DROP POLICY own ON users;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE POLICY own ON users USING (name = current_user);")],
    good: &[Example::new("CREATE TABLE notes (id bigint PRIMARY KEY, owner text); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON notes USING (owner = current_user);"), Example::new("ALTER POLICY own ON users RENAME TO mine;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE POLICY own ON users USING (name = current_user);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        let Some((table, what)) = switched(change) else {
            continue;
        };
        let hides_all = matches!(
            change,
            Change::Table(_, TableChange::SetRowSecurity(RowSecurity::Enable))
        ) && asked
            .catalog()
            .table(table)
            .is_some_and(|known| known.policies.is_empty())
            && !gets_policy(asked, table);
        for breakage in breaks(change, asked.catalog()) {
            let (severity, effect) = if hides_all {
                (
                    Severity::Error,
                    "no policy is there yet, so every role but the owner sees no row and writes none",
                )
            } else {
                (Severity::Warning, breakage.operation.as_str())
            };
            hits.push(
                Hit::new(severity, format!("{what} on {table}: {effect}"))
                    .on(table)
                    .with_lock()
                    .advice("create a policy that allows what is allowed today first, test as the application's role, and narrow it later"),
            );
        }
    }
    hits
}

/// True when a policy is created before the transaction commits.
fn gets_policy(asked: &Asked<'_>, table: &QualifiedName) -> bool {
    asked.context.transaction.is_open()
        && asked
            .section
            .iter()
            .skip(asked.position + 1)
            .flat_map(|statement| &statement.changes)
            .any(|change| matches!(change, Change::Policy(of, PolicyChange::Create { .. }) if of == table))
}

/// The table whose rows are hidden or shown, and by what.
fn switched(change: &Change) -> Option<(&QualifiedName, String)> {
    if let Change::Table(target, TableChange::SetRowSecurity(to)) = change {
        let what = match to {
            RowSecurity::Enable => "row security is enabled",
            RowSecurity::Disable => "row security is disabled",
            RowSecurity::Force => "row security is forced for the owner too",
            RowSecurity::NoForce => "row security is no longer forced for the owner",
        };
        return Some((&target.name, what.to_owned()));
    }
    if let Change::Policy(table, policy) = change {
        let what = match policy {
            PolicyChange::Create { name, .. } => format!("policy {name} is created"),
            PolicyChange::Alter { name } => format!("policy {name} changes"),
            PolicyChange::Drop { name, .. } => format!("policy {name} is dropped"),
            PolicyChange::Rename { .. } => return None,
        };
        return Some((table, what));
    }
    None
}

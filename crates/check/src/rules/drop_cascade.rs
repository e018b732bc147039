//! CASCADE takes along what the statement does not name.

use segue_model::{
    Blocks, Change, ColumnChange, ConstraintChange, ConstraintKind, DomainChange, ExtensionChange,
    Ident, LockRole, Locked, Loss, LossNaming, NamespaceChange, PrivilegeChange, QualifiedName,
    Reaction, RoutineChange, SequenceChange, TableChange, TypeChange, ViewChange, breaks, destroys,
};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "drop-cascade",
    summary: "CASCADE takes along what the statement does not name",
    question: Question::Loses,
    group: Group::Objects,
    page: "\
`CASCADE` drops everything that depends on the object, and what depends on that: views, foreign keys of other \
tables, columns of a type, partitions, defaults. Nothing asks again, and each of them is locked ACCESS \
EXCLUSIVE. `DROP OWNED` does it for everything a role owns.

Write one DROP for each dependent and leave CASCADE out: then the server refuses to take along what nobody \
listed. Where no dependent is known, CASCADE is only noted: another database may have one.

Source: PostgreSQL 17 manual, 5.15; measured on 15 and 18.",
    bad: &[Example::new("DROP TABLE users CASCADE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id); CREATE VIEW names AS SELECT name FROM users;"), Example::new("DROP TYPE mood CASCADE;").after("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE users (id bigint PRIMARY KEY, mood mood);"), Example::new("ALTER TABLE users DROP COLUMN name CASCADE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); CREATE VIEW names AS SELECT id, name FROM users;"), Example::new("DROP SCHEMA app CASCADE;").after("CREATE SCHEMA app; CREATE TABLE app.notes (id bigint PRIMARY KEY);"), Example::new("DROP OWNED BY reporting;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text);"), Example::new("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);")],
    good: &[Example::new("DROP TABLE orders;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text); ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);"), Example::new("CREATE TABLE draft (id int); DROP TABLE draft CASCADE;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        if let Change::Privilege(PrivilegeChange::DropOwned { roles, .. }) = change {
            let roles: Vec<String> = roles.iter().map(Ident::quoted).collect();
            let message = format!(
                "DROP OWNED drops every object of {}, none of them named",
                crate::wording::list(&roles)
            );
            hits.push(Hit::new(Severity::Error, message).advice("drop the objects by name"));
            continue;
        }
        let Some((what, owner)) = cascades(change) else {
            continue;
        };
        if has_no_dependents(asked, change) {
            continue;
        }
        let along = along(asked, change, owner);
        let is_new = owner.is_some_and(|relation| !asked.stake(relation).matters())
            || (breaks(change, asked.catalog()).is_empty()
                && destroys(change, asked.catalog()).is_empty());
        let hit = match (along.is_empty(), is_new) {
            (true, true) => continue,
            (true, false) => Hit::new(
                Severity::Note,
                format!(
                    "CASCADE drops whatever depends on {what}, also what no migration here shows"
                ),
            ),
            (false, _) => Hit::new(
                Severity::Error,
                format!(
                    "CASCADE on {what} takes along {}",
                    crate::wording::list(&along)
                ),
            ),
        };
        let hit = hit.advice("leave CASCADE out and drop each dependent by name: the server then refuses what was forgotten");
        hits.push(match owner {
            Some(relation) => hit.on(relation),
            None => hit,
        });
    }
    hits
}

type Cascading<'a> = (String, Option<&'a QualifiedName>);

/// What a change drops with CASCADE, and the relation it is or stands on.
fn cascades(change: &Change) -> Option<Cascading<'_>> {
    let (what, owner, reaction) = of_relation(change).or_else(|| of_no_relation(change))?;
    (reaction == Reaction::Cascade).then_some((what, owner))
}

type Dropped<'a> = (String, Option<&'a QualifiedName>, Reaction);

fn of_relation(change: &Change) -> Option<Dropped<'_>> {
    if let Change::Table(target, TableChange::Drop { reaction })
    | Change::View(target, ViewChange::Drop { reaction, .. })
    | Change::Sequence(target, SequenceChange::Drop { reaction }) = change
    {
        return Some((target.name.to_string(), Some(&target.name), *reaction));
    }
    if let Change::Column(target, ColumnChange::Drop { name, reaction, .. }) = change {
        let shown = crate::select::column(&target.name, name);
        return Some((shown, Some(&target.name), *reaction));
    }
    if let Change::Constraint(target, ConstraintChange::Drop { name, reaction, .. }) = change {
        let shown = format!("constraint {name} of {}", target.name);
        return Some((shown, Some(&target.name), *reaction));
    }
    None
}

fn of_no_relation(change: &Change) -> Option<Dropped<'_>> {
    if let Change::Type(name, TypeChange::Drop { reaction, .. })
    | Change::Domain(name, DomainChange::Drop { reaction, .. })
    | Change::Routine(name, RoutineChange::Drop { reaction, .. }) = change
    {
        return Some((name.to_string(), None, *reaction));
    }
    if let Change::Namespace(name, NamespaceChange::Drop { reaction, .. })
    | Change::Extension(name, ExtensionChange::Drop { reaction, .. }) = change
    {
        return Some((name.quoted(), None, *reaction));
    }
    None
}

/// Nothing can depend on a constraint that is no key.
fn has_no_dependents(asked: &Asked<'_>, change: &Change) -> bool {
    let Change::Constraint(target, ConstraintChange::Drop { name, .. }) = change else {
        return false;
    };
    asked
        .catalog()
        .table(&target.name)
        .and_then(|table| table.constraint(name))
        .is_some_and(|known| {
            !matches!(
                known.kind,
                ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_)
            )
        })
}

/// True when the statement names it for a drop itself.
fn is_dropped(asked: &Asked<'_>, relation: &QualifiedName) -> bool {
    asked.changes().into_iter().any(|change| {
        if let Change::Table(target, TableChange::Drop { .. })
        | Change::View(target, ViewChange::Drop { .. }) = change
        {
            &target.name == relation
        } else {
            false
        }
    })
}

/// What is lost and what is locked along with it, each with the relation it belongs to.
fn along(asked: &Asked<'_>, change: &Change, owner: Option<&QualifiedName>) -> Vec<String> {
    let catalog = asked.catalog();
    let is_column = matches!(change, Change::Column(..));
    let mut relations: Vec<QualifiedName> = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for loss in destroys(change, catalog) {
        // A column's own indexes and constraints go without CASCADE too.
        let is_own = is_column
            && loss
                .relation
                .as_ref()
                .is_none_or(|relation| catalog.view(relation).is_none());
        let is_named = loss
            .relation
            .as_ref()
            .is_some_and(|relation| is_dropped(asked, relation));
        if loss.named == LossNaming::Along && !is_own && !is_named {
            shown.push(words(&loss));
            relations.extend(loss.relation);
        }
    }
    for claim in &asked.answers.impact.claims {
        if claim.mode.blocks() != Blocks::ReadsAndWrites {
            continue;
        }
        match &claim.on {
            Locked::Relation(relation)
                if is_reached(asked, relation, claim.role, owner)
                    && !relations.contains(relation) =>
            {
                shown.push(match claim.role {
                    LockRole::ForeignKeyPartner => format!("a foreign key of {relation}"),
                    LockRole::Dependent if catalog.table(relation).is_some() => {
                        format!("what depends on it in {relation}")
                    }
                    LockRole::Target
                    | LockRole::Descendant
                    | LockRole::Parent
                    | LockRole::DefaultPartition
                    | LockRole::Index
                    | LockRole::Toast
                    | LockRole::Sequence
                    | LockRole::View
                    | LockRole::Dependent => relation.to_string(),
                });
                relations.push(relation.clone());
            }
            Locked::Unnamed(what) if claim.role == LockRole::Dependent => shown.push(what.clone()),
            Locked::Relation(_) | Locked::Toast(_) | Locked::ToastIndex(_) | Locked::Unnamed(_) => {
            }
        }
    }
    shown
}

/// True when CASCADE is why the relation is locked, and somebody may use it.
fn is_reached(
    asked: &Asked<'_>,
    relation: &QualifiedName,
    role: LockRole,
    owner: Option<&QualifiedName>,
) -> bool {
    if owner == Some(relation) || is_dropped(asked, relation) || !asked.stake(relation).matters() {
        return false;
    }
    match role {
        LockRole::View | LockRole::Dependent => true,
        // The tables that a dropped foreign key points at are locked as well, and lose nothing.
        LockRole::ForeignKeyPartner => owner.is_some_and(|owner| {
            asked
                .catalog()
                .references_to(owner)
                .any(|(from, _, _)| from == relation)
        }),
        LockRole::Target
        | LockRole::Descendant
        | LockRole::Parent
        | LockRole::DefaultPartition
        | LockRole::Index
        | LockRole::Toast
        | LockRole::Sequence => false,
    }
}

fn words(loss: &Loss) -> String {
    match (&loss.relation, &loss.column) {
        (Some(relation), Some(column)) => crate::select::column(relation, column),
        (Some(relation), None) => format!("{relation} ({})", loss.what),
        (None, _) => loss.what.clone(),
    }
}

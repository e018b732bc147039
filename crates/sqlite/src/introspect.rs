//! The live catalog of a database file, and its text.
//!
//! Each object's own SQL, as SQLite keeps it, goes through our reader and `apply`: there is no second reader of structure.
//! What cannot be read that way (virtual tables, an object of a newer SQLite) is listed in `unread`, never left out in
//! silence. Tables of SQLite's own, the shadow tables of virtual ones and Segue's journal are no objects of the user's.
//! Sends only reads.

use std::collections::BTreeSet;

use segue_model::{
    Catalog, Change, Ident, IndexChange, QualifiedName, Rows, Session, Sql, Statement, TextRows,
    ViewChange, apply,
};

use crate::{SqliteError, SqliteSession, parse, runner::TABLES};

/// What is in a database file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCatalog {
    /// What could be read.
    pub catalog: Catalog,
    /// The names of objects that could not, in order: the catalog does not tell what they are.
    pub unread: Vec<Ident>,
    /// Index names that SQLite made for keys, in order: `sqlite_autoindex_t_1`.
    pub automatic_indexes: Vec<Ident>,
}

/// One object of `sqlite_schema`.
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

/// What the session has made for itself.
const TEMPORARY: &str = "SELECT s.type, s.name, s.tbl_name, s.sql FROM temp.sqlite_schema AS s \
     WHERE s.sql IS NOT NULL AND lower(substr(s.name, 1, 7)) <> 'sqlite_' ORDER BY s.rowid";

const OBJECTS: &str = "SELECT s.type, s.name, s.tbl_name, s.sql FROM main.sqlite_schema AS s \
     WHERE s.sql IS NOT NULL AND lower(substr(s.name, 1, 7)) <> 'sqlite_' AND s.tbl_name NOT IN \
     (SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'shadow') \
     ORDER BY s.rowid";

/// True for an object of Segue's journal.
fn is_journal(table: &str) -> bool {
    TABLES.iter().any(|name| name.eq_ignore_ascii_case(table))
}

/// The objects of the user's, in the order SQLite keeps them.
fn objects(session: &mut SqliteSession, query: &'static str) -> Result<Vec<Object>, SqliteError> {
    let rows = session.query(&Sql::literal(query))?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut values = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || values.next().unwrap_or_default();
            Object {
                kind: next(),
                name: next(),
                table: next(),
                sql: next(),
            }
        })
        .filter(|object| !is_journal(&object.table))
        .collect())
}

/// Reads what is in the database file `main`.
///
/// # Errors
/// What SQLite said: the file is locked, or is no database.
///
/// Source: <https://sqlite.org/schematab.html>.
pub fn live_catalog(session: &mut SqliteSession) -> Result<LiveCatalog, SqliteError> {
    let mut live = LiveCatalog {
        catalog: Catalog::default(),
        unread: Vec::new(),
        automatic_indexes: automatic(session)?,
    };
    let mut views = Vec::new();
    let mut objects = objects(session, OBJECTS)?;
    objects.sort_by_key(rank);
    for object in objects {
        let statements: Vec<Statement> = parse::statements(&object.sql).collect();
        match one(statements) {
            Some(Change::View(target, ViewChange::Create(view))) => {
                views.push(Change::View(target, ViewChange::Create(view)));
            }
            Some(change @ (Change::Trigger(..) | Change::Opaque(_) | Change::Other(_))) => {
                // Views come first: a trigger may stand on one.
                place_views(&mut views, &mut live.catalog);
                place(&change, &object, &mut live);
            }
            Some(change) => place(&change, &object, &mut live),
            None => live.unread.push(Ident::caseless(object.name)),
        }
    }
    place_views(&mut views, &mut live.catalog);
    live.unread.sort();
    look_for_rows(session, &mut live.catalog)?;
    Ok(live)
}

/// Read from a CREATE TABLE, a table has no rows; a live one may have any number.
fn look_for_rows(session: &mut SqliteSession, catalog: &mut Catalog) -> Result<(), SqliteError> {
    let tables: Vec<QualifiedName> = catalog
        .relations()
        .filter(|(name, _)| catalog.table(name).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in tables {
        let sql = Sql::literal("SELECT 1 FROM ").name(&name).text(" LIMIT 1");
        if !session.query(&sql)?.is_empty() {
            catalog.edit_table(&name, |table| table.rows = Rows::Unknown);
        }
    }
    Ok(())
}

/// Adds what the session has made for itself, tables and indexes: they go with it, and a step may have made them.
pub(crate) fn add_temporary(
    session: &mut SqliteSession,
    catalog: &mut Catalog,
) -> Result<(), SqliteError> {
    for object in objects(session, TEMPORARY)? {
        match one(parse::statements(&object.sql).collect()) {
            Some(Change::Table(mut target, change)) => {
                target.name.namespace = Ident::from(parse::TEMP);
                apply(&Change::Table(target, change), catalog);
            }
            Some(Change::View(mut target, change)) => {
                target.name.namespace = Ident::from(parse::TEMP);
                apply(&Change::View(target, change), catalog);
            }
            Some(Change::Index(IndexChange::Create {
                mut index,
                build,
                presence,
            })) => {
                index.table.namespace = Ident::from(parse::TEMP);
                let change = IndexChange::Create {
                    index,
                    build,
                    presence,
                };
                apply(&Change::Index(change), catalog);
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Puts one object into the catalog, or into the list of those that could not be read.
fn place(change: &Change, object: &Object, live: &mut LiveCatalog) {
    if matches!(change, Change::Opaque(_) | Change::Other(_)) {
        live.unread.push(Ident::caseless(object.name.clone()));
    } else {
        apply(change, &mut live.catalog);
    }
}

/// The only change of the only statement.
fn one(mut statements: Vec<Statement>) -> Option<Change> {
    let mut changes = statements.pop()?.changes;
    if statements.is_empty() && changes.len() == 1 {
        changes.pop()
    } else {
        None
    }
}

/// Views after what they read, whatever the order they were made in.
fn place_views(views: &mut Vec<Change>, catalog: &mut Catalog) {
    loop {
        let waiting: BTreeSet<QualifiedName> =
            views.iter().filter_map(view_name).cloned().collect();
        let (ready, rest): (Vec<Change>, Vec<Change>) = std::mem::take(views)
            .into_iter()
            .partition(|view| view_reads(view).iter().all(|name| !waiting.contains(name)));
        *views = rest;
        if ready.is_empty() {
            break;
        }
        for view in &ready {
            apply(view, catalog);
        }
    }
    // A circle of views can be made, and not be read from.
    for view in views.drain(..) {
        apply(&view, catalog);
    }
}

fn view_name(change: &Change) -> Option<&QualifiedName> {
    if let Change::View(target, _) = change {
        Some(&target.name)
    } else {
        None
    }
}

fn view_reads(change: &Change) -> &[QualifiedName] {
    if let Change::View(_, ViewChange::Create(view)) = change {
        &view.query.relations
    } else {
        &[]
    }
}

/// Tables, virtual tables, indexes, views, triggers.
fn rank(object: &Object) -> u8 {
    match object.kind.as_str() {
        "table" if !is_virtual(object) => 0,
        "table" => 1,
        "index" => 2,
        "view" => 3,
        _ => 4,
    }
}

fn is_virtual(object: &Object) -> bool {
    let mut words = object.sql.split_whitespace().skip(1);
    words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("virtual"))
}

fn automatic(session: &mut SqliteSession) -> Result<Vec<Ident>, SqliteError> {
    let rows = session.query(&Sql::literal(
        "SELECT i.name, s.name FROM main.sqlite_schema AS s, pragma_index_list(s.name) AS i \
         WHERE s.type = 'table' AND i.origin IN ('u', 'pk') AND s.tbl_name NOT IN \
         (SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'shadow') \
         ORDER BY i.name",
    ))?;
    let of_the_user = rows.into_iter().filter(|row| {
        let table = row.get(1).and_then(Option::as_deref);
        !table.is_some_and(is_journal)
    });
    Ok(first(of_the_user.collect()).map(Ident::caseless).collect())
}

fn first(rows: TextRows) -> impl Iterator<Item = String> {
    rows.into_iter()
        .filter_map(|row| row.into_iter().next().flatten())
}

/// The structure of the database file `main` as text: loading it into an empty database gives the same structure, and
/// the same structure gives the same text, whatever the order it was made in.
///
/// Tables, virtual tables, indexes, views and triggers, each kind by name; then the counters of AUTOINCREMENT, the user
/// version and the application id where they are set. No rows of the user's.
///
/// # Errors
/// What SQLite said: the file is locked, or is no database.
pub fn dump(session: &mut SqliteSession) -> Result<String, SqliteError> {
    let mut objects = objects(session, OBJECTS)?;
    objects.sort_by(|one, other| {
        (rank(one), &one.table, &one.name).cmp(&(rank(other), &other.table, &other.name))
    });
    let mut text = String::new();
    for object in objects {
        text.push_str(object.sql.trim_end());
        text.push_str(";\n");
    }
    for row in counters(session)? {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let (name, counter) = (values.next(), values.next());
        let counter = counter.and_then(|number| number.parse().ok()).unwrap_or(0);
        let sql = Sql::literal("INSERT INTO sqlite_sequence (name, seq) VALUES (")
            .string(&name.unwrap_or_default())
            .text(", ")
            .number(counter)
            .text(");\n");
        text.push_str(sql.as_str());
    }
    for (ask, set) in [
        ("PRAGMA main.user_version", "PRAGMA user_version = "),
        ("PRAGMA main.application_id", "PRAGMA application_id = "),
    ] {
        let value = first(session.query(&Sql::literal(ask))?).next();
        let value = value
            .and_then(|value| value.parse::<i64>().ok())
            .unwrap_or(0);
        if value != 0 {
            text.push_str(Sql::literal(set).number(value).text(";\n").as_str());
        }
    }
    Ok(text)
}

/// The counters of AUTOINCREMENT; the table exists once such a table does.
fn counters(session: &mut SqliteSession) -> Result<TextRows, SqliteError> {
    let exists = session.query(&Sql::literal(
        "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'",
    ))?;
    if exists.is_empty() {
        return Ok(Vec::new());
    }
    session.query(&Sql::literal(
        "SELECT name, seq FROM main.sqlite_sequence WHERE name IS NOT NULL ORDER BY name",
    ))
}

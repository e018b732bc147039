//! Reads the objects of a catalog in one snapshot, and who depends on whom. Changes nothing and leaves the session as
//! it was.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{Ident, Request, Session, Sql, TextRows};

use super::IntrospectError;
use super::queries::{self, Kind, Query, Reach};

/// One object with the statement that makes it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The namespace it is in, if any.
    namespace: Option<String>,
    pub(super) kind: Kind,
    /// `class:oid`, or a word and an oid for what the catalog has no row of its own for.
    pub(super) id: String,
    /// What it goes with.
    pub(super) parent: Option<String>,
    /// The statement, perhaps several.
    pub(super) text: String,
    /// What keeps a load from making the same again.
    pub(super) flaw: Option<String>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) items: Vec<Item>,
    /// Dependent, on what.
    pub(super) dependencies: Vec<(String, String)>,
    /// Kind and count of what is not read.
    pub(super) unread: Vec<(String, String)>,
    /// The server's major version.
    pub(super) version: u16,
}

/// Runs `work` in a read-only transaction of one snapshot, with every name coming out qualified; always rolled back.
pub(super) fn in_snapshot<S: Session, T>(
    session: &mut S,
    work: impl FnOnce(&mut S) -> Result<T, IntrospectError<S::Error>>,
) -> Result<T, IntrospectError<S::Error>> {
    let begin = Sql::literal(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
         SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL quote_all_identifiers = off; \
         SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; \
         SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL jit = off",
    );
    session.execute(&begin).map_err(IntrospectError::Session)?;
    let answer = work(session);
    let end = session.execute(&Sql::literal("ROLLBACK"));
    let answer = answer?;
    end.map_err(IntrospectError::Session)?;
    Ok(answer)
}

/// Everything of the database outside of `without`.
pub(super) fn whole<S: Session>(
    session: &mut S,
    without: &BTreeSet<Ident>,
) -> Result<Reading, IntrospectError<S::Error>> {
    let version = version(session)?;
    let edges = rows(session, queries::DEPENDENCIES, &[])?;
    let members = of_kind(&edges, "e");
    // The functions and the cast that a range type brings with it.
    let parts = of_kind(&edges, "i");
    let mut items = Vec::new();
    for query in queries::ALL {
        for item in run(session, query, version)? {
            let is_part =
                matches!(item.kind, Kind::Routine | Kind::Cast) && parts.contains(&item.id);
            if !is_part
                && !members.contains(&item.id)
                && item
                    .namespace
                    .as_deref()
                    .is_none_or(|name| is_wanted(name, without))
            {
                items.push(item);
            }
        }
    }
    let owner = owners(&items, &edges);
    drop_orphans(&mut items, &owner);
    let unread = rows(
        session,
        queries::UNREAD,
        &[Some(&array(without.iter().map(Ident::as_str)))],
    )?;
    Ok(Reading {
        dependencies: contracted(&items, &edges, &owner),
        items,
        unread: unread
            .iter()
            .filter_map(|row| Some((cell(row, 0)?, cell(row, 1)?)))
            .collect(),
        version,
    })
}

/// What depends on something in this way.
fn of_kind(edges: &TextRows, kind: &str) -> BTreeSet<String> {
    edges
        .iter()
        .filter(|row| cell(row, 2).as_deref() == Some(kind))
        .filter_map(|row| cell(row, 0))
        .collect()
}

/// Some relations with what belongs to them; nothing when not one of them exists. `before` is sent first, in the same
/// journey.
///
/// Tables that are columns and keys, as most are when they are made, are one query. Otherwise it asks only for what they
/// have: a table without a trigger has no query for triggers.
///
/// # Errors
/// The number of the request in `before` that failed, or their count; and what the server said.
pub(super) fn relations<S: Session>(
    session: &mut S,
    names: &BTreeSet<segue_model::QualifiedName>,
    before: &[Request<'_>],
) -> Result<Reading, (usize, IntrospectError<S::Error>)> {
    let namespaces = array(names.iter().map(|name| name.namespace.as_str()));
    let own = array(names.iter().map(|name| name.name.as_str()));
    let wanted = [Some(namespaces.as_str()), Some(own.as_str())];
    let simple = Sql::literal(queries::SIMPLE_TABLES);
    let mut requests = before.to_vec();
    requests.push(Request::Query(&simple, &wanted));
    let mut answers = session
        .send_all(&requests)
        .map_err(|(number, error)| (number.min(before.len()), IntrospectError::Session(error)))?;
    let found = answers.pop().unwrap_or_default();
    let read = match simple_tables(&found) {
        Some(read) => Ok(read),
        None => resolved(session, &wanted),
    };
    read.map_err(|error| (before.len(), error))
}

/// None when one of them is more than columns and keys; a name that is not among them is not there.
fn simple_tables(found: &TextRows) -> Option<Reading> {
    let mut reading = Reading::default();
    for row in found {
        let (id, namespace) = (cell(row, 0)?, cell(row, 1));
        reading.version = major_of(&cell(row, 2)?)?;
        reading.items.push(Item {
            namespace,
            kind: Kind::Table,
            id,
            parent: None,
            text: cell(row, 3)?,
            flaw: None,
        });
    }
    Some(reading)
}

fn resolved<S: Session>(
    session: &mut S,
    wanted: &[Option<&str>],
) -> Result<Reading, IntrospectError<S::Error>> {
    let found = rows(session, queries::RESOLVE, wanted)?;
    let row = found.first().map(Vec::as_slice).unwrap_or_default();
    let Some(oids) = cell(row, 0) else {
        return Ok(Reading::default());
    };
    let had = cell(row, 2).unwrap_or_default();
    let (kinds, queries): (Vec<Kind>, Vec<Sql>) = queries::NARROWED
        .iter()
        .filter(|(kind, _)| had.split(' ').any(|word| word == kind.word()))
        .map(|(kind, text)| (*kind, Sql::literal(text)))
        .unzip();
    let of_these = [Some(oids.as_str())];
    let requests: Vec<Request<'_>> = queries
        .iter()
        .map(|query| Request::Query(query, &of_these))
        .collect();
    let answers = session
        .send_all(&requests)
        .map_err(|(_, error)| IntrospectError::Session(error))?;
    let mut items = Vec::new();
    for (kind, found) in kinds.into_iter().zip(answers) {
        items.extend(listed(kind, found)?);
    }
    Ok(Reading {
        items,
        version: major(cell(row, 1))?,
        ..Reading::default()
    })
}

fn version<S: Session>(session: &mut S) -> Result<u16, IntrospectError<S::Error>> {
    let text = "SELECT pg_catalog.current_setting('server_version_num')";
    let found = rows(session, text, &[])?;
    major(found.first().and_then(|row| cell(row, 0)))
}

fn major<E: std::error::Error>(number: Option<String>) -> Result<u16, IntrospectError<E>> {
    number
        .and_then(|number| major_of(&number))
        .ok_or(IntrospectError::Unexpected("the server's version"))
}

fn major_of(number: &str) -> Option<u16> {
    let number: u32 = number.parse().ok()?;
    u16::try_from(number / 10_000).ok()
}

fn rows<S: Session>(
    session: &mut S,
    text: &'static str,
    parameters: &[Option<&str>],
) -> Result<TextRows, IntrospectError<S::Error>> {
    session
        .query_with(&Sql::literal(text), parameters)
        .map_err(IntrospectError::Session)
}

fn run<S: Session>(
    session: &mut S,
    query: &Query,
    version: u16,
) -> Result<Vec<Item>, IntrospectError<S::Error>> {
    let (first, last) = query.versions;
    if !(first..=last).contains(&version) {
        return Ok(Vec::new());
    }
    let found = match query.reach {
        Reach::Whole => rows(session, query.text, &[])?,
        Reach::Relations => rows(session, query.text, &[None])?,
    };
    listed(query.kind, found)
}

fn listed<E: std::error::Error>(
    kind: Kind,
    found: TextRows,
) -> Result<Vec<Item>, IntrospectError<E>> {
    found
        .into_iter()
        .map(|row| {
            Ok(Item {
                namespace: cell(&row, 2),
                kind,
                id: cell(&row, 0).ok_or(IntrospectError::Unexpected("an object without an oid"))?,
                parent: cell(&row, 1),
                text: cell(&row, 3).ok_or(IntrospectError::Unexpected(
                    "an object without a definition",
                ))?,
                flaw: cell(&row, 4),
            })
        })
        .collect()
}

fn cell(row: &[Option<String>], position: usize) -> Option<String> {
    row.get(position).cloned().flatten()
}

/// The server's own namespaces are nobody's structure.
fn is_wanted(namespace: &str, without: &BTreeSet<Ident>) -> bool {
    !namespace.starts_with("pg_")
        && namespace != "information_schema"
        && !without.contains(&Ident::from(namespace))
}

/// What goes with an object that is not there (of an extension, of another namespace) goes too.
fn drop_orphans(items: &mut Vec<Item>, owner: &BTreeMap<String, String>) {
    loop {
        let known: BTreeSet<String> = items.iter().map(|item| item.id.clone()).collect();
        let before = items.len();
        items.retain_mut(|item| match item.parent.as_deref() {
            None => true,
            Some(parent) => {
                item.parent = item_of(parent, &known, owner);
                item.parent.is_some()
            }
        });
        if items.len() == before {
            return;
        }
    }
}

/// What each object that is no item is a part of: an array type of its element, the index of a key of the key, the rule
/// of a view of the view.
fn owners(items: &[Item], edges: &TextRows) -> BTreeMap<String, String> {
    let known: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    let mut owner = BTreeMap::new();
    for wanted in ["i", "a"] {
        for (from, to, kind) in pairs(edges) {
            if kind == wanted && !known.contains(from) && from != to {
                owner
                    .entry(from.to_owned())
                    .or_insert_with(|| to.to_owned());
            }
        }
    }
    owner
}

fn pairs(edges: &TextRows) -> impl Iterator<Item = (&str, &str, &str)> {
    edges.iter().filter_map(|row| match row.as_slice() {
        [Some(from), Some(to), Some(kind)] => Some((from.as_str(), to.as_str(), kind.as_str())),
        _ => None,
    })
}

/// Dependencies between items; an object that is no item stands for the one it is a part of.
fn contracted(
    items: &[Item],
    edges: &TextRows,
    owner: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let known: BTreeSet<String> = items.iter().map(|item| item.id.clone()).collect();
    let clones = of_kind(edges, "P");
    let item = |id| item_of(id, &known, owner);
    let mut found: BTreeSet<(String, String)> = pairs(edges)
        // What a partition has through its parent (P) is made with the parent's, and makes nobody wait.
        .filter(|(from, _, _)| known.contains(*from) || !clones.contains(*from))
        .filter_map(|(from, to, _)| Some((item(from)?, item(to)?)))
        .collect();
    found.extend(
        items
            .iter()
            .filter_map(|item| Some((item.id.clone(), item.parent.clone()?))),
    );
    // A partition is attached when it has every CHECK of its parent.
    for check in items.iter().filter(|item| item.kind == Kind::Check) {
        if let Some(oid) = check.parent.as_ref().and_then(|id| id.split(':').nth(1)) {
            found.insert(([ATTACHED, oid].concat(), check.id.clone()));
        }
    }
    found.retain(|(from, to)| from != to);
    found.into_iter().collect()
}

const ATTACHED: &str = "attached:";

fn item_of(id: &str, known: &BTreeSet<String>, owner: &BTreeMap<String, String>) -> Option<String> {
    let mut id = id;
    // Bounded: parts of parts are few, and a circle must not hold us.
    for _ in 0..8 {
        if known.contains(id) {
            return Some(id.to_owned());
        }
        id = owner.get(id)?;
    }
    None
}

/// An array of the server in its text form.
fn array<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::from("{");
    for (position, value) in values.enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
        text.push('"');
    }
    text.push('}');
    text
}

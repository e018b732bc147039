//! Changelogs in YAML, JSON and XML: which changesets and includes they list, in their order.
//!
//! Reads names and flags; what a change does is a matter for a rehearsal.

use quick_xml::events::{BytesStart, Event};
use segue_model::{Down, Form, TransactionChoice};
use serde_json::Value;

use super::Beside;
use crate::programs::program;
use crate::settings::yaml_value;

/// One entry of a changelog.
pub(super) enum Item {
    /// A changeset.
    ChangeSet(Box<ChangeSet>),
    /// Another changelog.
    Include { file: String, beside: Beside },
    /// Every changelog in a folder.
    IncludeAll { folder: String, beside: Beside },
}

/// What could be read of a changelog.
pub(super) struct Log {
    /// Its entries.
    pub(super) items: Vec<Item>,
    /// False when the rest of it could not be read.
    pub(super) is_whole: bool,
}

/// One changeset.
pub(super) struct ChangeSet {
    pub(super) id: String,
    pub(super) author: String,
    pub(super) logical_path: Option<String>,
    pub(super) runs_again: bool,
    pub(super) form: Form,
}

/// Changes whose way back the tool derives itself.
const REVERSIBLE: [&str; 22] = [
    "addCheckConstraint", "addColumn", "addDefaultValue", "addForeignKeyConstraint", "addLookupTable",
    "addNotNullConstraint", "addPrimaryKey", "addUniqueConstraint", "createIndex", "createSequence",
    "createTable", "createView", "dropNotNullConstraint", "renameColumn", "renameSequence", "renameTable",
    "renameView", "setColumnRemarks", "setTableRemarks", "tagDatabase", "output", "empty",
];
/// Elements of a changeset that are no changes.
const NOT_CHANGES: [&str; 6] = ["rollback", "preConditions", "comment", "validCheckSum", "modifySql", "property"];

/// The language of a changelog by its name.
fn language(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending {
        "xml" => "XML",
        "json" => "JSON",
        _ => "YAML",
    }
}

/// True for a name that a changelog may have.
pub(super) fn has_ending(name: &str) -> bool {
    [".xml", ".yaml", ".yml", ".json", ".sql"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// True when the start of a file says that it is a changelog.
pub(super) fn is_changelog(name: &str, head: &str) -> bool {
    has_ending(name)
        && if crate::names::is_sql(name) {
            super::formatted::is_formatted(head)
        } else {
            head.contains("databaseChangeLog")
        }
}

/// A changelog as a whole, when nobody asks for its changesets.
pub(super) fn whole(path: &str) -> Form {
    program(language(path), TransactionChoice::ToolDefault, Down::Derived)
}

/// The entries of a changelog, as far as it can be read.
pub(super) fn read(text: &str, name: &str) -> Log {
    match language(name) {
        "XML" => from_xml(text),
        "JSON" => from_value(serde_json::from_str(text).ok().as_ref(), "JSON"),
        language => from_value(yaml_value(text).as_ref(), language),
    }
}

fn from_value(value: Option<&Value>, language: &'static str) -> Log {
    let entries = value.and_then(|v| v.get("databaseChangeLog")?.as_array());
    let Some(entries) = entries else {
        return Log {
            items: Vec::new(),
            is_whole: false,
        };
    };
    let log_path = entries.iter().find_map(|entry| text(entry, "logicalFilePath"));
    let items = entries.iter().filter_map(|entry| item(entry, language, log_path.as_deref()));
    Log {
        items: items.collect(),
        is_whole: true,
    }
}

fn item(entry: &Value, language: &'static str, log_path: Option<&str>) -> Option<Item> {
    let beside = |include| beside(text(include, "relativeToChangelogFile").as_deref());
    if let Some(include) = entry.get("include") {
        return Some(Item::Include {
            file: text(include, "file")?,
            beside: beside(include),
        });
    }
    if let Some(all) = entry.get("includeAll") {
        return Some(Item::IncludeAll {
            folder: text(all, "path")?,
            beside: beside(all),
        });
    }
    let mut set = change_set(entry.get("changeSet")?, language)?;
    set.logical_path = set.logical_path.or_else(|| log_path.map(str::to_owned));
    Some(Item::ChangeSet(Box::new(set)))
}

/// A scalar as text; numbers are allowed as ids.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        other @ (Value::Number(_) | Value::Bool(_)) => Some(other.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn beside(relative: Option<&str>) -> Beside {
    if relative == Some("true") {
        Beside::Changelog
    } else {
        Beside::SearchPath
    }
}

fn change_set(value: &Value, language: &'static str) -> Option<ChangeSet> {
    let changes: Vec<&str> = value
        .get("changes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|change| change.keys().map(String::as_str))
        .filter(|name| !NOT_CHANGES.contains(name))
        .collect();
    let rollback = value.get("rollback").map(|written| match written {
        Value::Null => Rollback::Empty,
        Value::String(text) if text.trim().is_empty() => Rollback::Empty,
        Value::Array(list) if list.is_empty() => Rollback::Empty,
        Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::Number(_) => {
            Rollback::Written
        }
    });
    let run_in_transaction = text(value, "runInTransaction");
    let runs_again = ["runOnChange", "runAlways"]
        .iter()
        .any(|name| text(value, name).as_deref() == Some("true"));
    let down = down(rollback, &changes);
    Some(ChangeSet {
        id: text(value, "id")?,
        author: text(value, "author")?,
        logical_path: text(value, "logicalFilePath"),
        runs_again,
        form: program(language, choice(run_in_transaction.as_deref()), down),
    })
}

/// A rollback block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rollback {
    Empty,
    Written,
}

fn down(rollback: Option<Rollback>, changes: &[&str]) -> Down {
    match rollback {
        Some(Rollback::Written) => Down::Derived,
        Some(Rollback::Empty) => Down::Empty,
        None if changes.iter().all(|change| REVERSIBLE.contains(change)) => Down::Derived,
        None => Down::Missing,
    }
}

/// What `runInTransaction` says.
pub(super) fn choice(run_in_transaction: Option<&str>) -> TransactionChoice {
    match run_in_transaction {
        Some("false") => TransactionChoice::OptedOut,
        Some("true") => TransactionChoice::OptedIn,
        Some(_) | None => TransactionChoice::ToolDefault,
    }
}

/// A changeset while its element is open.
#[derive(Default)]
struct Open {
    attributes: Vec<(String, String)>,
    changes: Vec<String>,
    rollback: Option<Rollback>,
    depth: usize,
}

/// Reads until the document ends or is not XML any more; entities of a document type are not expanded.
fn from_xml(text: &str) -> Log {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut items = Vec::new();
    let mut open: Option<Open> = None;
    let mut log_path = None;
    let is_whole = loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => start(&element, (&mut open, &mut items, &mut log_path)),
            Ok(Event::Empty(element)) => {
                start(&element, (&mut open, &mut items, &mut log_path));
                end(&mut open, &mut items, log_path.as_deref());
            }
            Ok(Event::End(_)) => end(&mut open, &mut items, log_path.as_deref()),
            Ok(Event::Text(text)) => {
                if let Some(set) = open.as_mut().filter(|set| set.rollback.is_some()) {
                    let has_text = text.iter().any(|byte| !byte.is_ascii_whitespace());
                    if has_text && set.depth == 2 {
                        set.rollback = Some(Rollback::Written);
                    }
                }
            }
            Ok(Event::Eof) => break open.is_none(),
            Err(_) => break false,
            Ok(_) => {}
        }
    };
    Log { items, is_whole }
}

type Xml<'state> = (
    &'state mut Option<Open>,
    &'state mut Vec<Item>,
    &'state mut Option<String>,
);

fn start(element: &BytesStart<'_>, (open, items, log_path): Xml<'_>) {
    let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
    let attributes = attributes(element);
    if let Some(set) = open {
        set.depth += 1;
        match set.depth {
            2 if name == "rollback" => {
                let by_attribute = !attributes.is_empty();
                set.rollback = Some(if by_attribute { Rollback::Written } else { Rollback::Empty });
            }
            2 if !NOT_CHANGES.contains(&name.as_str()) => set.changes.push(name),
            3 if set.rollback == Some(Rollback::Empty) => set.rollback = Some(Rollback::Written),
            _ => {}
        }
        return;
    }
    let value = |wanted: &str| attribute(&attributes, wanted);
    let beside = || beside(attribute(&attributes, "relativeToChangelogFile").as_deref());
    match name.as_str() {
        "databaseChangeLog" => *log_path = value("logicalFilePath"),
        "include" => items.extend(value("file").map(|file| Item::Include { file, beside: beside() })),
        "includeAll" => items.extend(value("path").map(|folder| Item::IncludeAll { folder, beside: beside() })),
        "changeSet" => {
            *open = Some(Open {
                attributes,
                depth: 1,
                ..Open::default()
            });
        }
        _ => {}
    }
}

fn end(open: &mut Option<Open>, items: &mut Vec<Item>, log_path: Option<&str>) {
    let Some(set) = open else { return };
    set.depth = set.depth.saturating_sub(1);
    if set.depth > 0 {
        return;
    }
    let Some(set) = open.take() else { return };
    let value = |wanted: &str| attribute(&set.attributes, wanted);
    let (Some(id), Some(author)) = (value("id"), value("author")) else {
        return;
    };
    let changes: Vec<&str> = set.changes.iter().map(String::as_str).collect();
    let runs_again = ["runOnChange", "runAlways"]
        .iter()
        .any(|name| value(name).as_deref() == Some("true"));
    let choice = choice(value("runInTransaction").as_deref());
    items.push(Item::ChangeSet(Box::new(ChangeSet {
        id,
        author,
        logical_path: value("logicalFilePath").or_else(|| log_path.map(str::to_owned)),
        runs_again,
        form: program("XML", choice, down(set.rollback, &changes)),
    })));
}

fn attributes(element: &BytesStart<'_>) -> Vec<(String, String)> {
    element
        .attributes()
        .flatten()
        .map(|attribute| {
            let name = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            let value = String::from_utf8_lossy(&attribute.value).into_owned();
            let plain = quick_xml::escape::unescape(&value).map(std::borrow::Cow::into_owned);
            (name, plain.unwrap_or(value))
        })
        .collect()
}

fn attribute(attributes: &[(String, String)], wanted: &str) -> Option<String> {
    attributes
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.clone())
}

//! SARIF 2.1.0, for code scanning: one run, the most severe first, within the limits of its readers.
//!
//! GitHub shows 5,000 results of a run and takes 10 MB: what is cut is said. Findings that a directive allows are left
//! out, always. Fingerprints survive a move of lines.

use std::io;

use segue_check::{ALL, Rule};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::words::{plain, severity, worst_first};
use super::{Desk, Reporter, TerminalCodes};
use crate::document::{Document, Event, Placed};
use crate::judging::Keep;

pub(crate) static REPORTER: Reporter = Reporter {
    name: "sarif",
    keeps_findings: Keep::Yes,
    wants_every_answer: Keep::No,
    shows_excerpts: Keep::No,
    terminal_codes: TerminalCodes::Verbatim,
    write,
};

/// Results that a reader shows of one run.
const RESULTS_MAX: usize = 5_000;
/// Bytes of results in one file; the upload may have 10 MB, rules and frame included.
const RESULT_BYTES_MAX: usize = 9_000_000;
/// The published schema.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    #[serde(rename = "columnKind")]
    column_kind: &'static str,
    results: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text<'static>,
    full_description: Text<'static>,
    help: Help,
    properties: Properties,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: [String; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Owned,
}

#[derive(Serialize)]
struct Owned {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Owned,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "segueStatement/v1")]
    statement: &'a str,
}

fn write(event: &Event<'_>, desk: &mut Desk<'_>) -> io::Result<()> {
    match event {
        Event::Begin(_) | Event::Project(_) | Event::Migration(_) | Event::ProjectEnd(_) => Ok(()),
        Event::End(document) => {
            serde_json::to_writer(&mut *desk.out, &log(document)?)?;
            writeln!(desk.out)
        }
    }
}

fn log(document: &Document) -> serde_json::Result<Log> {
    let (results, cut) = results(document)?;
    let mut notifications = Vec::new();
    if cut > 0 {
        notifications.push(Notification {
            level: "warning",
            message: Owned {
                text: format!("{cut} of the least severe findings are left out: see `segue check --output human`"),
            },
        });
    }
    Ok(Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver() },
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    })
}

fn driver() -> Driver {
    Driver {
        name: "Segue",
        version: env!("CARGO_PKG_VERSION"),
        rules: ALL.iter().copied().map(descriptor).collect(),
    }
}

fn descriptor(rule: &'static Rule) -> Descriptor {
    Descriptor {
        id: rule.code,
        short_description: Text { text: rule.summary },
        full_description: Text { text: rule.summary },
        help: Help {
            text: rule.page,
            markdown: rule.page,
        },
        properties: Properties {
            tags: [
                format!("{:?}", rule.question).to_lowercase(),
                format!("{:?}", rule.group).to_lowercase(),
            ],
        },
    }
}

/// As many results as its readers take, the most severe first, and how many were cut.
fn results(document: &Document) -> serde_json::Result<(Vec<Box<RawValue>>, usize)> {
    let mut bytes = 0;
    let mut kept = Vec::new();
    for placed in worst_first(&document.findings) {
        let found = to_raw_value(&found(placed))?;
        bytes += found.get().len();
        if kept.len() == RESULTS_MAX || bytes > RESULT_BYTES_MAX {
            break;
        }
        kept.push(found);
    }
    let cut = document.findings.len() - kept.len();
    Ok((kept, cut))
}

fn found(placed: &Placed) -> Found<'_> {
    let finding = &placed.finding;
    Found {
        rule_id: &finding.code,
        rule_index: ALL.iter().position(|rule| rule.code == finding.code),
        level: severity(finding.severity),
        message: Owned {
            text: plain(placed),
        },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact {
                    uri: uri(&finding.place.path),
                },
                region: placed.spot.as_ref().map(|spot| Region {
                    start_line: spot.start.line,
                    start_column: spot.start.column,
                    end_line: spot.end.line,
                    end_column: spot.end.column,
                }),
            },
        }],
        partial_fingerprints: Fingerprints {
            statement: &finding.fingerprint,
        },
    }
}

/// A path as a relative URI: everything but unreserved characters and `/` is percent-encoded (RFC 3986, 2.1).
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_relative_uri() {
        assert_eq!(uri("db/a b#1.sql"), "db/a%20b%231.sql");
    }
}

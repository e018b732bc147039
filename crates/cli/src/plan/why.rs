//! Why each statement is carried out as it is, and what would change that.

use std::fmt::Write as _;

use segue_engine::{ChosenWay, Decision, Origin, redacted};
use segue_model::{
    Blocks, Change, DataChange, Dialect, LockMode, LockRole, LossKind, Sides, WorkKind,
};

use super::{View, words};
use crate::show::escape::line;

/// How the answer is marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    /// For a terminal.
    Plain,
    /// For a pull request.
    Markdown,
}

/// Writes it.
pub(crate) fn write(view: &View<'_>, dialect: &dyn Dialect, markup: Markup) -> String {
    let mut text = String::new();
    if view.migrations.is_empty() {
        return "nothing to do\n".to_owned();
    }
    for migration in &view.migrations {
        let path = line(&migration.plan.path);
        let _ = match markup {
            Markup::Plain => writeln!(text, "{path}"),
            Markup::Markdown => writeln!(text, "## `{}`\n", path.replace('`', "'")),
        };
        if migration.plan.decisions.is_empty() {
            text.push_str("  goes on with the plan it was begun with\n");
        }
        for decision in &migration.plan.decisions {
            one(&mut text, decision, dialect, markup);
        }
        text.push('\n');
    }
    text
}

/// A statement on one line, without its secrets.
pub(super) fn shown(decision: &Decision, dialect: &dyn Dialect) -> String {
    let sql = redacted(&decision.text, dialect);
    line(&sql.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What is said of a decision: a word, and the sentences for it.
pub(super) fn parts(decision: &Decision) -> [(&'static str, Vec<String>); 7] {
    [
        ("way", vec![way(decision)]),
        ("breaks", breaks(decision)),
        ("locks", locks(decision)),
        ("loses", losses(decision)),
        ("tables", tables(decision)),
        ("because", because(decision)),
        ("unless", otherwise(decision)),
    ]
}

fn one(text: &mut String, decision: &Decision, dialect: &dyn Dialect, markup: Markup) {
    let first = shown(decision, dialect);
    let _ = match markup {
        Markup::Plain => writeln!(text, "  {:<4} {first}", decision.statement),
        Markup::Markdown => writeln!(
            text,
            "**{}.** `{}`\n",
            decision.statement,
            first.replace('`', "'")
        ),
    };
    for (word, lines) in parts(decision) {
        for said in lines {
            let said = line(&said);
            let _ = match markup {
                Markup::Plain => writeln!(text, "       {word:<8} {said}"),
                Markup::Markdown => writeln!(text, "- *{word}*: {}", said.replace('<', "&lt;")),
            };
        }
    }
    if markup == Markup::Markdown {
        text.push('\n');
    }
}

fn way(decision: &Decision) -> String {
    match decision.way {
        ChosenWay::Verbatim => "as written (--verbatim)".to_owned(),
        ChosenWay::AsWritten => "as written, under the lock time-out".to_owned(),
        ChosenWay::Steps(1) => "1 step, in this run".to_owned(),
        ChosenWay::Steps(count) => format!("{count} steps, all in this run"),
        ChosenWay::Phases { before, behind } => {
            format!("phases: {before} steps now, {behind} behind the gate in a later deployment")
        }
    }
}

fn breaks(decision: &Decision) -> Vec<String> {
    let broken = decision
        .breaks
        .iter()
        .filter(|one| one.who != Sides::Nobody);
    let lines: Vec<String> = broken
        .map(|one| {
            let who = match one.who {
                Sides::Nobody => "nobody",
                Sides::Writers => "those who write",
                Sides::Readers => "those who read",
                Sides::ReadersAndWriters => "those who read or write",
                Sides::SomeStatements => "some statements",
                Sides::Unknown => "perhaps anybody",
            };
            format!("{who}: {}", one.operation)
        })
        .collect();
    if lines.is_empty() {
        return vec!["nobody: it is additive".to_owned()];
    }
    lines
}

fn locks(decision: &Decision) -> Vec<String> {
    let claims = decision.impact.claims.iter();
    let strongest = claims.max_by_key(|claim| (claim.mode, claim.role == LockRole::Target));
    let Some(strongest) = strongest else {
        return Vec::new();
    };
    let on = strongest
        .on
        .relation()
        .map_or_else(String::new, |name| format!(" on {name}"));
    let mut lines = vec![format!(
        "as written {}{on}: {}",
        strongest.mode,
        words::blocks(strongest.mode.blocks())
    )];
    for work in &decision.impact.work {
        let line = format!("on {} {}", work.on, words::work(&work.kind, work.cause));
        // Several indexes are built for one reason.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn losses(decision: &Decision) -> Vec<String> {
    decision
        .losses
        .iter()
        .filter(|loss| match loss.kind {
            LossKind::Rows | LossKind::Values | LossKind::Precision | LossKind::Unknown => true,
            LossKind::Structure | LossKind::Durability => false,
        })
        .map(|loss| loss.what.clone())
        .collect()
}

fn tables(decision: &Decision) -> Vec<String> {
    decision
        .tables
        .iter()
        .map(|table| match (table.origin, table.size) {
            (Origin::New, _) => format!("{}: new, nobody uses it yet", table.name),
            (Origin::Before, None) => format!("{}: nobody knows its size", table.name),
            (Origin::Before, Some(size)) => {
                let size_of = size
                    .bytes
                    .map_or_else(String::new, |bytes| format!(", {}", words::bytes(bytes)));
                format!("{}: about {}{size_of}", table.name, words::rows(size.rows))
            }
        })
        .collect()
}

/// What spoke for this way, one sentence each.
pub(super) fn because(decision: &Decision) -> Vec<String> {
    match decision.way {
        ChosenWay::Verbatim => vec!["--verbatim sends everything as it stands".to_owned()],
        ChosenWay::Phases { .. } => vec![
            "it breaks a running version of the application, so the old structure stays until nobody uses it".to_owned(),
        ],
        ChosenWay::Steps(_) if is_rows(decision) => vec![format!(
            "the table has {} or more: one transaction would keep its rows locked and the log growing until its end",
            words::rows(decision.large_rows)
        )],
        ChosenWay::Steps(_) if is_breaking(decision) => vec![
            "what it refuses from then on is what it is for; in these steps nobody waits while rows are read or written".to_owned(),
        ],
        ChosenWay::Steps(_) => vec![
            "it breaks nobody; in these steps nobody waits while rows are read or written".to_owned(),
        ],
        ChosenWay::AsWritten => vec![as_written(decision)],
    }
}

fn as_written(decision: &Decision) -> String {
    let is_new = !decision.tables.is_empty()
        && decision
            .tables
            .iter()
            .all(|table| table.origin == Origin::New);
    let works = decision.impact.work.iter().any(|work| match work.kind {
        WorkKind::Scan
        | WorkKind::Rewrite
        | WorkKind::Copy
        | WorkKind::BuildIndex(_)
        | WorkKind::Rows => true,
        WorkKind::NewFile => false,
    });
    let blocks = decision
        .impact
        .strongest()
        .map_or(Blocks::Nobody, LockMode::blocks);
    let is_breaking = is_breaking(decision);
    let reason = match (is_new, decision.is_unsure(), is_breaking, works, blocks) {
        (true, ..) => "the table is new in what goes out: nobody uses it yet",
        (_, true, ..) => {
            "not everything about it is known: it runs under the lock time-out, and what it may lose has to be agreed to"
        }
        (.., true, _, _) => {
            "no way is known that would keep the running version whole: deploy the new version first"
        }
        (.., true, Blocks::Nobody) => "nobody waits while it works",
        (.., true, Blocks::Writes | Blocks::ReadsAndWrites) => {
            "no better way is known: others wait while it works, on a table of this size"
        }
        (.., false, _) => {
            "it changes the catalog and no row, and breaks nobody: it is over in a moment"
        }
    };
    reason.to_owned()
}

/// What would change the choice, one sentence each.
pub(super) fn otherwise(decision: &Decision) -> Vec<String> {
    let mut lines = Vec::new();
    if is_rows(decision) {
        let large = words::rows(decision.large_rows);
        lines.push(match decision.way {
            ChosenWay::Steps(_) => format!("below {large} it would be one statement"),
            ChosenWay::AsWritten | ChosenWay::Verbatim | ChosenWay::Phases { .. } => format!(
                "from {large} on it would run in batches, where it reads nothing but its own row and the file opens no transaction"
            ),
        });
        lines.push("`large_rows` in [plan] of segue.toml moves that number".to_owned());
    }
    match decision.way {
        ChosenWay::Phases { .. } => lines.push(
            "in the release that creates the table it would run as written: then no running version knows it".to_owned(),
        ),
        ChosenWay::Steps(_) if !is_rows(decision) => {
            lines.push("on a table that is new in this migration it would run as written".to_owned());
        }
        ChosenWay::Steps(_) | ChosenWay::AsWritten | ChosenWay::Verbatim => {}
    }
    lines
}

fn is_breaking(decision: &Decision) -> bool {
    decision.breaks.iter().any(|one| one.who != Sides::Nobody)
}

/// True for a statement whose way depends on how many rows there are.
fn is_rows(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| {
        matches!(
            change,
            Change::Data(DataChange::Update { .. } | DataChange::Delete { .. })
        )
    })
}

//! Judges an example as a project of two migrations.

use std::sync::Arc;

use segue_check::{
    Date, Depth, Example, Finding, Judge, JudgeOptions, ReadMigration, Reported, Severity,
};
use segue_model::{
    Dialect, Down, Form, Migration, Repetition, Section, ServerFacts, SourceText, Span,
    TransactionChoice, Wrapping,
};
use segue_postgres::Postgres;

pub(crate) fn migration(id: &str, sql: &str, wrapping: Wrapping) -> Migration {
    let file = Arc::new(SourceText {
        path: format!("{id}.sql"),
        text: sql.to_owned(),
    });
    let section = |file: &Arc<SourceText>, span: Span| Section {
        file: Arc::clone(file),
        span,
        wrapping,
        choice: TransactionChoice::ToolDefault,
    };
    let (up, down) = match sql.split_once("-- migrate:down\n") {
        Some((before, after)) => (
            Span::new(0, before.len()),
            if after.trim().is_empty() {
                Down::Empty
            } else {
                Down::Sections(vec![section(
                    &file,
                    Span::new(sql.len() - after.len(), sql.len()),
                )])
            },
        ),
        None => (Span::new(0, sql.len()), Down::Missing),
    };
    Migration {
        id: id.to_owned(),
        name: String::new(),
        path: file.path.clone(),
        repetition: Repetition::Once,
        form: Form::Sql {
            up: vec![section(&file, up)],
            down,
        },
    }
}

pub(crate) fn findings(example: &Example) -> Vec<Finding> {
    findings_on(&Postgres, example)
}

/// On another dialect; its newest version.
pub(crate) fn findings_on(dialect: &dyn Dialect, example: &Example) -> Vec<Finding> {
    let version = if dialect.name() == "sqlite" {
        segue_sqlite::NEWEST_VERSION
    } else {
        example.version
    };
    let options = JudgeOptions {
        depth: Depth::Findings,
        tool: example.tool,
        server: ServerFacts::new(version),
        today: Date {
            year: 2026,
            month: 6,
            day: 1,
        },
        directory: "migrations".to_owned(),
    };
    let mut judge = Judge::new(dialect, options);
    let before = ReadMigration::new(
        migration("1_before", example.before, Wrapping::Autocommit),
        dialect,
        version,
    );
    judge.migration(&before, Reported::No);
    let tried = ReadMigration::new(
        migration("2_tried", example.sql, example.wrapping),
        dialect,
        version,
    );
    let mut found = judge.migration(&tried, Reported::Yes).findings;
    found.extend(judge.finish(&[]));
    found
}

/// The codes of all findings.
pub(crate) fn codes(example: &Example) -> Vec<String> {
    findings(example)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

/// The codes of findings above a note.
pub(crate) fn loud(example: &Example) -> Vec<String> {
    findings(example)
        .into_iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.code)
        .collect()
}

/// Everything the findings say.
pub(crate) fn shown(example: &Example) -> String {
    findings(example)
        .into_iter()
        .map(|finding| format!("{finding:?}\n").replace("\\\"", "\""))
        .collect::<Vec<_>>()
        .concat()
}

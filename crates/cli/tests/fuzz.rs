//! Bounded fuzzing: whatever the text, nothing panics and every span lies in its text.
//!
//! The seed is printed; `SEGUE_FUZZ_SEED` repeats a run, `SEGUE_FUZZ_SECONDS` makes it longer.

#![cfg(test)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use segue_check::{Date, Judge, JudgeOptions, ReadMigration, Reported};
use segue_model::{
    Change, Dialect, Down, Form, Migration, Repetition, Section, ServerFacts, SourceText, Span,
    Statement, Tool, TransactionChoice, Wrapping,
};
use segue_postgres::Postgres;
use segue_sources::read_text;

const TOOLS: &[Tool] = &[
    Tool::Native,
    Tool::Dbmate,
    Tool::Prisma,
    Tool::Drizzle,
    Tool::Flyway,
    Tool::GolangMigrate,
    Tool::Goose,
    Tool::Sqlx,
    Tool::Diesel,
    Tool::Refinery,
    Tool::NodePgMigrate,
    Tool::GraphileMigrate,
    Tool::Plain,
    Tool::Liquibase,
    Tool::Alembic,
    Tool::Django,
    Tool::Knex,
    Tool::Rails,
    Tool::TypeOrm,
];

const WRAPPINGS: &[Wrapping] = &[
    Wrapping::Autocommit,
    Wrapping::OneMessage,
    Wrapping::Transaction,
    Wrapping::WholeRun,
    Wrapping::TransactionUnlessImpossible,
    Wrapping::AutocommitOrOneMessage,
];

/// What real files are full of, and what they should not be.
const PIECES: &[&str] = &[
    ";",
    "\n",
    "\r",
    "\r\n",
    "'",
    "''",
    "\"",
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "(",
    ")",
    "((((((((",
    ",",
    "E'\\'",
    "U&'",
    "\\i x.sql\n",
    "\\copy t from x\n",
    "\\gexec\n",
    "COPY t FROM stdin;\n1\ta\n\\.\n",
    "${schema}",
    "{{ name }}",
    ":name",
    ":'name'",
    "\u{feff}",
    "\u{0}",
    "\u{1a}",
    "\u{202e}",
    "é",
    "🦀",
    "-- migrate:up\n",
    "-- migrate:down\n",
    "-- +goose Up\n",
    "-- +goose StatementBegin\n",
    "-- +goose StatementEnd\n",
    "--> statement-breakpoint\n",
    "-- Up Migration\n",
    "--! Previous: -\n",
    "-- changeset a:1\n",
    "--liquibase formatted sql\n",
    "-- segue:allow drop-column because x\n",
    "-- segue:allow drop-column\n",
    "-- segue:allow , because until 2026-13-45\n",
    "-- segue:transaction none\n",
    "BEGIN;",
    "COMMIT;",
    "ROLLBACK;",
    "DO $$ BEGIN ",
    " END $$;",
    "IF EXISTS ",
    "CASCADE",
    "CONCURRENTLY ",
    "NOT VALID",
    "PARTITION OF ",
    "GENERATED ALWAYS AS (",
    "ALTER TABLE ",
    "CREATE TABLE ",
    "DROP ",
    "RENAME TO ",
    "NULL",
    "-1",
    "1e999",
];

/// Numbers that look random and can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long and with which seed a run of the fuzzer goes"
)]
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a fuzzer is bounded by real time"
)]
fn now() -> Instant {
    Instant::now()
}

/// SQL that means something: the examples of every rule.
fn corpus() -> Vec<String> {
    let examples = segue_check::ALL
        .iter()
        .flat_map(|rule| rule.bad.iter().chain(rule.good));
    let mut texts: Vec<String> = examples
        .flat_map(|example| [example.before, example.sql])
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

/// A text that is nearly right.
fn mutated(dice: &mut Dice, corpus: &[String]) -> String {
    let mut bytes: Vec<u8> = dice.of(corpus).clone().into_bytes();
    for _ in 0..dice.below(12) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(6) {
            0 => drop(bytes.splice(at..at, dice.of(PIECES).bytes())),
            1 => drop(bytes.splice(at..at, dice.of(corpus).bytes())),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + dice.below(20)).min(bytes.len());
                drop(bytes.drain(at..end));
            }
            4 => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
            _ => {
                let end = (at + dice.below(60)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Straight to standard error: the seed is wanted most when the run does not end.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs one target on generated texts until the time is over, on a stack as large as the command's.
fn fuzz(name: &'static str, target: fn(&mut Dice, &[String])) {
    let seed =
        variable("SEGUE_FUZZ_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let seconds = variable("SEGUE_FUZZ_SECONDS").unwrap_or(5);
    say(&format!("{name}: SEGUE_FUZZ_SEED={seed}"));
    let work = move || {
        let corpus = corpus();
        let end = now() + Duration::from_secs(seconds) / 4;
        let mut dice = Dice(seed | 1);
        let mut rounds = 0_u64;
        while now() < end {
            let before = dice.0;
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&mut dice, &corpus)));
            assert!(
                outcome.is_ok(),
                "{name} failed: repeat with SEGUE_FUZZ_SEED={before}"
            );
            rounds += 1;
        }
        say(&format!("{name}: {rounds} rounds"));
        assert!(rounds > 0);
    };
    let thread = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(work)
        .unwrap();
    if let Err(failure) = thread.join() {
        std::panic::resume_unwind(failure);
    }
}

fn assert_inside(span: Span, text: &str) {
    assert!(span.start <= span.end, "{span:?} in {text:?}");
    assert!(
        text.get(span.start..span.end).is_some(),
        "{span:?} in {text:?}"
    );
}

fn assert_statements(statements: &[Statement], text: &str) {
    let mut last = 0;
    for statement in statements {
        assert_inside(statement.span, text);
        assert!(
            last <= statement.span.start,
            "{:?} overlaps in {text:?}",
            statement.span
        );
        last = statement.span.end;
        assert!(!statement.changes.is_empty(), "nothing in {text:?}");
        for note in &statement.notes {
            assert_inside(note.span, text);
        }
        if let Some(opaque) = statement.opaque() {
            assert_inside(opaque.span, text);
        }
        for change in &statement.changes {
            if let Change::Program(program) = change {
                for inner in &program.statements {
                    assert_inside(inner.span, text);
                }
            }
        }
    }
}

fn sections(form: &Form) -> Vec<&Section> {
    match form {
        Form::Sql { up, down } => match down {
            Down::Sections(down) => up.iter().chain(down).collect(),
            Down::Missing | Down::Empty | Down::Derived => up.iter().collect(),
        },
        Form::Program { .. } => Vec::new(),
    }
}

fn migration(id: &str, sql: &str, wrapping: Wrapping) -> Migration {
    let file = Arc::new(SourceText {
        path: id.to_owned(),
        text: sql.to_owned(),
    });
    let section = Section {
        span: Span::new(0, sql.len()),
        file,
        wrapping,
        choice: TransactionChoice::ToolDefault,
    };
    Migration {
        id: id.to_owned(),
        name: String::new(),
        path: id.to_owned(),
        repetition: Repetition::Once,
        form: Form::Sql {
            up: vec![section],
            down: Down::Missing,
        },
    }
}

fn judged(dice: &mut Dice, texts: &[String]) {
    let version = 12 + u16::try_from(dice.below(7)).unwrap();
    let options = JudgeOptions {
        depth: segue_check::Depth::EveryAnswer,
        tool: *dice.of(TOOLS),
        server: ServerFacts::new(version),
        today: Date::parse("2026-06-01").unwrap(),
        directory: "migrations".to_owned(),
    };
    let mut judge = Judge::new(&Postgres, options);
    for (number, text) in texts.iter().enumerate() {
        let form = migration(&number.to_string(), text, *dice.of(WRAPPINGS));
        let read = ReadMigration::new(form, &Postgres, version);
        let judged = judge.migration(&read, Reported::Yes);
        assert_eq!(judged.statements.len(), read.up.iter().flatten().count());
        for finding in &judged.findings {
            if let Some(span) = finding.place.span {
                assert_inside(span, text);
            }
        }
    }
    judge.finish(&[]);
}

#[test]
fn reading_never_fails_and_its_spans_fit() {
    fuzz("read", |dice, corpus| {
        let text = mutated(dice, corpus);
        let version = 12 + u16::try_from(dice.below(7)).unwrap();
        assert_statements(&Postgres.read(&text, version), &text);
    });
}

#[test]
fn sections_of_every_tool_lie_in_their_file() {
    fuzz("sources", |dice, corpus| {
        let text = mutated(dice, corpus);
        for tool in TOOLS {
            let migration = read_text("a.sql", text.clone(), *tool);
            for section in sections(&migration.form) {
                assert_inside(section.span, &section.file.text);
            }
        }
    });
}

#[test]
fn replaying_any_order_of_statements_ends_with_an_answer() {
    fuzz("replay", |dice, corpus| {
        let texts: Vec<String> = (0..=dice.below(5))
            .map(|_| {
                let statements: Vec<&str> = (0..=dice.below(6))
                    .map(|_| dice.of(corpus).as_str())
                    .collect();
                statements.join(";\n")
            })
            .collect();
        judged(dice, &texts);
    });
}

#[test]
fn any_directive_is_followed_or_reported() {
    fuzz("suppressions", |dice, corpus| {
        let mut text = String::new();
        for _ in 0..=dice.below(4) {
            let rule = dice.of(segue_check::ALL).code;
            let directive = match dice.below(5) {
                0 => format!("-- segue:allow {rule} because it is small\n"),
                1 => format!("-- segue:allow {rule}, because until\n"),
                2 => format!(
                    "  --segue:allow {rule} because a until 20{}\n",
                    dice.below(100)
                ),
                3 => "-- segue:\n".to_owned(),
                _ => format!("-- segue:{}\n", mutated(dice, corpus)),
            };
            text.push_str(&directive);
            text.push_str(&mutated(dice, corpus));
            text.push('\n');
        }
        judged(dice, &[text]);
    });
}

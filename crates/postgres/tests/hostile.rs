//! Input that nobody writes on purpose, or on purpose only: reading never panics, never hangs, and never points outside.

#![expect(clippy::unwrap_used, reason = "what supports a test may fail it")]

use segue_model::{Change, Dialect, Statement};
use segue_postgres::Postgres;

fn read(text: &str) -> Vec<Statement> {
    let text = text.to_owned();
    std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(move || Postgres.read(&text, 17))
        .unwrap()
        .join()
        .unwrap()
}

fn assert_in_place(text: &str, statements: &[Statement]) {
    let mut last = 0;
    for statement in statements {
        let span = statement.span;
        assert!(
            last <= span.start && span.start <= span.end && span.end <= text.len(),
            "{text:?}"
        );
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
        assert!(!statement.changes.is_empty(), "{text:?}");
        last = span.end;
        for change in &statement.changes {
            if let Change::Opaque(opaque) = change {
                assert!(opaque.span.end <= text.len(), "{text:?}: {opaque:?}");
                assert!(text.is_char_boundary(opaque.span.start), "{text:?}");
                assert!(text.is_char_boundary(opaque.span.end), "{text:?}");
            }
        }
        for note in &statement.notes {
            assert!(note.span.end <= text.len(), "{text:?}");
            assert!(text.is_char_boundary(note.span.start), "{text:?}");
        }
    }
}

/// Numbers that look random and are the same at every run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

const PARTS: &[&str] = &[
    "select",
    "insert into",
    "values",
    "update",
    "set",
    "delete from",
    "create table",
    "alter table",
    "add column",
    "drop",
    "t",
    "\"ä\"",
    "é",
    "s.t",
    "a",
    "1",
    "'x'",
    "'",
    "''",
    "\"",
    "$$",
    "$a$",
    "e'\\'",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    ";\n",
    ":",
    "::",
    ":v",
    ":'v'",
    "{{",
    "}}",
    "{{ é }}",
    "${",
    "}",
    "<%= x %>",
    "--",
    "\n",
    "\r",
    "/*",
    "*/",
    "\\i x\n",
    "\\gexec\n",
    "\\.",
    "\n\\.\n",
    "copy t from stdin;",
    "do",
    "begin",
    "begin atomic",
    "end",
    "if",
    "then",
    "loop",
    "case",
    "when",
    "not",
    "null",
    "and",
    "+",
    "=",
    "\0",
    "\u{feff}",
    "language sql",
    "as",
    "create function f() returns int",
    "execute",
    "into",
    "from",
    "where",
    "with",
    "union",
    "join",
    "on",
    "U&\"\\0061\"",
];

#[test]
fn no_sequence_of_pieces_panics_or_points_outside() {
    let mut sequence = Sequence(7);
    let mut all = Vec::new();
    for _ in 0..6_000 {
        let mut text = String::new();
        for _ in 0..=sequence.below(14) {
            text.push_str(PARTS[sequence.below(PARTS.len())]);
            if sequence.below(3) > 0 {
                text.push(' ');
            }
        }
        all.push(text);
    }
    let found = std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(move || {
            for text in &all {
                assert_in_place(text, &Postgres.read(text, 17));
            }
        })
        .unwrap()
        .join();
    assert!(found.is_ok());
}

#[test]
fn a_large_dump_is_read_statement_by_statement() {
    let data = "1\tsome text that stands for a row\t\\N\n".repeat(400_000);
    let text = [
        "create table a (b int);\ncopy a from stdin;\n",
        &data,
        "\\.\n",
        "create table c (d int);\n",
    ]
    .concat();
    let found = read(&text);
    assert_eq!(found.len(), 3);
    assert_in_place(&text, &found);
}

#[test]
fn every_kind_of_line_end_is_white_space() {
    for newline in ["\n", "\r\n", "\r"] {
        let text = ["select 1;", "-- a ; b", "select 2;", "\\i x", "select 3"].join(newline);
        assert_eq!(read(&text).len(), 4, "{newline:?}");
    }
}

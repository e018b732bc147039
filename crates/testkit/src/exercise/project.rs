//! A small project in SQL that every dialect reads.

use std::sync::Arc;

use segue_model::{
    Down, Form, Migration, Repetition, Section, SourceText, Span, TransactionChoice, Wrapping,
};

/// Path, the way there, the way back. Statements that must not run twice; a reference that is followed on deletion; a
/// column that no dialect adds in one step; what can be taken back to the byte.
const FILES: &[(&str, &str, &str)] = &[
    (
        "1_start.sql",
        "CREATE TABLE shops (id integer PRIMARY KEY, name text NOT NULL);\n\
         CREATE TABLE orders (id integer PRIMARY KEY, shop_id integer REFERENCES shops (id), total integer);\n\
         CREATE TABLE lines (order_id integer REFERENCES orders (id) ON DELETE CASCADE, amount integer);\n\
         CREATE TABLE counter (n integer);\nINSERT INTO counter VALUES (0);\n\
         INSERT INTO shops VALUES (1, 'one'), (2, 'two');\n\
         INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20), (3, 1, 30);\n\
         INSERT INTO lines VALUES (1, 5), (1, 6), (3, 7);\n",
        "DROP TABLE counter; DROP TABLE lines; DROP TABLE orders; DROP TABLE shops;\n",
    ),
    (
        "2_steps.sql",
        "UPDATE counter SET n = n + 1;\nCREATE INDEX orders_total ON orders (total);\n\
         UPDATE counter SET n = n + 10;\nALTER TABLE orders ADD COLUMN code integer UNIQUE;\n\
         UPDATE counter SET n = n + 100;\n",
        "UPDATE counter SET n = n - 11;\nALTER TABLE orders DROP COLUMN code;\n\
         DROP INDEX orders_total;\nUPDATE counter SET n = n - 100;\n",
    ),
    (
        "3_exact.sql",
        "ALTER TABLE shops ADD COLUMN note text;\nCREATE VIEW notes AS SELECT id, note FROM shops;\n\
         CREATE TABLE tags (id integer PRIMARY KEY, word text NOT NULL);\nCREATE INDEX tags_word ON tags (word);\n",
        "DROP TABLE tags;\nDROP VIEW notes;\nALTER TABLE shops DROP COLUMN note;\n",
    ),
];

/// Its migrations.
pub fn project() -> Vec<Migration> {
    FILES
        .iter()
        .map(|(path, up, down)| migration(path, up, down))
        .collect()
}

/// One migration: its id is what stands before the `_`, and it has no way back when `down` is empty.
pub fn migration(path: &str, up: &str, down: &str) -> Migration {
    let (id, name) = path.split_once('_').unwrap_or((path, path));
    let down = if down.is_empty() {
        Down::Missing
    } else {
        Down::Sections(vec![section(path, down)])
    };
    Migration {
        id: id.to_owned(),
        name: name.to_owned(),
        path: path.to_owned(),
        repetition: Repetition::Once,
        form: Form::Sql {
            up: vec![section(path, up)],
            down,
        },
    }
}

fn section(path: &str, text: &str) -> Section {
    Section {
        file: Arc::new(SourceText {
            path: path.to_owned(),
            text: text.to_owned(),
        }),
        span: Span::new(0, text.len()),
        wrapping: Wrapping::Transaction,
        choice: TransactionChoice::ToolDefault,
    }
}

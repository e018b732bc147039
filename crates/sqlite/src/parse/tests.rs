//! What reading promises.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test says which change it expects; everything else fails it"
)]

use segue_model::{
    Change, ColumnChange, ConstraintKind, DataChange, Fill, IndexChange, Nullability, OpaqueReason,
    SessionChange, Statement, TableChange, TableDefinition, TransactionChange, TriggerChange,
    ViewChange,
};

fn read(text: &str) -> Vec<Statement> {
    super::statements(text).collect()
}

fn only(text: &str) -> Change {
    let mut statements = read(text);
    assert_eq!(statements.len(), 1, "{text}");
    let mut changes = statements.remove(0).changes;
    assert_eq!(changes.len(), 1, "{text}");
    changes.remove(0)
}

fn table(text: &str) -> TableDefinition {
    match only(text) {
        Change::Table(_, TableChange::Create(definition)) => *definition,
        other => panic!("{other:?}"),
    }
}

#[test]
fn spans_are_the_statements_bytes_without_semicolons_and_comments() {
    let text = "\u{feff}-- a; b\nSELECT 1 /* ; */ ;\n; SELECT ';' ";
    let spans: Vec<&str> = read(text).iter().map(|one| one.span.of(text)).collect();
    assert_eq!(spans, ["SELECT 1", "SELECT ';'"]);
}

#[test]
fn a_broken_statement_costs_only_itself() {
    let statements = read("CREATE TABLE a (x); CREATE TABLE b (x,, DROP TABLE c; DROP TABLE d;");
    let opaque: Vec<bool> = statements
        .iter()
        .map(|one| one.opaque().is_some())
        .collect();
    assert_eq!(opaque, [false, true, false]);
}

#[test]
fn the_tail_of_a_broken_trigger_is_not_run_on_its_own() {
    let text = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FRM b; DROP TABLE c; SELECT 1; END; DROP TABLE d";
    let statements = read(text);
    assert_eq!(statements.len(), 2);
    assert!(statements[0].opaque().is_some());
    assert!(statements[1].opaque().is_none());
}

#[test]
fn a_case_in_a_trigger_does_not_end_it() {
    let text = "CREATE TEMP TRIGGER t BEFORE UPDATE OF x ON main.a WHEN new.y > 1 BEGIN SELECT CASE WHEN old.z THEN 1 ELSE 2 END; END; SELECT 1";
    let statements = read(text);
    assert_eq!(statements.len(), 2);
    match &statements[0].changes[0] {
        Change::Trigger(on, TriggerChange::Create(trigger)) => {
            assert_eq!(on.to_string(), "\"main\".\"a\"");
            assert_eq!(trigger.update_of, ["x".into()]);
            assert_eq!(trigger.when_columns, ["y".into(), "z".into()]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_lose_their_quotes_and_keep_their_case() {
    for (written, stored) in [
        ("Users", "Users"),
        ("\"a\"\"b\"", "a\"b"),
        ("[a b]", "a b"),
        ("`a``b`", "a`b"),
        ("'a'", "a"),
    ] {
        match only(&format!("DROP TABLE {written}")) {
            Change::Table(target, TableChange::Drop { .. }) => {
                assert_eq!(target.name.name.written(), stored);
                assert_eq!(target.name.namespace.as_str(), "main");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_table_is_read_in_full() {
    let made = table(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20) NOT NULL DEFAULT 'x' COLLATE NOCASE, \
         b UNIQUE CHECK (b > 0), c INT REFERENCES p(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, \
         d AS (a || 'y'), e INT GENERATED ALWAYS AS (c + 1) STORED, UNIQUE (a, b), FOREIGN KEY (a) REFERENCES q) WITHOUT ROWID",
    );
    assert_eq!(made.columns.len(), 6);
    assert_eq!(made.columns[1].data_type.to_string(), "varchar(20)");
    assert_eq!(made.columns[1].nullability, Nullability::NotNull);
    assert!(matches!(&made.columns[1].fill, Fill::Default(value) if value.text == "'x'"));
    assert!(matches!(made.columns[4].fill, Fill::Virtual(_)));
    assert!(matches!(made.columns[5].fill, Fill::Stored(_)));
    assert_eq!(made.constraints.len(), 6);
    assert!(
        made.constraints
            .iter()
            .any(|one| matches!(one.kind, ConstraintKind::PrimaryKey(_)))
    );
    assert_eq!(made.parameters[0].name.as_str(), "without_rowid");
}

#[test]
fn what_the_model_has_no_place_for_is_marked() {
    let made = table("CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE)");
    assert_eq!(made.parameters[0].name.as_str(), "not_authored");
}

#[test]
fn each_kind_of_statement_is_its_change() {
    assert!(matches!(
        only("ALTER TABLE t DROP COLUMN a"),
        Change::Column(_, ColumnChange::Drop { .. })
    ));
    assert!(matches!(
        only("ALTER TABLE t RENAME a TO b"),
        Change::Column(_, ColumnChange::Rename { .. })
    ));
    assert!(matches!(
        only("ALTER TABLE t ADD COLUMN a INT DEFAULT 1"),
        Change::Column(_, ColumnChange::Add { .. })
    ));
    assert!(matches!(
        only("CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE DESC, lower(b)) WHERE a > 0"),
        Change::Index(IndexChange::Create { .. })
    ));
    assert!(matches!(
        only("CREATE VIEW v (x) AS WITH w AS (SELECT 1) SELECT * FROM w, t"),
        Change::View(_, ViewChange::Create(view)) if view.query.relations.len() == 1
    ));
    assert!(matches!(
        only("PRAGMA foreign_keys = OFF"),
        Change::Session(SessionChange::Set { name, value, .. })
            if name.as_str() == "foreign_keys" && value.as_deref() == Some("OFF")
    ));
    assert!(matches!(
        only("PRAGMA table_info(t)"),
        Change::Session(SessionChange::Nothing { .. })
    ));
    assert!(matches!(
        only("ROLLBACK TO a"),
        Change::Transaction(TransactionChange::RollbackTo(_))
    ));
    assert!(matches!(only("VACUUM"), Change::Maintenance(_)));
    assert!(matches!(
        only("CREATE VIRTUAL TABLE f USING fts5(a)"),
        Change::Other(_)
    ));
    assert!(matches!(
        only("DELETE FROM t WHERE a IN (SELECT b FROM u)"),
        Change::Data(DataChange::Delete { reads, .. }) if reads.len() == 1
    ));
}

#[test]
fn replacing_rows_is_told_as_deleting_too() {
    assert_eq!(read("REPLACE INTO t VALUES (1)")[0].changes.len(), 2);
}

#[test]
fn nesting_above_the_ceiling_is_not_walked() {
    let text = format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500));
    let statements = read(&text);
    let opaque = statements[0].opaque().unwrap();
    assert_eq!(opaque.reason, OpaqueReason::TooLarge);
    let text = format!("SELECT {}1", "-+ ".repeat(10_000));
    assert!(read(&text)[0].opaque().is_some());
}

#[test]
fn no_prefix_and_no_gap_makes_the_reader_panic_or_lose_its_place() {
    let text = "CREATE TABLE \"a\"\"b\" ([x y] INT DEFAULT ('q''r') CHECK (x > 1e3), FOREIGN KEY (`z`) REFERENCES é (a)) STRICT; \
        CREATE TRIGGER r INSTEAD OF UPDATE OF a, b ON v WHEN new.a IS NOT NULL BEGIN INSERT INTO t SELECT x'0a', ?1, :n FROM u LIMIT 1; END; \
        WITH RECURSIVE c (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c) DELETE FROM t WHERE a IN c RETURNING *; /* */ -- end\n\
        SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY b ORDER BY c) FROM t AS s LEFT JOIN u USING (k), (SELECT 1);";
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    for &at in &cuts {
        let (before, after) = text.split_at(at);
        let without_one: String = after.chars().skip(1).collect();
        for attempt in [
            before.to_owned(),
            after.to_owned(),
            [before, &without_one].concat(),
        ] {
            let mut last = 0;
            for statement in read(&attempt) {
                assert!(statement.span.start >= last && statement.span.end <= attempt.len());
                assert!(!statement.changes.is_empty());
                last = statement.span.end;
            }
        }
    }
}

//! What is in a file, read back, on the SQLite that is linked in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use segue_model::{Catalog, Ident, QualifiedName, Session, Sql};
use segue_sqlite::{SqliteSession, dump, live_catalog};

const ZOO: &str = r#"
CREATE VIEW early AS SELECT a FROM later_view;
CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE);
CREATE TABLE child (a INT, b TEXT DEFAULT 'x;y', c REAL AS (a * 2) VIRTUAL, d TEXT GENERATED ALWAYS AS (b || '!') STORED,
  parent INT REFERENCES parent (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, CHECK (a > 0), PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE "weird ""name" ([a b] INT, `c``d` ANY, "select" TEXT) STRICT;
CREATE TABLE k (a UNIQUE ON CONFLICT IGNORE, b DEFAULT (1 + 1), c DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX partial ON child (b COLLATE NOCASE DESC) WHERE a > 3;
CREATE UNIQUE INDEX expression ON "weird ""name" (lower("select"), [a b]);
CREATE VIEW later_view (a) AS SELECT id FROM parent;
CREATE VIEW on_view AS SELECT * FROM early JOIN child USING (a);
CREATE TRIGGER on_table AFTER UPDATE OF a ON child WHEN new.a > 1 BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM k; END;
CREATE TRIGGER instead INSTEAD OF INSERT ON on_view BEGIN INSERT INTO k (a) VALUES (new.a); END;
CREATE VIRTUAL TABLE f USING fts5(title, body, tokenize = 'porter');
INSERT INTO parent (name) VALUES ('one'), ('two');
PRAGMA user_version = 42;
PRAGMA application_id = -7;
"#;

fn load(text: &str) -> SqliteSession {
    let mut session = SqliteSession::open_in_memory().unwrap();
    session.execute_users(text).unwrap();
    session
}

#[test]
fn a_dump_loads_into_an_empty_database_and_gives_the_same_dump() {
    let mut zoo = load(ZOO);
    let first = dump(&mut zoo).unwrap();
    let mut copy = load(&first);
    assert_eq!(dump(&mut copy).unwrap(), first);
    let schema =
        Sql::literal("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2, 3");
    assert_eq!(
        zoo.query(&schema).unwrap(),
        copy.query(&schema).unwrap(),
        "every object, shadow tables included"
    );
    assert!(first.contains("user_version = 42") && first.contains("application_id = -7"));
    assert!(first.contains("VALUES ('parent', 2)"));
}

#[test]
fn the_order_objects_were_made_in_does_not_show() {
    let one = dump(&mut load("CREATE TABLE b (x); CREATE TABLE a (y);")).unwrap();
    let other = dump(&mut load("CREATE TABLE a (y); CREATE TABLE b (x);")).unwrap();
    assert_eq!(one, other);
}

#[test]
fn the_catalog_of_the_zoo_is_whole() {
    let live = live_catalog(&mut load(ZOO)).unwrap();
    assert_eq!(live.unread, [Ident::from("f")]);
    let name = |name: &str| QualifiedName::new("main", name);
    let child = live.catalog.table(&name("child")).unwrap();
    assert_eq!(child.columns.len(), 5);
    assert_eq!(child.triggers.len(), 1);
    assert_eq!(child.foreign_keys().count(), 1);
    assert!(live.catalog.table(&name("weird \"name")).is_some());
    assert!(live.catalog.view(&name("on_view")).is_some());
    assert!(live.catalog.index(&name("partial")).is_some());
    assert!(live.catalog.index(&name("expression")).is_some());
    assert!(live.catalog.table(&name("f_data")).is_none());
    assert!(
        live.automatic_indexes
            .contains(&Ident::from("sqlite_autoindex_parent_1"))
    );
}

#[test]
fn a_dump_gives_the_same_catalog() {
    let mut zoo = load(ZOO);
    let text = dump(&mut zoo).unwrap();
    let names = |catalog: &Catalog| -> Vec<String> {
        catalog
            .relations()
            .map(|(name, _)| name.to_string())
            .collect()
    };
    let one = live_catalog(&mut zoo).unwrap();
    let other = live_catalog(&mut load(&text)).unwrap();
    assert_eq!(names(&one.catalog), names(&other.catalog));
    for (name, _) in one.catalog.relations() {
        assert_eq!(
            one.catalog
                .table(name)
                .map(|table| (&table.columns, table.constraints.len())),
            other
                .catalog
                .table(name)
                .map(|table| (&table.columns, table.constraints.len()))
        );
    }
}

//! What a server did is what the model says holds: read back from the live database, before and after each statement.

#[cfg(test)]
#[path = "live/session.rs"]
mod session;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use segue_model::{Dialect, Holds, IndexState, QualifiedName, Rows, holds};
    use segue_postgres::{IntrospectScope, Postgres, introspect};
    use segue_testkit::TestServer;

    use super::session::Kit;

    /// Statements over the tables of the lock measurements; each is undone before the next.
    const CASES: &[&str] = &[
        "CREATE INDEX zi ON t (d)",
        "CREATE INDEX zi ON t (lower(b)) WHERE a > 0",
        "CREATE INDEX zi ON t (lower(v) DESC NULLS LAST)",
        "CREATE UNIQUE INDEX zi ON t (id) INCLUDE (b)",
        "CREATE INDEX zi ON t (b COLLATE \"C\" text_pattern_ops DESC NULLS LAST)",
        "CREATE INDEX zi ON p (lower(val))",
        "CREATE INDEX ON t (d)",
        "DROP INDEX t_a_idx",
        "ALTER INDEX t_a_idx RENAME TO t_a2_idx",
        "ALTER TABLE t ADD CONSTRAINT zc CHECK (a > 0 AND b <> '') NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT zc CHECK (v IN ('x', 'y')) NOT VALID",
        "ALTER TABLE t ADD CHECK (a >= 0) NOT VALID",
        "ALTER TABLE p ADD CONSTRAINT kpos CHECK (k >= 0)",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r (id) NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r ON DELETE CASCADE NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_cknv",
        "ALTER TABLE t ALTER b SET NOT NULL",
        "ALTER TABLE t ALTER nn DROP NOT NULL",
        "ALTER TABLE t ADD UNIQUE (b)",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b) INCLUDE (d) DEFERRABLE",
        "ALTER TABLE nopk ADD PRIMARY KEY (a)",
        "ALTER TABLE t ADD COLUMN x int",
        "ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT 5",
        "ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()",
        "ALTER TABLE t ADD COLUMN x text DEFAULT 'it''s'",
        "ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE t ADD COLUMN x serial",
        "ALTER TABLE t ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) STORED",
        "ALTER TABLE t ADD COLUMN x int CHECK (x > 0)",
        "ALTER TABLE t ADD COLUMN x bigint REFERENCES r (id)",
        "ALTER TABLE t ALTER a TYPE bigint",
        "ALTER TABLE t ALTER v TYPE varchar(100)",
        "ALTER TABLE t ALTER b TYPE text COLLATE \"C\"",
        "ALTER TABLE t ALTER b SET DEFAULT upper('x')",
        "ALTER TABLE t DROP COLUMN d",
        "ALTER TABLE t RENAME COLUMN d TO d2",
        "ALTER TABLE p ATTACH PARTITION pnew FOR VALUES FROM (2000) TO (3000)",
        "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (3000) TO (4000)",
        "ALTER TABLE p DETACH PARTITION p2",
        "CREATE TABLE z (id int PRIMARY KEY, \"R\" bigint REFERENCES r (id), e text CHECK (e ~ '@') DEFAULT lower('X'))",
        "DROP TABLE nopk",
        "ALTER TABLE heapless RENAME TO heapful",
        "DROP TRIGGER trg ON t",
        "ALTER TABLE t DISABLE TRIGGER trg",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t SET (fillfactor = 50)",
        "ALTER TABLE t REPLICA IDENTITY FULL",
        "CREATE SEQUENCE zs OWNED BY t.a",
        "CREATE VIEW zv AS SELECT id FROM t",
    ];

    fn names() -> BTreeSet<QualifiedName> {
        [
            "t", "p", "r", "nopk", "pnew", "p2", "p3", "z", "heapless", "heapful", "zs", "zv",
            "t_a_idx", "t_a2_idx",
        ]
        .into_iter()
        .map(|name| QualifiedName::new("public", name))
        .collect()
    }

    #[test]
    fn what_was_run_holds_and_did_not_before() {
        let mut wrong = Vec::new();
        for installed in segue_testkit::installed() {
            let server = TestServer::start(&installed).expect("a server");
            let template = server.create_database().expect("a database");
            let mut client = template.connect().expect("a connection");
            client
                .execute(segue_testkit::lock_cases::schema_sql())
                .expect("the schema");
            drop(client);
            for statement in CASES {
                let copy = server
                    .create_database_from(template.name())
                    .expect("a copy");
                let mut kit = Kit::new(copy.connect().expect("a connection"));
                let read = Postgres.read(statement, installed.major).remove(0);
                let scopes = [IntrospectScope::Whole, IntrospectScope::Relations(names())];
                let mut ask = |kit: &mut Kit, when: &str, wanted: Holds| {
                    for scope in &scopes {
                        let catalog = introspect(kit, scope).expect("a catalog");
                        for change in &read.changes {
                            let answer = holds(change, &catalog);
                            let is_view = statement.contains("VIEW");
                            let fits = match wanted {
                                Holds::Yes => answer == Holds::Yes || is_view,
                                Holds::No | Holds::Differs(_) | Holds::Unknown(_) => {
                                    answer != Holds::Yes
                                }
                            };
                            if !fits {
                                let major = installed.major;
                                let scope = match scope {
                                    IntrospectScope::Whole => "whole",
                                    IntrospectScope::Relations(_) => "relations",
                                };
                                wrong.push(format!(
                                    "{major} {scope} {when} {statement}: {answer:?}"
                                ));
                            }
                        }
                    }
                };
                ask(&mut kit, "before", Holds::No);
                if let Err(error) = kit.client.execute(statement) {
                    panic!("{statement}: {error}");
                }
                ask(&mut kit, "after", Holds::Yes);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn an_index_whose_build_failed_is_invalid_and_rows_are_not_denied() {
        let server = TestServer::start_newest().expect("a server");
        let database = server.create_database().expect("a database");
        let mut kit = Kit::new(database.connect().expect("a connection"));
        for text in [
            "CREATE TABLE twice (a int)",
            "INSERT INTO twice VALUES (1), (1)",
        ] {
            kit.client.execute(text).expect("a table");
        }
        let build = "CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (a)";
        assert!(kit.client.execute(build).is_err());
        let name = |name| QualifiedName::new("public", name);
        for scope in [
            IntrospectScope::Whole,
            IntrospectScope::Relations(BTreeSet::from([name("broken")])),
        ] {
            let catalog = introspect(&mut kit, &scope).expect("a catalog");
            let index = catalog.index(&name("broken")).expect("the index");
            assert_eq!(index.state, IndexState::Invalid);
            assert_eq!(index.born.migration, 0);
            let table = catalog.table(&name("twice")).expect("its table");
            assert_eq!(table.rows, Rows::Unknown);
        }
    }

    #[test]
    fn what_does_not_exist_is_absent() {
        let server = TestServer::start_newest().expect("a server");
        let database = server.create_database().expect("a database");
        let mut kit = Kit::new(database.connect().expect("a connection"));
        let nowhere = BTreeSet::from([QualifiedName::new("no\"where", "nothing")]);
        let catalog =
            introspect(&mut kit, &IntrospectScope::Relations(nowhere)).expect("a catalog");
        assert_eq!(catalog.relations().count(), 0);
    }
}

//! Statements that are not half understood.

use super::*;

#[test]
fn a_statement_without_a_required_part_is_a_syntax_error() {
    for sql in [
        "drop table",
        "DROP TABLE IF EXISTS",
        "alter table rename",
        "ALTER TABLE t",
        "ALTER TABLE t ADD COLUMN COLUMN text",
        "ALTER TABLE t ADD COLUMN false boolean",
        "DROP TRIGGER ON ON post",
        "DROP INDEX",
        "DROP ROLE",
        "CREATE FUNCTION f() AS 'x'",
        "ALTER TABLE t ADD COLUMN a serial DEFAULT 1",
        "CREATE PUBLICATION p FOR TABLE",
    ] {
        assert_eq!(refusal(sql), OpaqueReason::SyntaxError, "{sql}");
    }
}

#[test]
fn one_subcommand_that_is_not_modelled_makes_the_statement_opaque() {
    for sql in [
        "ALTER TABLE t ADD COLUMN a int, SET WITHOUT OIDS",
        "ALTER TABLE t ADD CHECK (a > 0) NO INHERIT, DROP COLUMN b",
        "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)",
        "ALTER TABLE t ADD UNIQUE (a) WITH (fillfactor = 70)",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r MATCH FULL",
        "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES r ON DELETE SET NULL (b)",
        "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b",
        "CREATE INDEX i ON t USING gist (a gist_trgm_ops (siglen = 32))",
        "CREATE PUBLICATION p FOR TABLE a, TABLES IN SCHEMA s",
        "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y",
    ] {
        assert_eq!(refusal(sql), OpaqueReason::NotModelled, "{sql}");
    }
}

#[test]
fn a_new_table_may_say_how_its_indexes_are_stored() {
    let table = table(
        "CREATE TABLE t (a int, PRIMARY KEY (a) WITH (fillfactor = 70) USING INDEX TABLESPACE x, \
         CHECK (a > 0) NO INHERIT)",
    );
    assert_eq!(table.constraints.len(), 2);
}

//! Tables and indexes that are altered or dropped.

use segue_model::{
    Build, ColumnChange, ConstraintChange, Deferral, Enforcement, Fill, Ident, IndexChange,
    Nullability, PartitionChange, Presence, Reaction, RenameSpelling, Scope, TableChange,
    TriggerState,
};

use super::*;

fn column_change(sql: &str) -> ColumnChange {
    let Change::Column(_, change) = change(sql) else {
        panic!("no change of a column: {sql}")
    };
    change
}

fn table_change(sql: &str) -> TableChange {
    let Change::Table(_, change) = change(sql) else {
        panic!("no change of a table: {sql}")
    };
    change
}

#[test]
fn subcommands_keep_their_order() {
    let changes = changes(
        "ALTER TABLE ONLY t ALTER b SET NOT NULL, DROP CONSTRAINT bnn, ADD COLUMN c int, \
         SET (fillfactor = 80)",
    );
    assert!(matches!(
        changes[0],
        Change::Column(_, ColumnChange::SetNotNull(_))
    ));
    assert!(matches!(
        changes[1],
        Change::Constraint(_, ConstraintChange::Drop { .. })
    ));
    assert!(matches!(
        changes[2],
        Change::Column(_, ColumnChange::Add { .. })
    ));
    let Change::Table(target, TableChange::SetParameters(_)) = &changes[3] else {
        panic!("parameters")
    };
    assert_eq!(target.scope, Scope::Only);
}

#[test]
fn an_added_column_brings_its_constraints_and_its_fill() {
    let ColumnChange::Add {
        column,
        constraints,
        presence,
    } = column_change(
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS x int NOT NULL DEFAULT 5 CHECK (x > 0) REFERENCES r",
    )
    else {
        panic!("a new column")
    };
    assert_eq!(presence, Presence::Lenient);
    assert_eq!(column.nullability, Nullability::NotNull);
    assert!(matches!(column.fill, Fill::Default(_)));
    assert_eq!(constraints.len(), 2);
}

#[test]
fn a_drop_keeps_if_exists_and_cascade() {
    let expected = ColumnChange::Drop {
        name: Ident::from("a"),
        presence: Presence::Lenient,
        reaction: Reaction::Cascade,
    };
    assert_eq!(
        column_change("ALTER TABLE t DROP COLUMN IF EXISTS a CASCADE"),
        expected
    );
}

#[test]
fn a_type_change_keeps_its_collation_and_its_expression() {
    let ColumnChange::SetType {
        data_type,
        collation,
        using,
        ..
    } = column_change("ALTER TABLE t ALTER v TYPE varchar(10) COLLATE \"C\" USING lower(v)")
    else {
        panic!("a type change")
    };
    assert_eq!(data_type.to_string(), "character varying(10)");
    assert!(collation.is_some());
    assert_eq!(using.expect("an expression").text, "lower(v)");
}

#[test]
fn the_options_of_an_identity_are_one_change() {
    let expected = ColumnChange::SetIdentity {
        name: Ident::from("a"),
        mode: Some(segue_model::IdentityMode::Always),
    };
    let sql = "ALTER TABLE t ALTER a SET GENERATED ALWAYS SET INCREMENT 2 RESTART";
    assert_eq!(column_change(sql), expected);
}

#[test]
fn altering_a_constraint_may_say_two_things() {
    let changes = changes("ALTER TABLE t ALTER CONSTRAINT f DEFERRABLE NOT ENFORCED");
    let [Change::Constraint(_, first), Change::Constraint(_, second)] = changes.as_slice() else {
        panic!("two changes: {changes:?}")
    };
    let expected = ConstraintChange::SetDeferral {
        name: Ident::from("f"),
        deferral: Deferral::InitiallyImmediate,
    };
    assert_eq!(first, &expected);
    let expected = ConstraintChange::SetEnforcement {
        name: Ident::from("f"),
        enforcement: Enforcement::NotEnforced,
    };
    assert_eq!(second, &expected);
}

#[test]
fn renaming_an_index_as_a_table_reads_as_a_table() {
    let rename = table_change("ALTER TABLE t_a_idx RENAME TO t_a_idx2");
    assert_eq!(rename, TableChange::Rename(Ident::from("t_a_idx2")));
}

#[test]
fn all_triggers_have_no_name() {
    let expected = TableChange::SetTrigger {
        trigger: None,
        state: TriggerState::Disable,
    };
    assert_eq!(table_change("ALTER TABLE t DISABLE TRIGGER ALL"), expected);
}

#[test]
fn a_detach_says_whether_it_is_concurrent() {
    let Change::Partition(_, PartitionChange::Detach { build, child }) =
        change("ALTER TABLE p DETACH PARTITION p2 CONCURRENTLY")
    else {
        panic!("a detach")
    };
    assert_eq!(build, Build::Concurrently);
    assert_eq!(child, public("p2"));
}

#[test]
fn a_list_of_names_is_one_change_for_each() {
    for (sql, count) in [
        ("DROP TABLE a, b, c", 3),
        ("DROP INDEX CONCURRENTLY IF EXISTS i, j", 2),
        ("DROP VIEW a, b", 2),
        ("DROP SEQUENCE a, b", 2),
        ("DROP TYPE a, b CASCADE", 2),
        ("DROP FUNCTION f(int), g", 2),
        ("DROP SCHEMA a, b", 2),
        ("DROP ROLE a, b", 2),
        ("ALTER TYPE c ADD ATTRIBUTE a int, DROP ATTRIBUTE b", 2),
    ] {
        assert_eq!(changes(sql).len(), count, "{sql}");
    }
}

#[test]
fn a_dropped_index_keeps_how_and_whether() {
    let expected = IndexChange::Drop {
        name: public("i"),
        build: Build::Concurrently,
        presence: Presence::Lenient,
        reaction: Reaction::Restrict,
    };
    assert_eq!(
        change("DROP INDEX CONCURRENTLY IF EXISTS i"),
        Change::Index(expected)
    );
}

#[test]
fn an_index_that_is_renamed_knows_its_statement() {
    let expected = IndexChange::Rename {
        from: public("i"),
        to: Ident::from("j"),
        presence: Presence::Required,
        spelled: RenameSpelling::AlterIndex,
    };
    assert_eq!(change("ALTER INDEX i RENAME TO j"), Change::Index(expected));
}

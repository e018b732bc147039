//! Views, sequences, types, routines, triggers, publications, privileges, comments and the rest.

use segue_model::{
    ColumnUse, CommentTarget, DomainChange, EnumPosition, Ident, ObjectKind, Presence,
    PrivilegeChange, PublicationChange, RoutineChange, SequenceChange, TriggerChange, TriggerEvent,
    TypeChange, ViewChange, Volatility,
};

use super::*;

#[test]
fn with_check_option_is_an_option_of_the_view() {
    let Change::View(_, ViewChange::Replace(view)) =
        change("CREATE OR REPLACE VIEW v (x) AS SELECT a FROM t WITH LOCAL CHECK OPTION")
    else {
        panic!("a view")
    };
    assert_eq!(view.columns, idents(&["x"]));
    assert_eq!(view.parameters[0].name.as_str(), "check_option");
    assert_eq!(view.parameters[0].value.as_deref(), Some("local"));
}

#[test]
fn a_recursive_view_does_not_read_itself() {
    let sql = "CREATE RECURSIVE VIEW v (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM v";
    let Change::View(_, ViewChange::Create(view)) = change(sql) else {
        panic!("a view")
    };
    assert!(view.query.relations.is_empty());
}

#[test]
fn the_owner_of_a_sequence_is_a_column() {
    let Change::Sequence(_, SequenceChange::SetOwnedBy(owner)) =
        change("ALTER SEQUENCE sq OWNED BY t.a")
    else {
        panic!("an owner")
    };
    let expected = ColumnUse {
        relation: Some(public("t")),
        column: Ident::from("a"),
    };
    assert_eq!(owner, Some(expected));
}

#[test]
fn the_options_of_a_sequence_are_one_change() {
    let Change::Sequence(_, SequenceChange::Alter { options }) =
        change("ALTER SEQUENCE sq AS int RESTART WITH 5 NO CYCLE")
    else {
        panic!("options")
    };
    assert_eq!(options, ["AS", "RESTART", "NO CYCLE"]);
}

#[test]
fn a_label_of_an_enum_is_unquoted_and_keeps_its_place() {
    let expected = TypeChange::AddValue {
        label: "it's".to_owned(),
        position: EnumPosition::Before("sad".to_owned()),
        presence: Presence::Lenient,
    };
    let sql = "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s' BEFORE 'sad'";
    assert_eq!(change(sql), Change::Type(public("mood"), expected));
}

#[test]
fn the_constraints_of_a_domain_are_named_after_the_domain() {
    let Change::Domain(_, DomainChange::Create { constraints, .. }) =
        change("CREATE DOMAIN d AS int DEFAULT 1 NOT NULL CHECK (VALUE > 0)")
    else {
        panic!("a domain")
    };
    let names: Vec<_> = constraints
        .iter()
        .map(|one| one.name.ident().as_str())
        .collect();
    assert_eq!(names, ["d_not_null", "d_check"]);
}

#[test]
fn a_routine_is_volatile_unless_it_says_otherwise() {
    for (written, volatility) in [
        ("", Volatility::Volatile),
        ("STABLE", Volatility::Stable),
        ("IMMUTABLE", Volatility::Immutable),
    ] {
        let sql = [
            "CREATE FUNCTION f(a int, OUT b text) LANGUAGE sql AS 'SELECT 1' ",
            written,
        ];
        let Change::Routine(_, RoutineChange::Create(routine)) = change(&sql.concat()) else {
            panic!("a routine")
        };
        assert_eq!(routine.volatility, volatility);
        assert_eq!(routine.arguments.len(), 1);
        assert_eq!(routine.returns, "text");
    }
}

#[test]
fn a_trigger_knows_its_events_columns_and_function() {
    let Change::Trigger(table, TriggerChange::Create(trigger)) = change(
        "CREATE TRIGGER tr BEFORE UPDATE OF a OR INSERT ON t FOR EACH ROW WHEN (NEW.b > 1) \
         EXECUTE FUNCTION s.f()",
    ) else {
        panic!("a trigger")
    };
    assert_eq!(table, public("t"));
    assert_eq!(trigger.events, [TriggerEvent::Update, TriggerEvent::Insert]);
    assert_eq!(trigger.update_of, idents(&["a"]));
    assert_eq!(trigger.when_columns, idents(&["b"]));
    assert_eq!(trigger.function, QualifiedName::new("s", "f"));
    assert_eq!(trigger.timing, "before");
}

#[test]
fn a_publication_names_the_columns_of_lists_and_filters() {
    let Change::Publication(_, PublicationChange::Create(tables)) =
        change("CREATE PUBLICATION p FOR TABLE t (a, b) WHERE (c > 1), r")
    else {
        panic!("a publication")
    };
    assert_eq!(tables[0].columns, idents(&["a", "b", "c"]));
    assert_eq!(tables[1].table, public("r"));
}

#[test]
fn the_schemas_of_a_publication_mean_all_their_tables() {
    let publication = change("CREATE PUBLICATION p FOR TABLES IN SCHEMA s, s2");
    let expected = Change::Publication(Ident::from("p"), PublicationChange::CreateForAll);
    assert_eq!(publication, expected);
}

#[test]
fn a_grant_names_objects_and_roles_as_written() {
    let expected = PrivilegeChange::Grant {
        on: ObjectKind::Table,
        names: vec![public("t"), QualifiedName::new("s", "u")],
        to: vec!["joe".to_owned(), "PUBLIC".to_owned()],
    };
    let sql = "GRANT SELECT (a), UPDATE ON t, s.u TO joe, PUBLIC WITH GRANT OPTION";
    assert_eq!(change(sql), Change::Privilege(expected));
}

#[test]
fn all_tables_in_a_schema_are_not_named() {
    let Change::Privilege(PrivilegeChange::Revoke { on, names, .. }) =
        change("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM joe")
    else {
        panic!("a revoke")
    };
    assert_eq!((on, names), (ObjectKind::Table, Vec::new()));
}

#[test]
fn a_granted_role_is_an_object_that_is_not_modelled() {
    let Change::Other(other) = change("GRANT admin TO joe") else {
        panic!("another object")
    };
    assert_eq!(other.verb, "GRANT");
    assert_eq!(other.name, Some(Ident::from("admin")));
}

#[test]
fn a_comment_on_a_column_names_the_table_and_the_column() {
    let target = CommentTarget {
        kind: ObjectKind::Column,
        name: Some(public("t")),
        part: Some(Ident::from("a")),
    };
    let expected = Change::Comment(target.clone(), Some("it's".to_owned()));
    assert_eq!(change("COMMENT ON COLUMN t.a IS 'it''s'"), expected);
    assert_eq!(
        change("COMMENT ON COLUMN t.a IS NULL"),
        Change::Comment(target, None)
    );
}

#[test]
fn objects_that_are_not_modelled_are_named() {
    for (sql, verb, name) in [
        (
            "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
            "CREATE EVENT TRIGGER",
            Some("e"),
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
            "CREATE SUBSCRIPTION",
            Some("s"),
        ),
        ("DROP SERVER s CASCADE", "DROP SERVER", Some("s")),
        ("ALTER ROLE joe LOGIN", "ALTER ROLE", Some("joe")),
    ] {
        let Change::Other(other) = change(sql) else {
            panic!("{sql}")
        };
        assert_eq!(other.verb, verb);
        assert_eq!(other.name, name.map(Ident::from));
    }
}

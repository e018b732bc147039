//! What the reader refuses, notes and resolves, whatever the statement.

use segue_model::{
    Change, Comparison, DataChange, Expression, OpaqueReason, OtherObject, Predicate,
    QualifiedName, SessionChange, Shape, TextNoteKind, TransactionChange, Volatility,
};

use super::{notes, only, opaque, query, read, reason};

fn condition(text: &str) -> Expression {
    match only(&["delete from t where ", text].concat()) {
        Change::Data(DataChange::Delete { filter, .. }) => filter.unwrap(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_the_parser_takes_wrongly_for_sql_is_a_syntax_error() {
    for text in [
        "drop table",
        "DROP TABLE IF EXISTS",
        "alter table rename",
        "alter table t ADD COLUMN COLUMN text",
        "alter table t ADD COLUMN false boolean",
        "DROP TRIGGER ON ON post",
        "alter table t add column a boolean DEFAULT NOT TRUE",
    ] {
        let found = read(text);
        assert!(found[0].opaque().is_some(), "{text}: {found:?}");
    }
}

#[test]
fn a_syntax_error_says_where_and_what_in_words() {
    let found = opaque("select 1 +; ");
    assert_eq!(found.reason, OpaqueReason::SyntaxError);
    assert!(found.span.start >= 8, "{found:?}");
    let found = opaque("alter table t rename a b");
    assert!(!found.message.contains("_KW"), "{}", found.message);
}

#[test]
fn a_bad_statement_leaves_its_neighbours_alone() {
    let found = read("delete from a; selec 1; delete from b;");
    let opaque: Vec<_> = found.iter().map(|s| s.opaque().is_some()).collect();
    assert_eq!(opaque, [false, true, false]);
}

#[test]
fn names_are_folded_unquoted_and_cut() {
    let long = "x".repeat(70);
    let text = ["delete from \"My\"\"S\".\"", &long, "\""].concat();
    let Change::Data(DataChange::Delete { table, .. }) = only(&text) else {
        panic!("a delete");
    };
    assert_eq!(table, QualifiedName::new("My\"S", "x".repeat(63)));
    assert!(notes(&text).contains(&TextNoteKind::CutName {
        written: long,
        stored: "x".repeat(63)
    }));
}

#[test]
fn the_search_path_of_the_file_decides_where_unqualified_names_lead() {
    let table = |text: &str| {
        read(text)
            .into_iter()
            .filter_map(|s| match s.changes.into_iter().next() {
                Some(Change::Data(DataChange::Delete { table, .. })) => Some(table.namespace),
                _ => None,
            })
            .map(|name| name.as_str().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(table("delete from t"), "public");
    assert_eq!(
        table("set search_path to \"$user\", App, public; delete from t"),
        "app"
    );
    assert_eq!(
        table("set search_path = 'a'; delete from t; reset search_path; delete from t"),
        "a public"
    );
    assert_eq!(
        table("begin; set local search_path to a; delete from t; commit; delete from t"),
        "a public"
    );
    assert_eq!(
        table("select set_config('search_path', 'b', false); delete from t"),
        "b"
    );
    assert_eq!(table("select 1 as a into temp x; delete from x"), "pg_temp");
    assert_eq!(table("set search_path to a; delete from s.t"), "s");
}

#[test]
fn an_unqualified_relation_is_noted_and_a_qualified_one_is_not() {
    assert_eq!(
        notes("delete from t"),
        [TextNoteKind::UnqualifiedName("t".to_owned())]
    );
    assert!(notes("delete from s.t").is_empty());
    assert!(notes("with w as (select 1) select * from w").is_empty());
    assert!(notes("select * from pg_class").is_empty());
}

#[test]
fn secrets_are_noted_and_not_repeated() {
    for text in [
        "create role r password 'hunter2'",
        "alter user u with encrypted password 'hunter2'",
        "create user mapping for u server s options (user 'u', password 'hunter2')",
        "create subscription s connection 'host=h password=hunter2' publication p",
        "insert into k values ('-----BEGIN RSA PRIVATE KEY-----\nabc')",
        "insert into k values ('postgres://u:hunter2@h/db')",
        "insert into k values ('ghp_0123456789abcdef')",
    ] {
        assert!(notes(text).contains(&TextNoteKind::Secret), "{text}");
        let all = format!("{:?}", read(text));
        assert!(!all.contains("hunter2"), "{all}");
    }
    assert!(
        !notes("insert into k values ('https://example.org/a')").contains(&TextNoteKind::Secret)
    );
}

#[test]
fn syntax_of_younger_servers_is_noted_whatever_the_target() {
    for (text, since) in [
        (
            "merge into t using u on t.a = u.a when matched then delete",
            15,
        ),
        ("reindex index concurrently i", 12),
        (
            "create table t (a int, constraint c check (a > 0) not enforced)",
            18,
        ),
        (
            "create table t (a int, b int generated always as (a) virtual)",
            18,
        ),
        (
            "create table t (a int, b int generated always as (a) stored)",
            12,
        ),
        ("alter table t add constraint c not null a", 18),
        ("create unique index i on t (a) nulls not distinct", 15),
        ("alter table t detach partition p concurrently", 14),
        (
            "create or replace trigger g before insert on t execute function f()",
            14,
        ),
        ("alter table t alter a set expression as (b)", 17),
        ("alter table t set access method heap", 15),
    ] {
        let found: Vec<u16> = notes(text)
            .into_iter()
            .filter_map(|note| match note {
                TextNoteKind::SinceVersion { version, .. } => Some(version),
                _ => None,
            })
            .collect();
        assert_eq!(found, [since], "{text}");
    }
}

#[test]
fn a_condition_is_understood_as_far_as_a_proof_may_rest_on_it() {
    let compare = |operator, value: &str| Predicate::Comparison {
        column: "a".into(),
        operator,
        value: value.to_owned(),
    };
    for (text, logic) in [
        ("a is not null", Predicate::NotNull("a".into())),
        ("t.a notnull", Predicate::NotNull("a".into())),
        (
            "not (a is null)",
            Predicate::Not(Box::new(Predicate::IsNull("a".into()))),
        ),
        ("a is distinct from null", Predicate::NotNull("a".into())),
        ("a >= 1", compare(Comparison::GreaterOrEqual, "1")),
        ("-1 < a", compare(Comparison::Greater, "-1")),
        ("'x'::text <> a", compare(Comparison::NotEqual, "'x'::text")),
        (
            "a in ('x', 'y')",
            Predicate::OneOf {
                column: "a".into(),
                values: vec!["'x'".to_owned(), "'y'".to_owned()],
            },
        ),
        (
            "a = any (array['x'::text])",
            Predicate::OneOf {
                column: "a".into(),
                values: vec!["'x'::text".to_owned()],
            },
        ),
        (
            "(a is null) and a > 1 and (a < 3 or f(a))",
            Predicate::And(vec![
                Predicate::IsNull("a".into()),
                compare(Comparison::Greater, "1"),
                Predicate::Or(vec![compare(Comparison::Less, "3"), Predicate::Unknown]),
            ]),
        ),
        ("a = b", Predicate::Unknown),
        ("a > now()", Predicate::Unknown),
        ("a = null", Predicate::Unknown),
        ("a in (select 1)", Predicate::Unknown),
        (
            "a between 1 and 2",
            Predicate::And(vec![
                compare(Comparison::GreaterOrEqual, "1"),
                compare(Comparison::LessOrEqual, "2"),
            ]),
        ),
    ] {
        assert_eq!(condition(text).logic, logic, "{text}");
    }
}

#[test]
fn functions_are_found_with_what_the_server_says_of_them() {
    let volatile = |text: &str| {
        let found = condition(text);
        found.functions.iter().map(|f| f.built_in).max()
    };
    assert_eq!(volatile("a < now()"), Some(Volatility::Stable));
    assert_eq!(volatile("a < current_timestamp"), Some(Volatility::Stable));
    assert_eq!(
        volatile("a < CURRENT_TIMESTAMP(3)"),
        Some(Volatility::Stable)
    );
    assert_eq!(
        volatile("a = pg_catalog.random()"),
        Some(Volatility::Volatile)
    );
    assert_eq!(volatile("a = upper(b)"), Some(Volatility::Immutable));
    assert_eq!(volatile("a = app.upper(b)"), Some(Volatility::Unknown));
    assert_eq!(volatile("a = coalesce(b, 1)"), None);
    assert_eq!(
        condition("a = f(b) and c < now()").columns,
        ["a".into(), "b".into(), "c".into()]
    );
}

#[test]
fn the_shape_of_an_expression_is_its_outermost_form() {
    let shape = |text: &str| {
        let text = ["update t set a = ", text].concat();
        match only(&text) {
            Change::Data(DataChange::Update { assignments, .. }) => {
                assignments[0].value.shape.clone()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(shape("null"), Shape::Null);
    assert_eq!(shape("(-1)"), Shape::Constant);
    assert_eq!(shape("b"), Shape::Column("b".into()));
    assert_eq!(
        shape("nextval('s.q'::regclass)"),
        Shape::NextValue(QualifiedName::new("s", "q"))
    );
    assert_eq!(shape("now()"), Shape::Other);
    assert!(
        matches!(shape("'x'::citext"), Shape::Cast { of, to } if *of == Shape::Constant && to.user_type().is_some())
    );
    assert!(matches!(shape("b::int8"), Shape::Cast { to, .. } if to.is_built_in("bigint")));
}

#[test]
fn statements_about_other_objects_are_named() {
    for (text, kind, verb) in [
        ("create role r", "role", "CREATE ROLE"),
        (
            "drop event trigger e",
            "event trigger",
            "DROP EVENT TRIGGER",
        ),
        (
            "alter server s options (set a 'b')",
            "server",
            "ALTER SERVER",
        ),
    ] {
        let Change::Other(OtherObject {
            kind: k,
            verb: v,
            name,
        }) = only(text)
        else {
            panic!("{text}");
        };
        assert_eq!(
            (k.as_str(), v.as_str(), name.is_some()),
            (kind, verb, true),
            "{text}"
        );
    }
    assert_eq!(
        reason("import foreign schema a from server s into b"),
        OpaqueReason::NotModelled
    );
    assert_eq!(reason("execute p(1)"), OpaqueReason::Dynamic);
}

#[test]
fn transaction_control_and_settings_are_read() {
    assert_eq!(
        only("start transaction"),
        Change::Transaction(TransactionChange::Begin)
    );
    assert_eq!(only("end"), Change::Transaction(TransactionChange::Commit));
    assert_eq!(
        only("abort"),
        Change::Transaction(TransactionChange::Rollback)
    );
    assert_eq!(
        only("rollback to savepoint a"),
        Change::Transaction(TransactionChange::RollbackTo("a".into()))
    );
    let set = |text: &str| match only(text) {
        Change::Session(SessionChange::Set { name, value, .. }) => {
            (name.as_str().to_owned(), value)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        set("set local Lock_Timeout = '2s'"),
        ("lock_timeout".to_owned(), Some("'2s'".to_owned()))
    );
    assert_eq!(
        set("set statement_timeout to default"),
        ("statement_timeout".to_owned(), None)
    );
    assert!(
        matches!(only("show all"), Change::Session(SessionChange::Nothing { verb }) if verb == "SHOW")
    );
}

#[test]
fn a_query_without_a_relation_reads_nothing() {
    assert!(query("select 1").relations.is_empty());
}

#[test]
fn words_that_may_name_a_function_or_a_label_are_no_syntax_errors() {
    for text in [
        "create function like(int) returns int language sql as 'select 1'",
        "select 1 all",
        "select 1 as select",
        "select t.select from t",
    ] {
        assert!(read(text)[0].opaque().is_none(), "{text}: {:?}", read(text));
    }
}

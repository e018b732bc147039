//! Statements that read and write rows.

use segue_model::{
    Change, DataChange, InsertSource, LockMode, MaintenanceChange, ModeWritten, QualifiedName,
    Reach, RowLock, Selects, SessionChange, TruncateIdentity,
};

use super::{only, query, read};

fn public(name: &str) -> QualifiedName {
    QualifiedName::new("public", name)
}

#[test]
fn a_query_reads_relations_and_not_its_own_with_queries_or_aliases() {
    let found = query(
        "with recursive w as (select id from a), x as (select * from w join b on b.id = w.id) \
         select x.id, (select max(n) from c where c.id = d.id) from x, s.d d, lateral f(d.id) g(y) order by 1",
    );
    assert_eq!(
        found.relations,
        [
            public("a"),
            public("b"),
            QualifiedName::new("s", "d"),
            public("c")
        ]
    );
    assert_eq!(found.selects, Selects::Named);
}

#[test]
fn aliases_lead_to_relations() {
    let found = query("select u.name, o.total from users u join s.orders as o on o.user_id = u.id");
    let told: Vec<_> = found
        .columns
        .iter()
        .map(|c| {
            (
                c.relation.clone().unwrap().name,
                c.column.as_str().to_owned(),
            )
        })
        .collect();
    assert!(told.contains(&("users".into(), "name".to_owned())));
    assert!(told.contains(&("orders".into(), "user_id".to_owned())));
}

#[test]
fn a_bare_column_belongs_to_a_relation_only_when_one_alone_is_read() {
    assert_eq!(
        query("select a from t").columns[0].relation,
        Some(public("t"))
    );
    assert_eq!(query("select a from t, u").columns[0].relation, None);
}

#[test]
fn output_columns_have_the_names_the_server_gives_them() {
    let found = query("select a, b as \"B\", t.c, count(*), d::text, 1 + 1, now() from t");
    let names: Vec<_> = found
        .output
        .iter()
        .map(|o| o.name.as_ref().map(|n| n.as_str().to_owned()))
        .collect();
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(
        names,
        [
            name("a"),
            name("B"),
            name("c"),
            name("count"),
            name("d"),
            None,
            name("now")
        ]
    );
    assert!(found.output[0].source.is_some());
    assert!(found.output[3].source.is_none());
    assert_eq!(query("select t.* from t").selects, Selects::Star);
}

#[test]
fn a_query_picks_rows_with_where_or_limit() {
    assert_eq!(query("select a from t where a = 1").reach, Reach::Some);
    assert_eq!(query("select a from t limit 1").reach, Reach::Some);
    assert_eq!(query("select a from t limit all").reach, Reach::All);
    assert_eq!(query("select a from t where true").reach, Reach::All);
    assert_eq!(
        query("select a from t where a = 1 union select a from u").reach,
        Reach::All
    );
}

#[test]
fn the_strongest_row_lock_counts() {
    assert_eq!(
        query("select a from t for update").row_lock,
        RowLock::Update
    );
    assert_eq!(
        query("select a from t for key share").row_lock,
        RowLock::Share
    );
    assert_eq!(
        query("select a from (select a from t for no key update) x").row_lock,
        RowLock::Update
    );
    assert_eq!(query("select a from t").row_lock, RowLock::None);
}

#[test]
fn an_insert_says_where_its_rows_come_from() {
    let source = |text: &str| match only(text) {
        Change::Data(DataChange::Insert { source, .. }) => source,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        source("insert into t values (1), (2)"),
        InsertSource::Values { rows: 2 }
    );
    assert_eq!(
        source("insert into t default values"),
        InsertSource::Defaults
    );
    let InsertSource::Query(query) =
        source("with w as (select 1 from u) insert into t select * from w")
    else {
        panic!("a query");
    };
    assert!(query.relations.is_empty());
}

#[test]
fn an_update_tells_its_own_columns_from_those_it_reads() {
    let Change::Data(DataChange::Update {
        table,
        assignments,
        reach,
        filter,
        reads,
    }) = only(
        "update only t x set (a, b) = (o.c, default), d = x.e + 1 from other o where o.id = x.id and x.f in (select g from z)",
    )
    else {
        panic!("an update");
    };
    assert_eq!((table, reach), (public("t"), Reach::Some));
    assert_eq!(reads, [public("other"), public("z")]);
    let columns: Vec<_> = assignments.iter().map(|a| a.column.as_str()).collect();
    assert_eq!(columns, ["a", "b", "d"]);
    assert_eq!(assignments[2].value.columns, ["e".into()]);
    let columns: Vec<_> = filter
        .unwrap()
        .columns
        .iter()
        .map(|c| c.as_str().to_owned())
        .collect();
    assert!(columns.contains(&"id".to_owned()) && columns.contains(&"f".to_owned()));
}

#[test]
fn writes_inside_with_are_changes_of_their_own() {
    let found =
        read("with gone as (delete from a where b returning *) insert into c select * from gone");
    assert!(matches!(
        found[0].changes.as_slice(),
        [
            Change::Data(DataChange::Delete { .. }),
            Change::Data(DataChange::Insert { .. })
        ]
    ));
}

#[test]
fn setval_is_a_change_of_the_sequence() {
    for (text, sequence) in [
        ("select setval('s.q', 1)", QualifiedName::new("s", "q")),
        (
            "select pg_catalog.setval('\"Q\"'::regclass, (select max(id) from t))",
            public("Q"),
        ),
        (
            "select setval(pg_get_serial_sequence('t', 'id'), 5)",
            public("t_id_seq"),
        ),
    ] {
        let found = read(text);
        assert!(
            found[0]
                .changes
                .contains(&Change::Data(DataChange::SetSequenceValue(sequence))),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn merge_truncate_and_copy_are_read() {
    assert!(matches!(
        only("merge into t using (select * from u) v on t.a = v.a when matched then update set b = v.b"),
        Change::Data(DataChange::Merge { table, reads }) if table == public("t") && reads == [public("u")]
    ));
    assert!(matches!(
        only("truncate a, only b restart identity cascade"),
        Change::Data(DataChange::Truncate { tables, identity: TruncateIdentity::Restart, .. }) if tables.len() == 2
    ));
    assert!(matches!(
        only("copy (select * from a) to stdout"),
        Change::Data(DataChange::CopyOut { reads }) if reads == [public("a")]
    ));
}

#[test]
fn explain_runs_the_statement_only_with_analyze() {
    assert!(matches!(
        only("explain delete from t"),
        Change::Session(SessionChange::Nothing { .. })
    ));
    assert!(matches!(
        only("explain analyze delete from t"),
        Change::Data(DataChange::Delete { .. })
    ));
}

#[test]
fn locks_and_maintenance_are_read() {
    let Change::Session(SessionChange::Lock(lock)) =
        only("lock table a, b in share row exclusive mode")
    else {
        panic!("a lock");
    };
    assert_eq!(
        (lock.tables.len(), lock.mode, lock.mode_written),
        (2, LockMode::ShareRowExclusive, ModeWritten::Yes)
    );
    for text in [
        "vacuum (full, analyze) a",
        "analyze a (b)",
        "cluster a using i",
        "reindex table concurrently a",
        "refresh materialized view concurrently v",
    ] {
        assert!(matches!(only(text), Change::Maintenance(_)), "{text}");
    }
    assert!(matches!(
        only("vacuum"),
        Change::Maintenance(MaintenanceChange::Vacuum { tables, .. }) if tables.is_empty()
    ));
}

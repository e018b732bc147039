//! DO blocks: what stands inside, where, and what cannot be read.

use segue_model::{Change, DataChange, OpaqueReason, Program, QualifiedName};

use super::{only, read};

fn program(text: &str) -> Program {
    match only(text) {
        Change::Program(program) => program,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn statements_inside_a_block_are_found_with_their_place_in_the_file() {
    let text = "select 1; do $body$ begin if a then delete from t where b; elsif c then for r in select * from u loop update v set x = 1; end loop; end if; exception when others then truncate w; end $body$;";
    let found = read(text);
    let Change::Program(program) = &found[1].changes[0] else {
        panic!("a program");
    };
    let texts: Vec<_> = program.statements.iter().map(|s| s.span.of(text)).collect();
    assert_eq!(
        texts,
        [
            "delete from t where b",
            "select * from u",
            "update v set x = 1",
            "truncate w"
        ]
    );
    assert!(program.unread.is_empty());
}

#[test]
fn a_block_in_a_plain_string_keeps_true_places() {
    let text = "do 'begin perform f(''x''); delete from t where a = ''y''; end'";
    let program = program(text);
    assert_eq!(
        program.statements[1].span.of(text),
        "delete from t where a = ''y''"
    );
}

#[test]
fn dynamic_sql_is_unread_and_a_literal_is_read() {
    let text = "do $$ begin execute 'delete from t'; execute format('drop table %I', x); end $$";
    let program = program(text);
    assert_eq!(program.statements[0].span.of(text), "delete from t");
    assert_eq!(program.unread.len(), 1);
    assert_eq!(program.unread[0].reason, OpaqueReason::Dynamic);
    assert!(
        program.unread[0]
            .span
            .of(text)
            .starts_with("execute format")
    );
}

#[test]
fn an_error_inside_a_body_is_reported_at_its_place() {
    let text = "do $$ begin alter tabl t; end $$";
    let program = program(text);
    assert_eq!(program.unread[0].reason, OpaqueReason::SyntaxError);
    assert!(program.unread[0].span.start > 6);
}

#[test]
fn a_body_in_another_language_is_not_looked_into() {
    let program = program("do language plpython3u $$ import os $$");
    assert_eq!(program.language.as_str(), "plpython3u");
    assert_eq!(program.unread[0].reason, OpaqueReason::ForeignLanguage);
}

#[test]
fn select_into_a_variable_creates_no_table() {
    let program = program("do $$ declare n int; begin select count(*) into n from t; end $$");
    assert!(matches!(
        &program.statements[0].changes[0],
        Change::Data(DataChange::Select(query)) if query.relations == [QualifiedName::new("public", "t")]
    ));
}

#[test]
fn a_query_in_a_condition_is_read() {
    let program = program("do $$ begin if exists (select 1 from t) then null; end if; end $$");
    assert_eq!(program.statements.len(), 1);
}

#[test]
fn blocks_inside_blocks_are_read() {
    let text = "do $a$ begin do $b$ begin delete from t; end $b$; end $a$";
    let outer = program(text);
    let Change::Program(inner) = &outer.statements[0].changes[0] else {
        panic!("a program");
    };
    assert_eq!(inner.statements[0].span.of(text), "delete from t");
}

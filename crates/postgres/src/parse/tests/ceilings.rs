//! Shapes that would overflow the stack or take for ever are refused before the parser sees them.

use segue_model::{Change, DataChange, InsertColumns, InsertSource, OpaqueReason};

use super::{only, read, reason};

fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    [open.repeat(levels), inner.to_owned(), close.repeat(levels)].concat()
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("(select ", ")"),
        ("case when true then ", " end"),
        ("not ", ""),
        ("array[", "]"),
        ("f(", ")"),
    ] {
        let text = ["select ", &nested(open, "1", close, 20_000)].concat();
        assert_eq!(reason(&text), OpaqueReason::TooLarge, "{open}");
    }
}

#[test]
fn long_operator_chains_are_refused() {
    for term in [
        "+1",
        " and a",
        " or a = 1",
        "||a",
        "::int",
        ".a",
        "[1]",
        " union all select 1",
        " join t on true",
        " collate c",
        "- -1",
        " is null",
    ] {
        let text = ["select 1 from t where a", &term.repeat(100_000)].concat();
        assert_eq!(reason(&text), OpaqueReason::TooLarge, "{term}");
    }
}

#[test]
fn many_chains_inside_each_other_are_refused() {
    let link = ["(", &"1+".repeat(4_000)].concat();
    let text = ["select ", &nested(&link, "1", ")", 100)].concat();
    assert_eq!(reason(&text), OpaqueReason::TooLarge);
}

#[test]
fn bodies_have_the_same_ceilings() {
    let ifs = nested("if a then ", "null;", " end if;", 20_000);
    let blocks = nested("begin ", "null;", " end;", 20_000);
    let brackets = ["perform ", &nested("(", "1", ")", 20_000), ";"].concat();
    for inside in [&ifs, &blocks, &brackets] {
        let body = ["begin ", inside, " end"].concat();
        for text in [
            ["do $$", &body, "$$"].concat(),
            ["do '", &body, "'"].concat(),
            [
                "create function f() returns void as $$",
                &body,
                "$$ language plpgsql",
            ]
            .concat(),
        ] {
            let found = read(&text);
            assert_eq!(found[0].opaque().unwrap().reason, OpaqueReason::TooLarge);
        }
    }
    let text = [
        "create function f() returns int as 'select ",
        &nested("(", "1", ")", 20_000),
        "' language sql",
    ]
    .concat();
    assert_eq!(
        read(&text)[0].opaque().unwrap().reason,
        OpaqueReason::TooLarge
    );
}

#[test]
fn many_statements_in_a_body_are_no_nesting() {
    let drops =
        "drop table if exists a; begin null; end; if a then null; end if; loop exit; end loop;"
            .repeat(1_000);
    let text = ["do $$ begin ", &drops, " end $$"].concat();
    assert!(matches!(only(&text), Change::Program(program) if program.unread.is_empty()));
}

#[test]
fn what_is_just_below_the_ceilings_is_read() {
    let brackets = ["select ", &nested("(", "1", ")", 480)].concat();
    let chain = ["select a from t where a", &" and a".repeat(4_900)].concat();
    let list = ["select a from t where a in (1", &", 1".repeat(50_000), ")"].concat();
    for text in [brackets, chain, list] {
        assert!(matches!(only(&text), Change::Data(DataChange::Select(_))));
    }
}

#[test]
fn a_statement_above_four_mebibytes_is_not_parsed() {
    let text = ["select '", &"x".repeat(5 * 1024 * 1024), "'"].concat();
    assert_eq!(reason(&text), OpaqueReason::TooLarge);
}

#[test]
fn the_head_of_an_insert_of_many_rows_is_read() {
    let rows = "(1, 'abcdefgh'), ".repeat(400_000);
    let text = ["insert into t (a, b) values ", &rows, "(1, 'x')"].concat();
    let Change::Data(DataChange::Insert {
        columns, source, ..
    }) = only(&text)
    else {
        panic!("an insert");
    };
    assert_eq!(columns, InsertColumns::Named(vec!["a".into(), "b".into()]));
    assert_eq!(source, InsertSource::Values { rows: 400_001 });
}

#[test]
fn many_different_names_cost_no_quadratic_time() {
    let names: Vec<String> = (0..100_000).map(|n| format!("c{n}, ")).collect();
    let text = ["select ", &names.concat(), "1 from t"].concat();
    assert!(
        matches!(only(&text), Change::Data(DataChange::Select(query)) if query.columns.len() == 100_000)
    );
}

#[test]
fn quotes_that_never_close_cost_no_quadratic_time() {
    let text: Vec<String> = (0..20_000).map(|n| format!("select $a{n}$;\n")).collect();
    let text = text.concat();
    assert!(read(&text).len() <= 9);
}

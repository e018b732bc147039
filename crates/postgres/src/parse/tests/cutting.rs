//! Where one statement ends and the next begins.

use segue_model::{Change, DataChange, OpaqueReason, TextNoteKind};

use super::{notes, only, opaque, read, reason, texts};

#[test]
fn strings_comments_and_dollar_quotes_hide_semicolons() {
    assert_eq!(
        texts("select ';'; -- ;\nselect $a$;$$;$a$; /* ; /* ; */ ; */ select \";\" from t"),
        ["select ';'", "select $a$;$$;$a$", "select \";\" from t"]
    );
}

#[test]
fn a_body_of_standard_sql_is_one_statement() {
    let text = "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3";
    assert_eq!(texts(text).len(), 2);
    assert_eq!(texts(text)[1], "select 3");
}

#[test]
fn the_statements_of_a_rule_stay_together() {
    let text = "create rule r as on insert to t do also (delete from a; delete from b); select 1";
    assert_eq!(texts(text).len(), 2);
}

#[test]
fn an_open_bracket_does_not_swallow_the_rest_of_the_file() {
    let found = read("create table t (a int; select 1 from u;");
    assert_eq!(found.len(), 2);
    assert!(found[0].opaque().is_some());
    assert!(found[1].opaque().is_none());
}

#[test]
fn the_data_of_copy_is_no_sql() {
    let text = "copy t (a) from stdin;\n1\t'\n;drop table x;\n\\.\nselect 1;\n";
    assert_eq!(texts(text), ["copy t (a) from stdin", "select 1"]);
    assert!(matches!(
        read(text)[0].changes[0],
        Change::Data(DataChange::CopyIn { .. })
    ));
}

#[test]
fn data_of_copy_without_an_end_is_reported_and_not_passed_over() {
    let found = read("copy t from stdin;\ndrop table x;\n");
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].opaque().unwrap().reason, OpaqueReason::SyntaxError);
}

#[test]
fn lines_of_psql_are_harmless_or_opaque_and_the_rest_is_read() {
    let text = "\\set ON_ERROR_STOP on\n\\restrict x\nselect 1;\n\\i other.sql\nselect 2 \\gexec\nselect 3;";
    let found = read(text);
    let cut: Vec<_> = found.iter().map(|s| s.span.of(text)).collect();
    assert_eq!(
        cut,
        [
            "select 1",
            "\\i other.sql",
            "select 2",
            "\\gexec",
            "select 3"
        ]
    );
    let opaque: Vec<_> = found.iter().filter_map(|s| s.opaque()).collect();
    assert!(
        opaque
            .iter()
            .all(|o| o.reason == OpaqueReason::ClientCommand)
    );
    assert_eq!(opaque.len(), 2);
}

#[test]
fn an_unclosed_quote_is_reported_where_it_opens_and_the_rest_is_read() {
    let text = "select 1;\nselect 'it;\nselect 2;";
    let found = read(text);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1].opaque().unwrap().reason, OpaqueReason::SyntaxError);
    assert_eq!(found[1].span.of(text), "select 'it;");
    assert_eq!(found[2].span.of(text), "select 2");
}

#[test]
fn unclosed_comments_names_and_dollar_quotes_are_syntax_errors() {
    for text in [
        "select /* x",
        "select \"x",
        "select $a$ x",
        "select e'\\'",
        "select U&'x",
    ] {
        assert_eq!(reason(text), OpaqueReason::SyntaxError, "{text}");
    }
}

#[test]
fn a_zero_byte_is_a_syntax_error_at_its_place() {
    let found = opaque("select '\0'");
    assert_eq!(
        (found.reason, found.span.start),
        (OpaqueReason::SyntaxError, 8)
    );
}

#[test]
fn an_empty_file_has_no_statements() {
    for text in ["", ";;;", "-- nothing\n", "\u{feff}", "/* a */ ;", "\r\n\r"] {
        assert!(read(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_and_spans_stay_true() {
    let text = "\u{feff}select 1;\rselect 2";
    assert_eq!(texts(text), ["select 1", "select 2"]);
}

#[test]
fn a_placeholder_for_a_value_is_read_and_noted() {
    for text in [
        "update t set a = 1 where b = :id",
        "update t set a = 1 where b = {{ id }}",
        "update t set a = 1 where b = ${id}",
        "update t set a = 1 where b = <%= id %>",
        "update t set a = 1 where b = :'id'",
    ] {
        let Change::Data(DataChange::Update { filter, .. }) = only(text) else {
            panic!("{text}");
        };
        let filter = filter.unwrap();
        assert_eq!(filter.columns, ["b".into()], "{text}");
        assert!(text.ends_with(&filter.text), "{text}");
        assert!(
            notes(text)
                .iter()
                .any(|note| matches!(note, TextNoteKind::Placeholder(_))),
            "{text}"
        );
    }
}

#[test]
fn a_placeholder_for_a_name_is_opaque() {
    for text in [
        "delete from {{ schema }}.t",
        "delete from app_{{ tenant }}",
        "delete from :\"tab\"",
        "delete from \"${schema}\".t",
        "{% if x %} delete from t",
    ] {
        assert_eq!(reason(text), OpaqueReason::Placeholder, "{text}");
    }
}

#[test]
fn casts_slices_assignments_and_operators_are_no_placeholders() {
    for text in [
        "select a::text, b[1:n], '{{1,2}}'::int[] from t",
        "select a <% b and c %> d from t",
    ] {
        assert!(
            !notes(text)
                .iter()
                .any(|n| matches!(n, TextNoteKind::Placeholder(p) if !p.starts_with("{{1"))),
            "{text}"
        );
        assert!(read(text)[0].opaque().is_none(), "{text}");
    }
}

#[test]
fn spans_are_inside_the_text_ascending_and_on_boundaries_for_every_cut_of_a_file() {
    let text = "\u{feff}select 'ä', \"ö\" from ü; -- ß\ncopy t from stdin;\nä\t\\N\n\\.\ndo $x$ begin delete from é; end $x$;\n\\i ä.sql\nselect :v, {{ ä }};";
    for (at, _) in text.char_indices() {
        for part in [&text[at..], &text[..at]] {
            let mut last = 0;
            for statement in super::super::read(part, 17) {
                let span = statement.span;
                assert!(span.start >= last && span.start <= span.end && span.end <= part.len());
                assert!(part.is_char_boundary(span.start) && part.is_char_boundary(span.end));
                last = span.end;
            }
        }
    }
}

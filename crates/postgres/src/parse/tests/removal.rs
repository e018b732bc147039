//! Take anything away from a statement, and it is not the same statement any more, or cannot be read.

use squawk_lexer::{TokenKind, tokenize};

use super::{super::read, read as read_on_large_stack};

/// One statement of each kind that is modelled.
const STATEMENTS: &[&str] = &[
    "insert into s.t (a, b) values (1, 2)",
    "update s.t set a = 1 where b = 2",
    "delete from s.t where b = 2",
    "merge into s.t using s.u on t.a = u.a when matched then delete",
    "truncate s.t restart identity cascade",
    "copy s.t (a) from stdin",
    "select a from s.t where b = 1 for update",
    "select setval('s.q', 1)",
    "lock table s.t in share mode",
    "set local lock_timeout = '2s'",
    "set constraints all deferred",
    "savepoint a",
    "rollback to savepoint a",
    "vacuum full s.t",
    "cluster s.t using i",
    "reindex table concurrently s.t",
    "refresh materialized view concurrently s.v",
    "do $$ begin delete from s.t where a = 1; end $$",
    "create table s.t (a int not null default 1, constraint c unique (a))",
    "create table s.p partition of s.t for values from (1) to (2)",
    "alter table s.t add column a int references s.u (b) on delete cascade",
    "alter table s.t drop column a cascade",
    "alter table s.t rename column a to b",
    "alter table s.t alter column a type bigint using a::bigint",
    "alter table s.t alter column a set not null",
    "alter table s.t add constraint c foreign key (a) references s.u (b) not valid",
    "alter table s.t validate constraint c",
    "create unique index concurrently i on s.t (lower(a) desc) where b is null",
    "drop index concurrently if exists s.i",
    "drop table if exists s.t cascade",
    "create view s.v as select a from s.t",
    "create sequence s.q owned by s.t.a",
    "create type s.e as enum ('a', 'b')",
    "alter type s.e add value 'c' before 'b'",
    "create domain s.d as int check (value > 0)",
    "create function s.f(int) returns int as $$ select 1 $$ language sql",
    "create trigger g before insert on s.t for each row execute function s.f()",
    "create policy p on s.t for select using (a = 1)",
    "create publication p for table s.t",
    "comment on column s.t.a is 'x'",
    "grant select on s.t to r",
    "create schema if not exists s authorization r",
    "create extension if not exists x",
];

/// Words whose absence changes nothing: the server reads the statement the same.
const NOISE: &[&str] = &[
    "as",
    "table",
    "column",
    "to",
    "savepoint",
    "restrict",
    "(",
    ")",
    "savepoint",
    "insert",
    "row",
    "each",
    "for",
    "=",
];

#[test]
fn a_statement_without_one_of_its_tokens_is_another_statement_or_is_not_read() {
    let mut same = Vec::new();
    for text in STATEMENTS {
        let whole = read_on_large_stack(text);
        assert!(
            whole.iter().all(|s| s.opaque().is_none()),
            "{text}: {whole:?}"
        );
        let mut at = 0;
        for token in tokenize(text) {
            let start = at;
            at += usize::try_from(token.len).unwrap();
            let removed = &text[start..at];
            if token.kind == TokenKind::Whitespace || NOISE.contains(&removed) {
                continue;
            }
            let without = [&text[..start], " ", &text[at..]].concat();
            let changed: Vec<_> = read(&without, 17).into_iter().map(|s| s.changes).collect();
            let before: Vec<_> = whole.iter().map(|s| s.changes.clone()).collect();
            if changed == before {
                same.push((*text, removed));
            }
        }
    }
    assert!(same.is_empty(), "{same:#?}");
}

#[test]
fn no_prefix_and_no_suffix_of_a_statement_panics() {
    for text in STATEMENTS {
        for (at, _) in text.char_indices() {
            for part in [&text[..at], &text[at..]] {
                for statement in read(part, 17) {
                    assert!(!statement.changes.is_empty(), "{part}");
                }
            }
        }
    }
}

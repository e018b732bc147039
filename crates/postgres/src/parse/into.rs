//! `SELECT … INTO variable` in PL/pgSQL, which is no SQL: the server takes the clause out before it parses the rest.
//!
//! So do we, with blanks in its place: every position stays true. EXECUTE and FETCH keep theirs; the grammar knows them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use squawk_lexer::{TokenKind, tokenize};

/// Statements whose INTO names variables.
const VERBS: &[&str] = &[
    "select", "with", "insert", "update", "delete", "merge", "values", "table",
];
/// Words behind which a statement of a body begins.
const STARTS: &[&str] = &["begin", "then", "else", "loop", "declare"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A statement begins here.
    Start,
    /// Inside a statement of SQL.
    Sql,
    /// Inside a statement of PL/pgSQL.
    Control,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// Not inside one.
    Outside,
    /// A name is expected, since the byte where the clause begins.
    Target(usize),
    /// A name was read; it may go on with a dot, a comma or a bracket.
    Named(usize, usize),
}

/// The text with blanks for the clauses.
pub(super) fn blanked(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut copied = 0;
    for (start, end) in clauses(body) {
        out.push_str(body.get(copied..start).unwrap_or_default());
        out.extend(std::iter::repeat_n(' ', end - start));
        copied = end;
    }
    out.push_str(body.get(copied..).unwrap_or_default());
    out
}

fn clauses(body: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut state, mut clause, mut depth) = (State::Start, Clause::Outside, 0_usize);
    let mut previous = "";
    let mut at = 0;
    for token in tokenize(body) {
        let start = at;
        at += usize::try_from(token.len).unwrap_or_default();
        let text = body.get(start..at).unwrap_or_default();
        if is_blank(token.kind) {
            continue;
        }
        if let Some(next) = step(clause, token.kind, text, (start, at)) {
            clause = next;
            continue;
        }
        if let Clause::Named(begin, end) = clause {
            found.push((begin, end));
        }
        clause = Clause::Outside;
        match token.kind {
            TokenKind::OpenParen => depth += 1,
            TokenKind::CloseParen => depth = depth.saturating_sub(1),
            TokenKind::Semi => (state, depth) = (State::Start, 0),
            TokenKind::Ident => {
                let is_into = state == State::Sql && depth == 0 && is(text, &["into"]);
                if is_into && !is(previous, &["insert", "merge"]) {
                    clause = Clause::Target(start);
                }
                state = after_word(state, text);
            }
            _ if state == State::Start => state = State::Control,
            _ => {}
        }
        previous = text;
    }
    found
}

fn after_word(state: State, text: &str) -> State {
    match state {
        State::Sql => State::Sql,
        State::Start if is(text, VERBS) => State::Sql,
        State::Start | State::Control if is(text, STARTS) => State::Start,
        State::Start | State::Control => State::Control,
    }
}

/// The clause with one more token; none when the token is not part of it.
fn step(clause: Clause, kind: TokenKind, text: &str, (_, end): (usize, usize)) -> Option<Clause> {
    let is_name = matches!(
        kind,
        TokenKind::Ident | TokenKind::QuotedIdent { .. } | TokenKind::PositionalParam { .. }
    );
    match clause {
        Clause::Outside => None,
        Clause::Target(begin) if is(text, &["strict"]) => Some(Clause::Target(begin)),
        Clause::Target(begin) if is_name => Some(Clause::Named(begin, end)),
        Clause::Target(_) => None,
        Clause::Named(begin, _) if matches!(kind, TokenKind::Dot | TokenKind::Comma) => {
            Some(Clause::Target(begin))
        }
        Clause::Named(..) => None,
    }
}

fn is(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_blank(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::blanked;

    fn kept(body: &str) -> String {
        let out = blanked(body);
        assert_eq!(out.len(), body.len());
        out.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_targets_of_a_query_are_blanked() {
        assert_eq!(
            kept("begin select a, b into strict x.y, \"Z\" from t; end"),
            "begin select a, b from t; end"
        );
        assert_eq!(
            kept("begin insert into t values (1) returning a into x; end"),
            "begin insert into t values (1) returning a ; end"
        );
        assert_eq!(
            kept("begin if a then select case when b then c else d end into x; end if; end"),
            "begin if a then select case when b then c else d end ; end if; end"
        );
    }

    #[test]
    fn an_insert_and_execute_keep_their_into() {
        for body in [
            "begin insert into t select 1; end",
            "begin execute x into y; fetch c into z; end",
            "begin for r in select 1 loop insert into t values (r); end loop; end",
        ] {
            assert_eq!(kept(body), body);
        }
    }
}

//! Migrations that are programs in Ruby or JavaScript: whether they have a way back, and what they say about their
//! transaction.
//!
//! Judges no statement: that takes a rehearsal.

use segue_model::{Down, Form, TransactionChoice};

use crate::code::Code;

/// The form of a program.
pub(crate) fn program(language: &'static str, choice: TransactionChoice, down: Down) -> Form {
    Form::Program {
        language,
        choice,
        down,
    }
}

/// The language of a script by its file name.
pub(crate) fn script_language(path: &str) -> &'static str {
    let typed = [".ts", ".mts", ".cts"].iter().any(|e| path.ends_with(e));
    if typed { "TypeScript" } else { "JavaScript" }
}

/// Opted out when the word stands in the code.
pub(crate) fn choice_by_word(code: &Code<'_>, word: &str) -> TransactionChoice {
    if code.says(word) {
        TransactionChoice::OptedOut
    } else {
        TransactionChoice::ToolDefault
    }
}

/// Opted out when a script sets `transaction` to `false`.
pub(crate) fn script_choice(code: &Code<'_>) -> TransactionChoice {
    let sets = |at: usize| {
        let rest = code.mask().get(at + "transaction".len()..);
        let statement = rest.and_then(|rest| rest.split([',', ';', '\n', '}']).next());
        statement
            .and_then(|statement| statement.rsplit_once(['=', ':']))
            .is_some_and(|(_, value)| value.trim() == "false")
    };
    if code.words("transaction").any(sets) {
        TransactionChoice::OptedOut
    } else {
        TransactionChoice::ToolDefault
    }
}

/// The way back of a script: what `down` is.
pub(crate) fn script_down(code: &Code<'_>) -> Down {
    let mut found = Down::Missing;
    for at in code.words("down") {
        let rest = code.mask().get(at + "down".len()..).unwrap_or_default();
        let trimmed = rest.trim_start();
        if !trimmed.starts_with(['=', '(', ':']) {
            continue;
        }
        let set = trimmed.trim_start_matches(['=', ':']).trim_start();
        if ["false", "null", "undefined"]
            .iter()
            .any(|no| set.starts_with(no))
        {
            return Down::Missing;
        }
        found = if body_is_empty(code, at) {
            Down::Empty
        } else {
            Down::Derived
        };
    }
    found
}

/// True when the function that begins after `at` has a body without a statement.
fn body_is_empty(code: &Code<'_>, at: usize) -> bool {
    let mask = code.mask();
    let Some(open) = find_from(mask, at, "(") else {
        return false;
    };
    let Some((_, close)) = code.bracket(open) else {
        return false;
    };
    let Some(brace) = find_from(mask, close, "{") else {
        return false;
    };
    let between = mask.get(close + 1..brace).unwrap_or_default();
    let direct = match between.rsplit_once("=>") {
        Some((_, after)) => after.trim().is_empty(),
        // `): Promise<void> {` or `) {`; anything else is some later brace.
        None => !between.contains([';', '=', '(']),
    };
    direct
        && code.bracket(brace).is_some_and(|body| {
            code.masked(body).trim().is_empty() && code.strings_in(body).is_empty()
        })
}

fn find_from(text: &str, from: usize, what: &str) -> Option<usize> {
    text.get(from..)?.find(what).map(|offset| from + offset)
}

/// The way back of a Rails migration.
pub(crate) fn ruby_down(code: &Code<'_>) -> Down {
    let defines = |name: &str| {
        code.mask().lines().any(|line| {
            line.trim_start().strip_prefix("def ").is_some_and(|rest| {
                rest.trim() == name || rest.trim().starts_with(&[name, "("].concat())
            })
        })
    };
    if code.says("IrreversibleMigration") {
        Down::Missing
    } else if defines("change") {
        Down::Derived
    } else if defines("down") || defines("self.down") {
        let body = code.mask().split_once("down").map_or("", |(_, rest)| rest);
        let first = body.trim_start_matches("()").split_whitespace().next();
        if first == Some("end") {
            Down::Empty
        } else {
            Down::Derived
        }
    } else {
        Down::Missing
    }
}

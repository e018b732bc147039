//! The lines of psql that are no SQL.
//!
//! Those that change nothing in the database are passed over; the others are `Opaque`, since what they run is elsewhere.

/// What a line of psql means for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Nothing happens in the database that is not in the file.
    Harmless,
    /// Something does, or may.
    Opaque(&'static str),
}

/// Commands that print, format, set a variable of the client, or end a statement as a semicolon does.
const HARMLESS: &[&str] = &[
    ".",
    "H",
    "a",
    "bind",
    "cd",
    "conninfo",
    "crosstabview",
    "echo",
    "encoding",
    "errverbose",
    "g",
    "gdesc",
    "gset",
    "gx",
    "html",
    "l",
    "o",
    "out",
    "p",
    "print",
    "pset",
    "qecho",
    "r",
    "reset",
    "restrict",
    "s",
    "set",
    "sf",
    "sv",
    "t",
    "timing",
    "unrestrict",
    "unset",
    "w",
    "warn",
    "write",
    "x",
];

/// What the line behind the backslash means.
pub(super) fn command(line: &str) -> Command {
    let word = line
        .split(|c: char| c.is_ascii_whitespace() || c == '\\')
        .next()
        .unwrap_or_default();
    if HARMLESS.binary_search(&word).is_ok() || is_description(word) {
        return Command::Harmless;
    }
    Command::Opaque(match word {
        "i" | "ir" | "include" | "include_relative" => {
            "\\i runs another file, which is not followed"
        }
        "c" | "connect" => "\\connect goes on in another database or as another user",
        "gexec" => "\\gexec runs statements that a query puts together",
        "copy" => "\\copy moves rows between a table and a file of the client",
        "if" | "elif" | "else" | "endif" => "\\if decides when it runs what the file does",
        "q" | "quit" => "\\q ends the run: what follows is not run by psql",
        "!" => "\\! runs a command of the shell",
        "watch" => "\\watch runs the statement again and again",
        "password" => "\\password changes a password",
        _ => "a command of psql, which is not followed",
    })
}

/// `\d`, `\dt+` and the like.
fn is_description(word: &str) -> bool {
    word.starts_with('d') && word.len() <= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harmless_commands_are_in_order() {
        assert!(HARMLESS.is_sorted());
    }

    #[test]
    fn a_command_that_runs_something_else_is_opaque() {
        for line in [
            "i other.sql",
            "connect shop",
            "gexec",
            "copy t from 'f'",
            "! rm x",
            "zzz",
        ] {
            assert!(matches!(command(line), Command::Opaque(_)), "{line}");
        }
    }

    #[test]
    fn a_command_that_only_prints_is_harmless() {
        for line in [
            "set ON_ERROR_STOP on",
            "restrict abc",
            "echo hi",
            "dt+",
            "timing",
            ".",
        ] {
            assert_eq!(command(line), Command::Harmless, "{line}");
        }
    }
}

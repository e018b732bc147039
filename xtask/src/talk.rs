//! What xtask tells its user; the only place of this crate that writes to a terminal.
//!
//! A reader that has gone away (`cargo xtask … | head`) is no reason to stop.

use std::io::Write;

/// A line for the user, on standard output.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

/// A headline before a step that takes time.
pub(crate) fn step(text: &str) {
    say(&["\n==> ", text].concat());
}

/// A line about something that went wrong, on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
}

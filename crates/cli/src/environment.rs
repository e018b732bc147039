//! What the process finds around it: terminal, variables, clock, processors. The one place that asks.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use segue_check::Date;

use crate::arguments::ColourChoice;

/// Whether output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What decides about colour when the command line does not.
#[derive(Clone, Debug, Default)]
struct Wishes {
    no_color: Option<String>,
    force: Option<String>,
    term: Option<String>,
}

/// Whether standard output is coloured.
pub(crate) fn colour(choice: ColourChoice) -> Colour {
    let wishes = Wishes {
        no_color: variable("NO_COLOR"),
        force: variable("CLICOLOR_FORCE").or_else(|| variable("FORCE_COLOR")),
        term: variable("TERM"),
    };
    let terminal = if std::io::stdout().is_terminal() {
        Colour::On
    } else {
        Colour::Off
    };
    decide(choice, &wishes, terminal)
}

/// A flag decides; then `NO_COLOR`; then what forces it; then the terminal.
fn decide(choice: ColourChoice, wishes: &Wishes, terminal: Colour) -> Colour {
    let is_set = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
    let is_forced = is_set(&wishes.force) && wishes.force.as_deref() != Some("0");
    match choice {
        ColourChoice::Always => Colour::On,
        ColourChoice::Never => Colour::Off,
        ColourChoice::Auto if is_set(&wishes.no_color) => Colour::Off,
        ColourChoice::Auto if is_forced => Colour::On,
        ColourChoice::Auto if wishes.term.as_deref() == Some("dumb") => Colour::Off,
        ColourChoice::Auto => terminal,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The file a GitHub runner shows as the summary of the step.
pub(crate) fn step_summary() -> Option<PathBuf> {
    variable("GITHUB_STEP_SUMMARY")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Today, in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the real clock"
)]
pub(crate) fn today() -> Date {
    let days = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 86_400);
    date(days)
}

/// The date of a day counted from 1970-01-01.
pub(crate) fn date(days: u64) -> Date {
    Date::of_day(days)
}

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "only the time a command took, for people"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since then.
    pub(crate) fn elapsed_ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The machine's clock and real pauses, for a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses(Instant);

impl Pauses {
    /// Counts from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the real clock"
    )]
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl segue_engine::Clock for Pauses {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that really pauses"
    )]
    fn pause(&self, how_long: std::time::Duration) {
        std::thread::sleep(how_long);
    }
}

/// Now, in UTC, as the digits a migration's file begins with: `20261125070000`.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the real clock"
)]
pub(crate) fn now_digits() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let today = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{:04}{:02}{:02}{hour:02}{minute:02}{second:02}",
        today.year, today.month, today.day
    )
}

/// Who runs, for people who look at the lease: `user@host, process 4711`, and what kind of actor it is.
pub(crate) fn user_and_process() -> String {
    let user = variable("USER").unwrap_or_else(|| "unknown".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let kind = match (agent(), variable("CI")) {
        (Some(sign), _) => format!(", an agent ({sign} is set)"),
        (None, Some(value)) if !value.is_empty() => ", in CI".to_owned(),
        (None, _) => String::new(),
    };
    format!(
        "{user}@{}, process {}{kind}",
        host.trim(),
        std::process::id()
    )
}

/// Who agrees, for a record that outlives the process: `user@host`.
pub(crate) fn person() -> String {
    let user = variable("USER").unwrap_or_else(|| "unknown".to_owned());
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    format!("{user}@{}", host.trim())
}

/// Variables that programs set which run commands on their own.
pub(crate) const AGENTS: &[&str] = &[
    "SEGUE_AGENT",
    "AI_AGENT",
    "AIDER_MODEL",
    "AMP_CURRENT_THREAD_ID",
    "AUGMENT_AGENT",
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLINE_ACTIVE",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "OPENCODE",
    "REPLIT_AGENT",
];

/// The variable that says that a program and no person types the commands; `SEGUE_AGENT=0` does not.
pub(crate) fn agent() -> Option<&'static str> {
    AGENTS
        .iter()
        .find(|name| variable(name).is_some_and(|value| !value.is_empty() && value != "0"))
        .copied()
}

/// Whether a person can answer a question.
pub(crate) fn is_on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on standard error, and waits for a line; none when nobody answers.
pub(crate) fn ask(question: &str) -> Option<String> {
    use std::io::Write as _;
    let mut talk = std::io::stderr();
    let asked = talk
        .write_all(question.as_bytes())
        .and_then(|()| talk.flush());
    let mut line = String::new();
    match asked.and_then(|()| std::io::stdin().read_line(&mut line)) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

/// All variables that say which database is meant, and those that a file may name.
pub(crate) fn database_variables() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Seconds since 1970, UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the real clock"
)]
pub(crate) fn now_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Talk: a line on standard error.
pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    // One write, so that lines of several processes do not mix. When nobody listens the work goes on.
    let _ = std::io::stderr().write_all([line, "\n"].concat().as_bytes());
}

/// What lines and bars are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Blocks and lines.
    Unicode,
    /// Nothing beyond ASCII.
    Ascii,
}

/// What the locale's encoding has; the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set counts.
pub(crate) fn glyphs() -> Glyphs {
    glyphs_of(["LC_ALL", "LC_CTYPE", "LANG"].map(variable))
}

fn glyphs_of(variables: [Option<String>; 3]) -> Glyphs {
    let locale = variables
        .into_iter()
        .flatten()
        .find(|text| !text.is_empty());
    let is_utf8 = locale.is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        text.ends_with("utf-8") || text.ends_with("utf8")
    });
    if is_utf8 {
        Glyphs::Unicode
    } else {
        Glyphs::Ascii
    }
}

/// Characters of a line on standard output: of the terminal, else 80.
pub(crate) fn columns() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(80, |(width, _)| usize::from(width.0))
}

/// Whether talk on standard error can be written over: a terminal that is not dumb.
pub(crate) fn talks_to_a_terminal() -> bool {
    std::io::stderr().is_terminal() && variable("TERM").as_deref() != Some("dumb")
}

/// The search path, as it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub(crate) fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// How many threads may work at once.
pub(crate) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), Date::parse("1970-01-01").unwrap());
        assert_eq!(date(11_016), Date::parse("2000-02-29").unwrap());
        assert_eq!(date(20_453), Date::parse("2025-12-31").unwrap());
        assert_eq!(date(20_454), Date::parse("2026-01-01").unwrap());
    }

    #[test]
    fn a_flag_decides_about_colour_before_any_variable() {
        let no = Wishes {
            no_color: Some("1".into()),
            ..Wishes::default()
        };
        assert_eq!(decide(ColourChoice::Always, &no, Colour::Off), Colour::On);
        assert_eq!(decide(ColourChoice::Auto, &no, Colour::On), Colour::Off);
    }

    #[test]
    fn an_empty_no_color_says_nothing_and_force_color_needs_no_terminal() {
        let wishes = Wishes {
            no_color: Some(String::new()),
            force: Some("1".into()),
            ..Wishes::default()
        };
        assert_eq!(decide(ColourChoice::Auto, &wishes, Colour::Off), Colour::On);
    }

    #[test]
    fn the_first_variable_that_is_set_says_what_can_be_drawn() {
        let of = |all: &str, ctype: &str, lang: &str| {
            glyphs_of([all, ctype, lang].map(|text| Some(text.to_owned())))
        };
        assert_eq!(of("", "", "en_GB.UTF-8"), Glyphs::Unicode);
        assert_eq!(of("C", "", "en_GB.UTF-8"), Glyphs::Ascii);
        assert_eq!(of("", "C.utf8", "C"), Glyphs::Unicode);
        assert_eq!(glyphs_of([None, None, None]), Glyphs::Ascii);
    }

    #[test]
    fn a_dumb_terminal_has_no_colour() {
        let wishes = Wishes {
            term: Some("dumb".into()),
            ..Wishes::default()
        };
        assert_eq!(decide(ColourChoice::Auto, &wishes, Colour::On), Colour::Off);
    }
}

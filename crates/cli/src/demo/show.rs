//! The result: plots and numbers for people, one object for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use segue_engine::traffic::{Felt, Report};
use segue_engine::{Limits, Manner};

use super::play::{LeftOut, Played, Run};
use super::plot::{Canvas, Ink, Mark, duration, late_us, latency, plot, top_ms};
use super::talk::grouped;
use crate::environment::{Colour, Glyphs};

/// Lines of a plot above its axis.
const HEIGHT: usize = 6;
/// No line is wider, however wide the terminal is.
const WIDTH_MAX: usize = 120;
const WIDTH_MIN: usize = 60;

/// What can be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: usize,
    pub(crate) glyphs: Glyphs,
    pub(crate) colour: Colour,
}

impl Screen {
    fn width(self) -> usize {
        self.width.clamp(WIDTH_MIN, WIDTH_MAX)
    }

    fn paint(self, style: Style, text: &str) -> String {
        match self.colour {
            Colour::On => format!("{style}{text}{style:#}"),
            Colour::Off => text.to_owned(),
        }
    }

    fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn dim(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn ink(self, ink: Ink, text: &str) -> String {
        let style = match ink {
            Ink::Frame | Ink::Limit => Style::new().dimmed(),
            Ink::Calm => AnsiColor::Green.on_default(),
            Ink::Late => AnsiColor::Red.on_default(),
            Ink::Mark => AnsiColor::Cyan.on_default().bold(),
        };
        self.paint(style, text)
    }

    fn dash(self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "┈┈",
            Glyphs::Ascii => "--",
        }
    }
}

fn limit_ms() -> u64 {
    Limits::default().lock_timeout_ms.into()
}

/// One performance.
pub(crate) fn alone(played: &Played, screen: Screen) -> String {
    let top = top_ms(played.report.total.slowest_us().max(limit_ms() * 1000));
    let mut text = drawn(played, (top, played.report.lasted_ms), screen);
    text.push('\n');
    for run in &played.runs {
        let _ = writeln!(text, "{}", run_line(run, screen));
    }
    text.push('\n');
    text.push_str(&groups(played, screen));
    text.push('\n');
    text.push_str(&verdict(played, screen));
    text.push_str(&left_out(&played.left_out, screen));
    text
}

/// What is going on, before anything is shown.
pub(crate) fn scene(screen: Screen) -> String {
    let line = format!(
        "Two versions of a shop in use, {} sessions each. As each migration begins, a checkout waits 1 s for its \
         payment with its locks in hand. Bars: the slowest statement at each moment.",
        super::shop::SESSIONS
    );
    let mut text = String::new();
    for line in wrapped(&line, screen.width(), "") {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Two performances of the same migrations.
pub(crate) fn compared(written: &Played, safe: &Played, screen: Screen) -> String {
    let slowest = [written, safe].map(|played| played.report.total.slowest_us());
    let top = top_ms(slowest.into_iter().max().unwrap_or(0));
    let lasts = written.report.lasted_ms.max(safe.report.lasted_ms);
    let mut text = drawn(written, (top, lasts), screen);
    text.push('\n');
    text.push_str(&drawn(safe, (top, lasts), screen));
    text.push('\n');
    text.push_str(&columns(written, safe, screen));
    text.push('\n');
    text.push_str(&both_verdicts(written, safe, screen));
    text.push_str(&left_out(&safe.left_out, screen));
    text
}

fn title(manner: Manner) -> (&'static str, &'static str) {
    match manner {
        Manner::Safe | Manner::SafeWithoutArchive => (
            "segue up",
            "the same result in steps, each try for a lock limited to 200 ms",
        ),
        Manner::Verbatim => (
            "as written",
            "each file in its transaction, without a limit for locks",
        ),
    }
}

fn drawn(played: &Played, (top_ms, lasts_ms): (u64, u64), screen: Screen) -> String {
    let (name, note) = title(played.manner);
    let mut text = format!("{}  {}\n", screen.bold(name), screen.dim(note));
    let marks: Vec<Mark> = played.runs.iter().map(|run| run.mark).collect();
    let canvas = Canvas {
        width: screen.width() - 2,
        height: HEIGHT,
        top_ms,
        lasts_ms,
        glyphs: screen.glyphs,
    };
    for line in plot(played.report.total.bins(), &marks, limit_ms(), canvas) {
        let pieces = line.iter().enumerate().map(|(place, (ink, piece))| {
            let is_last = place + 1 == line.len();
            screen.ink(*ink, if is_last { piece.trim_end() } else { piece })
        });
        let _ = writeln!(text, "{}", pieces.collect::<String>());
    }
    text
}

fn took(run: &Run) -> u64 {
    run.mark.ended_ms.saturating_sub(run.mark.began_ms)
}

fn run_line(run: &Run, screen: Screen) -> String {
    let number = screen.ink(Ink::Mark, &format!("{:>2}", run.mark.number));
    let steps = match run.steps {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let waits = match run.waits {
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        waits => format!(", {waits} retries"),
    };
    let gate = if run.waits_at_gate {
        ", at its gate"
    } else {
        ""
    };
    let detail = screen.dim(&[&steps, &waits, gate].concat());
    format!(
        "  {number}  {:<33} {:>6}  {detail}",
        run.name,
        duration(took(run))
    )
}

/// What each version felt.
fn groups(played: &Played, screen: Screen) -> String {
    let head = format!(
        "      {:<14}{:>12}{:>9}{:>10}{:>10}{:>10}\n",
        "", "statements", "errors", "p50", "p99", "slowest"
    );
    let mut text = screen.dim(head.trim_end_matches('\n'));
    text.push('\n');
    for felt in &played.report.groups {
        let _ = writeln!(
            text,
            "      {:<14}{:>12}{:>9}{:>10}{:>10}{:>10}",
            felt.name,
            grouped(felt.statements()),
            felt.errors(),
            latency(felt.percentile_us(500)),
            latency(felt.percentile_us(990)),
            latency(felt.slowest_us())
        );
    }
    text
}

/// Both performances, side by side.
fn columns(written: &Played, safe: &Played, screen: Screen) -> String {
    let mut text = String::new();
    let row = |name: &str, left: &str, right: &str| format!("  {name:<44}{left:>12}{right:>12}");
    let head = row("", title(Manner::Verbatim).0, title(Manner::Safe).0);
    let _ = writeln!(text, "{}", screen.bold(&head));
    for (place, right) in safe.runs.iter().enumerate() {
        let name = format!("{:>2}  {}", right.mark.number, right.name);
        // What goes on behind a gate has no counterpart as written.
        let left = written.runs.get(place);
        let left = left.map_or_else(String::new, |left| duration(took(left)));
        let _ = writeln!(text, "{}", row(&name, &left, &duration(took(right))));
    }
    let late = format!("    waited longer than {} ms", late_us(limit_ms()) / 1000);
    let facts: [(&str, Fact); 5] = [
        ("    statements answered", |felt| grouped(felt.statements())),
        ("    half of them within", |felt| {
            latency(felt.percentile_us(500))
        }),
        ("    99 % within", |felt| latency(felt.percentile_us(990))),
        ("    the slowest", |felt| latency(felt.slowest_us())),
        (&late, |felt| grouped(felt.late())),
    ];
    text.push('\n');
    for (name, fact) in facts {
        let [left, right] = [written, safe].map(|played| fact(&played.report.total));
        let _ = writeln!(text, "{}", row(name, &left, &right));
    }
    let silent = [written, safe].map(|played| duration(played.report.silent_ms()));
    let errors = [written, safe].map(|played| grouped(played.errors()));
    for (name, [left, right]) in [
        ("    the shop stood still for", silent),
        ("    errors", errors),
    ] {
        let _ = writeln!(text, "{}", row(name, &left, &right));
    }
    text
}

/// What the difference comes to.
fn both_verdicts(written: &Played, safe: &Played, screen: Screen) -> String {
    let [left, right] = [written, safe].map(|played| {
        let silent = match played.report.silent_ms() {
            0 => "the shop never stood still".to_owned(),
            ms => format!("nothing was answered for {}", duration(ms)),
        };
        let slowest = latency(played.report.total.slowest_us());
        let errors = failed(played.errors());
        format!("{silent}, the slowest statement took {slowest}, {errors}.")
    });
    let mut text = String::new();
    for line in [format!("As written: {left}"), format!("segue up: {right}")] {
        for line in wrapped(&line, screen.width() - 3, "  ") {
            let _ = writeln!(text, "  {}", screen.bold(&line));
        }
    }
    if let Some(error) = written.report.total.first_errors().first() {
        let said = format!(
            "as written, the first that failed: {}",
            crate::show::escape::line(error)
        );
        let _ = writeln!(text, "  {}", screen.dim(&said));
    }
    text
}

type Fact = fn(&Felt) -> String;

fn failed(errors: u64) -> String {
    match errors {
        0 => "none failed".to_owned(),
        errors => format!("{} failed", grouped(errors)),
    }
}

/// What the safe way cost the application, in a sentence that is only as good as the numbers.
fn verdict(played: &Played, screen: Screen) -> String {
    let total = &played.report.total;
    let slowest = latency(total.slowest_us());
    let errors = failed(played.errors());
    let ids: BTreeSet<&str> = played.runs.iter().map(|run| run.id.as_str()).collect();
    let migrations = ids.len();
    let line = format!(
        "{migrations} migrations beside {} statements: {errors}, the slowest took {slowest}.",
        grouped(total.statements())
    );
    let mut text = format!("  {}\n", screen.bold(&line));
    let limit = format!(
        "  {} is the lock time-out of one try, {} ms; then a pause and a retry.",
        screen.dash(),
        limit_ms()
    );
    let _ = writeln!(text, "{}", screen.dim(&limit));
    for error in total.first_errors().iter().take(1) {
        let said = crate::show::escape::line(error);
        let _ = writeln!(text, "  the first that failed: {said}");
    }
    text
}

fn left_out(left_out: &[LeftOut], screen: Screen) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let mut reasons: Vec<&str> = left_out.iter().map(|one| one.because).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let _ = writeln!(
        text,
        "\n  {}",
        screen.dim("Left out, because this version of Segue has no safe way for them:")
    );
    for reason in reasons {
        let names: Vec<&str> = left_out
            .iter()
            .filter(|one| one.because == reason)
            .map(|one| one.name.as_str())
            .collect();
        let line = format!("{}: {reason}", names.join(", "));
        for line in wrapped(&line, screen.width() - 3, "  ") {
            let _ = writeln!(text, "  {}", screen.dim(&line));
        }
    }
    text
}

/// Lines of at most so many characters, the later ones indented.
fn wrapped(text: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) => lines.push([indent, word].concat()),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// One object: `version` is that of its shape.
pub(crate) fn json(server: &str, orders: u64, sides: &[&Played]) -> serde_json::Value {
    let left_out = sides.first().map_or(&[][..], |side| &side.left_out);
    serde_json::json!({
        "version": 1,
        "server": server,
        "orders": orders,
        "patience_ms": late_us(limit_ms()) / 1000,
        "sides": sides.iter().map(|side| side_json(side)).collect::<Vec<_>>(),
        "left_out": left_out.iter().map(|one| serde_json::json!({
            "id": one.id, "name": one.name, "because": one.because,
        })).collect::<Vec<_>>(),
    })
}

fn side_json(side: &Played) -> serde_json::Value {
    let manner = match side.manner {
        Manner::Safe | Manner::SafeWithoutArchive => "safe",
        Manner::Verbatim => "as-written",
    };
    let felt = |felt: &Felt| {
        serde_json::json!({
            "name": felt.name,
            "statements": felt.statements(),
            "errors": felt.errors(),
            "late": felt.late(),
            "p50_us": felt.percentile_us(500),
            "p99_us": felt.percentile_us(990),
            "slowest_us": felt.slowest_us(),
            "slowest_statement": felt.slowest().map(|slowest| slowest.text.as_str()),
        })
    };
    let report: &Report = &side.report;
    serde_json::json!({
        "manner": manner,
        "lasted_ms": report.lasted_ms,
        "silent_ms": report.silent_ms(),
        "errors": side.errors(),
        "total": felt(&report.total),
        "clients": report.groups.iter().map(felt).collect::<Vec<_>>(),
        "migrations": side.runs.iter().map(|run| serde_json::json!({
            "id": run.id,
            "name": run.name,
            "steps": run.steps,
            "tries_without_a_lock": run.waits,
            "waits_at_gate": run.waits_at_gate,
            "began_ms": run.mark.began_ms,
            "took_ms": took(run),
        })).collect::<Vec<_>>(),
    })
}

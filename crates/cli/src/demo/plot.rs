//! What the traffic felt, drawn: how long the slowest statement of each moment took. Pure.

use segue_engine::traffic::{Bin, Report};

use crate::environment::Glyphs;

/// Tops of a scale, in milliseconds.
const TOPS_MS: [u64; 12] = [
    300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 20_000, 60_000, 600_000,
];
/// Room for the numbers left of the axis.
pub(crate) const MARGIN: usize = 9;

/// A stretch of time with a number: a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) number: usize,
    pub(crate) began_ms: u64,
    pub(crate) ended_ms: u64,
}

/// How a plot is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canvas {
    /// Characters of a line, the numbers left of the axis included.
    pub(crate) width: usize,
    /// Lines above the axis.
    pub(crate) height: usize,
    /// What the axis ends at, in milliseconds.
    pub(crate) top_ms: u64,
    /// What the width stands for, in milliseconds.
    pub(crate) lasts_ms: u64,
    pub(crate) glyphs: Glyphs,
}

/// A line of a plot, in pieces that are coloured alike.
pub(crate) type Line = Vec<(Ink, String)>;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Axis and numbers.
    Frame,
    /// Waits within the patience.
    Calm,
    /// Longer waits.
    Late,
    /// The limit.
    Limit,
    /// Migrations.
    Mark,
}

/// The top of a scale on which all of these fit.
pub(crate) fn top_ms(slowest_us: u64) -> u64 {
    let least_ms = slowest_us.div_ceil(1000);
    TOPS_MS
        .into_iter()
        .find(|top| least_ms <= *top)
        .unwrap_or(least_ms)
}

/// Draws bins of time, the limit of one try as a line, and the marks below.
pub(crate) fn plot(bins: &[Bin], marks: &[Mark], limit_ms: u64, canvas: Canvas) -> Vec<Line> {
    let columns = columns(bins, canvas);
    let mut lines: Vec<Line> = (0..canvas.height)
        .rev()
        .map(|row| bar_line(&columns, row, limit_ms, canvas))
        .collect();
    lines.push(axis(canvas));
    lines.push(spans(marks, canvas));
    lines
}

fn width_of(canvas: Canvas) -> usize {
    canvas.width.saturating_sub(MARGIN + 1).max(10)
}

/// The slowest of each column, in microseconds; none where nothing was under way.
fn columns(bins: &[Bin], canvas: Canvas) -> Vec<u64> {
    let width = width_of(canvas);
    let mut columns = vec![0; width];
    for (place, bin) in (0_u64..).zip(bins) {
        let from = column_at(place * Report::BIN_MS, canvas);
        let until = column_at((place + 1) * Report::BIN_MS, canvas).max(from + 1);
        for column in columns.iter_mut().take(until).skip(from) {
            *column = bin.slowest_us.max(*column);
        }
    }
    columns
}

fn column_at(ms: u64, canvas: Canvas) -> usize {
    let width = u64::try_from(width_of(canvas)).unwrap_or(1);
    let column = ms * width / canvas.lasts_ms.max(1);
    usize::try_from(column.min(width)).unwrap_or(0)
}

/// Row 0 is the lowest.
fn bar_line(columns: &[u64], row: usize, limit_ms: u64, canvas: Canvas) -> Line {
    let row = u64::try_from(row).unwrap_or(0);
    let height = u64::try_from(canvas.height.max(1)).unwrap_or(1);
    let top_us = canvas.top_ms * 1000;
    // In the lowest line there is always traffic: it would hide the limit here and there.
    let is_limits = row > 0 && limit_ms * 1000 * height / top_us.max(1) == row;
    let mut line = vec![(Ink::Frame, label(row, height, canvas))];
    for slowest_us in columns {
        // Eighths of a line, rounded up: what was there is seen.
        let eighths = (slowest_us * height * 8).div_ceil(top_us.max(1));
        let here = eighths.saturating_sub(row * 8).min(8);
        let ink = if *slowest_us > late_us(limit_ms) {
            Ink::Late
        } else {
            Ink::Calm
        };
        let (ink, drawn) = match here {
            0 if is_limits => (Ink::Limit, canvas.glyphs.limit()),
            0 => (Ink::Frame, ' '),
            eighths => (ink, canvas.glyphs.bar(eighths)),
        };
        push(&mut line, ink, drawn);
    }
    line
}

/// From where on a wait is drawn as late: the limit of one try and what scheduling adds to it.
pub(crate) fn late_us(limit_ms: u64) -> u64 {
    (limit_ms + 50) * 1000
}

fn label(row: u64, height: u64, canvas: Canvas) -> String {
    let text = if row + 1 == height {
        duration(canvas.top_ms)
    } else if (row + 1) * 2 == height {
        duration(canvas.top_ms * (row + 1) / height)
    } else {
        String::new()
    };
    let axis = if text.is_empty() {
        canvas.glyphs.side()
    } else {
        canvas.glyphs.tick()
    };
    format!("{text:>width$} {axis}", width = MARGIN - 1)
}

fn axis(canvas: Canvas) -> Line {
    let ends = duration(canvas.lasts_ms.div_ceil(1000) * 1000);
    let width = width_of(canvas).saturating_sub(ends.chars().count() + 1);
    let line: String = std::iter::repeat_n(canvas.glyphs.floor(), width).collect();
    let zero = format!(
        "{:>width$} {}",
        "0",
        canvas.glyphs.corner(),
        width = MARGIN - 1
    );
    vec![(Ink::Frame, format!("{zero}{line} {ends}"))]
}

/// Each migration's number at its begin, and how long it ran.
fn spans(marks: &[Mark], canvas: Canvas) -> Line {
    let mut cells = vec![' '; width_of(canvas)];
    for mark in marks {
        let from = column_at(mark.began_ms, canvas);
        let until = column_at(mark.ended_ms, canvas);
        let number = mark.number.to_string();
        let drawn = number
            .chars()
            .chain(std::iter::repeat(canvas.glyphs.span()));
        let length = (until.saturating_sub(from)).max(number.chars().count());
        for (cell, drawn) in cells.iter_mut().skip(from).zip(drawn.take(length)) {
            *cell = drawn;
        }
    }
    let text: String = cells.into_iter().collect();
    vec![
        (Ink::Frame, " ".repeat(MARGIN + 1)),
        (Ink::Mark, text.trim_end().to_owned()),
    ]
}

/// `200 ms`, `1.5 s`, `1.0 s`, `14 s`.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} s", ms / 1_000),
    }
}

/// Microseconds with two digits that mean something: `0.4 ms`, `12 ms`, `1.3 s`.
pub(crate) fn latency(us: u64) -> String {
    match us {
        0..10_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        _ => duration(us / 1_000),
    }
}

impl Glyphs {
    /// So many eighths of a full cell, from below.
    fn bar(self, eighths: u64) -> char {
        match (self, eighths) {
            (_, 0) => ' ',
            (Self::Ascii, 1..=2) => '.',
            (Self::Ascii, 3..=5) => ':',
            (Self::Ascii, _) => '#',
            (Self::Unicode, 1) => '▁',
            (Self::Unicode, 2) => '▂',
            (Self::Unicode, 3) => '▃',
            (Self::Unicode, 4) => '▄',
            (Self::Unicode, 5) => '▅',
            (Self::Unicode, 6) => '▆',
            (Self::Unicode, 7) => '▇',
            (Self::Unicode, _) => '█',
        }
    }

    fn limit(self) -> char {
        match self {
            Self::Unicode => '┈',
            Self::Ascii => '-',
        }
    }

    fn side(self) -> char {
        match self {
            Self::Unicode => '│',
            Self::Ascii => '|',
        }
    }

    fn tick(self) -> char {
        match self {
            Self::Unicode => '┤',
            Self::Ascii => '+',
        }
    }

    fn corner(self) -> char {
        match self {
            Self::Unicode => '└',
            Self::Ascii => '+',
        }
    }

    fn floor(self) -> char {
        match self {
            Self::Unicode => '─',
            Self::Ascii => '_',
        }
    }

    fn span(self) -> char {
        match self {
            Self::Unicode => '━',
            Self::Ascii => '=',
        }
    }
}

fn push(line: &mut Line, ink: Ink, drawn: char) {
    match line.last_mut() {
        Some((last, text)) if *last == ink => text.push(drawn),
        Some(_) | None => line.push((ink, drawn.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas(glyphs: Glyphs) -> Canvas {
        Canvas {
            width: 30,
            height: 4,
            top_ms: 1_000,
            lasts_ms: 1_000,
            glyphs,
        }
    }

    fn drawn(bins: &[Bin], marks: &[Mark], glyphs: Glyphs) -> String {
        let lines = plot(bins, marks, 200, canvas(glyphs));
        let text = lines.iter().map(|line| {
            let line: String = line.iter().map(|(_, text)| text.as_str()).collect();
            line.trim_end().to_owned()
        });
        text.collect::<Vec<_>>().join("\n")
    }

    fn bins() -> Vec<Bin> {
        (0..20)
            .map(|place| Bin {
                slowest_us: if (8..14).contains(&place) {
                    625_000
                } else {
                    1_000
                },
                ..Bin::default()
            })
            .collect()
    }

    const MARKS: [Mark; 1] = [Mark {
        number: 1,
        began_ms: 400,
        ended_ms: 700,
    }];

    #[test]
    fn a_wait_stands_where_it_was_and_as_high_as_it_was_long() {
        let expected = [
            "   1.0 s ┤",
            "         │        ▄▄▄▄▄▄",
            "  500 ms ┤        ██████",
            "         │▁▁▁▁▁▁▁▁██████▁▁▁▁▁▁",
            "       0 └────────────── 1.0 s",
            "                  1━━━━━",
        ];
        assert_eq!(drawn(&bins(), &MARKS, Glyphs::Unicode), expected.join("\n"));
    }

    #[test]
    fn the_limit_is_a_line_behind_the_bars() {
        let canvas = Canvas {
            top_ms: 300,
            height: 6,
            ..canvas(Glyphs::Unicode)
        };
        let lines = plot(&bins(), &[], 200, canvas);
        let limits: Vec<usize> = (0..lines.len())
            .filter(|line| lines[*line].iter().any(|(ink, _)| *ink == Ink::Limit))
            .collect();
        assert_eq!(limits, [1], "200 of 300 ms is the second line from above");
        assert!(lines[1].iter().any(|(ink, _)| *ink == Ink::Late));
    }

    #[test]
    fn without_unicode_every_character_is_ascii() {
        let text = drawn(&bins(), &MARKS, Glyphs::Ascii);
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("1====="), "{text}");
    }

    #[test]
    fn every_line_has_the_same_width_whatever_is_drawn() {
        for width in [40, 80, 120, 200] {
            let canvas = Canvas {
                width,
                ..canvas(Glyphs::Unicode)
            };
            for line in plot(&bins(), &[], 200, canvas).iter().take(5) {
                let length: usize = line.iter().map(|(_, text)| text.chars().count()).sum();
                assert_eq!(length, width);
            }
        }
    }

    #[test]
    fn scales_end_at_round_numbers_and_hold_everything() {
        assert_eq!(top_ms(0), 300);
        assert_eq!(top_ms(300_000), 300);
        assert_eq!(top_ms(300_001), 500);
        assert_eq!(top_ms(1_300_000), 1_500);
    }

    #[test]
    fn times_are_short_and_have_units() {
        assert_eq!(latency(432), "0.4 ms");
        assert_eq!(latency(12_345), "12 ms");
        assert_eq!(latency(1_345_000), "1.3 s");
        assert_eq!(duration(14_000), "14 s");
    }
}

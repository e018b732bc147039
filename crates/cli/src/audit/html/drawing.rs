//! Hazards over time as an SVG in the page: stacked bars, a scale, and the same numbers in words for those who hear it.

use maud::{Markup, html};

use super::super::chart::{Bar, Chart};
use super::super::human::{count, counted};
use super::super::score::Counts;

/// The drawing's width and height, and where the bars stand.
const WIDTH: usize = 960;
const HEIGHT: usize = 240;
const LEFT: usize = 40;
const BASE: usize = 206;
const TOP: usize = 14;
/// A bar is no wider than this.
const BAR_MAX: usize = 56;
/// Labels that fit below.
const LABELS_MAX: usize = 12;

/// The chart with its title; nothing when there are too few bars to see a course.
pub(super) fn section(chart: &Chart) -> Markup {
    let tallest = chart
        .bars
        .iter()
        .map(|bar| bar.counts.all())
        .max()
        .unwrap_or(0);
    // Even, so that the line in the middle has a whole number.
    let tallest = tallest.next_multiple_of(2);
    html! {
        @if chart.bars.len() > 1 && tallest > 0 {
            section {
                h2 { "Hazards over time" }
                p.legend {
                    span.key.error { "errors" } span.key.warning { "warnings" } span.key.note { "notes" }
                    span.remark { "findings per " (chart.unit) ", oldest on the left" }
                }
                div.chart {
                    svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ "Findings per " (chart.unit) } {
                        (scale(tallest))
                        @for (number, bar) in chart.bars.iter().enumerate() {
                            (one(bar, number, (chart.bars.len(), tallest)))
                        }
                    }
                }
            }
        }
    }
}

/// Lines at nothing, half and all.
fn scale(tallest: usize) -> Markup {
    html! {
        @for tick in [0, 1, 2] {
            @let value = tallest * tick / 2;
            @let y = height(value, tallest);
            line.grid x1=(LEFT) x2=(WIDTH) y1=(BASE - y) y2=(BASE - y) {}
            text.tick x=(LEFT - 8) y=(BASE - y + 4) text-anchor="end" { (value) }
        }
    }
}

fn height(value: usize, tallest: usize) -> usize {
    ((BASE - TOP) * value).checked_div(tallest).unwrap_or(0)
}

fn one(bar: &Bar, number: usize, (bars, tallest): (usize, usize)) -> Markup {
    let slot = (WIDTH - LEFT) * 10 / bars.max(1);
    let width = (slot * 7 / 100).clamp(2, BAR_MAX);
    let middle = LEFT + (slot * number + slot / 2) / 10;
    let x = middle.saturating_sub(width / 2);
    let Counts {
        errors,
        warnings,
        notes,
    } = bar.counts;
    let parts = [
        ("note", 0, notes),
        ("warning", notes, warnings),
        ("error", notes + warnings, errors),
    ];
    let every = bars.div_ceil(LABELS_MAX).max(1);
    html! {
        g {
            title { (bar.label) ": " (counted(bar.counts)) " in " (count(bar.migrations, "migration")) }
            rect.hit x=(middle.saturating_sub(slot / 20)) y=(TOP) width=(slot / 10) height=(BASE - TOP) {}
            @for (class, below, value) in parts {
                @if value > 0 {
                    @let top = height(below + value, tallest);
                    rect class=(class) x=(x) width=(width) y=(BASE - top) height=(top - height(below, tallest)) {}
                }
            }
            @if number.is_multiple_of(every) {
                text.tick x=(middle) y=(BASE + 20) text-anchor="middle" { (bar.label) }
            }
        }
    }
}

//! `-- segue:` directives in a file: what a person allows with a reason, and what he declares that cannot be inferred.
//!
//! The one reader of them: what `check` is silent about is what `up` runs as written. Only comments that stand outside
//! every statement count: a string or a function body that happens to contain the words does not.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ident, MapDirective, Span, Statement};

/// A calendar date.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub struct Date {
    /// The year.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31.
    pub day: u8,
}

impl Date {
    /// Reads `2027-01-31`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let date = Self {
            year: parts.next().filter(|year| year.len() == 4)?.parse().ok()?,
            month: parts
                .next()
                .filter(|month| month.len() == 2)?
                .parse()
                .ok()?,
            day: parts.next().filter(|day| day.len() == 2)?.parse().ok()?,
        };
        ((1..=12).contains(&date.month) && (1..=31).contains(&date.day)).then_some(date)
    }

    /// The day counted from 1970-01-01, in UTC.
    ///
    /// Source: Howard Hinnant, chrono-compatible low-level date algorithms, `civil_from_days`.
    pub fn of_day(days_since_epoch: u64) -> Self {
        let days = days_since_epoch.saturating_add(719_468);
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        let small = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
        Self {
            year: u16::try_from(era * 400 + year_of_era + next_year).unwrap_or(u16::MAX),
            month: small(month),
            day: small(day),
        }
    }
}

/// `-- segue:allow RULE[, RULE] because REASON [until DATE]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Suppression {
    /// The rules, as written.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// Until when it holds, that day included.
    pub until: Option<Date>,
    /// Where it stands.
    pub span: Span,
    /// The position of the statement it is for; none when it stands after the last one.
    pub statement: Option<usize>,
}

impl Suppression {
    /// True when it names the rule and is not past its date.
    pub fn names(&self, rule: &str, today: Date) -> bool {
        self.rules.iter().any(|named| named == rule)
            && self.until.is_none_or(|until| today <= until)
    }
}

/// `-- segue:reverse COLUMN = EXPRESSION`: the way back of a value that Segue cannot infer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// The column, as the statement below names it.
    pub column: Ident,
    /// The old value as an expression over the column's new value; SQL, as written.
    pub expression: String,
    /// Where it stands.
    pub span: Span,
    /// The position of the statement it is for; none when it stands after the last one.
    pub statement: Option<usize>,
}

/// A directive that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDirective {
    /// Where it stands.
    pub span: Span,
    /// What is wrong.
    pub problem: DirectiveProblem,
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectiveProblem {
    /// No such directive.
    Unknown(String),
    /// No `because`, or nothing after it.
    NoReason,
    /// No such rule.
    NoSuchRule(String),
    /// What follows `until` is no date.
    BadDate(String),
    /// No `COLUMN = EXPRESSION`.
    NoWayBack,
    /// No `TABLE.COLUMN = EXPRESSION`.
    NoMapping,
}

/// The directives of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Suppressions.
    pub suppressions: Vec<Suppression>,
    /// Ways back.
    pub reverses: Vec<Reverse>,
    /// Mappings of columns that are added and dropped: they belong to the section, not to a statement.
    pub maps: Vec<MapDirective>,
    /// What could not be followed.
    pub bad: Vec<BadDirective>,
}

impl Directives {
    /// What stands above the statement at this position.
    #[must_use]
    pub fn above(&self, statement: usize) -> Self {
        Self {
            suppressions: self
                .suppressions
                .iter()
                .filter(|one| one.statement == Some(statement))
                .cloned()
                .collect(),
            reverses: self
                .reverses
                .iter()
                .filter(|one| one.statement == Some(statement))
                .cloned()
                .collect(),
            maps: Vec::new(),
            bad: Vec::new(),
        }
    }
}

impl fmt::Display for DirectiveProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(formatter, "there is no directive `segue:{name}`"),
            Self::NoReason => {
                formatter.write_str("a suppression needs a reason: it allows nothing as it stands")
            }
            Self::NoSuchRule(code) => write!(formatter, "there is no rule `{code}`"),
            Self::BadDate(date) => write!(formatter, "`{date}` is no date: write YYYY-MM-DD"),
            Self::NoWayBack => {
                formatter.write_str("a way back is written `-- segue:reverse COLUMN = EXPRESSION`")
            }
            Self::NoMapping => {
                formatter.write_str("a mapping is `-- segue:map TABLE.COLUMN = EXPRESSION`")
            }
        }
    }
}

/// Directives that other parts of Segue read.
const ELSEWHERE: &[&str] = &["transaction", "backfill", "gate"];

/// Reads the directives of a section. Spans are those of the file; `section` is the section's place in it.
pub fn directives(
    file: &str,
    section: Span,
    statements: &[Statement],
    is_rule: impl Fn(&str) -> bool,
) -> Directives {
    let mut found = Directives::default();
    let text = section.of(file);
    if !text.contains("segue:") {
        return found;
    }
    let mut start = section.start;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let span = Span::new(start + indent, start + content.len());
        start += line.len();
        let Some(words) = content
            .trim_start()
            .strip_prefix("--")
            .map(str::trim_start)
            .and_then(|rest| rest.strip_prefix("segue:"))
        else {
            continue;
        };
        if statements
            .iter()
            .any(|statement| statement.span.start < span.start && span.start < statement.span.end)
        {
            continue;
        }
        let statement = statements
            .iter()
            .position(|statement| statement.span.start >= span.end);
        read(words, span, statement, &is_rule, &mut found);
    }
    found
}

fn read(
    words: &str,
    span: Span,
    statement: Option<usize>,
    is_rule: impl Fn(&str) -> bool,
    found: &mut Directives,
) {
    let (directive, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    if directive == "reverse" {
        match way_back(rest) {
            Some((column, expression)) => found.reverses.push(Reverse {
                column,
                expression,
                span,
                statement,
            }),
            None => found.bad.push(BadDirective {
                span,
                problem: DirectiveProblem::NoWayBack,
            }),
        }
        return;
    }
    if directive == "map" {
        match MapDirective::read(rest, span) {
            Some(map) => found.maps.push(map),
            None => found.bad.push(BadDirective {
                span,
                problem: DirectiveProblem::NoMapping,
            }),
        }
        return;
    }
    if directive != "allow" {
        if !ELSEWHERE.contains(&directive) {
            found.bad.push(BadDirective {
                span,
                problem: DirectiveProblem::Unknown(directive.to_owned()),
            });
        }
        return;
    }
    match allow(rest, &is_rule) {
        Ok((rules, reason, until)) => found.suppressions.push(Suppression {
            rules,
            reason,
            until,
            span,
            statement,
        }),
        Err(problem) => found.bad.push(BadDirective { span, problem }),
    }
}

/// `column = expression`; the column quoted or not, as in SQL.
fn way_back(rest: &str) -> Option<(Ident, String)> {
    let rest = rest.trim_start();
    let (column, after) = if let Some(quoted) = rest.strip_prefix('"') {
        let end = quoted.find('"').filter(|end| *end > 0)?;
        (Ident::new(quoted.get(..end)?), quoted.get(end + 1..)?)
    } else {
        let (name, _) = rest.split_once('=')?;
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        let word = name.trim_end();
        if word.is_empty() || !word.chars().all(is_name) {
            return None;
        }
        (Ident::new(word.to_lowercase()), rest.get(name.len()..)?)
    };
    let expression = after.trim_start().strip_prefix('=')?.trim();
    (!expression.is_empty()).then(|| (column, expression.to_owned()))
}

type Allowed = (Vec<String>, String, Option<Date>);

fn allow(rest: &str, is_rule: impl Fn(&str) -> bool) -> Result<Allowed, DirectiveProblem> {
    let (codes, reason) = rest
        .split_once("because")
        .ok_or(DirectiveProblem::NoReason)?;
    let (reason, until) = match reason.rsplit_once(" until ") {
        Some((before, date)) => {
            let date = date.trim();
            let parsed =
                Date::parse(date).ok_or_else(|| DirectiveProblem::BadDate(date.to_owned()))?;
            (before, Some(parsed))
        }
        None => (reason, None),
    };
    if reason.trim().is_empty() || codes.trim().is_empty() {
        return Err(DirectiveProblem::NoReason);
    }
    let rules: Vec<String> = codes
        .split(',')
        .map(|code| code.trim().to_owned())
        .collect();
    match rules.iter().find(|code| !is_rule(code)) {
        Some(unknown) => Err(DirectiveProblem::NoSuchRule(unknown.clone())),
        None => Ok((rules, reason.trim().to_owned(), until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Directives {
        directives(text, Span::new(0, text.len()), &[], |code| {
            code == "drop-column"
        })
    }

    #[test]
    fn a_suppression_has_rules_a_reason_and_a_date() {
        let found =
            read_all("-- segue:allow drop-column because nobody reads it until 2027-01-31\n");
        assert_eq!(found.bad, []);
        assert_eq!(found.suppressions[0].reason, "nobody reads it");
        assert_eq!(found.suppressions[0].until, Date::parse("2027-01-31"));
    }

    #[test]
    fn a_day_is_counted_from_the_epoch() {
        for (days, text) in [
            (0_u64, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_820, "2027-01-02"),
        ] {
            assert_eq!(Some(Date::of_day(days)), Date::parse(text), "{text}");
        }
    }

    #[test]
    fn a_suppression_without_a_reason_is_an_error() {
        for text in [
            "-- segue:allow drop-column",
            "-- segue:allow drop-column because  ",
        ] {
            assert_eq!(
                read_all(text).bad[0].problem,
                DirectiveProblem::NoReason,
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_directive_and_an_unknown_rule_are_errors() {
        assert_eq!(
            read_all("-- segue:alow x").bad[0].problem,
            DirectiveProblem::Unknown("alow".into())
        );
        assert_eq!(
            read_all("-- segue:allow drop-colum because x").bad[0].problem,
            DirectiveProblem::NoSuchRule("drop-colum".into())
        );
    }

    #[test]
    fn a_way_back_has_a_column_and_an_expression() {
        let found = read_all(
            "-- segue:reverse Price = price / 100.0\n-- segue:reverse \"A b\"=lower(\"A b\")\n",
        );
        let read: Vec<(&str, &str)> = found
            .reverses
            .iter()
            .map(|one| (one.column.as_str(), one.expression.as_str()))
            .collect();
        assert_eq!(
            read,
            [("price", "price / 100.0"), ("A b", "lower(\"A b\")")]
        );
        for text in [
            "-- segue:reverse price",
            "-- segue:reverse = 1",
            "-- segue:reverse a b = 1",
            "-- segue:reverse a =",
        ] {
            assert_eq!(
                read_all(text).bad[0].problem,
                DirectiveProblem::NoWayBack,
                "{text}"
            );
        }
    }

    #[test]
    fn words_inside_a_statement_are_no_directive() {
        let text = "SELECT '\n-- segue:allow drop-column\n'";
        let statement = Statement {
            span: Span::new(0, text.len()),
            changes: Vec::new(),
            notes: Vec::new(),
        };
        assert_eq!(
            directives(text, Span::new(0, text.len()), &[statement], |_| true),
            Directives::default()
        );
    }
}

//! A plan is kept without the secrets of its file: also where they went into changes and statements of our own.

use std::collections::BTreeSet;
use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use segue_model::{Dialect, Migration};
use serde_json::Value;

use super::{all_sections, spans};
use crate::prepare::PlannedStep;

/// How a mark begins; the number of its secret follows.
const OPENING: &str = "[secret ";
const CLOSING: char = ']';

/// A shorter one may be a part of any word: it is looked for between quotes alone.
const SHORTEST_ANYWHERE: usize = 8;

/// The secrets that a migration's file holds, in the order of their places.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// A text that looks like a mark comes first, so that it is told apart from one.
    values: Vec<String>,
}

/// How many there are, and none of them.
impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.values.len())
    }
}

/// Where a secret is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Wherever it stands.
    Anywhere,
    /// Between quotes.
    Quoted,
}

impl Secrets {
    /// Those of a migration, up and down.
    pub fn of(migration: &Migration, dialect: &dyn Dialect) -> Self {
        let mut known = BTreeSet::new();
        let mut values = Vec::new();
        for section in all_sections(migration) {
            let text = section.text();
            for span in spans(text, dialect) {
                let new = spellings(span.of(text))
                    .into_iter()
                    .filter(|value| known.insert(value.clone()));
                values.extend(new);
            }
        }
        if !values.is_empty() {
            values.insert(0, OPENING.to_owned());
        }
        Self { values }
    }

    /// The steps as the journal keeps them.
    pub(crate) fn stored(&self, steps: &[PlannedStep]) -> String {
        if self.values.is_empty() {
            return serde_json::to_string(steps).unwrap_or_default();
        }
        let plain = serde_json::to_value(steps).unwrap_or_default();
        let masked = self.masked(plain.clone(), Reach::Anywhere);
        // A word of ours may be somebody's password: then what stands without quotes is no literal of his.
        let masked = if parsed(masked.clone()).is_some() {
            masked
        } else {
            self.masked(plain, Reach::Quoted)
        };
        masked.to_string()
    }

    fn masked(&self, plain: Value, reach: Reach) -> Value {
        let patterns: Vec<String> = (self.values.iter().enumerate())
            .map(|(number, value)| match reach {
                Reach::Anywhere if value.len() >= SHORTEST_ANYWHERE => value.clone(),
                Reach::Anywhere | Reach::Quoted if number > 0 => ["'", value, "'"].concat(),
                Reach::Anywhere | Reach::Quoted => value.clone(),
            })
            .collect();
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns);
        let Ok(search) = built else {
            // Too many for one search: then nothing of the plan is kept.
            return Value::Null;
        };
        let mask = |text: &str| {
            let mut shown = String::with_capacity(text.len());
            search.replace_all_with(text, &mut shown, |found, was, shown| {
                let number = found.pattern().as_usize();
                let is_quoted = number > 0 && was.starts_with('\'') && was.ends_with('\'');
                let quote = if is_quoted { "'" } else { "" };
                shown.push_str(quote);
                shown.push_str(OPENING);
                shown.push_str(&number.to_string());
                shown.push(CLOSING);
                shown.push_str(quote);
                true
            });
            shown
        };
        every_text(plain, &mask)
    }

    /// Puts the secrets back where the journal has marks.
    pub(crate) fn restore(&self, steps: &mut Vec<PlannedStep>) {
        if self.values.is_empty() || !is_masked(steps) {
            return;
        }
        let masked = serde_json::to_value(&*steps).unwrap_or_default();
        if let Some(restored) = parsed(every_text(masked, &|text| self.restored(text))) {
            *steps = restored;
        }
    }

    fn restored(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPENING) {
            whole.push_str(before);
            let secret = after.split_once(CLOSING).and_then(|(number, rest)| {
                let value = self.values.get(number.parse::<usize>().ok()?)?;
                Some((value.as_str(), rest))
            });
            let (known, behind) = secret.unwrap_or((OPENING, after));
            whole.push_str(known);
            rest = behind;
        }
        whole.push_str(rest);
        whole
    }

    /// A text without them.
    pub(crate) fn without(&self, text: &str) -> String {
        if self.values.is_empty() {
            return text.to_owned();
        }
        match self.masked(Value::String(text.to_owned()), Reach::Anywhere) {
            Value::String(text) => text,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => String::new(),
        }
    }
}

/// Whether the journal has kept something of these steps back.
pub(crate) fn is_masked(steps: &[PlannedStep]) -> bool {
    serde_json::to_string(steps).is_ok_and(|text| text.contains(OPENING))
}

fn parsed(value: Value) -> Option<Vec<PlannedStep>> {
    serde_json::from_value(value).ok()
}

/// What is inside a literal, as it may stand in a plan: as written, as it is meant, and with its quotes doubled, in the text of
/// a function once more.
fn spellings(literal: &str) -> Vec<String> {
    let Some(opening) = literal.find(['\'', '$']) else {
        return Vec::new();
    };
    let quoted = literal.get(opening..).unwrap_or_default();
    let inner = if quoted.starts_with('$') {
        let tag = quoted
            .get(1..)
            .and_then(|rest| rest.find('$'))
            .map_or(1, |end| end + 2);
        quoted.get(tag..quoted.len().saturating_sub(tag))
    } else {
        let quoted = quoted.strip_prefix('\'').unwrap_or(quoted);
        Some(quoted.strip_suffix('\'').unwrap_or(quoted))
    };
    let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
        return Vec::new();
    };
    let mut spellings = vec![inner.to_owned()];
    if inner.contains('\'') {
        let meant = inner.replace("''", "'");
        spellings.push(meant.replace('\'', "''"));
        spellings.push(meant.replace('\'', "''''"));
        spellings.push(meant);
    }
    spellings
}

/// The same value with every text in it changed.
fn every_text(value: Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(values) => Value::Array(
            values
                .into_iter()
                .map(|value| every_text(value, change))
                .collect(),
        ),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, every_text(value, change)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Secrets, spellings};
    use crate::secret::plan::Reach;
    use serde_json::json;

    fn secrets(values: &[&str]) -> Secrets {
        let values = std::iter::once("[secret ").chain(values.iter().copied());
        Secrets {
            values: values.map(str::to_owned).collect(),
        }
    }

    #[test]
    fn what_is_masked_comes_back_as_it_was_also_what_looks_like_a_mark() {
        let secrets = secrets(&["ab", "canary-1", "canary-12"]);
        let plain = "x = 'ab' AND ab = 'canary-12' || 'a canary-1 b' || '[secret 2]'";
        let masked = secrets.masked(json!([plain]), Reach::Anywhere);
        assert_eq!(
            masked,
            json!(["x = '[secret 1]' AND ab = '[secret 3]' || 'a [secret 2] b' || '[secret 0]2]'"])
        );
        let masked = masked[0].as_str().unwrap();
        assert_eq!(secrets.restored(masked), plain);
    }

    #[test]
    fn a_literal_is_looked_for_in_every_spelling() {
        assert_eq!(spellings("'plain'"), ["plain"]);
        assert_eq!(spellings("$body$plain$body$"), ["plain"]);
        assert_eq!(spellings("$$plain$$"), ["plain"]);
        assert_eq!(spellings("E'pl''ain'")[..2], ["pl''ain", "pl''ain"]);
        assert!(spellings("'pl''ain'").contains(&"pl'ain".to_owned()));
        assert!(spellings("''").is_empty() && spellings("'").is_empty());
    }
}

//! The words after `cargo xtask`. An option that nobody asked for is an error, not ignored.

use anyhow::{Context, Result, bail};
use std::str::FromStr;

/// A verb and what follows it.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    pub(crate) fn of_process() -> Self {
        Self::new(std::env::args().skip(1))
    }

    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self {
            words: words.into_iter().collect(),
        }
    }

    /// The verb, or nothing.
    pub(crate) fn verb(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The words after the verb, untouched.
    pub(crate) fn rest(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Reads the words after the verb.
    ///
    /// # Errors
    /// For a word that starts with `-` and is neither in `switches` nor in `options`.
    pub(crate) fn read(&self, switches: &[&str], options: &[&str]) -> Result<Read> {
        let mut read = Read::default();
        let mut words = self.rest().iter();
        while let Some(word) = words.next() {
            if switches.contains(&word.as_str()) {
                read.switches.push(word.clone());
            } else if options.contains(&word.as_str()) {
                let value = words
                    .next()
                    .with_context(|| format!("{word} needs a value"))?;
                read.options.push((word.clone(), value.clone()));
            } else if word.starts_with('-') {
                bail!("`{}` has no option {word}", self.verb());
            } else {
                read.plain.push(word.clone());
            }
        }
        Ok(read)
    }
}

/// The words after a verb, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read {
    switches: Vec<String>,
    options: Vec<(String, String)>,
    plain: Vec<String>,
}

impl Read {
    /// Whether a switch was given.
    pub(crate) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|given| given == switch)
    }

    /// The value of an option.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        let given = self.options.iter().rev();
        let mut of_name = given.filter(|(name, _)| name == option);
        of_name.next().map(|(_, value)| value.as_str())
    }

    /// The value of an option as a number or another type.
    ///
    /// # Errors
    /// When the text is not of that type.
    pub(crate) fn parsed<T: FromStr>(&self, option: &str) -> Result<Option<T>> {
        self.value(option)
            .map(|text| {
                text.parse()
                    .ok()
                    .with_context(|| format!("{option} does not take `{text}`"))
            })
            .transpose()
    }

    /// The words that are no options.
    pub(crate) fn plain(&self) -> &[String] {
        &self.plain
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn arguments(text: &str) -> Arguments {
        Arguments::new(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_misspelt_option_is_refused() {
        assert!(
            arguments("ci --skip-tests")
                .read(&["--skip-test"], &[])
                .is_err()
        );
    }

    #[test]
    fn switches_options_and_words_are_told_apart() {
        let read = arguments("bench check --files 7 --quick")
            .read(&["--quick"], &["--files"])
            .expect("known words");
        assert_eq!(read.plain(), ["check"]);
        assert_eq!(read.parsed::<u32>("--files").expect("a number"), Some(7));
        assert!(read.has("--quick"));
    }
}

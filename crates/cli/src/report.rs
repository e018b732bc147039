//! The formats an answer is written in: one file each, one line here.
//!
//! A format writes to what it is given and decides nothing: neither severity, nor exit code, nor what is reported.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::path::PathBuf;

use segue_check::Severity;

use crate::arguments::Verbosity;
use crate::document::Event;
use crate::environment::Colour;
use crate::judging::{Keep, Needs};

macro_rules! reporters {
    ($($module:ident),+ $(,)?) => {
        $(pub(crate) mod $module;)+
        /// Every format, in the order the help lists them.
        pub(crate) static ALL: &[&Reporter] = &[$(&$module::REPORTER),+];
    };
}

reporters![human, json, jsonl, sarif, junit, github, gitlab, markdown];

mod words;

/// A format.
pub(crate) struct Reporter {
    /// As it is typed after `--output`.
    pub(crate) name: &'static str,
    /// Whether it writes findings only at the end, from the document.
    pub(crate) keeps_findings: Keep,
    /// Whether it writes every answer about every statement.
    pub(crate) wants_every_answer: Keep,
    /// Whether it shows the lines around a finding.
    pub(crate) shows_excerpts: Keep,
    /// Whether terminal codes may stand in what it writes.
    pub(crate) terminal_codes: TerminalCodes,
    /// Writes what there is to say about an event.
    pub(crate) write: fn(&Event<'_>, &mut Desk<'_>) -> io::Result<()>,
}

impl Reporter {
    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|reporter| reporter.name == name)
    }

    /// What has to be kept or worked out for it.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            findings: self.keeps_findings,
            every_answer: self.wants_every_answer,
            excerpts: self.shows_excerpts,
        }
    }
}

/// Whether terminal codes may stand in what a format writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminalCodes {
    /// They may: they are stripped where there is no colour.
    Stripped,
    /// The format encodes them, as JSON and XML do: what it writes goes out as it is.
    Verbatim,
}

/// Where a format writes, and how it shall look.
pub(crate) struct Desk<'a> {
    /// Standard output, buffered.
    pub(crate) out: &'a mut dyn Write,
    /// Colour, for formats that people read on a terminal.
    pub(crate) colour: Colour,
    /// Where a GitHub runner wants the summary of the step.
    pub(crate) step_summary: Option<PathBuf>,
    /// The least severity that is shown in full, in formats for people.
    pub(crate) least: Severity,
    /// How much is said.
    pub(crate) verbosity: Verbosity,
    /// What was written so far, for formats that number repetitions.
    pub(crate) written: Written,
}

/// The findings that were written, by fingerprint.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// By the hash of a fingerprint: two that share it are numbered like one, and stay apart.
    times: HashMap<u64, usize>,
    hasher: RandomState,
}

impl Written {
    /// One more of this fingerprint: how many there are now.
    fn times(&mut self, fingerprint: &str) -> usize {
        let times = self
            .times
            .entry(self.hasher.hash_one(fingerprint))
            .or_default();
        *times += 1;
        *times
    }

    fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

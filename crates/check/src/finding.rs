//! What `check` reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use segue_model::{Plan, QualifiedName, Span};

use crate::{Layer, Question};

/// How bad a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; never fails a check by itself.
    Note,
    /// It may hurt: it depends on size, traffic or habits.
    Warning,
    /// It will hurt, or it will fail.
    Error,
}

/// Where a finding points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Place {
    /// The file, relative to where the command was started.
    pub path: String,
    /// The bytes of the statement, or of the part of it; none when it is about the file as a whole.
    pub span: Option<Span>,
}

/// What to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// These steps, complete, with the user's own names.
    Steps(Plan),
    /// One or two sentences: the safe way needs a decision that nobody can make for him.
    Advice(String),
}

/// One thing `check` reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Finding {
    /// The rule's code: `add-check-validated`.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// Which of the questions it answers.
    pub question: Question,
    /// Which layer proved it.
    pub layer: Layer,
    /// What happens: one sentence with the user's names.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The id of the migration, as its tool names it; none for findings about the project.
    pub migration: Option<String>,
    /// The relation it is about.
    pub relation: Option<QualifiedName>,
    /// The lock, what it blocks, and for how long: one sentence. None where nobody is kept waiting.
    pub lock: Option<String>,
    /// What to do instead.
    pub instead: Option<Remedy>,
    /// Stable across moves of lines: built from the rule, the file's migration and the statement's text.
    pub fingerprint: String,
}

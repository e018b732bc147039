//! One piece of a migration's text, with its changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Change, Opaque, RoutineBody, RoutineChange, Span};

/// One statement: where it stands, what it does, and what was noticed while reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Statement {
    /// Its bytes in the file, without the semicolon.
    pub span: Span,
    /// What it does, in the order it is written. Never empty: what could not be read is `Opaque`.
    pub changes: Vec<Change>,
    /// What was noticed about the text itself.
    pub notes: Vec<TextNote>,
}

impl Statement {
    /// Moves every span right by `offset` bytes: from a section to its file.
    pub fn shift(&mut self, offset: usize) {
        self.span = self.span.shifted(offset);
        for note in &mut self.notes {
            note.span = note.span.shifted(offset);
        }
        for change in &mut self.changes {
            match change {
                Change::Opaque(opaque) => opaque.span = opaque.span.shifted(offset),
                Change::Program(program) => {
                    for inner in &mut program.statements {
                        inner.shift(offset);
                    }
                    for opaque in &mut program.unread {
                        opaque.span = opaque.span.shifted(offset);
                    }
                }
                Change::Routine(
                    _,
                    RoutineChange::Create(routine) | RoutineChange::Replace(routine),
                ) => {
                    if let RoutineBody::Read(statements) = &mut routine.body {
                        for inner in statements {
                            inner.shift(offset);
                        }
                    }
                }
                Change::Routine(..)
                | Change::Namespace(..)
                | Change::Table(..)
                | Change::Column(..)
                | Change::Constraint(..)
                | Change::Partition(..)
                | Change::Index(..)
                | Change::View(..)
                | Change::Sequence(..)
                | Change::Type(..)
                | Change::Domain(..)
                | Change::Trigger(..)
                | Change::Rule(..)
                | Change::Policy(..)
                | Change::Statistics(..)
                | Change::Publication(..)
                | Change::Extension(..)
                | Change::Privilege(..)
                | Change::Comment(..)
                | Change::Data(..)
                | Change::Maintenance(..)
                | Change::Session(..)
                | Change::Transaction(..)
                | Change::Other(..) => {}
            }
        }
    }

    /// The first thing in it that could not be read, looking into programs too.
    pub fn opaque(&self) -> Option<&Opaque> {
        self.changes.iter().find_map(|change| match change {
            Change::Opaque(opaque) => Some(opaque),
            Change::Program(program) => program
                .unread
                .first()
                .or_else(|| program.statements.iter().find_map(Self::opaque)),
            Change::Namespace(..)
            | Change::Table(..)
            | Change::Column(..)
            | Change::Constraint(..)
            | Change::Partition(..)
            | Change::Index(..)
            | Change::View(..)
            | Change::Sequence(..)
            | Change::Type(..)
            | Change::Domain(..)
            | Change::Routine(..)
            | Change::Trigger(..)
            | Change::Rule(..)
            | Change::Policy(..)
            | Change::Statistics(..)
            | Change::Publication(..)
            | Change::Extension(..)
            | Change::Privilege(..)
            | Change::Comment(..)
            | Change::Data(..)
            | Change::Maintenance(..)
            | Change::Session(..)
            | Change::Transaction(..)
            | Change::Other(..) => None,
        })
    }
}

/// Something about the text of a statement that its changes do not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct TextNote {
    /// What.
    pub kind: TextNoteKind,
    /// Where in the file.
    pub span: Span,
}

/// What was noticed about a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextNoteKind {
    /// A relation is named without its namespace: the search path decides.
    UnqualifiedName(String),
    /// A name is longer than the server keeps (63 bytes in PostgreSQL) and is cut silently.
    CutName {
        /// As written.
        written: String,
        /// As stored.
        stored: String,
    },
    /// A reserved word serves as a name, quoted.
    ReservedWord(String),
    /// A new object's name needs quotes for ever: capitals, spaces, signs.
    NeedsQuotes(String),
    /// A literal that looks like a password, token or key. The text is not repeated anywhere.
    Secret,
    /// Syntax that exists only since this major version of the server.
    SinceVersion {
        /// The feature, as the manual names it.
        feature: String,
        /// The first major version that has it.
        version: u16,
    },
    /// The text stands inside a string that is run (`EXECUTE`), or beside a placeholder.
    Placeholder(String),
}

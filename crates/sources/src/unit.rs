//! One migration that was found: what is known from names alone, and how to read the rest.
//!
//! Reading does its own IO and may happen on any thread; one file is one allocation.

use std::sync::Arc;

use segue_model::{Form, Migration, Repetition, SourceText, Tool, TransactionChoice, Wrapping};

use crate::SourceError;
use crate::access::{Access, Place};
use crate::checksum::checksum;
use crate::formats::format_of;

/// One migration that was found and not necessarily read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The tool it belongs to.
    pub tool: Tool,
    /// How the tool itself names it: the key in its history table.
    pub id: String,
    /// The descriptive part; empty when there is none.
    pub name: String,
    /// The file or folder, relative to where the command was started, with `/`.
    pub path: String,
    /// Once, or on change.
    pub repetition: Repetition,
    /// The ids it comes after, where the tool keeps a graph (Alembic, Django); else empty.
    pub parents: Vec<String>,
    /// What the history table holds in place of the id, where it does: Drizzle's `when`.
    pub recorded_as: Option<String>,
    pub(crate) content: Content,
    access: Access,
}

/// Where the migration's text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// In files that nobody has read yet.
    Files(Files),
    /// Read while the project was found, because its order stands in the text.
    Ready(Form),
}

/// The files of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    /// The way there.
    pub(crate) up: Place,
    /// The way back, when it has a file of its own.
    pub(crate) down: Option<Place>,
    /// A file beside it with its settings.
    pub(crate) side: Option<Place>,
    /// How far the tool's transaction reaches.
    pub(crate) scope: Scope,
}

/// How far the transaction of a tool reaches that lets the project choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One migration, or less.
    Migration,
    /// Everything that is pending.
    WholeRun,
}

/// The texts of one migration, on their way to the format that splits them.
pub(crate) struct Reading {
    /// The way there.
    pub(crate) up: Arc<SourceText>,
    /// The way back, when it has a file of its own.
    pub(crate) down: Option<Arc<SourceText>>,
    /// The settings beside it.
    pub(crate) side: Option<SourceText>,
    /// How far the tool's transaction reaches.
    pub(crate) scope: Scope,
}

impl Reading {
    /// A text without anything beside it.
    pub(crate) fn alone(up: Arc<SourceText>) -> Self {
        Self {
            up,
            down: None,
            side: None,
            scope: Scope::Migration,
        }
    }
}

impl Unit {
    /// A unit whose text is in one file.
    pub(crate) fn in_file(tool: Tool, id: String, up: Place, access: &Access) -> Self {
        Self {
            tool,
            id,
            name: String::new(),
            path: up.shown.clone(),
            repetition: Repetition::Once,
            parents: Vec::new(),
            recorded_as: None,
            content: Content::Files(Files {
                up,
                down: None,
                side: None,
                scope: Scope::Migration,
            }),
            access: access.clone(),
        }
    }

    /// The same unit with a descriptive part.
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The same unit, already read.
    pub(crate) fn ready(mut self, form: Form) -> Self {
        self.content = Content::Ready(form);
        self
    }

    /// Adds to the files of a unit that is not read yet.
    pub(crate) fn with_files(mut self, change: impl FnOnce(&mut Files)) -> Self {
        if let Content::Files(files) = &mut self.content {
            change(files);
        }
        self
    }

    /// Reads the migration.
    ///
    /// # Errors
    /// [`SourceError::is_definitive`] when a file is not a regular file of this project or not UTF-8;
    /// [`SourceError::byte_offset`] says where the text stops.
    pub fn read(&self) -> Result<Migration, SourceError> {
        match &self.content {
            Content::Ready(form) => Ok(self.migration(form.clone())),
            Content::Files(files) => {
                let up = self.access.text(&files.up)?;
                self.split(up, files)
            }
        }
    }

    /// The migration as it would be with this text in place of its file's, for example an older revision's.
    ///
    /// # Errors
    /// When a file beside it (its way back, its settings) cannot be read.
    pub fn read_with_text(&self, text: String) -> Result<Migration, SourceError> {
        match &self.content {
            Content::Ready(_) => Ok(read_text(&self.path, text, self.tool)),
            Content::Files(files) => {
                let path = files.up.shown.clone();
                self.split(SourceText { path, text }, files)
            }
        }
    }

    fn split(&self, up: SourceText, files: &Files) -> Result<Migration, SourceError> {
        let text_of = |place: &Option<Place>| match place {
            Some(place) => self.access.text(place).map(Some),
            None => Ok(None),
        };
        let reading = Reading {
            up: Arc::new(up),
            down: text_of(&files.down)?.map(Arc::new),
            side: text_of(&files.side)?,
            scope: files.scope,
        };
        Ok(self.migration((format_of(self.tool).split)(&reading)))
    }

    fn migration(&self, form: Form) -> Migration {
        Migration {
            id: self.id.clone(),
            name: self.name.clone(),
            path: self.path.clone(),
            repetition: self.repetition,
            form,
        }
    }

    /// What the tool stores, or would store, for this migration's file; none when it stores nothing or something
    /// that does not follow from the bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn checksum(&self) -> Result<Option<String>, SourceError> {
        match &self.content {
            Content::Ready(_) => Ok(None),
            Content::Files(files) => {
                let bytes = self.access.bytes(&files.up)?;
                Ok(checksum(self, &bytes))
            }
        }
    }

    /// Every file that takes part, as the project shows it.
    pub fn files(&self) -> Vec<&str> {
        match &self.content {
            Content::Ready(_) => vec![self.path.as_str()],
            Content::Files(files) => [Some(&files.up), files.down.as_ref(), files.side.as_ref()]
                .into_iter()
                .flatten()
                .map(|place| place.shown.as_str())
                .collect(),
        }
    }
}

/// A migration from text that is in no file, for example standard input.
pub fn read_text(name: &str, text: String, tool: Tool) -> Migration {
    let file = Arc::new(SourceText {
        path: name.to_owned(),
        text,
    });
    Migration {
        id: name.to_owned(),
        name: String::new(),
        path: name.to_owned(),
        repetition: Repetition::Once,
        form: split(&file, tool),
    }
}

/// Splits a text as this tool would, for example a file of an older revision. Nothing beside it is looked at.
pub fn split(file: &Arc<SourceText>, tool: Tool) -> Form {
    (format_of(tool).split)(&Reading::alone(Arc::clone(file)))
}

/// The whole of a file as one section.
pub(crate) fn whole_file(
    file: &Arc<SourceText>,
    wrapping: Wrapping,
    choice: TransactionChoice,
) -> segue_model::Section {
    segue_model::Section {
        file: Arc::clone(file),
        span: crate::lines::whole(&file.text),
        wrapping,
        choice,
    }
}

//! What every arm of the reader needs: where a node stands, what a name means, what was noticed.
//!
//! Refuses to guess: a required part that is not there, a reserved word that serves as a name, or a template
//! placeholder where a name belongs is a `ReadError`, and the statement becomes `Opaque`.

use std::collections::BTreeSet;

use rowan::TextRange;
use segue_model::{Change, Ident, Opaque, OpaqueReason, Span, TextNote, TextNoteKind};
use squawk_syntax::{SyntaxNode, ast::AstNode, decoded_text::DecodedText};

/// Why a statement could not be read. Becomes one `Opaque`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadError {
    /// Why.
    pub(super) reason: OpaqueReason,
    /// For people: what was found and what was expected.
    pub(super) message: String,
    /// Where in the file.
    pub(super) span: Span,
}

impl From<ReadError> for Opaque {
    fn from(error: ReadError) -> Self {
        Self {
            reason: error.reason,
            message: error.message,
            span: error.span,
        }
    }
}

impl From<ReadError> for Change {
    fn from(error: ReadError) -> Self {
        Self::Opaque(error.into())
    }
}

/// How names resolve at this place of the file: changed by `SET search_path` and by temporary tables.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Where an unqualified name is looked for and created.
    pub(super) namespace: Ident,
    /// Relations that this file has created as temporary ones.
    pub(super) temporary: BTreeSet<Ident>,
    /// What `SET LOCAL search_path` hides until the transaction ends.
    pub(super) namespace_after_transaction: Option<Ident>,
    /// Names of WITH queries of the statement, which are no relations.
    pub(super) with: Vec<Ident>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            namespace: Ident::from("public"),
            temporary: BTreeSet::new(),
            namespace_after_transaction: None,
            with: Vec::new(),
        }
    }
}

/// Where a tree's text stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// So many bytes after the file's start.
    File(usize),
    /// Inside a string literal, where bodies stand too.
    Literal(&'a DecodedText, &'a Place<'a>),
}

impl Place<'_> {
    /// The bytes of the file that a range of the tree stands for.
    pub(super) fn span(&self, range: TextRange) -> Span {
        match self {
            Self::File(offset) => {
                Span::new(range.start().into(), range.end().into()).shifted(*offset)
            }
            Self::Literal(literal, outer) => outer.span(literal.source_range(range)),
        }
    }
}

/// Whether a name is made by the statement, or must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameRole {
    /// It is made: one that needs quotes is worth a note.
    New,
    /// It must exist.
    Used,
}

/// Reads the parts of one statement.
pub(super) struct Reader<'a> {
    /// The text the tree was made of, before placeholders were masked.
    pub(super) text: &'a str,
    /// Where that text stands in the file.
    pub(super) place: Place<'a>,
    /// The major version of the server.
    pub(super) version: u16,
    /// How names resolve.
    pub(super) scope: &'a mut Scope,
    /// Template placeholders of the statement, as spans of the file, ascending.
    pub(super) placeholders: &'a [Span],
    /// What was noticed.
    pub(super) notes: Vec<TextNote>,
}

impl<'a> Reader<'a> {
    /// A node's text as the user wrote it.
    pub(super) fn verbatim(&self, node: &impl AstNode) -> String {
        self.slice(node.syntax().text_range()).to_owned()
    }

    /// The text of a range of the tree.
    pub(super) fn slice(&self, range: TextRange) -> &'a str {
        self.text
            .get(usize::from(range.start())..usize::from(range.end()))
            .unwrap_or_default()
    }

    /// A required part; its absence makes the statement unreadable.
    ///
    /// # Errors
    /// A syntax error at `inside` when the part is not there.
    pub(super) fn require<T>(
        &self,
        part: Option<T>,
        inside: &impl AstNode,
        what: &str,
    ) -> Result<T, ReadError> {
        part.ok_or_else(|| self.missing(inside, what))
    }

    /// The error for a required part that is not there: "expected {what}".
    pub(super) fn missing(&self, inside: &impl AstNode, what: &str) -> ReadError {
        self.refuse(OpaqueReason::SyntaxError, inside.syntax(), |message| {
            message.push_str("expected ");
            message.push_str(what);
        })
    }

    /// The error for something valid that the model does not follow.
    pub(super) fn not_modelled(&self, node: &impl AstNode, what: &str) -> ReadError {
        self.refuse(OpaqueReason::NotModelled, node.syntax(), |message| {
            message.push_str(what);
            message.push_str(" is not modelled");
        })
    }

    /// An error at a node.
    pub(super) fn refuse(
        &self,
        reason: OpaqueReason,
        node: &SyntaxNode,
        describe: impl FnOnce(&mut String),
    ) -> ReadError {
        let mut message = String::new();
        describe(&mut message);
        ReadError {
            reason,
            message,
            span: self.place.span(node.text_range()),
        }
    }

    /// Notes something about a node's text.
    pub(super) fn note(&mut self, kind: TextNoteKind, node: &SyntaxNode) {
        let noticed = TextNote {
            kind,
            span: self.place.span(node.text_range()),
        };
        // A name may be looked at twice, one look after the other.
        if !self
            .notes
            .iter()
            .rev()
            .take(8)
            .any(|known| known == &noticed)
        {
            self.notes.push(noticed);
        }
    }

    /// Notes syntax that exists only since `version`, whatever the version of the target.
    pub(super) fn since(&mut self, node: &impl AstNode, feature: &str, version: u16) {
        let kind = TextNoteKind::SinceVersion {
            feature: feature.to_owned(),
            version,
        };
        self.note(kind, node.syntax());
    }

    /// True when a template placeholder stands in this range.
    pub(super) fn has_placeholder(&self, range: TextRange) -> bool {
        if self.placeholders.is_empty() {
            return false;
        }
        let span = self.place.span(range);
        let next = self
            .placeholders
            .partition_point(|placeholder| placeholder.end <= span.start);
        self.placeholders
            .get(next)
            .is_some_and(|placeholder| placeholder.start < span.end)
    }

    /// Reads something in the text of a literal or a body, with the same scope; its notes join this reader's.
    pub(super) fn within<T>(
        &mut self,
        text: &str,
        place: Place<'_>,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> T {
        let mut inner = Reader {
            text,
            place,
            version: self.version,
            scope: &mut *self.scope,
            placeholders: self.placeholders,
            notes: Vec::new(),
        };
        let result = read(&mut inner);
        let notes = std::mem::take(&mut inner.notes);
        self.notes.extend(notes);
        result
    }
}

//! Names: folded, unquoted, resolved against the search path.
//!
//! Refuses a reserved word that is not quoted, though the grammar lets some of them through.

use segue_model::{Ident, OpaqueReason, QualifiedName, TextNoteKind};
use squawk_syntax::{
    SyntaxKind, SyntaxNode, SyntaxToken,
    ast::{AstNode, normalize_name_node},
    quote::{is_reserved_word, needs_quoting},
};

use super::reader::{NameRole, ReadError, Reader};

/// PostgreSQL keeps so many bytes of a name. Source: PostgreSQL 17 manual, 4.1.1.
const NAME_BYTES_MAX: usize = 63;

/// The namespace of temporary relations.
pub(super) const TEMPORARY: &str = "pg_temp";

/// The namespace of the server's own relations.
pub(super) const CATALOG: &str = "pg_catalog";

/// Words that may name a function or a type, but no column or relation, unless quoted.
/// Source: PostgreSQL 17 manual, appendix C.
const TYPE_OR_FUNCTION_WORDS: &[&str] = &[
    "authorization",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "overlaps",
    "right",
    "similar",
    "tablesample",
    "verbose",
];

impl Reader<'_> {
    /// An existing name of one part: a column, a constraint, a role, a namespace.
    ///
    /// # Errors
    /// Nothing there, a reserved word, or a placeholder.
    pub(super) fn ident(&mut self, node: &impl AstNode) -> Result<Ident, ReadError> {
        self.single(node.syntax(), NameRole::Used)
    }

    /// A name of one part that the statement makes; notes what is awkward about it.
    ///
    /// # Errors
    /// As [`Reader::ident`].
    pub(super) fn new_ident(&mut self, node: &impl AstNode) -> Result<Ident, ReadError> {
        self.single(node.syntax(), NameRole::New)
    }

    /// [`Reader::ident`] of a part that must be there.
    ///
    /// # Errors
    /// As [`Reader::ident`], and when the part is not there.
    pub(super) fn require_ident(
        &mut self,
        part: Option<impl AstNode>,
        inside: &impl AstNode,
        what: &str,
    ) -> Result<Ident, ReadError> {
        let part = self.require(part, inside, what)?;
        self.ident(&part)
    }

    /// An existing relation, index, type or routine; unqualified it is looked for in the search path.
    ///
    /// # Errors
    /// As [`Reader::ident`], and for names of more than two parts.
    pub(super) fn qualified(&mut self, node: &impl AstNode) -> Result<QualifiedName, ReadError> {
        self.resolve(node.syntax(), NameRole::Used)
    }

    /// A relation, type or routine that the statement makes.
    ///
    /// # Errors
    /// As [`Reader::qualified`].
    pub(super) fn new_qualified(
        &mut self,
        node: &impl AstNode,
    ) -> Result<QualifiedName, ReadError> {
        self.resolve(node.syntax(), NameRole::New)
    }

    /// [`Reader::qualified`] of a part that must be there.
    ///
    /// # Errors
    /// As [`Reader::qualified`], and when the part is not there.
    pub(super) fn require_qualified(
        &mut self,
        part: Option<impl AstNode>,
        inside: &impl AstNode,
        what: &str,
    ) -> Result<QualifiedName, ReadError> {
        let part = self.require(part, inside, what)?;
        self.qualified(&part)
    }

    /// The name of a type, routine or collation as it is used: qualified, without a note when it is not.
    ///
    /// # Errors
    /// As [`Reader::qualified`].
    pub(super) fn qualified_quietly(
        &mut self,
        node: &impl AstNode,
    ) -> Result<QualifiedName, ReadError> {
        let segments = self.segments(node.syntax(), NameRole::Used)?;
        self.pair(segments, node.syntax()).map(|(name, _)| name)
    }

    /// `table.column` or `namespace.table.column`.
    ///
    /// # Errors
    /// As [`Reader::qualified`].
    pub(super) fn qualified_column(
        &mut self,
        node: &impl AstNode,
    ) -> Result<(QualifiedName, Ident), ReadError> {
        let mut segments = self.segments(node.syntax(), NameRole::Used)?;
        let column = segments.pop();
        match column {
            Some(column) if !segments.is_empty() => {
                let (name, _) = self.pair(segments, node.syntax())?;
                Ok((name, column))
            }
            Some(_) | None => Err(self.missing(node, "a column with its table")),
        }
    }

    /// The name of a relation that the statement makes for this session only.
    ///
    /// # Errors
    /// As [`Reader::qualified`].
    pub(super) fn temporary(&mut self, node: &impl AstNode) -> Result<QualifiedName, ReadError> {
        let mut segments = self.segments(node.syntax(), NameRole::New)?;
        let Some(name) = segments.pop() else {
            return Err(self.missing(node, "a name"));
        };
        self.scope.temporary.insert(name.clone());
        Ok(QualifiedName {
            namespace: Ident::from(TEMPORARY),
            name,
        })
    }

    /// Called when a relation is dropped: a temporary one no longer hides others.
    pub(super) fn dropped(&mut self, name: &QualifiedName) {
        if name.namespace.as_str() == TEMPORARY {
            self.scope.temporary.remove(&name.name);
        }
    }

    /// The parts of a dotted name, in their stored form.
    ///
    /// # Errors
    /// As [`Reader::ident`].
    pub(super) fn segments(
        &mut self,
        node: &SyntaxNode,
        role: NameRole,
    ) -> Result<Vec<Ident>, ReadError> {
        let Some(path) = outermost_path(node) else {
            return Ok(vec![self.part(node, Position::First, role)?]);
        };
        let mut nodes = Vec::new();
        collect_segments(&path, &mut nodes);
        // `left` and `like` may name a function; words that may not are found by the audit.
        let is_function = is_function(node.kind());
        let last = nodes.len().saturating_sub(1);
        let mut segments = Vec::with_capacity(nodes.len());
        for (index, segment) in nodes.iter().enumerate() {
            let position = if index == 0 && !is_function {
                Position::First
            } else {
                Position::AfterDot
            };
            let role = if index == last { role } else { NameRole::Used };
            segments.push(self.part(segment, position, role)?);
        }
        if segments.is_empty() {
            return Err(self.nameless(node));
        }
        Ok(segments)
    }

    /// A label after AS, where every word is allowed.
    pub(super) fn label(&mut self, node: &SyntaxNode) -> Option<Ident> {
        let written = normalize_name_node(node);
        if written.is_empty() || self.has_placeholder(node.text_range()) {
            return None;
        }
        Some(Ident::new(stored(&written)))
    }

    /// One name, any word allowed after a dot.
    ///
    /// # Errors
    /// As [`Reader::ident`].
    pub(super) fn part(
        &mut self,
        node: &SyntaxNode,
        position: Position,
        role: NameRole,
    ) -> Result<Ident, ReadError> {
        let Some(token) = first_token(node) else {
            return Err(self.nameless(node));
        };
        if self.has_placeholder(node.text_range()) {
            return Err(self.refuse(OpaqueReason::Placeholder, node, |message| {
                message.push_str("a template placeholder stands where a name should");
            }));
        }
        let is_quoted = token.text().ends_with('"');
        let written = normalize_name_node(node);
        if written.is_empty() {
            return Err(self.nameless(node));
        }
        if !is_quoted && position == Position::First && is_no_name(&written) {
            return Err(self.refuse(OpaqueReason::SyntaxError, node, |message| {
                message.push_str("expected a name, found the reserved word ");
                message.push_str(&written.to_ascii_uppercase());
            }));
        }
        let name = stored(&written);
        if name.len() < written.len() {
            let kind = TextNoteKind::CutName {
                written: written.clone(),
                stored: name.to_owned(),
            };
            self.note(kind, node);
        }
        if is_quoted && role == NameRole::New {
            if needs_quoting(name) {
                self.note(TextNoteKind::NeedsQuotes(name.to_owned()), node);
            } else if is_no_name(name) {
                self.note(TextNoteKind::ReservedWord(name.to_owned()), node);
            }
        }
        Ok(Ident::new(name))
    }

    fn single(&mut self, node: &SyntaxNode, role: NameRole) -> Result<Ident, ReadError> {
        let mut segments = self.segments(node, role)?;
        match (segments.pop(), segments.is_empty()) {
            (Some(name), true) => Ok(name),
            (Some(_) | None, _) => Err(self.refuse(OpaqueReason::SyntaxError, node, |message| {
                message.push_str("expected a name of one part");
            })),
        }
    }

    /// The relation that a node names; unqualified names are worth a note.
    ///
    /// # Errors
    /// As [`Reader::qualified`].
    pub(super) fn resolve(
        &mut self,
        node: &SyntaxNode,
        role: NameRole,
    ) -> Result<QualifiedName, ReadError> {
        let segments = self.segments(node, role)?;
        let (name, spelling) = self.pair(segments, node)?;
        let is_worth_a_note = spelling == Spelling::Unqualified
            && name.namespace.as_str() != TEMPORARY
            && name.namespace.as_str() != CATALOG;
        if is_worth_a_note {
            let kind = TextNoteKind::UnqualifiedName(name.name.as_str().to_owned());
            self.note(kind, node);
        }
        Ok(name)
    }

    /// The namespace and the name; three parts are allowed, the first being the database.
    fn pair(
        &self,
        mut segments: Vec<Ident>,
        node: &SyntaxNode,
    ) -> Result<(QualifiedName, Spelling), ReadError> {
        let Some(name) = segments.pop() else {
            return Err(self.nameless(node));
        };
        if segments.len() > 2 {
            return Err(self.refuse(OpaqueReason::SyntaxError, node, |message| {
                message.push_str("expected at most three parts in a name");
            }));
        }
        Ok(match segments.pop() {
            Some(namespace) => (QualifiedName { namespace, name }, Spelling::Qualified),
            None => (self.unqualified(name), Spelling::Unqualified),
        })
    }

    /// Where an unqualified name leads.
    pub(super) fn unqualified(&self, name: Ident) -> QualifiedName {
        let namespace = if self.scope.temporary.contains(&name) {
            Ident::from(TEMPORARY)
        } else if name.as_str().starts_with("pg_") {
            // The catalog is searched first; nobody else may name relations so without asking for trouble.
            Ident::from(CATALOG)
        } else {
            self.scope.namespace.clone()
        };
        QualifiedName { namespace, name }
    }

    fn nameless(&self, node: &SyntaxNode) -> ReadError {
        self.refuse(OpaqueReason::SyntaxError, node, |message| {
            message.push_str("expected a name");
        })
    }
}

/// Whether a part of a dotted name is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Reserved words need quotes.
    First,
    /// Every word is allowed.
    AfterDot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Qualified,
    Unqualified,
}

/// The name as the server keeps it: cut at 63 bytes, never inside a character.
pub(super) fn stored(written: &str) -> &str {
    if written.len() <= NAME_BYTES_MAX {
        return written;
    }
    let mut end = NAME_BYTES_MAX;
    while !written.is_char_boundary(end) {
        end -= 1;
    }
    written.get(..end).unwrap_or(written)
}

/// True for words that need quotes to name a column or a relation.
pub(super) fn is_no_name(word: &str) -> bool {
    is_reserved_word(word) || TYPE_OR_FUNCTION_WORDS.binary_search(&word).is_ok()
}

fn is_function(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::FUNCTION_NAME
            | SyntaxKind::FUNCTION_NAME_REF
            | SyntaxKind::PROCEDURE_NAME
            | SyntaxKind::PROCEDURE_NAME_REF
            | SyntaxKind::ROUTINE_NAME
            | SyntaxKind::ROUTINE_NAME_REF
    )
}

fn is_path(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::PATH | SyntaxKind::PATH_REF)
}

fn outermost_path(node: &SyntaxNode) -> Option<SyntaxNode> {
    if is_path(node.kind()) {
        return Some(node.clone());
    }
    node.descendants().find(|inner| is_path(inner.kind()))
}

fn collect_segments(path: &SyntaxNode, out: &mut Vec<SyntaxNode>) {
    for child in path.children() {
        if is_path(child.kind()) {
            collect_segments(&child, out);
        } else {
            out.push(child);
        }
    }
}

fn first_token(node: &SyntaxNode) -> Option<SyntaxToken> {
    node.children_with_tokens()
        .filter_map(squawk_syntax::SyntaxElement::into_token)
        .find(|token| !token.kind().is_trivia())
}

//! One piece of a file to one statement of the model.
//!
//! The tree is asked for its errors before anything else; a tree with errors is not read.

use std::borrow::Cow;

use segue_model::{
    Change, DataChange, InsertSource, Opaque, OpaqueReason, Span, Statement, TextNote, TextNoteKind,
};
use squawk_syntax::{
    SourceFile, SyntaxNode,
    ast::{self, AstNode},
    syntax_error::SyntaxError,
};

use super::{
    audit, dispatch,
    limits::Excess,
    placeholder,
    reader::{Place, ReadError, Reader, Scope},
    split::{Cut, Piece, Values},
    tree,
};

/// The statement of a piece; none when there is nothing in it.
pub(super) fn read(file: &str, version: u16, scope: &mut Scope, piece: Piece) -> Option<Statement> {
    match piece {
        Piece::Opaque(opaque) => Some(Statement {
            span: opaque.span,
            changes: vec![Change::Opaque(opaque)],
            notes: Vec::new(),
        }),
        Piece::Statement(cut) => read_cut(file, version, scope, &cut),
    }
}

/// True when a piece is a statement for certain, readable or not: it begins with a word of SQL.
pub(super) fn is_plain(file: &str, piece: &Piece) -> bool {
    match piece {
        Piece::Opaque(_) => true,
        Piece::Statement(cut) => {
            cut.placeholders.is_empty()
                && cut
                    .span
                    .of(file)
                    .starts_with(|first: char| first.is_ascii_alphabetic())
        }
    }
}

fn read_cut(file: &str, version: u16, scope: &mut Scope, cut: &Cut) -> Option<Statement> {
    let text = cut.span.of(file);
    let mut reader = Reader {
        text,
        place: Place::File(cut.span.start),
        version,
        scope,
        placeholders: &cut.placeholders,
        notes: Vec::new(),
    };
    let changes = match cut.excess {
        Some(excess) => excessive(file, &mut reader, cut, excess),
        None => parsed(&mut reader, cut)?,
    };
    let mut notes = reader.notes;
    note_placeholders(file, cut, &mut notes);
    Some(Statement {
        span: cut.span,
        changes,
        notes,
    })
}

fn note_placeholders(file: &str, cut: &Cut, notes: &mut Vec<TextNote>) {
    notes.extend(cut.placeholders.iter().map(|placeholder| TextNote {
        kind: TextNoteKind::Placeholder(placeholder.of(file).to_owned()),
        span: *placeholder,
    }));
}

/// What can be said of a statement that is not parsed: for an INSERT of many rows, its head.
fn excessive(file: &str, reader: &mut Reader<'_>, cut: &Cut, excess: Excess) -> Vec<Change> {
    if let (Excess::Bytes, Some(values)) = (excess, cut.values)
        && let Some(changes) = insert_head(file, reader, cut, values)
    {
        return changes;
    }
    vec![Change::Opaque(Opaque {
        reason: OpaqueReason::TooLarge,
        message: excess.message().to_owned(),
        span: cut.span,
    })]
}

/// `INSERT INTO t (a, b) VALUES` of a statement too large to parse, with one row of its own in place of the many.
fn insert_head(
    file: &str,
    reader: &mut Reader<'_>,
    cut: &Cut,
    values: Values,
) -> Option<Vec<Change>> {
    const ROW: &str = " (NULL)";
    let head = file.get(cut.span.start..values.end)?;
    if !cut.placeholders.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(head.len() + ROW.len());
    text.push_str(head);
    text.push_str(ROW);
    let parse = SourceFile::parse(&text);
    if !parse.errors().is_empty() {
        return None;
    }
    let statement = parse.tree().stmts().next()?;
    let place = reader.place;
    let mut changes = reader
        .within(&text, place, |inner| dispatch::changes(inner, &statement))
        .ok()?;
    for change in &mut changes {
        if let Change::Data(DataChange::Insert {
            source: InsertSource::Values { rows },
            ..
        }) = change
        {
            *rows = values.rows;
        }
    }
    Some(changes)
}

/// Parses one statement; none when it is empty.
fn parsed(reader: &mut Reader<'_>, cut: &Cut) -> Option<Vec<Change>> {
    if let Some(zero) = reader.text.find('\0') {
        let at = cut.span.start + zero;
        return Some(vec![Change::Opaque(Opaque {
            reason: OpaqueReason::SyntaxError,
            message: "a zero byte, which the server refuses".to_owned(),
            span: Span::new(at, at + 1),
        })]);
    }
    let masked = if cut.placeholders.is_empty() {
        Cow::Borrowed(reader.text)
    } else {
        Cow::Owned(placeholder::mask(
            reader.text,
            cut.span.start,
            &cut.placeholders,
        ))
    };
    let tree = match tree::parse(&masked) {
        Ok(tree) => tree,
        Err(error) => return Some(vec![reader.syntax_error(&error).into()]),
    };
    let mut statements = tree
        .stmts()
        .filter(|statement| !matches!(statement, ast::Stmt::EmptyStmt(_)));
    let statement = statements.next()?;
    if let Some(second) = statements.next() {
        let error = reader.refuse(OpaqueReason::SyntaxError, second.syntax(), |message| {
            message.push_str("expected a semicolon before this statement");
        });
        return Some(vec![error.into()]);
    }
    Some(reader.read_tree(&statement))
}

impl Reader<'_> {
    /// The changes of a statement's tree, or why they could not be read.
    fn read_tree(&mut self, statement: &ast::Stmt) -> Vec<Change> {
        let read = audit::audit(self, statement.syntax())
            .and_then(|()| dispatch::changes(self, statement));
        match read {
            Ok(changes) if changes.is_empty() => {
                vec![self.not_modelled(statement, "this statement").into()]
            }
            Ok(changes) => changes,
            Err(error) => vec![error.into()],
        }
    }

    /// A statement that stands inside another, with its own notes.
    pub(super) fn nested(&mut self, statement: &ast::Stmt) -> Statement {
        self.nested_with(statement.syntax(), |reader| reader.read_tree(statement))
    }

    /// A statement that stands inside another, read in a way of its own.
    pub(super) fn nested_with(
        &mut self,
        node: &SyntaxNode,
        read: impl FnOnce(&mut Reader<'_>) -> Vec<Change>,
    ) -> Statement {
        let mut inner = Reader {
            text: self.text,
            place: self.place,
            version: self.version,
            scope: &mut *self.scope,
            placeholders: self.placeholders,
            notes: Vec::new(),
        };
        let changes = read(&mut inner);
        Statement {
            span: inner.place.span(node.text_range()),
            changes,
            notes: inner.notes,
        }
    }

    /// What the parser found wrong, in words for people.
    pub(super) fn syntax_error(&self, error: &SyntaxError) -> ReadError {
        let (reason, prefix) = if self.placeholders.is_empty() {
            (OpaqueReason::SyntaxError, "")
        } else {
            (OpaqueReason::Placeholder, "with its placeholders: ")
        };
        let mut message = prefix.to_owned();
        message.push_str(&in_words(error.message()));
        ReadError {
            reason,
            message,
            span: self.place.span(error.range()),
        }
    }
}

/// The parser names tokens as its own code does (`TO_KW`, `L_PAREN`): here as SQL does.
fn in_words(message: &str) -> String {
    const SIGNS: &[(&str, &str)] = &[
        ("L_PAREN", "("),
        ("R_PAREN", ")"),
        ("L_BRACK", "["),
        ("R_BRACK", "]"),
        ("SEMICOLON", ";"),
        ("COMMA", ","),
        ("EQ", "="),
        ("DOT", "."),
        ("COLON", ":"),
        ("STAR", "*"),
        ("IDENT", "a name"),
        ("STRING", "a string"),
        ("INT_NUMBER", "a number"),
    ];
    let mut words = Vec::new();
    for word in message.split(' ') {
        let bare = word.trim_end_matches(',');
        let sign = SIGNS.iter().find(|(name, _)| *name == bare);
        let word = match (sign, bare.strip_suffix("_KW")) {
            (Some((_, sign)), _) => sign,
            (None, Some(keyword)) => keyword,
            (None, None) => word,
        };
        words.push(word);
    }
    words.join(" ")
}

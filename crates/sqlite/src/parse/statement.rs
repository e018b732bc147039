//! One piece of text to one `Statement`.
//!
//! Refuses to read a piece in part: a piece that holds anything besides one whole statement is `Opaque`.

use segue_model::{
    Change, Opaque, OpaqueReason, Span, Statement, TextNote, TextNoteKind, looks_like_a_secret,
};
use sqlite3_parser::{Bump, FallibleIterator, lexer::sql::Parser};

use super::{
    dispatch,
    split::{Kind, Piece, Size, Tokens},
};

/// Why a statement could not be read. Becomes one `Opaque`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadError {
    /// Why.
    pub(super) reason: OpaqueReason,
    /// For people.
    pub(super) message: String,
}

impl ReadError {
    /// Valid, and outside what the model covers.
    pub(super) fn not_modelled(what: &str) -> Self {
        Self {
            reason: OpaqueReason::NotModelled,
            message: [what, " is not modelled"].concat(),
        }
    }

    fn syntax(message: String) -> Self {
        Self {
            reason: OpaqueReason::SyntaxError,
            message,
        }
    }
}

/// One statement; its changes are never empty.
pub(super) fn read(text: &str, piece: &Piece) -> Statement {
    let changes = match piece.size {
        Size::TooDeep => Err(ReadError {
            reason: OpaqueReason::TooLarge,
            message: "nested too deeply to be read".to_owned(),
        }),
        Size::Fits => changes(piece.span.of(text)),
    };
    Statement {
        span: piece.span,
        changes: changes.unwrap_or_else(|error| vec![opaque(error, piece.span)]),
        notes: secrets(text, piece.span),
    }
}

/// A note for each literal that looks like a password, token or key.
fn secrets(text: &str, span: Span) -> Vec<TextNote> {
    let piece = span.of(text);
    Tokens::new(piece)
        .filter(|(kind, token)| *kind == Kind::Quoted && looks_like_a_secret(token.of(piece)))
        .map(|(_, token)| TextNote {
            kind: TextNoteKind::Secret,
            span: Span::new(span.start + token.start, span.start + token.end),
        })
        .collect()
}

fn opaque(error: ReadError, span: Span) -> Change {
    Change::Opaque(Opaque {
        reason: error.reason,
        message: error.message,
        span,
    })
}

fn changes(sql: &str) -> Result<Vec<Change>, ReadError> {
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let command = parser
        .next()
        .map_err(|error| ReadError::syntax(error.to_string()))?
        .ok_or_else(|| ReadError::syntax("expected a statement".to_owned()))?;
    let changes = dispatch::changes(&command, sql)?;
    match parser.next() {
        Ok(None) => Ok(changes),
        Ok(Some(_)) | Err(_) => Err(ReadError::syntax(
            "more stands here than one statement".to_owned(),
        )),
    }
}

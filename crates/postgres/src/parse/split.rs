//! A file to the statements it is made of, before any tree is built.
//!
//! One pass over tokens that keeps none of them: strings, dollar quotes, comments, `BEGIN ATOMIC`, the data of COPY,
//! the lines of psql, placeholders, and the ceilings of `limits`. What it cannot cut is one `Opaque` piece, and the file
//! goes on behind it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{Opaque, OpaqueReason, Span};
use squawk_lexer::{LiteralKind, Token, TokenKind, tokenize};

use super::{
    client::{self, Command},
    limits::{BODIES_MAX, Excess, STATEMENT_BYTES_MAX, Shape},
    placeholder,
};

/// After so many quotes without an end the rest of the file is not read: each costs a look at all of it.
const UNTERMINATED_MAX: usize = 8;

/// How far before a colon the bracket of a slice is looked for.
const SLICE_BYTES_MAX: usize = 200;

/// One piece of a file.
#[derive(Debug)]
pub(super) enum Piece {
    /// A statement to be parsed.
    Statement(Cut),
    /// Something that is not SQL, or is above a ceiling.
    Opaque(Opaque),
}

/// A statement as it was cut out.
#[derive(Debug)]
pub(super) struct Cut {
    /// Its bytes, without the semicolon.
    pub(super) span: Span,
    /// Template placeholders in it, ascending.
    pub(super) placeholders: Vec<Span>,
    /// The ceiling it is above.
    pub(super) excess: Option<Excess>,
    /// For an INSERT: where VALUES ends, and how many rows follow.
    pub(super) values: Option<Values>,
}

/// The VALUES of an INSERT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
    /// One past the word, in the file.
    pub(super) end: usize,
    /// Lists in parentheses at the top level behind it.
    pub(super) rows: usize,
}

/// Cuts a text.
pub(super) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    unterminated: usize,
    pending: Option<Piece>,
}

impl<'a> Pieces<'a> {
    /// Starts at the first byte, behind a byte order mark.
    pub(super) fn new(text: &'a str) -> Self {
        let at = if text.starts_with(squawk_lexer::BOM) {
            squawk_lexer::BOM.len()
        } else {
            0
        };
        Self {
            text,
            at,
            unterminated: 0,
            pending: None,
        }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if let Some(piece) = self.pending.take() {
            return Some(piece);
        }
        while self.at < self.text.len() {
            if let Some(piece) = self.cut() {
                return Some(piece);
            }
        }
        self.pending.take()
    }
}

/// Why the tokens of a statement stop.
enum Stop {
    Semicolon { end: usize },
    EndOfFile,
    Backslash { at: usize },
    Unterminated { at: usize, what: &'static str },
    Template { end: usize },
}

impl Pieces<'_> {
    /// The next piece; none when there was none before the next stop.
    fn cut(&mut self) -> Option<Piece> {
        let mut scan = Scan::new(self.text);
        let mut from = self.at;
        // The tokens start again behind a placeholder, whose text is not SQL.
        let end_of_tokens = loop {
            match scan.run(from) {
                Stop::Template { end } => from = end,
                stop @ (Stop::Semicolon { .. }
                | Stop::EndOfFile
                | Stop::Backslash { .. }
                | Stop::Unterminated { .. }) => break stop,
            }
        };
        match end_of_tokens {
            Stop::Semicolon { end } => {
                self.at = end;
                if scan.is_copy_from_stdin {
                    self.skip_copy_data();
                }
                scan.finish()
            }
            Stop::EndOfFile | Stop::Template { .. } => {
                self.at = self.text.len();
                scan.finish()
            }
            Stop::Backslash { at } => self.client_command(scan, at),
            Stop::Unterminated { at, what } => Some(self.unterminated(&scan, at, what)),
        }
    }

    fn client_command(&mut self, statement: Scan<'_>, at: usize) -> Option<Piece> {
        let line_end = line_end(self.text, at);
        self.at = line_end;
        let span = Span::new(at, trimmed_end(self.text, at, line_end));
        let line = self.text.get(at + 1..line_end).unwrap_or_default();
        let piece = match client::command(line) {
            Command::Harmless => None,
            Command::Opaque(message) => Some(opaque(OpaqueReason::ClientCommand, message, span)),
        };
        match statement.finish() {
            Some(cut) => {
                self.pending = piece;
                Some(cut)
            }
            None => piece,
        }
    }

    /// An open quote takes the rest of the file for itself. The statement is given up up to the next line that ends
    /// with a semicolon, and reading goes on there.
    fn unterminated(&mut self, statement: &Scan<'_>, at: usize, what: &'static str) -> Piece {
        self.unterminated += 1;
        let end = if self.unterminated < UNTERMINATED_MAX {
            statement_line_end(self.text, at)
        } else {
            self.text.len()
        };
        self.at = end;
        let start = statement.start.unwrap_or(at);
        let span = Span::new(start, trimmed_end(self.text, start, end));
        opaque(OpaqueReason::SyntaxError, what, span)
    }

    /// The lines behind `COPY … FROM stdin;` up to `\.` are data.
    fn skip_copy_data(&mut self) {
        let start = line_end(self.text, self.at);
        let mut at = start;
        while at < self.text.len() {
            let line_start = next_line(self.text, at);
            let end = line_end(self.text, line_start);
            if self.text.get(line_start..end) == Some("\\.") {
                self.at = end;
                return;
            }
            if end == at {
                break;
            }
            at = end;
        }
        // Without an end, what follows may as well be statements for a client that feeds no data: nobody can tell.
        let rest = Span::new(start, trimmed_end(self.text, start, self.text.len()));
        if rest.start < rest.end {
            let message = "the data of COPY has no end: expected a line with \\. alone";
            self.pending = Some(opaque(OpaqueReason::SyntaxError, message, rest));
        }
        self.at = self.text.len();
    }
}

/// The tokens of one statement.
struct Scan<'a> {
    text: &'a str,
    start: Option<usize>,
    end: usize,
    shape: Shape,
    placeholders: Vec<Span>,
    words: Words,
    values: Option<Values>,
    excess: Option<Excess>,
    is_copy_from_stdin: bool,
}

/// What the statement starts with, and how far a body of SQL is open.
#[derive(Debug, Default)]
struct Words {
    count: usize,
    verb: Verb,
    previous: Previous,
    atomic: usize,
    is_rule: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Verb {
    Create,
    Copy,
    Insert,
    #[default]
    Other,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Previous {
    Begin,
    From,
    /// AS and DO: a string that follows is a body.
    Body,
    #[default]
    Other,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            start: None,
            end: 0,
            shape: Shape::default(),
            placeholders: Vec::new(),
            words: Words::default(),
            values: None,
            excess: None,
            is_copy_from_stdin: false,
        }
    }

    fn run(&mut self, from: usize) -> Stop {
        let mut at = from;
        for token in tokenize(self.text.get(from..).unwrap_or_default()) {
            let start = at;
            at += length(token);
            let text = self.text.get(start..at).unwrap_or_default();
            match token.kind {
                TokenKind::Whitespace | TokenKind::LineComment => continue,
                TokenKind::BlockComment { terminated: true } => continue,
                TokenKind::Semi if self.ends_statement() => return Stop::Semicolon { end: at },
                TokenKind::Unknown if text == "\\" => return Stop::Backslash { at: start },
                _ => {}
            }
            if let Some(what) = unterminated(token.kind) {
                self.open_at(start);
                return Stop::Unterminated { at: start, what };
            }
            if let Some(length) = self.placeholder(token.kind, start) {
                self.open_at(start);
                self.placeholders.push(Span::new(start, start + length));
                self.end = start + length;
                self.words.previous = Previous::Other;
                return Stop::Template {
                    end: start + length,
                };
            }
            self.open_at(start);
            self.end = at;
            self.token(token.kind, text, start);
        }
        Stop::EndOfFile
    }

    fn open_at(&mut self, start: usize) {
        if self.start.is_none() {
            self.start = Some(start);
        }
    }

    fn ends_statement(&self) -> bool {
        let is_in_rule = self.words.is_rule && self.shape.depth() > 0;
        self.words.atomic == 0 && !is_in_rule
    }

    fn placeholder(&self, kind: TokenKind, start: usize) -> Option<usize> {
        match kind {
            TokenKind::Colon if self.shape.depth() == 0 || !self.is_in_brackets(start) => {
                placeholder::variable(self.text, start)
            }
            TokenKind::OpenCurly
            | TokenKind::Lt
            | TokenKind::Pound
            | TokenKind::PositionalParam { .. } => placeholder::template(self.text, start),
            _ => None,
        }
    }

    /// `a[1:n]` is a slice: the colon stands behind an open square bracket on the same line.
    fn is_in_brackets(&self, start: usize) -> bool {
        let before = self.text.get(self.start.unwrap_or(start)..start);
        before
            .unwrap_or_default()
            .bytes()
            .rev()
            .take(SLICE_BYTES_MAX)
            .find(|byte| matches!(byte, b'[' | b']' | b'\n' | b';'))
            == Some(b'[')
    }

    fn token(&mut self, kind: TokenKind, text: &str, start: usize) {
        if kind == TokenKind::OpenParen
            && self.shape.depth() == 0
            && let Some(values) = &mut self.values
        {
            values.rows += 1;
        }
        self.shape.token(kind, text);
        let previous = self.words.previous;
        self.words.previous = Previous::Other;
        match kind {
            TokenKind::Ident => self.word(text, previous),
            TokenKind::QuotedIdent { .. } => self.templates_in(text, start),
            TokenKind::Literal { kind } => self.literal(kind, text, start, previous),
            _ => {}
        }
    }

    fn word(&mut self, text: &str, previous: Previous) {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        self.words.count += 1;
        if self.words.count == 1 {
            self.words.verb = if is("create") {
                Verb::Create
            } else if is("copy") {
                Verb::Copy
            } else if is("insert") {
                Verb::Insert
            } else {
                Verb::Other
            };
        }
        match self.words.verb {
            Verb::Create => {
                if self.words.count <= 4 && is("rule") {
                    self.words.is_rule = true;
                }
                if previous == Previous::Begin && is("atomic") {
                    self.words.atomic = 1;
                } else if self.words.atomic > 0 && is("case") {
                    self.words.atomic += 1;
                } else if self.words.atomic > 0 && is("end") {
                    self.words.atomic -= 1;
                }
            }
            Verb::Copy => {
                if previous == Previous::From && is("stdin") {
                    self.is_copy_from_stdin = true;
                }
            }
            Verb::Insert => {
                if self.values.is_none() && self.shape.depth() == 0 && is("values") {
                    self.values = Some(Values {
                        end: self.end,
                        rows: 0,
                    });
                }
            }
            Verb::Other => {}
        }
        self.words.previous = if is("begin") {
            Previous::Begin
        } else if is("from") {
            Previous::From
        } else if is("as") || is("do") {
            Previous::Body
        } else {
            Previous::Other
        };
    }

    fn literal(&mut self, kind: LiteralKind, text: &str, start: usize, previous: Previous) {
        match kind {
            LiteralKind::DollarQuotedString { .. } => self.body(text, start, 0),
            LiteralKind::Str { .. } | LiteralKind::EscStr { .. } => {
                if previous == Previous::Body {
                    self.count_body(text.trim_matches(['\'', 'e', 'E']));
                }
                self.templates_in(text, start);
            }
            LiteralKind::Int { .. }
            | LiteralKind::Numeric { .. }
            | LiteralKind::NationalStr { .. }
            | LiteralKind::ByteStr { .. }
            | LiteralKind::BitStr { .. }
            | LiteralKind::UnicodeEscStr { .. } => {}
        }
    }

    fn templates_in(&mut self, text: &str, start: usize) {
        let mut at = 0;
        while let Some(found) = next_template(text, at) {
            match placeholder::template(text, found) {
                Some(length) => {
                    let span = Span::new(start + found, start + found + length);
                    self.placeholders.push(span);
                    at = found + length;
                }
                None => at = found + 1,
            }
        }
    }

    /// A dollar quote may hold a body: its shape counts, and its placeholders are masked.
    fn body(&mut self, quoted: &str, start: usize, level: usize) {
        if level > BODIES_MAX {
            self.excess = self.excess.or(Some(Excess::Bodies));
            return;
        }
        let tag = quoted
            .get(1..)
            .and_then(|rest| rest.find('$'))
            .map_or(0, |end| end + 2);
        let inner = quoted
            .get(tag..quoted.len().saturating_sub(tag))
            .unwrap_or_default();
        let mut shape = Shape::default();
        let mut from = 0;
        while let Some(next) = self.body_tokens(&mut shape, inner, (from, start + tag), level) {
            from = next;
        }
        self.excess = self.excess.or(shape.excess());
    }

    /// Counts the tokens of a body up to its end or behind the next placeholder.
    fn body_tokens(
        &mut self,
        shape: &mut Shape,
        inner: &str,
        (from, base): (usize, usize),
        level: usize,
    ) -> Option<usize> {
        let mut at = from;
        for token in tokenize(inner.get(from..).unwrap_or_default()) {
            let begin = at;
            at += length(token);
            let text = inner.get(begin..at).unwrap_or_default();
            match token.kind {
                TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => {
                    continue;
                }
                TokenKind::OpenCurly | TokenKind::PositionalParam { .. } => {
                    if let Some(length) = placeholder::template(inner, begin) {
                        let span = Span::new(base + begin, base + begin + length);
                        self.placeholders.push(span);
                        return Some(begin + length);
                    }
                }
                TokenKind::Literal {
                    kind: LiteralKind::DollarQuotedString { terminated: true },
                } => self.body(text, base + begin, level + 1),
                _ => {}
            }
            shape.token(token.kind, text);
        }
        None
    }

    fn count_body(&mut self, inner: &str) {
        let mut shape = Shape::default();
        let mut at = 0;
        for token in tokenize(inner) {
            let begin = at;
            at += length(token);
            let is_blank = matches!(
                token.kind,
                TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. }
            );
            if !is_blank {
                shape.token(token.kind, inner.get(begin..at).unwrap_or_default());
            }
        }
        self.excess = self.excess.or(shape.excess());
    }

    fn finish(self) -> Option<Piece> {
        let start = self.start?;
        let span = Span::new(start, self.end);
        let excess = if span.end - span.start > STATEMENT_BYTES_MAX {
            Some(Excess::Bytes)
        } else {
            self.excess.or(self.shape.excess())
        };
        Some(Piece::Statement(Cut {
            span,
            placeholders: self.placeholders,
            excess,
            values: self.values,
        }))
    }
}

/// The ceiling that a text is above, which comes out of a string and was not seen as tokens yet.
pub(super) fn excess_of(text: &str) -> Option<Excess> {
    let mut scan = Scan::new(text);
    scan.count_body(text);
    if text.len() > STATEMENT_BYTES_MAX {
        return Some(Excess::Bytes);
    }
    scan.excess
}

fn length(token: Token) -> usize {
    usize::try_from(token.len).unwrap_or(usize::MAX)
}

fn unterminated(kind: TokenKind) -> Option<&'static str> {
    match kind {
        TokenKind::BlockComment { terminated: false } => Some("a comment that is never closed"),
        TokenKind::QuotedIdent {
            terminated: false, ..
        } => Some("a quoted name that is never closed"),
        TokenKind::Literal { kind } => match kind {
            LiteralKind::DollarQuotedString { terminated: false } => {
                Some("a dollar quote that is never closed")
            }
            LiteralKind::Str { terminated: false }
            | LiteralKind::EscStr { terminated: false }
            | LiteralKind::NationalStr { terminated: false }
            | LiteralKind::ByteStr { terminated: false }
            | LiteralKind::BitStr { terminated: false }
            | LiteralKind::UnicodeEscStr { terminated: false } => {
                Some("a string that is never closed")
            }
            _ => None,
        },
        _ => None,
    }
}

fn opaque(reason: OpaqueReason, message: &str, span: Span) -> Piece {
    Piece::Opaque(Opaque {
        reason,
        message: message.to_owned(),
        span,
    })
}

fn next_template(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(from..)?;
    let found = bytes.windows(2).position(|pair| {
        matches!(
            pair,
            [b'{', b'{' | b'%'] | [b'$' | b'#', b'{'] | [b'<', b'%']
        )
    })?;
    Some(from + found)
}

/// The end of the line that byte `from` stands on, before the line break.
fn line_end(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(rest.len());
    from + length
}

/// The start of the line behind a line break at `from`.
fn next_line(text: &str, from: usize) -> usize {
    match text.as_bytes().get(from..).unwrap_or_default() {
        [b'\r', b'\n', ..] => from + 2,
        [b'\n' | b'\r', ..] => from + 1,
        _ => from,
    }
}

/// The end of the next line, at or behind `from`, that ends with a semicolon.
fn statement_line_end(text: &str, from: usize) -> usize {
    let mut at = from;
    while at < text.len() {
        let end = line_end(text, at);
        let line = text.get(at..end).unwrap_or_default();
        if line.trim_end().ends_with(';') {
            return end;
        }
        at = next_line(text, end);
    }
    text.len()
}

/// `end` without the white space before it.
fn trimmed_end(text: &str, start: usize, end: usize) -> usize {
    start + text.get(start..end).unwrap_or_default().trim_end().len()
}

//! A text to the pieces that are one statement each. Knows tokens, no grammar.
//!
//! Refuses to judge: whether a piece is valid is the parser's business. The body of a trigger ends at `; END ;`, as in
//! `sqlite3_complete`. Measures how deep a piece could make a tree before anybody builds one.

use segue_model::Span;

/// How many parentheses may be open at once.
pub(super) const DEPTH_MAX: usize = 400;
/// How many tokens may stand between two commas: an expression is never deeper. SQLite itself stops at a depth of 1,000.
pub(super) const RUN_MAX: usize = 12_000;

/// One statement, cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// From its first token to its last, without the semicolon.
    pub(super) span: Span,
    /// Whether its tree could be too deep.
    pub(super) size: Size,
}

/// Whether a piece may be given to the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// It may.
    Fits,
    /// Parentheses or operators nest above a ceiling.
    TooDeep,
}

/// What a token is, as far as cutting needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name without quotes, a number.
    Word,
    /// A string, blob or quoted name.
    Quoted,
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Anything else.
    Sign,
}

/// The tokens of a text, comments and white space left out.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    /// All tokens; a byte order mark at the start is passed over.
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Where white space and comments end.
    fn past_space(&self, mut at: usize) -> usize {
        while let Some(byte) = self.byte(at) {
            let next = self.byte(at + 1);
            if byte.is_ascii_whitespace() {
                at += 1;
            } else if byte == b'-' && next == Some(b'-') {
                at = self.past(at, "\n");
            } else if byte == b'/' && next == Some(b'*') {
                at = self.past(at + 2, "*/");
            } else {
                break;
            }
        }
        at
    }

    /// One past the next `needle`, or the end.
    fn past(&self, at: usize, needle: &str) -> usize {
        self.text
            .get(at..)
            .and_then(|rest| rest.find(needle))
            .map_or(self.text.len(), |found| at + found + needle.len())
    }

    /// One past a quoted token whose closing quote, doubled, stands for itself; the end when it is not closed.
    fn quoted(&self, start: usize, quote: u8) -> usize {
        let mut at = start + 1;
        while let Some(byte) = self.byte(at) {
            at += 1;
            if byte == quote {
                if self.byte(at) != Some(quote) {
                    return at;
                }
                at += 1;
            }
        }
        self.text.len()
    }

    fn word(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(is_word) {
            at += 1;
        }
        at
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

impl Iterator for Tokens<'_> {
    type Item = (Kind, Span);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.past_space(self.at);
        let byte = self.byte(start)?;
        let (kind, end) = match byte {
            b';' => (Kind::Semicolon, start + 1),
            b',' => (Kind::Comma, start + 1),
            b'(' => (Kind::Open, start + 1),
            b')' => (Kind::Close, start + 1),
            b'\'' | b'"' | b'`' => (Kind::Quoted, self.quoted(start, byte)),
            b'[' => (Kind::Quoted, self.past(start, "]")),
            byte if is_word(byte) => (Kind::Word, self.word(start)),
            _ => (Kind::Sign, start + 1),
        };
        self.at = end;
        Some((kind, Span::new(start, end)))
    }
}

/// The statements of a text, in order; empty ones are left out.
pub(super) struct Pieces<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
}

impl<'t> Pieces<'t> {
    /// All pieces.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            tokens: Tokens::new(text),
        }
    }
}

/// Where a piece stands while it is being cut.
#[derive(Default)]
struct Cut {
    span: Option<Span>,
    words: Vec<String>,
    depth: usize,
    run: usize,
    too_deep: Option<()>,
    end: End,
}

/// How much of `; END ;` was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Nothing,
    Semicolon,
    Word,
}

impl Cut {
    /// Takes in one token of the piece.
    fn take(&mut self, kind: Kind, span: Span, text: &str) {
        let start = self.span.map_or(span.start, |so_far| so_far.start);
        self.span = Some(Span::new(start, span.end));
        let word = span.of(text);
        if self.words.len() < 4 {
            self.words.push(word.to_ascii_uppercase());
        }
        self.end = match (self.end, kind) {
            (_, Kind::Semicolon) => End::Semicolon,
            (End::Semicolon, Kind::Word) if word.eq_ignore_ascii_case("END") => End::Word,
            (End::Nothing | End::Semicolon | End::Word, _) => End::Nothing,
        };
        match kind {
            Kind::Open => self.depth += 1,
            Kind::Close => self.depth = self.depth.saturating_sub(1),
            Kind::Comma | Kind::Semicolon => self.run = 0,
            Kind::Word | Kind::Quoted | Kind::Sign => self.run += 1,
        }
        if self.depth > DEPTH_MAX || self.run > RUN_MAX {
            self.too_deep = Some(());
        }
    }

    /// `CREATE [TEMP] TRIGGER`, perhaps after EXPLAIN: semicolons stand inside it.
    fn is_trigger(&self) -> bool {
        let mut words = self.words.iter().map(String::as_str).peekable();
        if words.peek() == Some(&"EXPLAIN") {
            words.next();
        }
        if words.next() != Some("CREATE") {
            return false;
        }
        match words.next() {
            Some("TRIGGER") => true,
            Some("TEMP" | "TEMPORARY") => words.next() == Some("TRIGGER"),
            Some(_) | None => false,
        }
    }

    fn into_piece(self) -> Option<Piece> {
        let size = match self.too_deep {
            Some(()) => Size::TooDeep,
            None => Size::Fits,
        };
        self.span.map(|span| Piece { span, size })
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let mut cut = Cut::default();
        for (kind, span) in self.tokens.by_ref() {
            let ends = kind == Kind::Semicolon && (!cut.is_trigger() || cut.end == End::Word);
            if !ends {
                cut.take(kind, span, self.text);
            } else if cut.span.is_some() {
                return cut.into_piece();
            }
        }
        cut.into_piece()
    }
}

//! Ceilings on the shape of a statement, counted on tokens before any tree is built.
//!
//! A deep tree overflows the stack, which aborts the process and cannot be caught; and some shapes cost quadratic time.
//! Flat operator chains build deep trees too. Nothing here knows grammar: it counts, and rather counts too much.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use squawk_lexer::TokenKind;

/// Open brackets, CASE, NOT, and blocks of a body.
pub(super) const NESTING_MAX: usize = 500;
/// Terms of operator chains that are open at one place.
pub(super) const TERMS_MAX: usize = 5_000;
/// Bytes of one statement.
pub(super) const STATEMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bodies inside bodies.
pub(super) const BODIES_MAX: usize = 8;

/// Which ceiling a text is above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// More than [`NESTING_MAX`].
    Nesting,
    /// More than [`TERMS_MAX`].
    Terms,
    /// More than [`STATEMENT_BYTES_MAX`].
    Bytes,
    /// More than [`BODIES_MAX`].
    Bodies,
}

impl Excess {
    /// For people.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Nesting => "nested more than 500 levels deep, which is not read",
            Self::Terms => "a chain of more than 5000 operators, which is not read",
            Self::Bytes => "longer than 4 MiB, which is not read",
            Self::Bodies => "more than 8 bodies inside each other, which is not read",
        }
    }
}

/// What has been opened and not closed, while the tokens of a statement go by.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Terms at each level of brackets.
    levels: Vec<Terms>,
    outer: Terms,
    terms: usize,
    blocks: usize,
    prefixes: usize,
    last: Last,
    excess: Option<Excess>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    /// Since the last comma.
    operators: usize,
    /// UNION and JOIN, which a comma does not end.
    links: usize,
}

/// What the token before was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    /// The start of a statement of a body.
    #[default]
    Start,
    /// A sign that is part of an operator.
    Operator,
    /// END, after which IF, LOOP and CASE close.
    End,
    /// Anything else.
    Other,
}

impl Shape {
    /// The ceiling that was passed, if one was.
    pub(super) fn excess(&self) -> Option<Excess> {
        self.excess
    }

    /// Brackets that are open.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Counts one token that is neither white space nor a comment.
    pub(super) fn token(&mut self, kind: TokenKind, text: &str) {
        if self.excess.is_some() {
            return;
        }
        let last = self.last;
        self.last = Last::Other;
        match kind {
            TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenCurly => {
                self.operator();
                self.levels.push(Terms::default());
                self.last = Last::Start;
            }
            TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseCurly => {
                if let Some(closed) = self.levels.pop() {
                    self.terms -= closed.operators + closed.links;
                }
            }
            TokenKind::Comma => self.reset_operators(),
            TokenKind::Semi => self.reset(),
            TokenKind::Ident => self.word(text, last),
            _ if is_sign(kind) => {
                if last != Last::Operator {
                    self.operator();
                }
                self.last = Last::Operator;
            }
            _ => {}
        }
        let is_prefix = kind == TokenKind::Ident && text.eq_ignore_ascii_case("not");
        self.prefixes = if is_prefix { self.prefixes + 1 } else { 0 };
        if self.levels.len() + self.blocks + self.prefixes > NESTING_MAX {
            self.excess = Some(Excess::Nesting);
        } else if self.terms > TERMS_MAX {
            self.excess = Some(Excess::Terms);
        }
    }

    fn word(&mut self, text: &str, last: Last) {
        if text.len() > LONGEST_WORD {
            return;
        }
        match Word::of(text) {
            Word::Operator => self.operator(),
            Word::Link => {
                self.terms += 1;
                self.level().links += 1;
            }
            Word::Case if last != Last::End => self.blocks += 1,
            Word::Block if last == Last::Start => self.blocks += 1,
            Word::Loop if last != Last::End => {
                self.blocks += 1;
                self.last = Last::Start;
            }
            Word::End => {
                self.blocks = self.blocks.saturating_sub(1);
                self.last = Last::End;
            }
            Word::Start => self.last = Last::Start,
            Word::Begin => {
                if last == Last::Start {
                    self.blocks += 1;
                }
                self.last = Last::Start;
            }
            Word::Case | Word::Block | Word::Loop | Word::Other => {}
        }
    }

    fn operator(&mut self) {
        self.terms += 1;
        self.level().operators += 1;
    }

    fn level(&mut self) -> &mut Terms {
        self.levels.last_mut().unwrap_or(&mut self.outer)
    }

    fn reset_operators(&mut self) {
        let level = self.level();
        let operators = std::mem::take(&mut level.operators);
        self.terms -= operators;
    }

    fn reset(&mut self) {
        let level = std::mem::take(self.level());
        self.terms -= level.operators + level.links;
        self.last = Last::Start;
    }
}

const LONGEST_WORD: usize = 9;

#[derive(Clone, Copy)]
enum Word {
    Operator,
    Link,
    Case,
    Block,
    Begin,
    Loop,
    End,
    Start,
    Other,
}

impl Word {
    fn of(text: &str) -> Self {
        const WORDS: &[(&str, Word)] = &[
            ("and", Word::Operator),
            ("or", Word::Operator),
            ("is", Word::Operator),
            ("in", Word::Operator),
            ("at", Word::Operator),
            ("like", Word::Operator),
            ("ilike", Word::Operator),
            ("isnull", Word::Operator),
            ("notnull", Word::Operator),
            ("between", Word::Operator),
            ("collate", Word::Operator),
            ("overlaps", Word::Operator),
            ("similar", Word::Operator),
            ("union", Word::Link),
            ("intersect", Word::Link),
            ("except", Word::Link),
            ("join", Word::Link),
            ("case", Word::Case),
            ("if", Word::Block),
            ("declare", Word::Start),
            ("begin", Word::Begin),
            ("loop", Word::Loop),
            ("end", Word::End),
            ("then", Word::Start),
            ("else", Word::Start),
        ];
        WORDS
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text))
            .map_or(Self::Other, |(_, word)| *word)
    }
}

fn is_sign(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Slash
            | TokenKind::Minus
            | TokenKind::Colon
            | TokenKind::Dot
            | TokenKind::DotDot
            | TokenKind::Eq
            | TokenKind::Gt
            | TokenKind::And
            | TokenKind::Lt
            | TokenKind::Bang
            | TokenKind::Plus
            | TokenKind::Tilde
            | TokenKind::Pound
            | TokenKind::Question
            | TokenKind::Or
            | TokenKind::Percent
            | TokenKind::Caret
            | TokenKind::Star
            | TokenKind::Backtick
            | TokenKind::At
    )
}

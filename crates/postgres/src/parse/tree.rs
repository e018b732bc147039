//! The text of one statement to its tree, without the parser's second look where that has nothing to find.
//!
//! The parser checks in two passes: the grammar, and a validation that walks the finished tree twice. What the second
//! pass looks at is seen while the tree is built; only a statement that has some of it is validated. In doubt it is.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use std::cell::RefCell;

use rowan::{GreenNodeBuilder, NodeCache};
use squawk_parser::{
    EntryPoint, LexedStr, StrStep, SyntaxKind, is_col_name_keyword, is_reserved_keyword,
    is_type_func_name_keyword,
};
use squawk_syntax::{
    SourceFile, SyntaxNode,
    ast::{self, AstNode},
    syntax_error::SyntaxError,
};

/// Bytes of SQL after which the remembered nodes are dropped: memory does not grow with the file.
const REMEMBERED_BYTES_MAX: usize = 1 << 16;

thread_local! {
    /// What the statements of the files that a thread reads have in common: most words and many small nodes.
    static NODES: RefCell<Nodes> = RefCell::default();
}

/// The tree of a text.
///
/// # Errors
/// The first error in it.
pub(super) fn parse(text: &str) -> Result<SourceFile, SyntaxError> {
    if let Some(tree) = NODES.with_borrow_mut(|nodes| nodes.undoubted(text)) {
        return Ok(tree);
    }
    let parse = SourceFile::parse(text);
    match parse.errors().into_iter().next() {
        Some(error) => Err(error),
        None => Ok(parse.tree()),
    }
}

/// Nodes that were made, to be used again.
#[derive(Default)]
struct Nodes {
    known: NodeCache,
    bytes: usize,
}

impl Nodes {
    /// The tree of a text without errors in which there is nothing to validate.
    fn undoubted(&mut self, text: &str) -> Option<SourceFile> {
        self.bytes += text.len();
        if self.bytes > REMEMBERED_BYTES_MAX {
            *self = Self {
                known: NodeCache::default(),
                bytes: text.len(),
            };
        }
        let lexed = LexedStr::new(text);
        if lexed.errors().next().is_some() {
            return None;
        }
        let output = EntryPoint::SourceFile.parse(&lexed.to_input());
        let mut builder = GreenNodeBuilder::with_cache(&mut self.known);
        let mut look = Look::default();
        lexed.intersperse_trivia(&output, &mut |step| {
            look.step(&step);
            if look.doubt == Doubt::Some {
                return;
            }
            match step {
                StrStep::Token { kind, text } => builder.token(raw(kind), text),
                StrStep::Enter { kind } => builder.start_node(raw(kind)),
                StrStep::Exit => builder.finish_node(),
                StrStep::Error { .. } => {}
            }
        });
        match look.doubt {
            Doubt::None => SourceFile::cast(SyntaxNode::new_root(builder.finish())),
            Doubt::Some => None,
        }
    }
}

fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    rowan::SyntaxKind(kind.into())
}

/// Whether a tree has something that the validation looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doubt {
    #[default]
    None,
    Some,
}

/// A node that is not closed yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    kind: SyntaxKind,
    nodes: usize,
    tokens: usize,
    has_type: bool,
}

/// Looks at a tree while it is built.
#[derive(Debug, Default)]
struct Look {
    doubt: Doubt,
    open: Vec<Open>,
    /// How many nodes were open where the modifiers of a type began.
    modifiers: Option<usize>,
}

impl Look {
    fn step(&mut self, step: &StrStep<'_>) {
        let is_doubtful = match *step {
            StrStep::Token { kind, text } => self.token(kind, text),
            StrStep::Enter { kind } => self.enter(kind),
            StrStep::Exit => self.exit(),
            StrStep::Error { .. } => true,
        };
        if is_doubtful {
            self.doubt = Doubt::Some;
        }
    }

    fn enter(&mut self, kind: SyntaxKind) -> bool {
        let is_type = ast::Type::can_cast(kind);
        let is_doubtful = is_validated(kind)
            || self
                .open
                .last()
                .is_some_and(|parent| is_doubtful_child(parent, kind))
            || self.modifiers.is_some() && !matches!(kind, SyntaxKind::ARG | SyntaxKind::LITERAL);
        if let Some(parent) = self.open.last_mut() {
            parent.nodes += 1;
            parent.has_type |= is_type;
            if kind == SyntaxKind::ARG_LIST && ast::Type::can_cast(parent.kind) {
                self.modifiers = Some(self.open.len());
            }
        }
        self.open.push(Open {
            kind,
            nodes: 0,
            tokens: 0,
            has_type: false,
        });
        is_doubtful
    }

    fn exit(&mut self) -> bool {
        let Some(closed) = self.open.pop() else {
            return true;
        };
        if self.modifiers == Some(self.open.len()) {
            self.modifiers = None;
        }
        let parent = self.open.last().map(|parent| parent.kind);
        match closed.kind {
            SyntaxKind::COLUMN => parent == Some(SyntaxKind::TABLE_ARG_LIST) && !closed.has_type,
            SyntaxKind::SET_COLUMN_LIST => closed.nodes == 0,
            _ => false,
        }
    }

    fn token(&mut self, kind: SyntaxKind, text: &str) -> bool {
        let mut above = self.open.iter_mut().rev();
        let Some(parent) = above.next() else {
            return true;
        };
        parent.tokens += 1;
        let is_doubtful = match parent.kind {
            SyntaxKind::LITERAL => parent.tokens > 1 || kind == SyntaxKind::DEFAULT_KW,
            SyntaxKind::SET_EXPR => kind == SyntaxKind::DEFAULT_KW,
            SyntaxKind::NAME_REF => {
                let is_called = above
                    .next()
                    .is_some_and(|call| call.kind == SyntaxKind::CALL_EXPR);
                is_type_func_name_keyword(kind)
                    || is_called && (is_col_name_keyword(kind) || is_reserved_keyword(kind))
            }
            _ => false,
        };
        let is_in_table_name = || {
            let mut above = self.open.iter();
            above.any(|above| above.kind == SyntaxKind::TABLE_NAME)
        };
        is_doubtful
            || is_validated_token(kind, text)
            || is_type_func_name_keyword(kind) && is_in_table_name()
            || self.modifiers.is_some() && !is_of_plain_modifiers(kind)
    }
}

/// A node where the validation may object to its place in its parent.
fn is_doubtful_child(parent: &Open, kind: SyntaxKind) -> bool {
    match parent.kind {
        // A second statement without a semicolon before it.
        SyntaxKind::SOURCE_FILE => parent.nodes > 0,
        SyntaxKind::NAME_REF | SyntaxKind::LITERAL => true,
        SyntaxKind::SELECT => parent.nodes == 0 && kind != SyntaxKind::SELECT_CLAUSE,
        SyntaxKind::TUPLE_EXPR | SyntaxKind::PAREN_EXPR => kind == SyntaxKind::SELECT,
        _ => false,
    }
}

/// Nodes that the validation looks into, apart from those that [`Look`] knows more about.
///
/// Source: `validation.rs` and `sql_body.rs` of squawk-syntax 2.68.0.
fn is_validated(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::AGGREGATE
            | SyntaxKind::ALL_FN
            | SyntaxKind::ANY_FN
            | SyntaxKind::ARRAY_EXPR
            | SyntaxKind::ATOMIC_BODY
            | SyntaxKind::CREATE_AGGREGATE
            | SyntaxKind::CREATE_FUNCTION
            | SyntaxKind::CREATE_PROCEDURE
            | SyntaxKind::CUSTOM_OP
            | SyntaxKind::DISTINCT_CLAUSE
            | SyntaxKind::DISTINCT_ON
            | SyntaxKind::DO
            | SyntaxKind::ERROR
            | SyntaxKind::EXCEPT_TABLE_CLAUSE
            | SyntaxKind::FUNCTION_FROM_ITEM
            | SyntaxKind::FUNCTION_SIG
            | SyntaxKind::FUNC_OPTION_LIST
            | SyntaxKind::JOIN_EXPR
            | SyntaxKind::JSON_ARRAY_FN
            | SyntaxKind::JSON_OBJECT_FN
            | SyntaxKind::NON_STANDARD_PARAM
            | SyntaxKind::PAREN_FROM_ITEM
            | SyntaxKind::PARTITION_FOR_VALUES_WITH
            | SyntaxKind::PERCENT_TYPE
            | SyntaxKind::PROCEDURE_SIG
            | SyntaxKind::ROUTINE_SIG
            | SyntaxKind::RULE_STMT_LIST
            | SyntaxKind::SELECT_INTO
            | SyntaxKind::SOME_FN
            | SyntaxKind::STORAGE_MODE
            | SyntaxKind::TO_CONFIG_VALUE
    )
}

/// Words and signs that the validation looks for wherever they stand, or whose place is not followed here.
fn is_validated_token(kind: SyntaxKind, text: &str) -> bool {
    match kind {
        SyntaxKind::ERROR
        | SyntaxKind::IN_KW
        | SyntaxKind::LATERAL_KW
        | SyntaxKind::OVERLAPS_KW
        | SyntaxKind::UESCAPE_KW
        | SyntaxKind::UNICODE_ESC_STRING => true,
        SyntaxKind::IDENT => matches!(text.as_bytes(), [b'u' | b'U', b'&', ..]),
        _ => false,
    }
}

/// `(12, 2)`: what may stand in the modifiers of a type without a second look.
fn is_of_plain_modifiers(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::L_PAREN
            | SyntaxKind::R_PAREN
            | SyntaxKind::COMMA
            | SyntaxKind::WHITESPACE
            | SyntaxKind::INT_NUMBER
    )
}

#[cfg(test)]
mod tests {
    use super::{Nodes, parse};
    use squawk_syntax::{SourceFile, ast::AstNode};

    /// Each has something that only the validation finds.
    const INVALID: &[&str] = &[
        "CREATE TABLE t (a)",
        "CREATE TABLE t (a int, b)",
        "CREATE TABLE left (a int)",
        "CREATE TABLE t (a varchar(x => 1))",
        "CREATE TABLE t (a varchar(1 + 1))",
        "CREATE TABLE t (a text DEFAULT 'a' 'b')",
        "CREATE TABLE t (a text DEFAULT 'a' /* no */\n'b')",
        "CREATE TABLE U&\"d\\00zz\" (a int)",
        "CREATE TABLE a UESCAPE '!' (b int)",
        "SELECT 1 SELECT 2",
        "SELECT left FROM t",
        "SELECT between(1)",
        "SELECT nullif(1)",
        "SELECT any(a)",
        "SELECT a IN b",
        "SELECT a IN ()",
        "SELECT (1, 2, 3) OVERLAPS (1, 2)",
        "SELECT DEFAULT",
        "SELECT DISTINCT",
        "SELECT DISTINCT ON () a FROM t",
        "SELECT (SELECT 1, SELECT 2)",
        "SELECT (SELECT)",
        "FROM t",
        "FROM t SELECT a",
        "SELECT * FROM LATERAL t",
        "SELECT * FROM (t)",
        "SELECT * FROM a JOIN b",
        "SELECT * FROM a CROSS JOIN b USING (c)",
        "SELECT * FROM ONLY f()",
        "SELECT [1]",
        "SELECT ARRAY(1)",
        "SELECT :name",
        "SELECT = 1",
        "SELECT U&'\\zzzz'",
        "SELECT a INTO b UNION SELECT c INTO d",
        "WITH a AS (SELECT 1 INTO b) SELECT 1",
        "UPDATE t SET",
        "UPDATE t SET a.b = DEFAULT",
        "UPDATE t SET a[1] = DEFAULT",
        "SET x TO",
        "ALTER TABLE t ALTER a SET STORAGE wide",
        "CREATE TABLE t PARTITION OF p FOR VALUES WITH (modulus 1)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select from where'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql LANGUAGE sql AS 'select 1'",
        "CREATE FUNCTION f(VARIADIC a int[], b int) RETURNS int LANGUAGE sql AS 'select 1'",
        "CREATE AGGREGATE a(OUT int) (sfunc = f, stype = int)",
        "DO LANGUAGE sql 'select 1'",
    ];

    /// None has anything to validate.
    const PLAIN: &[&str] = &[
        "CREATE TABLE public.t (id bigint PRIMARY KEY, name varchar(255) NOT NULL, sum numeric(12, 2))",
        "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'new'",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID",
        "CREATE INDEX i ON t (a, lower(b))",
        "UPDATE t SET a = b, c = now() WHERE id > 1000 AND a IS NULL",
        "INSERT INTO t (a) SELECT a FROM u WHERE id = 1",
        "CREATE VIEW v AS SELECT t.id FROM public.t t WHERE t.a IS NOT NULL",
        "COMMENT ON COLUMN t.a IS 'It''s a'",
        "DROP TABLE t;",
    ];

    fn first_error(text: &str) -> Option<String> {
        let errors = SourceFile::parse(text).errors();
        errors.first().map(|error| format!("{error:?}"))
    }

    #[test]
    fn what_only_the_validation_finds_is_found() {
        for text in INVALID {
            let expected = first_error(text);
            assert!(expected.is_some(), "{text} is valid");
            let found = parse(text).err().map(|error| format!("{error:?}"));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn plain_statements_are_not_validated_and_have_the_same_tree() {
        let mut nodes = Nodes::default();
        for text in PLAIN {
            assert_eq!(first_error(text), None, "{text}");
            let tree = nodes.undoubted(text).expect(text);
            let expected = SourceFile::parse(text).tree();
            let (tree, expected) = (tree.syntax(), expected.syntax());
            assert_eq!(format!("{tree:#?}"), format!("{expected:#?}"), "{text}");
        }
    }

    #[test]
    fn a_grammar_error_is_an_error() {
        for text in ["CREATE TABLE", "SELEC 1", "SELECT 'a", "ALTER TABLE t ADD"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! Bodies: DO blocks, routines, and strings that are run.
//!
//! A body is looked through for the statements it may run; which of them do run is not asked. SQL put together at run
//! time is `Dynamic` and never guessed.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use rowan::{TextRange, TextSize};
use segue_model::{
    Change, DataChange, Ident, Opaque, OpaqueReason, Program, RoutineBody, Statement, TextNoteKind,
    TransactionChange,
};
use squawk_syntax::{
    SourceFile, SyntaxKind, SyntaxNode,
    ast::{self, AstNode},
    decoded_text::DecodedText,
    syntax_error::SyntaxError,
};

use super::{
    into,
    reader::{Place, ReadError, Reader},
    split::excess_of,
    uses::is_query,
};

const PLPGSQL: &str = "plpgsql";

/// A body is parsed as that of a DO block, after the clauses that are no SQL were blanked.
const OPEN: &str = "DO $segue_body$";
const CLOSE: &str = "$segue_body$";

/// What was found in a body.
#[derive(Default)]
struct Found {
    statements: Vec<Statement>,
    unread: Vec<Opaque>,
}

impl Reader<'_> {
    /// A DO block.
    ///
    /// # Errors
    /// There is no body.
    pub(super) fn do_block(&mut self, block: &ast::Do) -> Result<Program, ReadError> {
        let language = match block.do_language() {
            Some(written) => self.language(written.language_ref(), written.literal())?,
            None => Ident::from(PLPGSQL),
        };
        let body = self.require(block.body(), block, "a body")?;
        let mut found = Found::default();
        if language.as_str() == PLPGSQL {
            match self.decoded(&body) {
                Ok(decoded) => self.plpgsql(&decoded, &mut found),
                Err(error) => found.unread.push(error.into()),
            }
        } else {
            let error = self.refuse(OpaqueReason::ForeignLanguage, body.syntax(), |message| {
                message.push_str("a body in a language that is not looked into: ");
                message.push_str(language.as_str());
            });
            found.unread.push(error.into());
        }
        Ok(Program {
            language,
            statements: found.statements,
            unread: found.unread,
        })
    }

    /// The body of CREATE FUNCTION and CREATE PROCEDURE, from its options. The routine's own search path counts inside.
    pub(super) fn routine_body(&mut self, options: &ast::FuncOptionList) -> RoutineBody {
        let outer = self.scope.clone();
        let body = self.read_routine(options);
        *self.scope = outer;
        body.unwrap_or_else(|error| RoutineBody::Unread(error.message))
    }

    fn read_routine(&mut self, options: &ast::FuncOptionList) -> Result<RoutineBody, ReadError> {
        let mut language = None;
        let mut definition = None;
        for option in options.options() {
            if let ast::FuncOption::LanguageFuncOption(option) = &option {
                language = Some(self.language(option.language_ref(), option.literal())?);
            } else if let ast::FuncOption::AsFuncOption(option) = &option {
                if let Some(ast::AsFuncTarget::AsDefinition(text)) = option.as_func_target() {
                    definition = text.literal();
                }
            } else if let ast::FuncOption::SetFuncOption(option) = &option
                && let Some(setting) = option.set_config_param()
            {
                self.routine_setting(&setting);
            }
        }
        let Some(owner) = options.syntax().parent() else {
            return Ok(RoutineBody::Unread("no body".to_owned()));
        };
        if let Some(body) = owner.children().find_map(ast::RoutineBody::cast) {
            return Ok(RoutineBody::Read(self.sql_standard_body(&body)));
        }
        let Some(definition) = definition else {
            return Ok(RoutineBody::Unread(
                "a body outside the statement".to_owned(),
            ));
        };
        let decoded = self.decoded(&definition)?;
        match language.as_ref().map_or("sql", Ident::as_str) {
            PLPGSQL => {
                let mut found = Found::default();
                self.plpgsql(&decoded, &mut found);
                Ok(found.into_routine())
            }
            "sql" => self.sql_text(&decoded).map(RoutineBody::Read),
            other => Ok(RoutineBody::Unread(other.to_owned())),
        }
    }

    fn routine_setting(&mut self, setting: &ast::SetConfigParam) {
        let name = setting
            .config_parameter_ref()
            .map(|name| name.syntax().text().to_string());
        let is_path = name.is_some_and(|name| name.eq_ignore_ascii_case("search_path"));
        if let (true, Some(ast::ConfigAssignment::ToConfigValue(values))) =
            (is_path, setting.config_assignment())
        {
            self.set_search_path(&values);
        }
    }

    fn language(
        &mut self,
        name: Option<ast::LanguageRef>,
        literal: Option<ast::Literal>,
    ) -> Result<Ident, ReadError> {
        if let Some(name) = name {
            return self.ident(&name);
        }
        let text = literal.and_then(|literal| literal.string_value());
        Ok(Ident::new(text.unwrap_or_default().to_ascii_lowercase()))
    }

    /// The text of a literal, when it is within the ceilings.
    fn decoded(&self, literal: &ast::Literal) -> Result<DecodedText, ReadError> {
        let decoded = self.require(literal.decoded_value(), literal, "a string")?;
        if let Some(excess) = excess_of(decoded.text()) {
            return Err(
                self.refuse(OpaqueReason::TooLarge, literal.syntax(), |message| {
                    message.push_str(excess.message());
                }),
            );
        }
        Ok(decoded)
    }

    /// `BEGIN ATOMIC … END` or `RETURN …`: part of the statement's own tree.
    fn sql_standard_body(&mut self, body: &ast::RoutineBody) -> Vec<Statement> {
        let mut statements = Vec::new();
        for node in body.syntax().children() {
            if let Some(statement) = ast::Stmt::cast(node.clone()) {
                statements.push(self.nested(&statement));
            } else if let Some(read) = self.queries_below(&node) {
                statements.push(read);
            }
        }
        statements
    }

    /// A string of plain SQL.
    fn sql_text(&mut self, decoded: &DecodedText) -> Result<Vec<Statement>, ReadError> {
        let place = self.place;
        let parse = SourceFile::parse(decoded.text());
        let errors = parse.errors();
        self.within(
            decoded.text(),
            Place::Literal(decoded, &place),
            |inner| match errors.first() {
                Some(error) => Err(inner.syntax_error(error)),
                None => Ok(parse
                    .tree()
                    .stmts()
                    .filter(|statement| !matches!(statement, ast::Stmt::EmptyStmt(_)))
                    .map(|statement| inner.nested(&statement))
                    .collect()),
            },
        )
    }

    fn plpgsql(&mut self, decoded: &DecodedText, found: &mut Found) {
        let wrapped = [OPEN, &into::blanked(decoded.text()), CLOSE].concat();
        let parse = SourceFile::parse(&wrapped);
        let body = parse
            .tree()
            .syntax()
            .children()
            .find_map(ast::Do::cast)
            .and_then(|block| block.plpgsql());
        let place = self.place;
        let Some(body) = body else {
            return;
        };
        self.within(decoded.text(), Place::Literal(decoded, &place), |inner| {
            for error in body.errors() {
                found.unread.push(inner.body_error(&error).into());
            }
            if found.unread.is_empty() {
                inner.block(&body.syntax(), found);
            }
        });
    }

    /// The parser counts from the start of the statement that the body was wrapped in.
    fn body_error(&self, error: &SyntaxError) -> ReadError {
        let back = |at: TextSize| {
            let limit = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
            let at = at.checked_sub(TextSize::of(OPEN)).unwrap_or_default();
            at.min(TextSize::new(limit))
        };
        let range = TextRange::new(back(error.range().start()), back(error.range().end()));
        let mut read = self.syntax_error(&error.clone().with_range(range));
        read.message.insert_str(0, "in the body: ");
        read
    }

    /// Every node of a body that runs something. Depth is bounded by the ceilings that the text has passed.
    fn block(&mut self, node: &SyntaxNode, found: &mut Found) {
        for child in node.children() {
            match child.kind() {
                SyntaxKind::PLPGSQL_PERFORM_STMT => {
                    found.statements.extend(self.queries_below(&child));
                }
                SyntaxKind::PLPGSQL_DYN_EXECUTE_STMT
                | SyntaxKind::PLPGSQL_RETURN_QUERY_EXECUTE_STMT
                | SyntaxKind::PLPGSQL_OPEN_EXECUTE => self.dynamic(&child, found),
                SyntaxKind::PLPGSQL_FOR_DYN_STMT => {
                    self.dynamic(&child, found);
                    self.block(&child, found);
                }
                SyntaxKind::PLPGSQL_COMMIT_STMT => {
                    found
                        .statements
                        .push(self.ending(&child, TransactionChange::Commit));
                }
                SyntaxKind::PLPGSQL_ROLLBACK_STMT => {
                    found
                        .statements
                        .push(self.ending(&child, TransactionChange::Rollback));
                }
                SyntaxKind::PLPGSQL_EXPR => found.statements.extend(self.queries_below(&child)),
                SyntaxKind::SELECT_INTO => found.statements.extend(self.queries_of(&child)),
                _ => match ast::Stmt::cast(child.clone()) {
                    Some(statement) => found.statements.push(self.nested(&statement)),
                    None => self.block(&child, found),
                },
            }
        }
    }

    fn ending(&mut self, node: &SyntaxNode, change: TransactionChange) -> Statement {
        self.nested_with(node, |_| vec![Change::Transaction(change)])
    }

    /// The queries inside an expression of a body, as one SELECT; none when it reads nothing and calls nothing of note.
    fn queries_below(&mut self, node: &SyntaxNode) -> Option<Statement> {
        let query = node.descendants().find(|inner| is_query(inner.kind()));
        match query {
            Some(query) => self.queries_of(&query),
            None => self.calls_of(node),
        }
    }

    fn queries_of(&mut self, query: &SyntaxNode) -> Option<Statement> {
        let select = ast::SelectVariant::cast(query.clone())?;
        Some(
            self.nested_with(query, |reader| match reader.select(&select) {
                Ok(changes) => changes,
                Err(error) => vec![error.into()],
            }),
        )
    }

    /// An expression without a query still sets sequences.
    fn calls_of(&mut self, node: &SyntaxNode) -> Option<Statement> {
        let text = node.text().to_string();
        if !text.contains("setval") {
            return None;
        }
        Some(self.nested_with(node, |reader| {
            let mut walk = super::uses::Walk::new(reader);
            let visited = walk.visit(node);
            let uses = walk.finish();
            match visited {
                Ok(()) => uses
                    .sequences_set
                    .into_iter()
                    .map(|sequence| Change::Data(DataChange::SetSequenceValue(sequence)))
                    .collect(),
                Err(error) => vec![error.into()],
            }
        }))
        .filter(|statement| !statement.changes.is_empty())
    }

    /// EXECUTE: a literal is read, anything else is put together at run time.
    fn dynamic(&mut self, node: &SyntaxNode, found: &mut Found) {
        let expression = node.children().find_map(ast::PlpgsqlExpr::cast);
        let literal = expression.as_ref().and_then(only_literal);
        let read = match &literal {
            Some(literal) => self
                .decoded(literal)
                .and_then(|decoded| self.sql_text(&decoded)),
            None => Err(self.refuse(OpaqueReason::Dynamic, node, |message| {
                message.push_str("SQL that is put together when it runs");
            })),
        };
        match read {
            Ok(statements) => {
                self.note(TextNoteKind::Placeholder("EXECUTE".to_owned()), node);
                found.statements.extend(statements);
            }
            Err(error) => found.unread.push(error.into()),
        }
    }
}

impl Found {
    fn into_routine(self) -> RoutineBody {
        let unread = self.unread.into_iter().map(|opaque| Statement {
            span: opaque.span,
            changes: vec![Change::Opaque(opaque)],
            notes: Vec::new(),
        });
        let mut statements = self.statements;
        statements.extend(unread);
        statements.sort_by_key(|statement| statement.span);
        RoutineBody::Read(statements)
    }
}

fn only_literal(expression: &ast::PlpgsqlExpr) -> Option<ast::Literal> {
    let mut targets = expression.target_list()?.targets();
    match (targets.next()?.expr()?, targets.next()) {
        (ast::Expr::Literal(literal), None) => Some(literal),
        _ => None,
    }
}

//! What a piece of SQL reads and calls: relations, columns, functions.
//!
//! One walk over the tree that knows scopes: WITH queries and aliases are no relations, and a column's relation is told
//! only where the text says it or one relation alone is read.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use std::collections::BTreeSet;

use segue_model::{ColumnUse, FunctionUse, Ident, QualifiedName, RowLock, Volatility};
use squawk_syntax::{
    SyntaxKind, SyntaxNode,
    ast::{self, AstNode},
};

use super::{
    names::{CATALOG, Position},
    reader::{NameRole, ReadError, Reader},
};
use crate::volatility;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uses {
    /// Relations read, each once.
    pub(super) relations: Vec<QualifiedName>,
    /// Columns named, each once.
    pub(super) columns: Vec<ColumnUse>,
    /// Functions called, each once.
    pub(super) functions: Vec<FunctionUse>,
    /// Sequences whose value is set.
    pub(super) sequences_set: Vec<QualifiedName>,
    /// The strongest row lock.
    pub(super) row_lock: RowLock,
}

/// One name that a FROM clause brings in.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The alias, or the relation's own name.
    pub(super) alias: Ident,
    /// The relation; none for sub-selects, functions and WITH queries.
    pub(super) relation: Option<QualifiedName>,
}

/// The names that one level of a query brings in.
#[derive(Clone, Debug, Default)]
struct Frame {
    sources: Vec<Source>,
    with: Vec<Ident>,
    labels: Vec<Ident>,
}

/// The walk.
pub(super) struct Walk<'r, 'a> {
    reader: &'r mut Reader<'a>,
    uses: Uses,
    frames: Vec<Frame>,
    columns_seen: BTreeSet<(Option<QualifiedName>, Ident)>,
    relations_seen: BTreeSet<QualifiedName>,
    functions_seen: BTreeSet<(Option<Ident>, Ident)>,
}

impl<'r, 'a> Walk<'r, 'a> {
    /// A walk that has seen nothing.
    pub(super) fn new(reader: &'r mut Reader<'a>) -> Self {
        let uses = Uses {
            relations: Vec::new(),
            columns: Vec::new(),
            functions: Vec::new(),
            sequences_set: Vec::new(),
            row_lock: RowLock::None,
        };
        let outermost = Frame {
            with: reader.scope.with.clone(),
            ..Frame::default()
        };
        Self {
            reader,
            uses,
            frames: vec![outermost],
            columns_seen: BTreeSet::new(),
            relations_seen: BTreeSet::new(),
            functions_seen: BTreeSet::new(),
        }
    }

    /// Brings in a relation that is not in a FROM clause: the target of an UPDATE.
    pub(super) fn bring(&mut self, source: Source) {
        if let Some(frame) = self.frames.last_mut() {
            frame.sources.push(source);
        }
    }

    /// The relations that are in sight at the outermost level.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.frames
            .first()
            .map(|frame| frame.sources.clone())
            .unwrap_or_default()
    }

    /// What was found.
    pub(super) fn finish(self) -> Uses {
        self.uses
    }

    /// Visits a node and what is below it.
    ///
    /// # Errors
    /// A name that is none.
    pub(super) fn visit(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let kind = node.kind();
        match kind {
            SyntaxKind::NAME_REF => self.bare_name(node),
            SyntaxKind::FIELD_EXPR => self.field(node),
            SyntaxKind::CALL_EXPR => self.call(node),
            SyntaxKind::LOCKING_CLAUSE => {
                self.locking(node);
                Ok(())
            }
            SyntaxKind::WITH_CLAUSE => self.with_clause(node),
            SyntaxKind::RELATION_FROM_ITEM => self.relation(node),
            SyntaxKind::RELATION_NAME => self.table(node),
            SyntaxKind::FROM_ALIAS => Ok(()),
            SyntaxKind::FUNCTION_FROM_ITEM
            | SyntaxKind::PAREN_FROM_ITEM
            | SyntaxKind::EXPR_FROM_ITEM
            | SyntaxKind::ROWS_FROM_ITEM
            | SyntaxKind::XML_TABLE_FROM_ITEM
            | SyntaxKind::JSON_TABLE_FROM_ITEM => self.derived(node),
            SyntaxKind::JOIN_USING_CLAUSE => self.join_columns(node),
            SyntaxKind::TARGET => self.target(node),
            SyntaxKind::INSERT => self.nested_insert(node),
            SyntaxKind::UPDATE | SyntaxKind::DELETE | SyntaxKind::MERGE => self.nested_write(node),
            _ if is_query(kind) => self.query(node),
            _ if ast::Type::can_cast(kind) => Ok(()),
            _ => self.children(node),
        }
    }

    fn children(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        node.children().try_for_each(|child| self.visit(&child))
    }

    /// A query opens a scope; WITH and FROM come first, since the rest refers to them.
    fn query(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        self.frames.push(Frame::default());
        let result = self.query_parts(node);
        self.frames.pop();
        result
    }

    fn query_parts(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let is_first = |kind| matches!(kind, SyntaxKind::WITH_CLAUSE | SyntaxKind::FROM_CLAUSE);
        for kind in [SyntaxKind::WITH_CLAUSE, SyntaxKind::FROM_CLAUSE] {
            for child in node.children().filter(|child| child.kind() == kind) {
                self.visit(&child)?;
            }
        }
        node.children()
            .filter(|child| !is_first(child.kind()))
            .try_for_each(|child| self.visit(&child))
    }

    /// A recursive WITH query sees itself; that an ordinary one does not makes no difference to what is read.
    fn with_clause(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        for with in node.children().filter_map(ast::WithTable::cast) {
            let name = self
                .reader
                .require_ident(with.name(), &with, "the name of a WITH query")?;
            let is_recursive = node
                .children_with_tokens()
                .any(|child| child.kind() == SyntaxKind::RECURSIVE_KW);
            if is_recursive {
                self.bring_with(name.clone());
            }
            let query = self.reader.require(with.query(), &with, "a query")?;
            self.visit(query.syntax())?;
            if !is_recursive {
                self.bring_with(name);
            }
        }
        Ok(())
    }

    fn bring_with(&mut self, name: Ident) {
        if let Some(frame) = self.frames.last_mut() {
            frame.with.push(name);
        }
    }

    fn relation(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let Some(item) = ast::RelationFromItem::cast(node.clone()) else {
            return Ok(());
        };
        let name = self
            .reader
            .require(item.relation_name_ref(), &item, "a relation")?;
        let relation = self.read_relation(name.syntax())?;
        let own = relation_alias(self.reader, name.syntax())?;
        let alias = match item.alias().and_then(|alias| alias.name()) {
            Some(alias) => self.reader.ident(&alias)?,
            None => own,
        };
        self.bring(Source { alias, relation });
        node.children()
            .filter(|child| child.kind() == SyntaxKind::TABLESAMPLE_CLAUSE)
            .try_for_each(|child| self.visit(&child))
    }

    /// `TABLE name`.
    fn table(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let relation = self.read_relation(node)?;
        let alias = relation_alias(self.reader, node)?;
        self.bring(Source { alias, relation });
        Ok(())
    }

    /// The relation of a name, unless it is a WITH query's.
    fn read_relation(&mut self, node: &SyntaxNode) -> Result<Option<QualifiedName>, ReadError> {
        let segments = self.reader.segments(node, NameRole::Used)?;
        if let [name] = segments.as_slice()
            && self.frames.iter().any(|frame| frame.with.contains(name))
        {
            return Ok(None);
        }
        let name = self.reader.resolve(node, NameRole::Used)?;
        if self.relations_seen.insert(name.clone()) {
            self.uses.relations.push(name.clone());
        }
        Ok(Some(name))
    }

    /// A function, a sub-select or a join in parentheses, perhaps with an alias of its own.
    fn derived(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        self.children(node)?;
        let alias = node
            .children()
            .find_map(ast::FromAlias::cast)
            .and_then(|alias| alias.name());
        if let Some(alias) = alias {
            let alias = self.reader.ident(&alias)?;
            self.bring(Source {
                alias,
                relation: None,
            });
        } else if node.kind() != SyntaxKind::PAREN_FROM_ITEM {
            // A function without an alias still brings in columns of its own.
            self.bring(Source {
                alias: Ident::from(""),
                relation: None,
            });
        }
        Ok(())
    }

    fn join_columns(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        for column in node.descendants().filter_map(ast::ColumnNameRef::cast) {
            let column = self.reader.ident(&column)?;
            self.add_column(None, column);
        }
        Ok(())
    }

    fn target(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let label = node.children().find_map(ast::AsName::cast);
        if let Some(label) = label.and_then(|label| label.name())
            && let Some(label) = self.reader.label(label.syntax())
            && let Some(frame) = self.frames.last_mut()
        {
            frame.labels.push(label);
        }
        node.children()
            .filter(|child| child.kind() != SyntaxKind::AS_NAME)
            .try_for_each(|child| self.visit(&child))
    }

    /// An INSERT inside WITH: its target is written, its source is read.
    fn nested_insert(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        self.frames.push(Frame::default());
        let result = node
            .children()
            .filter(|child| child.kind() != SyntaxKind::RELATION_NAME_REF)
            .try_for_each(|child| self.visit(&child));
        self.frames.pop();
        result
    }

    fn nested_write(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        self.frames.push(Frame::default());
        let target = node.children().find(|child| {
            matches!(
                child.kind(),
                SyntaxKind::RELATION_NAME | SyntaxKind::TABLE_RELATION_NAME
            )
        });
        let result = self.nested_write_parts(node, target.as_ref());
        self.frames.pop();
        result
    }

    fn nested_write_parts(
        &mut self,
        node: &SyntaxNode,
        target: Option<&SyntaxNode>,
    ) -> Result<(), ReadError> {
        if let Some(target) = target {
            let relation = self.reader.resolve(target, NameRole::Used)?;
            let alias = node.children().find_map(ast::OptionalAsAlias::cast);
            let alias = match alias.and_then(|alias| alias.name()) {
                Some(alias) => self.reader.ident(&alias)?,
                None => relation.name.clone(),
            };
            self.bring(Source {
                alias,
                relation: Some(relation),
            });
        }
        node.children()
            .filter(|child| Some(child) != target)
            .try_for_each(|child| self.visit(&child))
    }

    fn locking(&mut self, node: &SyntaxNode) {
        let is_share = node.children().any(|child| {
            matches!(
                child.kind(),
                SyntaxKind::FOR_SHARE | SyntaxKind::FOR_KEY_SHARE
            )
        });
        let lock = if is_share {
            RowLock::Share
        } else {
            RowLock::Update
        };
        self.uses.row_lock = self.uses.row_lock.max(lock);
    }

    fn bare_name(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        if let Some(name) = word_function(node) {
            self.add_function(None, Ident::from(name), Volatility::Stable);
            return Ok(());
        }
        if self.reader.has_placeholder(node.text_range()) {
            return Ok(());
        }
        let column = self.reader.part(node, Position::First, NameRole::Used)?;
        let parent = node.parent().map(|parent| parent.kind());
        let is_sort = matches!(
            parent,
            Some(SyntaxKind::SORT_BY | SyntaxKind::GROUPING_EXPR)
        );
        let is_label = is_sort
            && self
                .frames
                .last()
                .is_some_and(|frame| frame.labels.contains(&column));
        let is_whole_row = self.source(&column).is_some();
        if !is_label && !is_whole_row {
            let relation = self.only_relation();
            self.add_column(relation, column);
        }
        Ok(())
    }

    /// `alias.column`, `namespace.table.column`, `(composite).field`, `alias.*`.
    fn field(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let mut parts = Vec::new();
        if !name_chain(node, &mut parts) {
            // The field of a value: what is below the value counts, the field's name does not.
            return match node.first_child() {
                Some(base) => self.visit(&base),
                None => Ok(()),
            };
        }
        if self.reader.has_placeholder(node.text_range()) {
            return Ok(());
        }
        let mut names = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let position = if index == 0 {
                Position::First
            } else {
                Position::AfterDot
            };
            names.push(self.reader.part(part, position, NameRole::Used)?);
        }
        let is_star = node
            .children_with_tokens()
            .any(|child| child.kind() == SyntaxKind::STAR);
        if is_star {
            return Ok(());
        }
        let Some(column) = names.pop() else {
            return Ok(());
        };
        let relation = match names.as_slice() {
            [alias] => self
                .source(alias)
                .and_then(|source| source.relation.clone()),
            [.., namespace, name] => Some(QualifiedName {
                namespace: namespace.clone(),
                name: name.clone(),
            }),
            [] => None,
        };
        self.add_column(relation, column);
        Ok(())
    }

    fn call(&mut self, node: &SyntaxNode) -> Result<(), ReadError> {
        let Some(callee) = node.first_child() else {
            return Ok(());
        };
        let mut parts = Vec::new();
        if !matches!(callee.kind(), SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR) {
            self.special_call(&callee);
            return self.children(node);
        }
        if name_chain(&callee, &mut parts) && !self.reader.has_placeholder(callee.text_range()) {
            let mut names = Vec::with_capacity(parts.len());
            for part in &parts {
                let name = self.reader.part(part, Position::AfterDot, NameRole::Used)?;
                names.push(name);
            }
            self.named_call(node, names);
        }
        node.children()
            .skip(1)
            .try_for_each(|child| self.visit(&child))
    }

    fn named_call(&mut self, node: &SyntaxNode, mut names: Vec<Ident>) {
        let Some(name) = names.pop() else {
            return;
        };
        let namespace = names.pop();
        let is_own = namespace
            .as_ref()
            .is_none_or(|space| space.as_str() == CATALOG);
        if is_own && is_syntax(name.as_str()) {
            return;
        }
        if is_own
            && name.as_str() == "setval"
            && let Some(sequence) = self.reader.sequence_argument(node)
        {
            add(&mut self.uses.sequences_set, sequence);
        }
        let built_in = match (is_own, STABLE_WORDS.contains(&name.as_str())) {
            (true, true) => Volatility::Stable,
            (true, false) => volatility::of(name.as_str()),
            (false, _) => Volatility::Unknown,
        };
        self.add_function(namespace, name, built_in);
    }

    /// Calls with a syntax of their own. Those that are not listed depend on their arguments alone.
    fn special_call(&mut self, callee: &SyntaxNode) {
        let text = callee
            .first_token()
            .map(|token| token.text().to_ascii_lowercase());
        let Some(name) = text else {
            return;
        };
        if name == "extract" || name.starts_with("json") || name.starts_with("xml") {
            self.add_function(None, Ident::new(name), Volatility::Stable);
        }
    }

    fn add_function(&mut self, namespace: Option<Ident>, name: Ident, built_in: Volatility) {
        if self
            .functions_seen
            .insert((namespace.clone(), name.clone()))
        {
            self.uses.functions.push(FunctionUse {
                namespace,
                name,
                built_in,
            });
        }
    }

    fn add_column(&mut self, relation: Option<QualifiedName>, column: Ident) {
        if self.columns_seen.insert((relation.clone(), column.clone())) {
            self.uses.columns.push(ColumnUse { relation, column });
        }
    }

    /// The nearest source of this alias.
    fn source(&self, alias: &Ident) -> Option<&Source> {
        self.frames
            .iter()
            .rev()
            .flat_map(|frame| &frame.sources)
            .find(|source| &source.alias == alias)
    }

    /// The one relation in sight, when there is one alone.
    fn only_relation(&self) -> Option<QualifiedName> {
        let mut sources = self.frames.iter().flat_map(|frame| &frame.sources);
        let first = sources.next()?;
        match sources.next() {
            None => first.relation.clone(),
            Some(_) => None,
        }
    }
}

impl Reader<'_> {
    /// The sequence that `nextval('…')` or `setval('…', …)` names, where a literal says it.
    pub(super) fn sequence_argument(&mut self, call: &SyntaxNode) -> Option<QualifiedName> {
        let call = ast::CallExpr::cast(call.clone())?;
        let argument = call.arg_list()?.args().next()?.expr()?;
        self.sequence_of(&argument)
    }

    fn sequence_of(&mut self, argument: &ast::Expr) -> Option<QualifiedName> {
        match argument {
            ast::Expr::Literal(literal) => {
                if self.has_placeholder(literal.syntax().text_range()) {
                    return None;
                }
                self.name_in(&literal.string_value()?)
            }
            ast::Expr::CastExpr(cast) => {
                let inner = cast
                    .expr()
                    .or_else(|| cast.literal().map(ast::Expr::Literal))?;
                self.sequence_of(&inner)
            }
            ast::Expr::ParenExpr(paren) => self.sequence_of(&paren.expr()?),
            ast::Expr::CallExpr(call) => self.owned_sequence(call),
            _ => None,
        }
    }

    /// `pg_get_serial_sequence('table', 'column')`.
    fn owned_sequence(&mut self, call: &ast::CallExpr) -> Option<QualifiedName> {
        let name = call.syntax().first_child()?.text().to_string();
        if !name
            .to_ascii_lowercase()
            .ends_with("pg_get_serial_sequence")
        {
            return None;
        }
        let mut arguments = call
            .arg_list()?
            .args()
            .filter_map(|argument| argument.expr());
        let (ast::Expr::Literal(table), ast::Expr::Literal(column)) =
            (arguments.next()?, arguments.next()?)
        else {
            return None;
        };
        let table = self.name_in(&table.string_value()?)?;
        let column = Ident::new(column.string_value()?);
        Some(segue_model::owned_sequence(&table, &column))
    }

    /// A name written inside a string, as `regclass` reads it.
    fn name_in(&self, text: &str) -> Option<QualifiedName> {
        let mut parts: Vec<Ident> = Vec::new();
        let mut rest = text.trim();
        loop {
            let (part, tail) = if let Some(quoted) = rest.strip_prefix('"') {
                let end = quoted.find('"')?;
                (quoted.get(..end)?.to_owned(), quoted.get(end + 1..)?)
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest.get(..end)?.to_ascii_lowercase(), rest.get(end..)?)
            };
            if part.is_empty() {
                return None;
            }
            parts.push(Ident::new(part));
            match tail.strip_prefix('.') {
                Some(next) => rest = next,
                None if tail.is_empty() => break,
                None => return None,
            }
        }
        let name = parts.pop()?;
        Some(match parts.pop() {
            Some(namespace) => QualifiedName { namespace, name },
            None => self.unqualified(name),
        })
    }
}

/// True for the kinds of nodes that are queries.
pub(super) fn is_query(kind: SyntaxKind) -> bool {
    ast::SelectVariant::can_cast(kind)
}

fn relation_alias(reader: &mut Reader<'_>, node: &SyntaxNode) -> Result<Ident, ReadError> {
    let mut segments = reader.segments(node, NameRole::Used)?;
    Ok(segments.pop().unwrap_or_else(|| Ident::from("")))
}

/// The names of `a.b.c`, outermost first; false when something else than names is dotted.
fn name_chain(node: &SyntaxNode, out: &mut Vec<SyntaxNode>) -> bool {
    match node.kind() {
        SyntaxKind::NAME_REF => {
            out.push(node.clone());
            true
        }
        SyntaxKind::FIELD_EXPR => node.children().all(|child| name_chain(&child, out)),
        _ => false,
    }
}

/// True for `a`, `a.b`, `a.b.c`.
pub(super) fn is_name_chain(node: &SyntaxNode) -> bool {
    name_chain(node, &mut Vec::new())
}

/// Functions that are called without parentheses.
const STABLE_WORDS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// The function that a bare word calls.
pub(super) fn word_function(node: &SyntaxNode) -> Option<&'static str> {
    let token = node.first_token()?;
    if token.kind() == SyntaxKind::IDENT {
        return None;
    }
    let word = token.text().to_ascii_lowercase();
    STABLE_WORDS.iter().copied().find(|stable| *stable == word)
}

/// Things that look like functions and are syntax.
fn is_syntax(name: &str) -> bool {
    matches!(
        name,
        "coalesce" | "greatest" | "least" | "nullif" | "grouping" | "row"
    )
}

/// Adds what is not there yet.
pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

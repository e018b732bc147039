//! One statement of the tree to its changes: which file reads which kind of statement.
//!
//! A statement that nobody reads is `NotModelled`, never passed over.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums, of which a few variants matter here; ours are matched in full"
)]

use segue_model::{Change, OpaqueReason, TransactionChange};
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::{
    ddl, other,
    reader::{ReadError, Reader},
    session::{nothing, set_role},
};

/// The changes of one statement.
///
/// # Errors
/// A required part is missing, or something valid is not modelled.
pub(super) fn changes(reader: &mut Reader<'_>, statement: &Stmt) -> Result<Vec<Change>, ReadError> {
    if let Some(changes) = rows(reader, statement)? {
        return Ok(changes);
    }
    if let Some(change) = control(reader, statement)? {
        return Ok(vec![change]);
    }
    if let Some(changes) = ddl::changes(reader, statement)? {
        return Ok(changes);
    }
    if let Some(change) = other::change(reader, statement) {
        return Ok(vec![change]);
    }
    Err(reader.not_modelled(statement, "this kind of statement"))
}

/// Statements about rows.
fn rows(reader: &mut Reader<'_>, statement: &Stmt) -> Result<Option<Vec<Change>>, ReadError> {
    use ast::SelectVariant;
    let changes = match statement {
        Stmt::Insert(insert) => reader.insert(insert),
        Stmt::Update(update) => reader.update(update),
        Stmt::Delete(delete) => reader.delete(delete),
        Stmt::Merge(merge) => reader.merge(merge),
        Stmt::Truncate(truncate) => reader.truncate(truncate),
        Stmt::Copy(copy) => reader.copy(copy),
        Stmt::Call(call) => reader.call(call),
        Stmt::SelectInto(select) => reader.select_into(select),
        Stmt::Select(select) => reader.select(&SelectVariant::Select(select.clone())),
        Stmt::CompoundSelect(select) => {
            reader.select(&SelectVariant::CompoundSelect(select.clone()))
        }
        Stmt::ParenSelect(select) => reader.select(&SelectVariant::ParenSelect(select.clone())),
        Stmt::Values(values) => reader.select(&SelectVariant::Values(values.clone())),
        Stmt::Table(table) => reader.select(&SelectVariant::Table(table.clone())),
        Stmt::Declare(declare) => {
            let query = reader.require(declare.query(), declare, "a query")?;
            reader.select(&query)
        }
        Stmt::Explain(explain) => explained(reader, explain),
        Stmt::Execute(execute) => Err(reader.refuse(
            OpaqueReason::Dynamic,
            execute.syntax(),
            |message| message.push_str("EXECUTE runs what was prepared elsewhere"),
        )),
        _ => return Ok(None),
    };
    changes.map(Some)
}

/// EXPLAIN ANALYZE runs the statement; EXPLAIN alone only locks what it would read.
fn explained(reader: &mut Reader<'_>, explain: &ast::Explain) -> Result<Vec<Change>, ReadError> {
    let inner = reader.require(explain.explain_stmt(), explain, "a statement")?;
    let runs = explain.explain_mode().is_some_and(|mode| {
        let words = mode.syntax().text().to_string().to_ascii_lowercase();
        words.contains("analy") && !words.contains("false") && !words.contains("off")
    });
    match Stmt::cast(inner.syntax().clone()) {
        Some(statement) if runs => changes(reader, &statement),
        Some(_) | None => Ok(vec![nothing("EXPLAIN")]),
    }
}

/// Settings, locks, transactions, maintenance, and what no question is about.
fn control(reader: &mut Reader<'_>, statement: &Stmt) -> Result<Option<Change>, ReadError> {
    let change = match statement {
        Stmt::Do(block) => Change::Program(reader.do_block(block)?),
        Stmt::Set(set) => reader.set(set)?,
        Stmt::Reset(reset) => reader.reset(reset)?,
        Stmt::SetRole(role) => {
            let target = reader.require(role.set_role_target(), role, "a role")?;
            let value = reader.verbatim(&target);
            set_role("role", Some(value), local(role.set_scope()).as_ref())
        }
        Stmt::SetSessionAuth(user) => {
            let value = user
                .set_session_auth_target()
                .map(|user| reader.verbatim(&user));
            set_role(
                "session_authorization",
                value,
                local(user.set_scope()).as_ref(),
            )
        }
        Stmt::ResetRole(_) => set_role("role", None, None),
        Stmt::ResetSessionAuth(_) => set_role("session_authorization", None, None),
        Stmt::Lock(lock) => reader.lock(lock)?,
        Stmt::SetConstraints(set) => reader.set_constraints(set)?,
        Stmt::Begin(_) => Change::Transaction(TransactionChange::Begin),
        Stmt::Commit(commit) => reader.commit(commit),
        Stmt::Rollback(rollback) => reader.rollback(rollback)?,
        Stmt::SavepointCreate(savepoint) => {
            let name = reader.require_ident(savepoint.savepoint(), savepoint, "a name")?;
            Change::Transaction(TransactionChange::Savepoint(name))
        }
        Stmt::ReleaseSavepoint(release) => {
            let name = reader.require_ident(release.savepoint_ref(), release, "a name")?;
            Change::Transaction(TransactionChange::Release(name))
        }
        Stmt::PrepareTransaction(_) | Stmt::SetTransaction(_) => {
            Change::Transaction(TransactionChange::Other)
        }
        Stmt::Vacuum(vacuum) => reader.vacuum(vacuum)?,
        Stmt::Analyze(analyze) => reader.analyze(analyze)?,
        Stmt::Cluster(cluster) => reader.cluster(cluster)?,
        Stmt::Reindex(reindex) => reader.reindex(reindex)?,
        Stmt::Refresh(refresh) => reader.refresh(refresh)?,
        _ => return Ok(quiet(statement).map(nothing)),
    };
    Ok(Some(change))
}

/// The verb of a statement that no question is about.
fn quiet(statement: &Stmt) -> Option<&'static str> {
    Some(match statement {
        Stmt::Show(_) => "SHOW",
        Stmt::Listen(_) => "LISTEN",
        Stmt::Unlisten(_) => "UNLISTEN",
        Stmt::Notify(_) => "NOTIFY",
        Stmt::Discard(_) => "DISCARD",
        Stmt::Prepare(_) => "PREPARE",
        Stmt::Deallocate(_) => "DEALLOCATE",
        Stmt::Fetch(_) => "FETCH",
        Stmt::Move(_) => "MOVE",
        Stmt::Close(_) => "CLOSE",
        Stmt::Checkpoint(_) => "CHECKPOINT",
        Stmt::Load(_) => "LOAD",
        _ => return None,
    })
}

fn local(scope: Option<ast::SetScope>) -> Option<squawk_syntax::SyntaxToken> {
    match scope? {
        ast::SetScope::LocalScope(local) => local.syntax().first_token(),
        ast::SetScope::SessionScope(_) => None,
    }
}

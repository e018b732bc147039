//! The two seams: what differs per database engine, and one open connection.

use crate::{Change, Context, Ident, Impact, Plan, Sql, Statement, Volatility};

/// What one database engine knows. The engine, the rules and the CLI reach a dialect only through this.
pub trait Dialect: Send + Sync {
    /// Its name: `postgres`.
    fn name(&self) -> &'static str;

    /// The namespace of a name that is written without one, as long as nothing says otherwise.
    fn default_namespace(&self) -> Ident;

    /// Reads SQL. Never fails as a whole: what cannot be read is one `Opaque` statement, its neighbours keep their
    /// changes. Spans are relative to `text`, in ascending order, and do not overlap.
    fn read(&self, text: &str, version: u16) -> Vec<Statement> {
        self.statements(text, version).collect()
    }

    /// The same, one after the other as they are asked for: a text of any size takes the memory of one statement.
    fn statements<'t>(
        &self,
        text: &'t str,
        version: u16,
    ) -> Box<dyn Iterator<Item = Statement> + 't>;

    /// Locks and work of one statement. The changes are those of one statement, in order; an `Opaque` one makes the
    /// answer `Unknown`.
    fn impact(&self, changes: &[Change], context: &Context<'_>) -> Impact;

    /// The safe way to the same result; none when the statement as written is as good as it gets, or no safe way is known.
    fn phases(&self, changes: &[Change], context: &Context<'_>) -> Option<Plan>;

    /// SQL for changes that Segue authored and that make one statement together.
    ///
    /// # Errors
    /// [`Unrenderable`] for changes that Segue never authors, which run as the user wrote them.
    fn render(&self, changes: &[Change]) -> Result<Sql, Unrenderable>;

    /// What the server's own function of this name is; `Unknown` for others.
    fn function_volatility(&self, name: &Ident) -> Volatility;
}

/// A change that Segue does not author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this change runs as it is written: {0}")]
pub struct Unrenderable(pub String);

/// One open connection to a server.
///
/// Blocking. The user's text is sent verbatim; SQL of our own comes as [`Sql`].
pub trait Session {
    /// Why a statement failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs one statement that Segue authored.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn execute(&mut self, statement: &Sql) -> Result<(), Self::Error>;

    /// Runs the user's own text, verbatim.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn execute_users(&mut self, text: &str) -> Result<(), Self::Error>;

    /// Runs a query that Segue authored; each value as the server's text, null as none.
    ///
    /// # Errors
    /// What the server said, word for word.
    fn query(&mut self, statement: &Sql) -> Result<Vec<Vec<Option<String>>>, Self::Error>;
}

//! All that Segue knows of SQLite: reading SQL, what a statement locks, table rebuilds, SQL of our own, the live catalog.
//!
//! `parse` alone knows the parser crate; `session` alone sends SQL.

mod impact;
mod introspect;
mod parse;
mod phases;
mod render;
mod runner;
mod session;
mod volatility;

pub use introspect::{LiveCatalog, dump, live_catalog};
pub use session::{Missing, SqliteError, SqliteSession};

use segue_model::{
    Change, Context, Dialect, Evidence, Ident, Impact, Plan, Retired, RunnerStatements, Sql,
    Statement, Unrenderable, Volatility,
};

/// SQLite 3. A version is written as `3_054` for 3.54.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

/// The version that is linked in, assumed when nothing says otherwise: 3.54.
pub const NEWEST_VERSION: u16 = 3_054;

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn default_namespace(&self) -> Ident {
        Ident::from("main")
    }

    fn statements<'t>(
        &self,
        text: &'t str,
        _version: u16,
    ) -> Box<dyn Iterator<Item = Statement> + 't> {
        Box::new(parse::statements(text))
    }

    fn impact(&self, changes: &[Change], context: &Context<'_>) -> Impact {
        impact::impact(changes, context)
    }

    fn phases(&self, changes: &[Change], context: &Context<'_>) -> Option<Plan> {
        phases::phases(changes, context)
    }

    fn render(&self, changes: &[Change]) -> Result<Sql, Unrenderable> {
        render::render(changes)
    }

    fn function_volatility(&self, name: &Ident) -> Volatility {
        volatility::of(name.as_str())
    }

    fn normalized(&self, text: &str) -> String {
        parse::normalized(text)
    }

    /// A file has no statistics of its users.
    fn evidence(&self, _: &Retired, _: Option<&Ident>) -> Vec<Evidence> {
        Vec::new()
    }

    fn runner(&self) -> Option<RunnerStatements> {
        Some(runner::statements())
    }
}

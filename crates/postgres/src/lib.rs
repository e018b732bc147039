//! All that Segue knows of PostgreSQL: reading SQL, what a statement locks, the safe way, and SQL of our own.
//!
//! `parse` alone knows the parser crate.

mod backfill;
pub mod connect;
mod doctor;
mod evidence;
mod guards;
mod impact;
mod introspect;
mod parse;
mod phases;
mod render;
mod runner;
pub mod scratch;
pub mod session;
mod volatility;

pub use connect::{Sources, Target, TargetError};
pub use doctor::{Health, Observation, examine};
pub use introspect::{DumpScope, IntrospectError, IntrospectScope, dump, introspect};
pub use session::{Canceller, Notice, PostgresError, PostgresSession};

use segue_model::{
    Backfill, BackfillJournal, BackfillStatements, Catalog, Change, ColumnMapping, Context,
    Dialect, Evidence, Ident, Impact, MapDirective, MappingSet, Plan, QualifiedName, Retired,
    RunnerStatements, Script, Sql, Statement, Unmappable, Unrenderable, Unwalkable, Volatility,
    Walk,
};

/// PostgreSQL 12 to 18.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgres;

/// The oldest major version the lock table is for.
pub const OLDEST_VERSION: u16 = 12;
/// The newest major version the lock table was measured on; assumed when nothing says otherwise.
pub const NEWEST_VERSION: u16 = 18;

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn default_namespace(&self) -> Ident {
        Ident::from("public")
    }

    fn statements<'t>(
        &self,
        text: &'t str,
        version: u16,
    ) -> Box<dyn Iterator<Item = Statement> + 't> {
        Box::new(parse::statements(text, version))
    }

    fn is_empty(&self, text: &str, version: u16) -> bool {
        parse::is_empty(text, version)
    }

    fn impact(&self, changes: &[Change], context: &Context<'_>) -> Impact {
        impact::impact(changes, context)
    }

    fn phases(&self, changes: &[Change], context: &Context<'_>) -> Option<Plan> {
        phases::phases(changes, context)
    }

    fn mapping(&self, written: &MapDirective, _: u16) -> Result<ColumnMapping, Unmappable> {
        phases::mapping(written)
    }

    fn mapped(
        &self,
        changes: &[Change],
        set: &MappingSet,
        context: &Context<'_>,
    ) -> Result<Plan, Unmappable> {
        phases::mapped(changes, set, context)
    }

    fn obstacles(&self, changes: &[Change], context: &Context<'_>) -> Vec<String> {
        phases::obstacles(changes, context)
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

    fn evidence(&self, retired: &Retired, workload: Option<&Ident>) -> Vec<Evidence> {
        evidence::evidence(retired, workload)
    }

    fn runner(&self) -> Option<RunnerStatements> {
        Some(runner::statements())
    }

    fn backfill_journal(&self) -> Option<BackfillJournal> {
        Some(backfill::journal())
    }

    fn walk(&self, wanted: &Backfill, catalog: &Catalog, version: u16) -> Result<Walk, Unwalkable> {
        backfill::walk(wanted, catalog, version)
    }

    fn backfill(
        &self,
        wanted: &Backfill,
        part: &QualifiedName,
        walk: &Walk,
    ) -> Option<BackfillStatements> {
        Some(backfill::statements(wanted, part, walk))
    }

    fn script(&self, wanted: Script<'_>) -> Option<Sql> {
        backfill::script(wanted)
    }
}

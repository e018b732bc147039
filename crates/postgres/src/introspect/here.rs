//! The catalog as the runner asks for it: whole in a snapshot of its own, or some relations as they are now.

use segue_model::{Catalog, CatalogScope, Request, Session, Sql};

use super::{IntrospectError, IntrospectScope, introspect};

/// What is there now, behind these requests. Some relations are read inside the transaction that is open, so that its own
/// changes are seen; its search path is `pg_catalog` afterwards, until it ends. With no open transaction the caller opens
/// one.
///
/// # Errors
/// As [`introspect`], with the number of the request that failed; their count when the reading did.
pub(crate) fn catalog_after<S: Session>(
    session: &mut S,
    requests: &[Request<'_>],
    scope: &CatalogScope,
) -> Result<Catalog, (usize, IntrospectError<S::Error>)> {
    match scope {
        CatalogScope::Whole => {
            session
                .send_all(requests)
                .map_err(|(number, error)| (number, IntrospectError::Session(error)))?;
            introspect(session, &IntrospectScope::Whole).map_err(|error| (requests.len(), error))
        }
        CatalogScope::Relations(names) => super::fold::relations_after(session, requests, names),
    }
}

/// What makes names come out qualified, values in one spelling, and a query keep the plan it was prepared with, until the
/// transaction ends. The plan must not rest on how small the catalog was when it was made: it uses indexes.
pub(super) fn settled() -> Sql {
    // Functions and no operators: the search path may still be the user's.
    Sql::literal(
        "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), \
         pg_catalog.set_config('quote_all_identifiers', 'off', true), \
         pg_catalog.set_config('DateStyle', 'ISO, MDY', true), \
         pg_catalog.set_config('IntervalStyle', 'postgres', true), \
         pg_catalog.set_config('TimeZone', 'UTC', true), \
         pg_catalog.set_config('extra_float_digits', '3', true), \
         pg_catalog.set_config('bytea_output', 'hex', true), \
         pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true), \
         pg_catalog.set_config('enable_seqscan', 'off', true), \
         pg_catalog.set_config('jit', 'off', true)",
    )
}

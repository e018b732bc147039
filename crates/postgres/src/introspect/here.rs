//! The catalog as the runner asks for it: whole in a snapshot of its own, or some relations as they are now.

use segue_model::{Catalog, CatalogScope, Session, Sql};

use super::{IntrospectError, IntrospectScope, introspect};

/// What is there now. Some relations are read inside the transaction that is open, so that its own changes are seen; its
/// search path is `pg_catalog` afterwards, until it ends. With no open transaction the caller opens one.
///
/// # Errors
/// As [`introspect`].
pub(crate) fn catalog<S: Session>(
    session: &mut S,
    scope: &CatalogScope,
) -> Result<Catalog, IntrospectError<S::Error>> {
    match scope {
        CatalogScope::Whole => introspect(session, &IntrospectScope::Whole),
        CatalogScope::Relations(names) => super::fold::relations_now(session, names),
    }
}

/// Names come out qualified, and values in one spelling, until the transaction ends.
pub(super) fn settle<S: Session>(session: &mut S) -> Result<(), IntrospectError<S::Error>> {
    session
        .execute(&Sql::literal(
            "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL quote_all_identifiers = off; \
             SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'",
        ))
        .map_err(IntrospectError::Session)
}

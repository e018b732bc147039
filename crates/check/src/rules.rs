//! The rules. One line here is module, registration and order.

use crate::Rule;

macro_rules! rules {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+
        /// Every rule, in the order it is listed.
        pub static ALL: &[&Rule] = &[$(&$module::RULE),+];
    };
}

rules![
    add_check_validated,
    contradicts_history,
    suppression_expired,
    suppression_unused,
    suppression_without_reason,
    unknown_directive,
    add_column_volatile_default,
    add_column_stored_generated,
    add_column_serial,
    add_column_identity,
    add_column_constrained_domain,
    add_column_required,
    add_column_inline_unique,
    add_column_inline_pk,
    add_column_inline_check,
    add_column_inline_fk,
    add_column_fk_with_default,
    add_column_json,
    add_column_select_star,
    add_column_sti,
    drop_column,
    drop_column_with_index,
    drop_fk_column_locks_parent,
    rename_column,
    change_type_rewrite,
    change_type_index_rebuild,
    change_type_recheck,
    change_type_fk_column,
    change_type_narrowing,
    change_type_dependents,
    change_type_timezone,
    change_type_and_not_null,
    set_not_null,
    set_not_null_with_drop_check,
    set_not_null_over_not_valid,
    drop_not_null,
    set_default,
    drop_default,
    change_identity_or_default_sequence,
    change_generated_expression,
    change_storage_compression,
    validate_in_same_tx,
    add_fk_validated,
    add_fk_partitioned,
    create_table_fk_locks_parent,
    multiple_fk_one_tx,
    fk_missing_index,
    fk_type_mismatch,
    add_unique_constraint,
    add_primary_key,
    unique_may_fail,
    pk_using_nullable_index,
    using_index_ineligible,
    using_index_renames,
    add_exclusion,
    drop_constraint,
    drop_fk_locks_parent,
    drop_primary_key,
    alter_constraint_enforced,
    alter_constraint_deferrable,
    domain_constraint,
    new_write_restriction,
    unnamed_constraint,
    create_index_blocking,
    create_index_noop_still_locks,
    concurrently_in_tx,
    concurrently_in_batch,
    concurrently_if_not_exists,
    concurrently_short_timeout,
    concurrently_old_snapshot,
    concurrently_on_partitioned,
    drop_index_blocking,
    drop_index_in_use,
    replace_index_order,
    reindex_blocking,
    reindex_concurrently_partitioned,
    index_too_wide,
    index_redundant,
    hash_index_old,
    virtual_column_index,
    alter_index_tablespace,
    rename_index_via_alter_table,
];

/// The rule of this code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code == code).copied()
}

/// A rule id that the static layer cannot decide, and who will.
#[derive(Clone, Copy, Debug)]
pub struct Undecided {
    /// The id.
    pub code: &'static str,
    /// Which layer decides it, or for which dialect it is.
    pub decided_by: &'static str,
    /// Why not the SQL and the replayed catalog.
    pub why: &'static str,
}

/// Ids of the union that have no static rule: listed, not hidden.
pub static UNDECIDED: &[Undecided] = &[];

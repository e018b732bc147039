//! PRAGMA: settings of the connection, of the file, and those that act. Source: <https://sqlite.org/pragma.html>.
//!
//! A pragma that is not listed is unknown.

use segue_model::{Ident, RefusalReason, SessionChange};

use super::{Ledger, no_such};

/// They touch only the connection.
const OF_THE_CONNECTION: &[&str] = &[
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "case_sensitive_like",
    "cell_size_check",
    "count_changes",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "full_column_names",
    "fullfsync",
    "checkpoint_fullfsync",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "max_page_count",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "shrink_memory",
    "short_column_names",
    "soft_heap_limit",
    "hard_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
];
/// They write the file.
const OF_THE_FILE: &[&str] = &[
    "application_id",
    "auto_vacuum",
    "encoding",
    "incremental_vacuum",
    "optimize",
    "page_size",
    "user_version",
    "wal_checkpoint",
];

pub(super) fn change(change: &SessionChange, ledger: &mut Ledger<'_>) {
    match change {
        SessionChange::Set { name, .. } => pragma(name.as_str(), ledger),
        SessionChange::Nothing { .. } => {}
        SessionChange::Reset(_) | SessionChange::Lock(_) | SessionChange::SetConstraints { .. } => {
            no_such("this setting", ledger);
        }
    }
}

fn pragma(name: &str, ledger: &mut Ledger<'_>) {
    let main = Ident::from("main");
    if OF_THE_CONNECTION.contains(&name) {
        return;
    }
    if OF_THE_FILE.contains(&name) {
        ledger.writes_file(&main);
        return;
    }
    match name {
        "foreign_keys" => ledger.must_be_outside("PRAGMA foreign_keys, which does nothing there,"),
        "journal_mode" => {
            ledger.writes_file(&main);
            ledger.shuts_file("the journal mode changes when nobody else has it open");
            ledger.must_be_outside("PRAGMA journal_mode");
        }
        "locking_mode" => ledger.shuts_file("the connection may keep it for good"),
        "writable_schema" => {
            ledger.refuse(
                RefusalReason::Unsupported,
                "structure that is written by hand is not followed".to_owned(),
            );
            ledger.unknown("PRAGMA writable_schema".to_owned());
        }
        other => ledger.unknown(format!("PRAGMA {other}")),
    }
}

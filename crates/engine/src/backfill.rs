//! Backfills: rows changed in bounded transactions, by several workers, any of which may die.
//!
//! A part (a table or a partition) is cut into ranges as workers ask for them; a range belongs to whoever has its claim and
//! is done slice by slice, each in a transaction with the record of how far it is. Nothing is done twice: a slice and its
//! record commit together, and a range that was taken over is not recorded by the one who lost it. The upper end is fixed
//! when a pass begins; what comes later is the triggers' duty. Never holds a transaction open while it waits.

mod begin;
mod claim;
mod journal;
mod limits;
mod pace;
mod pass;
mod progress;
mod proof;
mod quarantine;
mod sample;
mod task;
mod worker;

pub use limits::{BackfillLimits, Signal};
pub use progress::{Progress, Wish};
pub use sample::Sample;

//! `segue demo`: a shop in use, changed while two versions of its application run, and what they felt.
//!
//! Needs no configuration and touches no database but its own, which is removed however the demo ends.

mod choice;
pub(crate) mod ground;
pub(crate) mod play;
mod plot;
mod shop;
pub(crate) mod show;
pub(crate) mod story;
pub(crate) mod talk;

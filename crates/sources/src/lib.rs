//! Finds and reads migration projects: which tool, which files in which order, and the tool's transaction rules.
//!
//! Knows files, no database, and parses no SQL: markers in comments are all it looks at. No program of a project
//! is ever executed.

mod access;
mod checksum;
mod code;
mod error;
mod formats;
mod graph;
mod history;
mod lines;
mod locate;
mod markers;
mod names;
mod programs;
mod settings;
mod siphash;
mod survey;
mod tree;
mod unit;

pub use checksum::checksum;
pub use error::SourceError;
pub use formats::way_back;
pub use history::{History, HistoryEntry, HistoryState, HistoryTable, HistoryTables, history};
pub use locate::{LocateOptions, Located, NativeDefault, locate};
pub use unit::{Unit, read_text, split};

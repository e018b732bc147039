//! Runs plans against a server: up, down, resume, status. Knows no dialect: what differs comes through the two seams.
//!
//! Journal: intent, act, verify, record. A step inside a transaction and its record commit together; a step outside is
//! judged by the catalog. Nothing here reads a file, the environment or the clock of the machine.

mod backfill;
mod checksum;
mod contract;
mod error;
mod journal;
mod lease;
mod limits;
mod meanwhile;
mod prepare;
mod release;
mod run;
mod status;
mod stop;
mod touched;
mod turn;
mod up;
mod verify;
mod watcher;

pub use backfill::{BackfillLimits, Progress, Wish};
pub use checksum::{Checksums, checksums};
pub use contract::{EvidencePolicy, GateReport};
pub use error::{EngineError, Kind, StateOfDatabase};
pub use journal::{Journal, Record, RecordState};
pub use limits::{Clock, Event, Limits, Observer};
pub use prepare::{
    Manner, PlannedMigration, PlannedStep, Sent, StepText, Stretch, Waiting, prepare,
};
pub use status::{Standing, Status, status};
pub use stop::Stop;
pub use up::{Approval, Connect, Order, Outcome, Runner, Selection, Target};

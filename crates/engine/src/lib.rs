//! Runs plans against a server: up, down, resume, status. Knows no dialect: what differs comes through the two seams.
//!
//! Journal: intent, act, verify, record. A step inside a transaction and its record commit together; a step outside is
//! judged by the catalog. Nothing here reads a file, the environment or the clock of the machine.

mod approvals;
mod archive;
mod backfill;
mod baseline;
mod begun;
mod checksum;
mod choose;
mod contract;
mod decision;
mod environment;
mod error;
mod guard;
mod hazard;
mod journal;
mod journey;
mod kept;
mod lease;
mod limits;
mod meanwhile;
mod preflight;
mod prepare;
mod put_back;
mod release;
mod repair;
mod restore_point;
mod run;
mod secret;
mod sizes;
mod soundness;
mod status;
mod stop;
mod touched;
pub mod traffic;
mod turn;
mod up;
mod verify;
mod watcher;

pub use approvals::{Agreement, Consent};
pub use archive::{Kept, KeptStage, KeptWhat};
pub use backfill::{BackfillLimits, Progress, Sample, Signal, Wish};
pub use checksum::{Checksums, checksums};
pub use contract::{EvidencePolicy, GateReport};
pub use decision::{ChosenWay, Decision, Measured, Origin};
pub use environment::{Claim, Environment, Marker, Protection, Purpose, environment};
pub use error::{EngineError, Kind, StateOfDatabase};
pub use guard::{Back, Guard, Keeping};
pub use hazard::{Finding, Hazard};
pub use journal::{Journal, Others, Record, RecordState, Records};
pub use limits::{Clock, Event, Limits, Observer};
pub use preflight::{Hindrance, Weight};
pub use prepare::{
    Manner, PlannedMigration, PlannedStep, Sent, StepText, Stretch, Waiting, prepare,
};
pub use repair::{Basis, CatalogSays, Choice, Evidence, JournalSays, Remedy, StepEvidence};
pub use restore_point::BackupCheck;
pub use secret::redacted;
pub use status::{Overview, Standing, Status, status};
pub use stop::Stop;
pub use up::{Approval, Connect, Copies, Order, Outcome, Runner, Selection, Target};

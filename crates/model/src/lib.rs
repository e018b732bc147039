//! What Segue thinks with: changes, the catalog they act on, and the questions asked of them.
//!
//! Pure: no IO, no clock, no SQL text, no parser.

mod answer;
mod ask;
mod assess;
mod backfill;
mod catalog;
mod change;
mod context;
mod data_type;
mod directive;
mod evidence;
mod expression;
mod guards;
mod impact;
mod mapping;
mod migration;
mod name;
mod plan;
mod runner;
mod seam;
mod secret;
mod span;
mod sql;
mod statement;

pub use answer::{
    BreakKind, Breakage, Contradiction, ContradictionKind, Holds, Inverse, Loss, LossKind,
    LossNaming, Sides,
};
pub use ask::{apply, breaks, destroys, holds, inverse};
pub use assess::{Answers, Replay, TransactionEnd};
pub use backfill::{
    Backfill, BackfillJournal, BackfillKind, BackfillProof, BackfillStatements, BySide,
    PaceStatements, Script, Striping, Unwalkable, Walk, WalkOrder,
};
pub use catalog::*;
pub use change::*;
pub use context::{
    Context, Deferred, HeldLock, LARGE_ROWS_DEFAULT, SMALL_ROWS, ServerFacts, Settings, TableSize,
    TransactionSoFar, TransactionState, parse_duration_ms,
};
pub use data_type::{Collation, DataType, Parameter, TypeName};
pub use directive::{
    BadDirective, Date, DirectiveProblem, Directives, Reverse, Suppression, directives,
};
pub use evidence::{Evidence, EvidenceKind};
pub use expression::{
    ColumnUse, Comparison, Expression, FunctionUse, OutputColumn, Predicate, Query, Reach, RowLock,
    Selects, Shape, Volatility,
};
pub use guards::GuardStatements;
pub use impact::{
    Blocks, Cause, Certainty, Impact, LockClaim, LockMode, LockMoment, LockRole, Locked, Refusal,
    RefusalReason, TransactionNeed, Wait, Work, WorkKind,
};
pub use mapping::{ColumnMapping, MapDirective, MappingSet, Unmappable};
pub use migration::{
    Concerns, Down, Form, Migration, ProjectLocation, ProjectProblem, Repetition, Section,
    SourceText, Tool, TransactionChoice, Wrapping,
};
pub use name::{ChosenName, Ident, QualifiedName};
pub use plan::{
    ARCHIVE, Action, Archiving, Gate, NOTHING_KEPT, Phase, PhaseKind, Plan, Probe, Retired, Step,
    StepTransaction,
};
pub use runner::RunnerStatements;
pub use seam::{
    CatalogScope, Dialect, Failure, Request, Session, SessionError, TextRows, Unrenderable,
    send_singly,
};
pub use secret::{looks_like_a_secret, named_secrets, without_secrets};
pub use span::Span;
pub use sql::Sql;
pub use statement::{Statement, TextNote, TextNoteKind};

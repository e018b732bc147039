//! `check`: rules over what the questions answered about each statement.
//!
//! Pure: rules do no IO and never see SQL or a syntax tree. One rule is one file in `rules/`.

mod dialects;
mod finding;
mod judge;
mod rule;
mod rules;
mod select;
mod stake;
mod wording;

pub use dialects::speaks_of;
pub use finding::{Finding, Place, Remedy, Severity};
pub use judge::{
    Depth, Judge, JudgeOptions, JudgedMigration, JudgedStatement, ReadMigration, Reported, WayBack,
};
pub use rule::{
    Ask, Asked, Contradicted, Example, Group, Hit, Kind, Layer, MigrationAsked, Places,
    ProjectAsked, Question, Rule,
};
pub use rules::{ALL, UNDECIDED, Undecided, rule};
pub use segue_model::{Date, Suppression};
pub use select::AddedColumn;
pub use stake::Stake;

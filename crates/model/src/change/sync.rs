//! The trigger that keeps two columns of a table alike while two versions of an application write to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TriggerDefinition, TriggerEvent};
use crate::{DataType, Expression, Ident, QualifiedName};

/// A row trigger of Segue's own, before each insert and update.
///
/// The direction follows from what changed, not from who connected: only the old column changed, then the new one
/// follows; only the new one, then the old one; neither, then both stay; both, then the new one wins. On an insert the
/// side that was given fills the other. It counts the writes that came through the old side, is skipped by Segue's own
/// backfill, and never fails a writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct SyncTrigger {
    /// The trigger's name; sorts after the user's.
    pub name: Ident,
    /// Its function, and the sequence that counts writes through the old side: one name, in Segue's namespace.
    pub object: QualifiedName,
    /// The side that will go.
    pub old: SyncSide,
    /// The side that stays.
    pub new: SyncSide,
    /// The new value from the old one.
    pub forward: Mapping,
    /// The old value from the new one; none when nobody writes the new side yet.
    pub reverse: Option<Mapping>,
}

/// One of the two columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct SyncSide {
    /// The column.
    pub column: Ident,
    /// Its type.
    pub data_type: DataType,
    /// What an insert that does not name the column gives it, where that is the same for every row of a statement; an
    /// insert that leaves the column at this value did not give it.
    pub default: Option<Expression>,
}

/// How one value becomes the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// It is the same value.
    Same,
    /// A cast that every value survives.
    Cast(DataType),
    /// A cast that may fail: the value is then null, and the backfill finds the row.
    TryCast(DataType),
    /// An expression over the table's columns that may fail: as with a cast.
    Try(Expression),
}

impl SyncTrigger {
    /// The trigger as a catalog shows it.
    pub fn definition(&self) -> TriggerDefinition {
        TriggerDefinition {
            name: self.name.clone(),
            events: vec![TriggerEvent::Insert, TriggerEvent::Update],
            update_of: Vec::new(),
            when_columns: Vec::new(),
            function: self.object.clone(),
            from: None,
            timing: "before".to_owned(),
        }
    }
}

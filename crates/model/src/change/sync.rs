//! The trigger that keeps two sides of a table alike while two versions of an application write to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TriggerDefinition, TriggerEvent};
use crate::{DataType, Expression, Ident, QualifiedName};

/// A row trigger of Segue's own, before each insert and update.
///
/// Each side is one column, or several that say the same together. The direction follows from what changed, not from who
/// connected: only the old side changed, then the new one follows; only the new one, then the old one; neither, then both
/// stay; both, then the new one wins. On an insert the side that was given fills the other. It counts the writes that
/// came through the old side, is skipped by Segue's own backfill, and never fails a writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct SyncTrigger {
    /// The trigger's name; sorts after the user's.
    pub name: Ident,
    /// Its function, and the sequence that counts writes through the old side: one name, in Segue's namespace.
    pub object: QualifiedName,
    /// The side that will go; never empty.
    pub old: Vec<SyncColumn>,
    /// The side that stays; never empty.
    pub new: Vec<SyncColumn>,
}

/// One column of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct SyncColumn {
    /// The column.
    pub column: Ident,
    /// Its type.
    pub data_type: DataType,
    /// What an insert that does not name the column gives it, where that is the same for every row of a statement; an
    /// insert that leaves the column at this value did not give it.
    pub default: Option<Expression>,
    /// Its value from the other side; none when nobody writes the other side yet.
    pub filled: Option<Mapping>,
}

/// How a value is made of the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// It is the value of this column.
    Same(Ident),
    /// This column, by a cast that every value survives.
    Cast(Ident),
    /// This column, by a cast that may fail: the value is then null, and the backfill finds the row.
    TryCast(Ident),
    /// An expression over the other side's columns that may fail: as with a cast.
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

    /// True when writes of the new side fill the old one too.
    pub fn is_mutual(&self) -> bool {
        self.old.iter().any(|column| column.filled.is_some())
    }
}

//! Everything that is not a table, column, constraint or index, and what happens to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Constraint, Presence, Reaction, SyncTrigger};
use crate::{
    Column, ColumnUse, DataType, Expression, Ident, Parameter, QualifiedName, Query, Statement,
    Volatility,
};

/// What happens to a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NamespaceChange {
    /// It is created.
    Create(Presence),
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename(Ident),
    /// Its owner changes.
    SetOwner(Ident),
}

/// A view as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ViewDefinition {
    /// A view or a materialized one.
    pub kind: ViewKind,
    /// What it selects.
    pub query: Query,
    /// The names of its columns, where they are listed.
    pub columns: Vec<Ident>,
    /// `WITH (…)`.
    pub parameters: Vec<Parameter>,
}

/// A view, or a stored one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// Computed at each read.
    View,
    /// Stored.
    Materialized,
}

/// What happens to a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewChange {
    /// It is created.
    Create(ViewDefinition),
    /// It is created, or takes the place of the one that is there.
    Replace(ViewDefinition),
    /// It is dropped.
    Drop {
        /// Which kind the statement names.
        kind: ViewKind,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename {
        /// Which kind the statement names.
        kind: ViewKind,
        /// The new name.
        to: Ident,
    },
    /// A column's name changes.
    RenameColumn {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
    /// A column gets a default for inserts through the view.
    SetColumnDefault(Ident),
    /// `SET (…)` or `RESET (…)`.
    SetParameters(Vec<Parameter>),
}

/// What happens to a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SequenceChange {
    /// It is created; the owner is the column it goes with.
    Create {
        /// `OWNED BY`.
        owned_by: Option<ColumnUse>,
        /// Temporary sequences stop nobody.
        persistence: super::Persistence,
    },
    /// It is dropped.
    Drop {
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// RESTART, INCREMENT, AS, MINVALUE …: a new file under a lock.
    Alter {
        /// The options written, upper case: `RESTART`, `INCREMENT`, `AS`.
        options: Vec<String>,
    },
    /// `OWNED BY column`; none for `OWNED BY NONE`.
    SetOwnedBy(Option<ColumnUse>),
    /// Its name changes.
    Rename(Ident),
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TypeDefinition {
    /// Labels in order.
    Enum(Vec<String>),
    /// Attributes.
    Composite(Vec<Column>),
    /// A range over a subtype.
    Range(DataType),
    /// A base type, or a shell.
    Base,
}

/// Where a new enum label goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnumPosition {
    /// At the end.
    End,
    /// Before this one.
    Before(String),
    /// After this one.
    After(String),
}

/// What happens to a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TypeChange {
    /// It is created.
    Create(TypeDefinition),
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename(Ident),
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
    /// A label is added.
    AddValue {
        /// The label.
        label: String,
        /// Where.
        position: EnumPosition,
        /// `IF NOT EXISTS`.
        presence: Presence,
    },
    /// A label's name changes.
    RenameValue {
        /// From.
        from: String,
        /// To.
        to: String,
    },
    /// An attribute is added to a composite type.
    AddAttribute {
        /// The attribute.
        attribute: Column,
        /// CASCADE reaches typed tables.
        reaction: Reaction,
    },
    /// An attribute is dropped.
    DropAttribute {
        /// The attribute.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// CASCADE reaches typed tables.
        reaction: Reaction,
    },
    /// An attribute's type changes.
    AlterAttribute {
        /// The attribute.
        name: Ident,
        /// Its new type.
        data_type: DataType,
        /// CASCADE reaches typed tables.
        reaction: Reaction,
    },
    /// An attribute's name changes.
    RenameAttribute {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
        /// CASCADE reaches typed tables.
        reaction: Reaction,
    },
}

/// What happens to a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainChange {
    /// It is created.
    Create {
        /// The type under it.
        base: DataType,
        /// Its default.
        default: Option<Expression>,
        /// Its CHECK and NOT NULL constraints.
        constraints: Vec<Constraint>,
    },
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// A constraint is added.
    AddConstraint(Constraint),
    /// A constraint is dropped.
    DropConstraint {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// A constraint is checked against every row of every table that uses the domain.
    ValidateConstraint(Ident),
    /// A constraint's name changes.
    RenameConstraint {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
    /// Null is refused.
    SetNotNull,
    /// Null is accepted.
    DropNotNull,
    /// It gets a default.
    SetDefault(Expression),
    /// It loses its default.
    DropDefault,
    /// Its name changes.
    Rename(Ident),
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
}

/// A routine as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct RoutineDefinition {
    /// The types of its arguments.
    pub arguments: Vec<DataType>,
    /// What it returns, in the dialect's words, lower case: `integer`, `trigger`, `void`.
    pub returns: String,
    /// How often it may give another answer.
    pub volatility: Volatility,
    /// The language, lower case.
    pub language: Ident,
    /// What it does.
    pub body: RoutineBody,
}

/// What a routine does, as far as it is looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutineBody {
    /// Statements found inside, with spans in the same file.
    Read(Vec<Statement>),
    /// Not looked into, or not understood.
    Unread(String),
}

/// What happens to a routine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutineChange {
    /// It is created.
    Create(Box<RoutineDefinition>),
    /// It is created, or takes the place of the one that is there.
    Replace(Box<RoutineDefinition>),
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename(Ident),
    /// Its namespace changes.
    SetNamespace(Ident),
    /// Its owner changes.
    SetOwner(Ident),
    /// Its options change: volatility, cost, settings.
    Alter,
}

/// A trigger as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct TriggerDefinition {
    /// Its name.
    pub name: Ident,
    /// What fires it.
    pub events: Vec<TriggerEvent>,
    /// `UPDATE OF` columns.
    pub update_of: Vec<Ident>,
    /// Columns its `WHEN` names.
    pub when_columns: Vec<Ident>,
    /// The function it calls.
    pub function: QualifiedName,
    /// `FROM` of a constraint trigger.
    pub from: Option<QualifiedName>,
    /// The words before ON, lower case: `before`, `after`, `instead of`.
    pub timing: String,
}

/// What fires a trigger.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    /// An insert.
    Insert,
    /// An update.
    Update,
    /// A delete.
    Delete,
    /// A truncate.
    Truncate,
}

/// What happens to a trigger. Switching one on and off is a `TableChange`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerChange {
    /// It is created.
    Create(TriggerDefinition),
    /// It is created, or takes the place of the one that is there.
    Replace(TriggerDefinition),
    /// It is dropped.
    Drop {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
    /// A trigger of Segue's own is created, with its function and its counter.
    Sync(Box<SyncTrigger>),
    /// A trigger of Segue's own is dropped, with its function and its counter.
    DropSync(Box<SyncTrigger>),
}

/// What happens to a rewrite rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleChange {
    /// It is created or replaced.
    Create(Ident),
    /// It is dropped.
    Drop {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Its name changes.
    Rename {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
}

/// What happens to a row security policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyChange {
    /// It is created.
    Create {
        /// Its name.
        name: Ident,
        /// The columns its conditions name.
        columns: Vec<Ident>,
    },
    /// Its conditions or roles change.
    Alter {
        /// Its name.
        name: Ident,
    },
    /// It is dropped.
    Drop {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`.
        presence: Presence,
    },
    /// Its name changes.
    Rename {
        /// From.
        from: Ident,
        /// To.
        to: Ident,
    },
}

/// What happens to extended statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatisticsChange {
    /// They are created.
    Create {
        /// On this table.
        table: QualifiedName,
        /// On these columns.
        columns: Vec<Ident>,
        /// `IF NOT EXISTS`.
        presence: Presence,
    },
    /// They are dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
    },
    /// Name, owner, namespace or target change.
    Alter,
}

/// A table of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct PublishedTable {
    /// The table.
    pub table: QualifiedName,
    /// The columns of its list and of its filter.
    pub columns: Vec<Ident>,
}

/// What happens to a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicationChange {
    /// It is created for these tables.
    Create(Vec<PublishedTable>),
    /// It is created for every table, of the database or of namespaces.
    CreateForAll,
    /// Tables are added.
    Add(Vec<PublishedTable>),
    /// Its tables are replaced.
    Set(Vec<PublishedTable>),
    /// Tables are taken out.
    Remove(Vec<QualifiedName>),
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
    },
    /// Name, owner or options change.
    Alter,
}

/// What happens to an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionChange {
    /// It is installed.
    Create(Presence),
    /// It is updated: unknown SQL runs.
    Update,
    /// It is dropped.
    Drop {
        /// `IF EXISTS`.
        presence: Presence,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
    /// Anything else.
    Alter,
}

/// The kind of an object in GRANT, COMMENT and the like.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// Table, view, or what behaves like one.
    Table,
    /// Column.
    Column,
    /// Index.
    Index,
    /// Sequence.
    Sequence,
    /// View.
    View,
    /// Materialized view.
    MaterializedView,
    /// Type or domain.
    Type,
    /// Function or procedure.
    Routine,
    /// Namespace.
    Namespace,
    /// Constraint.
    Constraint,
    /// Trigger, rule or policy.
    OnTable,
    /// Anything else.
    Other,
}

/// What a comment is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct CommentTarget {
    /// The kind of object.
    pub kind: ObjectKind,
    /// The object; for a column, constraint, trigger, rule or policy its table.
    pub name: Option<QualifiedName>,
    /// The column, constraint, trigger, rule or policy.
    pub part: Option<Ident>,
}

/// Who may do what, and who owns what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrivilegeChange {
    /// GRANT.
    Grant {
        /// What it is about.
        on: ObjectKind,
        /// The objects; empty for `ALL … IN SCHEMA`.
        names: Vec<QualifiedName>,
        /// The roles, as written.
        to: Vec<String>,
    },
    /// REVOKE.
    Revoke {
        /// What it is about.
        on: ObjectKind,
        /// The objects; empty for `ALL … IN SCHEMA`.
        names: Vec<QualifiedName>,
        /// The roles, as written.
        from: Vec<String>,
    },
    /// ALTER DEFAULT PRIVILEGES.
    Default,
    /// REASSIGN OWNED.
    ReassignOwned {
        /// From these roles.
        from: Vec<Ident>,
        /// To this one.
        to: Ident,
    },
    /// DROP OWNED.
    DropOwned {
        /// Of these roles.
        roles: Vec<Ident>,
        /// RESTRICT or CASCADE.
        reaction: Reaction,
    },
}

/// Upkeep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceChange {
    /// VACUUM.
    Vacuum {
        /// The tables; empty for all.
        tables: Vec<QualifiedName>,
        /// FULL rewrites.
        mode: VacuumMode,
    },
    /// ANALYZE.
    Analyze {
        /// The tables; empty for all.
        tables: Vec<QualifiedName>,
    },
    /// CLUSTER.
    Cluster {
        /// The table; none for all that were clustered before.
        table: Option<QualifiedName>,
        /// The index.
        index: Option<Ident>,
    },
    /// REINDEX of a table, a namespace or the database. REINDEX INDEX is an `IndexChange`.
    Reindex {
        /// What.
        of: ReindexScope,
        /// How.
        build: Build,
    },
    /// REFRESH MATERIALIZED VIEW.
    Refresh {
        /// The view.
        view: QualifiedName,
        /// How.
        build: Build,
    },
}

/// How much a VACUUM does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VacuumMode {
    /// Space is freed for reuse.
    Plain,
    /// The table is rewritten.
    Full,
}

/// What a REINDEX is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReindexScope {
    /// A table.
    Table(QualifiedName),
    /// A namespace.
    Namespace(Ident),
    /// The database.
    Database,
}

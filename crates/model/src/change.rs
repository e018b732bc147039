//! What can happen to a database: one `Change` is one thing, neutral to the dialect.
//!
//! Two levels: the kind of object, then what happens to it. What could not be read is `Opaque`, and every question
//! answers *unknown* for it, never *safe*.

mod column;
mod constraint;
mod data;
mod index;
mod object;
mod sync;
mod table;

pub use column::{Column, ColumnChange, Fill, IdentityMode, Nullability, owned_sequence};
pub use constraint::{
    Constraint, ConstraintChange, ConstraintKind, Deferral, Enforcement, ForeignKey, KeyColumns,
    ReferentialAction, Validity,
};
pub use data::{
    Assignment, ConstraintTiming, DataChange, InsertColumns, InsertSource, LockTable, ModeWritten,
    RowByRow, SessionChange, SettingScope, Taken, TransactionChange, TruncateIdentity,
};
pub use index::{
    Build, Direction, IndexChange, IndexDefinition, IndexKey, IndexKeyPart, NullsOrder,
    RenameSpelling, Uniqueness,
};
pub use object::{
    CommentTarget, DomainChange, EnumPosition, ExtensionChange, MaintenanceChange, NamespaceChange,
    ObjectKind, PolicyChange, PrivilegeChange, PublicationChange, PublishedTable, ReindexScope,
    RoutineBody, RoutineChange, RoutineDefinition, RuleChange, SequenceChange, StatisticsChange,
    TriggerChange, TriggerDefinition, TriggerEvent, TypeChange, TypeDefinition, VacuumMode,
    ViewChange, ViewDefinition, ViewKind,
};
pub use sync::{Mapping, SyncColumn, SyncTrigger};
pub use table::{
    Inheritance, LikeSource, PartitionBound, PartitionChange, PartitionStrategy, Partitioning,
    Persistence, ReplicaIdentity, RowSecurity, TableChange, TableDefinition, TriggerState,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ident, QualifiedName, Span, Statement};

/// One thing that happens to a database.
///
/// A statement is a list of these: `ALTER TABLE t ADD a int, DROP b` is two. What one statement does as a whole (its
/// locks, the order of its passes) is asked of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A namespace (a schema, in PostgreSQL's word).
    Namespace(Ident, NamespaceChange),
    /// A table as a whole.
    Table(Target, TableChange),
    /// A column of a table.
    Column(Target, ColumnChange),
    /// A constraint of a table.
    Constraint(Target, ConstraintChange),
    /// A partition of the target.
    Partition(Target, PartitionChange),
    /// An index; the name is the index's, which a new one may leave to the server.
    Index(IndexChange),
    /// A view or materialized view.
    View(Target, ViewChange),
    /// A sequence.
    Sequence(Target, SequenceChange),
    /// A type that is no domain.
    Type(QualifiedName, TypeChange),
    /// A domain.
    Domain(QualifiedName, DomainChange),
    /// A function, procedure or aggregate.
    Routine(QualifiedName, RoutineChange),
    /// A trigger of a table.
    Trigger(QualifiedName, TriggerChange),
    /// A rewrite rule of a table.
    Rule(QualifiedName, RuleChange),
    /// A row security policy of a table.
    Policy(QualifiedName, PolicyChange),
    /// Extended statistics.
    Statistics(QualifiedName, StatisticsChange),
    /// A publication.
    Publication(Ident, PublicationChange),
    /// An extension.
    Extension(Ident, ExtensionChange),
    /// Who may do what, and who owns what.
    Privilege(PrivilegeChange),
    /// A comment; none removes it.
    Comment(CommentTarget, Option<String>),
    /// Rows are read or written.
    Data(DataChange),
    /// VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH.
    Maintenance(MaintenanceChange),
    /// A setting, or an explicit lock.
    Session(SessionChange),
    /// BEGIN, COMMIT, ROLLBACK, savepoints.
    Transaction(TransactionChange),
    /// A block of code that runs now (`DO`): what stands inside may run, once, often or never.
    Program(Program),
    /// An object of a kind the model does not follow (role, event trigger, subscription, server …): named, not modelled.
    Other(OtherObject),
    /// What could not be read.
    Opaque(Opaque),
}

/// What an ALTER, DROP or the like names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Target {
    /// The relation.
    pub name: QualifiedName,
    /// What happens when it is not there (or, for a CREATE, when it is).
    pub presence: Presence,
    /// Whether children and partitions are meant too.
    pub scope: Scope,
}

impl Target {
    /// The relation with its children, which must exist (or, for a CREATE, must not).
    pub fn required(name: QualifiedName) -> Self {
        Self {
            name,
            presence: Presence::Required,
            scope: Scope::WithDescendants,
        }
    }
}

/// `IF EXISTS` and `IF NOT EXISTS`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Neither was written: the server refuses when it does not fit.
    Required,
    /// The clause was written: nothing happens when it does not fit.
    Lenient,
}

/// `ONLY`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The relation and what inherits from it.
    WithDescendants,
    /// The relation alone.
    Only,
}

/// `RESTRICT` and `CASCADE`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Refused while something depends on it.
    Restrict,
    /// What depends on it goes too.
    Cascade,
}

/// Code that runs now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Program {
    /// The language, lower case.
    pub language: Ident,
    /// The statements found inside, with spans in the same file.
    pub statements: Vec<Statement>,
    /// What inside could not be read: dynamic SQL, an unknown language, a syntax error.
    pub unread: Vec<Opaque>,
}

/// An object of a kind that is named and not modelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct OtherObject {
    /// The kind, lower case, as in the statement: `role`, `event trigger`, `server`.
    pub kind: String,
    /// The statement's first words, upper case: `CREATE ROLE`.
    pub verb: String,
    /// Its name, where one could be read.
    pub name: Option<Ident>,
}

/// What could not be read, and why. Treated as unsafe by every question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Opaque {
    /// Why.
    pub reason: OpaqueReason,
    /// For people: what was found and what was expected.
    pub message: String,
    /// Where in the file.
    pub span: Span,
}

/// Why something is `Opaque`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OpaqueReason {
    /// The text is not valid for this dialect.
    SyntaxError,
    /// Valid, and outside what the model covers.
    NotModelled,
    /// Above a limit on size or nesting.
    TooLarge,
    /// A template placeholder stands where something decisive should.
    Placeholder,
    /// SQL put together when it runs (`EXECUTE`).
    Dynamic,
    /// A meta-command of a client (`\i`, `\gexec`).
    ClientCommand,
    /// A body in a language that is not looked into.
    ForeignLanguage,
}

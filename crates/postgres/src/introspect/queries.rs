//! The queries that read a server's catalog: each row is one object with the statement that makes it.
//!
//! Every query returns five columns of text: the object (`class:oid`, the oids of the system catalogs are fixed), the
//! object it goes with (none for those that stand alone), its namespace, the statement, and what is wrong with it (none
//! for nothing). Version differences are bridged by `to_jsonb(row) ->> 'column'`, which is null where a server has no
//! such column, so one text serves 12 to 18. Those with `$1` take an array of relations, null for all.
//!
//! The transaction they run in pins `search_path` to `pg_catalog, pg_temp`, so operators are the server's own and every
//! other name comes out qualified. They change nothing.
//!
//! Those that may be narrowed compare oids as `bigint`: no index fits that, so a plan that is made while the catalog is
//! small, and then kept, starts from the relations asked for and not from all objects of its kind.

use std::sync::LazyLock;

/// What kind of object a query reads, in the order a dump loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Namespace,
    Extension,
    Collation,
    Type,
    TextSearch,
    Sequence,
    Table,
    Routine,
    Operator,
    OperatorFamily,
    OperatorClass,
    Cast,
    Check,
    Attachment,
    SequenceOwner,
    View,
    Default,
    Index,
    Key,
    IndexSetting,
    IndexAttachment,
    Statistics,
    ForeignKey,
    Rule,
    Trigger,
    Policy,
    Publication,
    Published,
    Comment,
    Privilege,
    DefaultPrivilege,
    EventTrigger,
}

/// What a query may be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Takes an array of relations, or null for all.
    Relations,
    /// Always reads all.
    Whole,
}

impl Kind {
    /// The word by which [`RESOLVE`] says that some relations have one.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sequence | Self::SequenceOwner => "sequences",
            Self::Table => "tables",
            Self::Check => "checks",
            Self::Attachment => "attachments",
            Self::View => "views",
            Self::Default => "defaults",
            Self::Index => "indexes",
            Self::Key => "keys",
            Self::IndexSetting => "index-settings",
            Self::IndexAttachment => "index-attachments",
            Self::Statistics => "statistics",
            Self::ForeignKey => "foreign-keys",
            Self::Rule => "rules",
            Self::Trigger => "triggers",
            Self::Policy => "policies",
            Self::Namespace
            | Self::Extension
            | Self::Collation
            | Self::Type
            | Self::TextSearch
            | Self::Routine
            | Self::Operator
            | Self::OperatorFamily
            | Self::OperatorClass
            | Self::Cast
            | Self::Publication
            | Self::Published
            | Self::Comment
            | Self::Privilege
            | Self::DefaultPrivilege
            | Self::EventTrigger => "nothing of relations",
        }
    }
}

/// One query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub(super) kind: Kind,
    pub(super) reach: Reach,
    /// The first and the last major version it is for.
    pub(super) versions: (u16, u16),
    pub(super) text: &'static str,
}

const fn whole(kind: Kind, text: &'static str) -> Query {
    Query {
        kind,
        reach: Reach::Whole,
        versions: (0, u16::MAX),
        text,
    }
}

const fn relations(kind: Kind, text: &'static str) -> Query {
    Query {
        kind,
        reach: Reach::Relations,
        versions: (0, u16::MAX),
        text,
    }
}

const fn between(versions: (u16, u16), query: Query) -> Query {
    Query { versions, ..query }
}

/// Every query, in the order a dump loads.
pub(super) const ALL: &[Query] = &[
    whole(Kind::Namespace, include_str!("sql/namespaces.sql")),
    whole(Kind::Extension, include_str!("sql/extensions.sql")),
    whole(Kind::Collation, include_str!("sql/collations.sql")),
    whole(Kind::Type, include_str!("sql/types.sql")),
    whole(Kind::TextSearch, include_str!("sql/text_search.sql")),
    relations(Kind::Sequence, include_str!("sql/sequences.sql")),
    relations(Kind::Table, include_str!("sql/tables.sql")),
    whole(Kind::Routine, include_str!("sql/routines.sql")),
    whole(Kind::Routine, include_str!("sql/aggregates.sql")),
    whole(Kind::Operator, include_str!("sql/operators.sql")),
    whole(
        Kind::OperatorFamily,
        include_str!("sql/operator_families.sql"),
    ),
    whole(
        Kind::OperatorClass,
        include_str!("sql/operator_classes.sql"),
    ),
    whole(Kind::Cast, include_str!("sql/casts.sql")),
    whole(Kind::Check, include_str!("sql/domain_checks.sql")),
    relations(Kind::Check, include_str!("sql/checks.sql")),
    relations(Kind::Attachment, include_str!("sql/attachments.sql")),
    relations(Kind::SequenceOwner, include_str!("sql/sequence_owners.sql")),
    relations(Kind::View, include_str!("sql/views.sql")),
    relations(Kind::Default, include_str!("sql/defaults.sql")),
    relations(Kind::Index, include_str!("sql/indexes.sql")),
    relations(Kind::Key, include_str!("sql/keys.sql")),
    relations(Kind::IndexSetting, include_str!("sql/index_settings.sql")),
    relations(
        Kind::IndexAttachment,
        include_str!("sql/index_attachments.sql"),
    ),
    relations(Kind::Statistics, include_str!("sql/statistics.sql")),
    relations(Kind::ForeignKey, include_str!("sql/foreign_keys.sql")),
    relations(Kind::Rule, include_str!("sql/rules.sql")),
    relations(Kind::Trigger, include_str!("sql/triggers.sql")),
    relations(Kind::Policy, include_str!("sql/policies.sql")),
    whole(Kind::Publication, include_str!("sql/publications.sql")),
    between(
        (0, 14),
        whole(Kind::Published, include_str!("sql/published.sql")),
    ),
    between(
        (15, u16::MAX),
        whole(Kind::Published, include_str!("sql/published_since_15.sql")),
    ),
    whole(Kind::Comment, include_str!("sql/comments.sql")),
    whole(Kind::Privilege, include_str!("sql/privileges.sql")),
    whole(
        Kind::DefaultPrivilege,
        include_str!("sql/default_privileges.sql"),
    ),
    whole(Kind::EventTrigger, include_str!("sql/event_triggers.sql")),
];

/// Those of [`ALL`] that take relations, for relations that are given: the planner does not see by itself that `$1` is no
/// null, and a plan that is made once for all values would look at every relation there is.
pub(super) static NARROWED: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
    ALL.iter()
        .filter(|query| query.reach == Reach::Relations)
        .map(|query| {
            let text = query.text.replace("$1::text IS NULL OR ", "");
            (query.kind, text.replace("$1::text IS NOT NULL", "true"))
        })
        .collect()
});

/// Tables of some names with columns, defaults, NOT NULL and keys, and nothing besides that another query asks about: the
/// table, its namespace, the server's version as a number, the statement that makes it. One that has more has no statement
/// here, and [`RESOLVE`] says what it has.
pub(super) const SIMPLE_TABLES: &str = include_str!("sql/simple_tables.sql");

/// Objects that nothing above reads, by kind: kind, count.
pub(super) const UNREAD: &str = include_str!("sql/unread.sql");

/// Who depends on whom: dependent, on what, kind of dependency.
pub(super) const DEPENDENCIES: &str = include_str!("sql/dependencies.sql");

/// The relations of some names, as the text of an array of oids (an index stands for its table), the server's version
/// as a number, and the words of [`Kind::word`] for what they have: what they do not have need not be asked for.
pub(super) const RESOLVE: &str = include_str!("sql/resolve.sql");

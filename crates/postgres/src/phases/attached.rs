//! What hangs on a column, in words: what no second column can be kept alike beside, and what only follows the first one.
//!
//! A view, a policy, extended statistics, an identity, a publication's list, a generated column and another table's foreign
//! key know the column by its number: they follow a rename by themselves, and nothing else. What is catalog alone can be
//! set aside and put back on another column in one transaction. Source: PostgreSQL 17 manual, 51.18 (`pg_depend`).

use segue_model::{
    Change, ColumnChange, ConstraintKind, Context, Fill, ForeignKey, Knowledge, PublicationScope,
    QualifiedName, TableConstraint, ViewKind,
};

use super::key::Key;
use super::retype::Way;
use super::shadow::Pair;

/// Why there is no safe way for a change, as far as it hangs on what is attached to a column.
pub(super) fn obstacles(change: &Change, context: &Context<'_>) -> Vec<String> {
    let Change::Column(target, change) = change else {
        return Vec::new();
    };
    let (name, follows) = match change {
        ColumnChange::Rename { from, .. } => (from, Follows::TheOldColumn),
        ColumnChange::SetType { name, .. } => (name, Follows::Nothing),
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => return Vec::new(),
    };
    let catalog = context.catalog;
    let Some((table, old)) = catalog
        .table(&target.name)
        .and_then(|table| table.column(name).map(|old| (table, old)))
    else {
        return Vec::new();
    };
    let pair = Pair {
        target,
        table,
        old,
        new: name,
        context,
    };
    let mut found = pair.beside();
    if follows == Follows::Nothing {
        found.extend(pair.stuck());
    }
    if let ColumnChange::SetType {
        data_type, using, ..
    } = change
    {
        found.extend(Key::of(&pair).err());
        found.extend(Way::of((name, data_type), using.as_ref(), context).err());
    }
    found
}

/// Which column of the two stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The old one: what hangs on it follows.
    TheOldColumn,
    /// The new one.
    Nothing,
}

impl Pair<'_> {
    /// What no second column can be kept alike beside.
    pub(super) fn beside(&self) -> Vec<String> {
        let (name, column) = (&self.target.name, &self.old.name);
        let mut found: Vec<String> = self.of_the_table();
        let mut say = |is_so: bool, words: String| {
            if is_so {
                found.push(words);
            }
        };
        say(
            matches!(self.old.fill, Fill::Stored(_) | Fill::Virtual(_)),
            format!("{column} is computed, and a trigger does not see what is computed after it"),
        );
        say(
            self.table.is_partitioned_by(column),
            format!("{name} is partitioned by {column}, and a trigger must not move a row"),
        );
        for trigger in &self.table.triggers {
            let definition = &trigger.definition;
            let depends =
                definition.update_of.contains(column) || definition.when_columns.contains(column);
            say(
                depends,
                format!(
                    "the trigger {} fires by what is written to {column}",
                    definition.name
                ),
            );
        }
        found
    }

    fn of_the_table(&self) -> Vec<String> {
        let name = &self.target.name;
        let table = self.table;
        let has_children =
            table.partitioning.is_none() && !self.context.catalog.descendants(name).is_empty();
        let is_too_old = table.partitioning.is_some() && self.context.server.version < 13;
        [
            (table.knowledge == Knowledge::Assumed, "is not known"),
            (
                table.partition_of.is_some(),
                "is a partition: change its parent",
            ),
            (
                has_children || !table.inherits.is_empty(),
                "takes part in inheritance",
            ),
            (
                is_too_old,
                "is partitioned: before 13 its rows can have no BEFORE trigger there",
            ),
            (table.of_type.is_some(), "is a table of a composite type"),
            (table.settings.server.is_some(), "is a foreign table"),
            (
                !table.rules.is_empty(),
                "has rules, which see what a statement wrote, not what a trigger did",
            ),
        ]
        .into_iter()
        .filter(|(is_so, _)| *is_so)
        .map(|(_, words)| format!("{name} {words}"))
        .collect()
    }

    /// What knows the old column by its number, and follows it alone.
    pub(super) fn followers(&self) -> Vec<String> {
        let mut found = self.stuck();
        found.extend(self.movable());
        found
    }

    /// What knows the column by its number and can be set aside and put back on another one, by catalog changes alone.
    pub(super) fn movable(&self) -> Vec<String> {
        let (name, column) = (&self.target.name, &self.old.name);
        let catalog = self.context.catalog;
        let mut found = self.must_be_moved();
        if matches!(self.old.fill, Fill::Identity(_)) && self.table.partitioning.is_none() {
            found.push(format!("{column} is an identity column"));
        }
        found.extend(
            catalog
                .statistics
                .iter()
                .filter(|(_, statistics)| {
                    &statistics.table == name && statistics.columns.contains(column)
                })
                .map(|(statistics, _)| format!("the statistics {statistics} are kept of {column}")),
        );
        found
    }

    /// Of these, what the server itself does not let a type change pass.
    pub(super) fn must_be_moved(&self) -> Vec<String> {
        let (name, column) = (&self.target.name, &self.old.name);
        let catalog = self.context.catalog;
        let mut found: Vec<String> = catalog
            .views_reading(name, column)
            .filter(|view| !self.is_stored(view))
            .map(|view| format!("the view {view} reads {column}"))
            .collect();
        let policies = self
            .table
            .policies
            .iter()
            .filter(|policy| policy.columns.contains(column));
        found.extend(policies.map(|policy| format!("the policy {} reads {column}", policy.name)));
        found
    }

    /// True when statistics of several columns are kept of this one.
    pub(super) fn has_statistics(&self) -> bool {
        self.context.catalog.statistics.values().any(|statistics| {
            statistics.table == self.target.name && statistics.columns.contains(&self.old.name)
        })
    }

    fn is_stored(&self, view: &QualifiedName) -> bool {
        self.context
            .catalog
            .view(view)
            .is_some_and(|view| view.definition.kind == ViewKind::Materialized)
    }

    /// What knows the column by its number and cannot be put on another one without work on data.
    pub(super) fn stuck(&self) -> Vec<String> {
        let (name, column) = (&self.target.name, &self.old.name);
        let catalog = self.context.catalog;
        let mut found: Vec<String> = catalog
            .views_upon(name, column)
            .into_iter()
            .filter(|view| self.is_stored(view))
            .map(|view| format!("the materialized view {view} reads {column}: its rows would have to be computed again"))
            .collect();
        if matches!(self.old.fill, Fill::Identity(_)) && self.table.partitioning.is_some() {
            found.push(format!(
                "{column} is an identity column of a partitioned table"
            ));
        }
        let computed = self
            .table
            .columns
            .iter()
            .filter(|other| other.is_generated_from(column));
        found.extend(computed.map(|other| format!("{} is computed from {column}", other.name)));
        found.extend(
            catalog
                .publications
                .iter()
                .filter_map(|(publication, known)| {
                    let lists = match &known.scope {
                        PublicationScope::All => false,
                        PublicationScope::Tables(tables) => tables
                            .get(name)
                            .is_some_and(|columns| columns.contains(column)),
                    };
                    lists.then(|| format!("the publication {publication} lists {column}"))
                }),
        );
        found
    }

    /// The foreign keys that refer to the column: they follow it too.
    pub(super) fn references(
        &self,
    ) -> impl Iterator<Item = (&QualifiedName, &TableConstraint, &ForeignKey)> {
        self.context
            .catalog
            .references_to(&self.target.name)
            .filter(|(_, _, key)| self.is_referenced(key))
    }

    fn is_referenced(&self, key: &ForeignKey) -> bool {
        if key.referenced_columns.is_empty() {
            return self.table.constraints.iter().any(|constraint| {
                matches!(&constraint.kind, ConstraintKind::PrimaryKey(_))
                    && constraint.kind.mentions(&self.old.name)
            });
        }
        key.referenced_columns.contains(&self.old.name)
    }
}

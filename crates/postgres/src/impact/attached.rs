//! What is attached to tables: triggers, rules, policies, statistics, publications, and the routines they call.
//!
//! Source: PostgreSQL 17 manual, CREATE TRIGGER, CREATE RULE, CREATE POLICY, CREATE STATISTICS, CREATE PUBLICATION,
//! DROP FUNCTION; measured on 15 and 18.

use segue_model::{
    Expression, Fill, Ident, IndexKeyPart, Link, LockMode, LockRole, PolicyChange,
    PublicationChange, PublicationScope, PublishedTable, QualifiedName, Reaction, RefusalReason,
    Relation, RoutineChange, RuleChange, StatisticsChange, Table, TriggerChange, TriggerDefinition,
};

use super::ledger::Ledger;
use super::storage;

/// Triggers: CREATE takes SHARE ROW EXCLUSIVE, DROP and RENAME ACCESS EXCLUSIVE, on the partitions' copies too.
///
/// Wider for a trigger FOR EACH STATEMENT on a partitioned table: it has no copies, but the model does not tell the two
/// apart.
pub(super) fn trigger(table: &QualifiedName, change: &TriggerChange, ledger: &mut Ledger<'_>) {
    let mode = match change {
        TriggerChange::Create(definition) => {
            claim_from(definition, ledger);
            LockMode::ShareRowExclusive
        }
        TriggerChange::Replace(definition) => {
            ledger.since(14, "CREATE OR REPLACE TRIGGER");
            claim_from(definition, ledger);
            LockMode::ShareRowExclusive
        }
        TriggerChange::Sync(_) => LockMode::ShareRowExclusive,
        TriggerChange::Drop { .. } | TriggerChange::Rename { .. } | TriggerChange::DropSync(_) => {
            LockMode::AccessExclusive
        }
    };
    ledger.claim(table, mode, LockRole::Target);
    for partition in storage::partitions(ledger.catalog(), table) {
        ledger.claim(&partition, mode, LockRole::Descendant);
    }
}

/// `FROM` of a constraint trigger (measured: ACCESS SHARE).
fn claim_from(definition: &TriggerDefinition, ledger: &mut Ledger<'_>) {
    if let Some(from) = &definition.from {
        ledger.claim(from, LockMode::AccessShare, LockRole::Dependent);
    }
}

/// Rules take ACCESS EXCLUSIVE throughout.
pub(super) fn rule(table: &QualifiedName, change: &RuleChange, ledger: &mut Ledger<'_>) {
    match change {
        RuleChange::Create(_) | RuleChange::Drop { .. } | RuleChange::Rename { .. } => {
            ledger.claim(table, LockMode::AccessExclusive, LockRole::Target);
        }
    }
}

/// Policies take ACCESS EXCLUSIVE throughout.
pub(super) fn policy(table: &QualifiedName, change: &PolicyChange, ledger: &mut Ledger<'_>) {
    match change {
        PolicyChange::Create { .. }
        | PolicyChange::Alter { .. }
        | PolicyChange::Drop { .. }
        | PolicyChange::Rename { .. } => {
            ledger.claim(table, LockMode::AccessExclusive, LockRole::Target);
        }
    }
}

/// Extended statistics: SHARE UPDATE EXCLUSIVE on their table; ALTER STATISTICS none.
pub(super) fn statistics(name: &QualifiedName, change: &StatisticsChange, ledger: &mut Ledger<'_>) {
    match change {
        StatisticsChange::Create { table, .. } => {
            ledger.claim(table, LockMode::ShareUpdateExclusive, LockRole::Target);
        }
        StatisticsChange::Drop { .. } => match ledger.catalog().statistics.get(name) {
            Some(found) => ledger.claim(
                &found.table,
                LockMode::ShareUpdateExclusive,
                LockRole::Target,
            ),
            None => ledger.assume(),
        },
        StatisticsChange::Alter => {}
    }
}

/// Publications: SHARE UPDATE EXCLUSIVE on every table they list, children by INHERITS included; FOR ALL TABLES none.
pub(super) fn publication(name: &Ident, change: &PublicationChange, ledger: &mut Ledger<'_>) {
    match change {
        PublicationChange::Create(tables) | PublicationChange::Add(tables) => {
            publish(tables, ledger);
        }
        PublicationChange::Set(tables) => {
            publish(tables, ledger);
            for table in published(name, ledger) {
                ledger.claim(&table, LockMode::ShareUpdateExclusive, LockRole::Target);
            }
        }
        PublicationChange::Remove(tables) => {
            for table in tables {
                ledger.claim(table, LockMode::ShareUpdateExclusive, LockRole::Target);
            }
        }
        PublicationChange::CreateForAll
        | PublicationChange::Drop { .. }
        | PublicationChange::Alter => {}
    }
}

fn publish(tables: &[PublishedTable], ledger: &mut Ledger<'_>) {
    for listed in tables {
        if !listed.columns.is_empty() {
            ledger.since(15, "a column list or WHERE in a publication");
        }
        ledger.claim(
            &listed.table,
            LockMode::ShareUpdateExclusive,
            LockRole::Target,
        );
        if !storage::is_partitioned(ledger.catalog(), &listed.table) {
            for child in ledger.catalog().descendants(&listed.table) {
                ledger.claim(&child, LockMode::ShareUpdateExclusive, LockRole::Descendant);
            }
        }
    }
}

fn published(name: &Ident, ledger: &Ledger<'_>) -> Vec<QualifiedName> {
    match ledger
        .catalog()
        .publications
        .get(name)
        .map(|found| &found.scope)
    {
        Some(PublicationScope::Tables(tables)) => tables.keys().cloned().collect(),
        Some(PublicationScope::All) | None => Vec::new(),
    }
}

/// Routines lock no relation (measured), but what calls a dropped one goes with CASCADE.
pub(super) fn routine(name: &QualifiedName, change: &RoutineChange, ledger: &mut Ledger<'_>) {
    let reaction = match change {
        RoutineChange::Drop { reaction, .. } => *reaction,
        RoutineChange::Create(_)
        | RoutineChange::Replace(_)
        | RoutineChange::Rename(_)
        | RoutineChange::SetNamespace(_)
        | RoutineChange::SetOwner(_)
        | RoutineChange::Alter => return,
    };
    let catalog = ledger.catalog();
    let mut users: Vec<(QualifiedName, &str)> = catalog
        .linked(&Link::Calls(name.clone()))
        .map(|table| (table.clone(), "a trigger"))
        .collect();
    for (table, relation) in catalog.relations() {
        let calls = match relation {
            Relation::Table(found) => table_calls(found, name),
            Relation::Index(found) => found.definition.keys.iter().any(|key| match &key.part {
                IndexKeyPart::Expression(expression) => expression_calls(expression, name),
                IndexKeyPart::Column(_) => false,
            }),
            Relation::View(found) => found
                .definition
                .query
                .functions
                .iter()
                .any(|call| is_call(call.namespace.as_ref(), &call.name, name)),
            Relation::Sequence(_) => false,
        };
        if calls {
            users.push((table.clone(), "an expression"));
        }
    }
    for (user, what) in users {
        match reaction {
            Reaction::Cascade => claim_caller(&user, ledger),
            Reaction::Restrict => ledger.refuse(
                RefusalReason::Dependents,
                format!("{name} cannot be dropped without CASCADE: {what} of {user} calls it"),
            ),
        }
    }
}

/// What calls a dropped function goes: an index takes its table along.
fn claim_caller(user: &QualifiedName, ledger: &mut Ledger<'_>) {
    ledger.claim(user, LockMode::AccessExclusive, LockRole::Dependent);
    if let Some(index) = ledger.catalog().index(user) {
        ledger.claim(
            &index.definition.table,
            LockMode::AccessExclusive,
            LockRole::Dependent,
        );
    }
}

fn table_calls(table: &Table, name: &QualifiedName) -> bool {
    let in_columns = table.columns.iter().any(|column| match &column.fill {
        Fill::Default(expression) | Fill::Stored(expression) | Fill::Virtual(expression) => {
            expression_calls(expression, name)
        }
        Fill::None | Fill::Serial | Fill::Identity(_) => false,
    });
    let in_checks = table.constraints.iter().any(|known| match &known.kind {
        segue_model::ConstraintKind::Check(check) => expression_calls(check, name),
        segue_model::ConstraintKind::NotNull(_)
        | segue_model::ConstraintKind::Unique(_)
        | segue_model::ConstraintKind::PrimaryKey(_)
        | segue_model::ConstraintKind::ForeignKey(_)
        | segue_model::ConstraintKind::Exclude { .. } => false,
    });
    in_columns || in_checks
}

fn expression_calls(expression: &Expression, name: &QualifiedName) -> bool {
    expression
        .functions
        .iter()
        .any(|call| is_call(call.namespace.as_ref(), &call.name, name))
}

fn is_call(namespace: Option<&Ident>, called: &Ident, name: &QualifiedName) -> bool {
    called == &name.name && namespace.is_none_or(|namespace| namespace == &name.namespace)
}

//! Routines, triggers, rules, policies, statistics, publications, extensions: what is known of them by name.
//!
//! Refuses to create one: bodies and conditions are not kept.

use segue_model::{
    ExtensionChange, Ident, PolicyChange, PublicationChange, QualifiedName, RoutineChange,
    RuleChange, Sql, StatisticsChange, TriggerChange,
};

use super::{Rendered, cascade, if_exists, if_not_exists, refused, sync};

/// A routine that no other shares its name with.
pub(super) fn routine(name: &QualifiedName, change: &RoutineChange) -> Rendered {
    let altered = || Sql::literal("ALTER ROUTINE ").name(name).text(" ");
    match change {
        RoutineChange::Drop { presence, reaction } => Ok(cascade(
            if_exists(Sql::literal("DROP ROUTINE "), *presence).name(name),
            *reaction,
        )),
        RoutineChange::Rename(to) => Ok(altered().text("RENAME TO ").ident(to)),
        RoutineChange::SetNamespace(to) => Ok(altered().text("SET SCHEMA ").ident(to)),
        RoutineChange::SetOwner(owner) => Ok(altered().text("OWNER TO ").ident(owner)),
        RoutineChange::Create(_) | RoutineChange::Replace(_) | RoutineChange::Alter => {
            Err(refused("the body of a routine"))
        }
    }
}

/// A trigger.
pub(super) fn trigger(table: &QualifiedName, change: &TriggerChange) -> Rendered {
    match change {
        TriggerChange::Drop {
            name,
            presence,
            reaction,
        } => {
            let sql = if_exists(Sql::literal("DROP TRIGGER "), *presence);
            Ok(cascade(on_table(sql, name, table), *reaction))
        }
        TriggerChange::Rename { from, to } => {
            Ok(renamed(Sql::literal("ALTER TRIGGER "), table, (from, to)))
        }
        TriggerChange::Sync(trigger) => sync::create(table, trigger),
        TriggerChange::DropSync(trigger) => Ok(sync::drop(table, trigger)),
        TriggerChange::Create(_) | TriggerChange::Replace(_) => {
            Err(refused("the condition of a trigger"))
        }
    }
}

/// A rewrite rule.
pub(super) fn rule(table: &QualifiedName, change: &RuleChange) -> Rendered {
    match change {
        RuleChange::Drop {
            name,
            presence,
            reaction,
        } => {
            let sql = if_exists(Sql::literal("DROP RULE "), *presence);
            Ok(cascade(on_table(sql, name, table), *reaction))
        }
        RuleChange::Rename { from, to } => {
            Ok(renamed(Sql::literal("ALTER RULE "), table, (from, to)))
        }
        RuleChange::Create(_) => Err(refused("the body of a rule")),
    }
}

/// A row security policy.
pub(super) fn policy(table: &QualifiedName, change: &PolicyChange) -> Rendered {
    match change {
        PolicyChange::Drop { name, presence } => Ok(on_table(
            if_exists(Sql::literal("DROP POLICY "), *presence),
            name,
            table,
        )),
        PolicyChange::Rename { from, to } => {
            Ok(renamed(Sql::literal("ALTER POLICY "), table, (from, to)))
        }
        PolicyChange::Create { .. } | PolicyChange::Alter { .. } => {
            Err(refused("the condition of a policy"))
        }
    }
}

fn on_table(sql: Sql, name: &Ident, table: &QualifiedName) -> Sql {
    sql.ident(name).text(" ON ").name(table)
}

fn renamed(sql: Sql, table: &QualifiedName, (from, to): (&Ident, &Ident)) -> Sql {
    on_table(sql, from, table).text(" RENAME TO ").ident(to)
}

/// Extended statistics.
pub(super) fn statistics(name: &QualifiedName, change: &StatisticsChange) -> Rendered {
    match change {
        StatisticsChange::Drop { presence } => {
            Ok(if_exists(Sql::literal("DROP STATISTICS "), *presence).name(name))
        }
        StatisticsChange::Create { .. } | StatisticsChange::Alter => {
            Err(refused("the kinds of extended statistics"))
        }
    }
}

/// A publication.
pub(super) fn publication(name: &Ident, change: &PublicationChange) -> Rendered {
    match change {
        PublicationChange::Drop { presence } => {
            Ok(if_exists(Sql::literal("DROP PUBLICATION "), *presence).ident(name))
        }
        PublicationChange::CreateForAll
        | PublicationChange::Create(_)
        | PublicationChange::Add(_)
        | PublicationChange::Set(_)
        | PublicationChange::Remove(_)
        | PublicationChange::Alter => Err(refused("the filters of a publication")),
    }
}

/// An extension.
pub(super) fn extension(name: &Ident, change: &ExtensionChange) -> Rendered {
    match change {
        ExtensionChange::Create(presence) => {
            Ok(if_not_exists(Sql::literal("CREATE EXTENSION "), *presence).ident(name))
        }
        ExtensionChange::Drop { presence, reaction } => Ok(cascade(
            if_exists(Sql::literal("DROP EXTENSION "), *presence).ident(name),
            *reaction,
        )),
        ExtensionChange::Update | ExtensionChange::Alter => {
            Err(refused("the version of an extension"))
        }
    }
}

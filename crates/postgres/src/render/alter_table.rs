//! ALTER TABLE, with one subcommand or several.

use segue_model::{
    Build, Change, ColumnChange, ConstraintChange, Deferral, Enforcement, Ident, Nullability,
    PartitionChange, Persistence, ReplicaIdentity, RowSecurity, Scope, Sql, TableChange, Target,
    TriggerState, Unrenderable,
};

use super::{
    Rendered, cascade, column, constraint, create_table, if_exists, if_not_exists, refused,
};

/// One ALTER TABLE with these subcommands, which must all name the same target.
pub(super) fn alter_table(changes: &[Change]) -> Rendered {
    let mut target: Option<&Target> = None;
    let mut sql = Sql::literal("ALTER TABLE ");
    for change in changes {
        let named = target_of(change)?;
        match target {
            None => sql = altered(sql, named).text(" "),
            Some(first) if first == named => sql = sql.text(", "),
            Some(_) => return Err(refused("changes of several tables")),
        }
        target = Some(named);
        if changes.len() > 1 && stands_alone(change) {
            return Err(refused("a subcommand that stands alone, beside others"));
        }
        sql = subcommand(sql, change)?;
    }
    Ok(sql)
}

fn target_of(change: &Change) -> Result<&Target, Unrenderable> {
    if let Change::Table(target, _)
    | Change::Column(target, _)
    | Change::Constraint(target, _)
    | Change::Partition(target, _) = change
    {
        Ok(target)
    } else {
        Err(refused("changes that are several statements"))
    }
}

fn altered(sql: Sql, target: &Target) -> Sql {
    let sql = if_exists(sql, target.presence);
    match target.scope {
        Scope::WithDescendants => sql,
        Scope::Only => sql.text("ONLY "),
    }
    .name(&target.name)
}

/// Renames, moves between namespaces and partitions are no subcommands: nothing stands beside them.
fn stands_alone(change: &Change) -> bool {
    matches!(
        change,
        Change::Partition(..)
            | Change::Table(
                _,
                TableChange::Rename(_)
                    | TableChange::SetNamespace(_)
                    | TableChange::Create(_)
                    | TableChange::Drop { .. }
            )
            | Change::Column(_, ColumnChange::Rename { .. })
            | Change::Constraint(_, ConstraintChange::Rename { .. })
    )
}

fn subcommand(sql: Sql, change: &Change) -> Rendered {
    if let Change::Table(_, change) = change {
        table(sql, change)
    } else if let Change::Column(_, change) = change {
        of_column(sql, change)
    } else if let Change::Constraint(_, change) = change {
        of_constraint(sql, change)
    } else if let Change::Partition(_, change) = change {
        Ok(partition(sql, change))
    } else {
        Err(refused("changes that are several statements"))
    }
}

fn table(sql: Sql, change: &TableChange) -> Rendered {
    Ok(match change {
        TableChange::Create(_) | TableChange::Drop { .. } => {
            return Err(refused("changes that are several statements"));
        }
        TableChange::Rename(name) => sql.text("RENAME TO ").ident(name),
        TableChange::SetNamespace(name) => sql.text("SET SCHEMA ").ident(name),
        TableChange::SetOwner(owner) => sql.text("OWNER TO ").ident(owner),
        TableChange::SetParameters(list) => return column::set_or_reset(sql, list),
        TableChange::SetTablespace(name) => sql.text("SET TABLESPACE ").ident(name),
        TableChange::SetPersistence(Persistence::Permanent) => sql.text("SET LOGGED"),
        TableChange::SetPersistence(Persistence::Unlogged) => sql.text("SET UNLOGGED"),
        TableChange::SetPersistence(Persistence::Temporary) => {
            return Err(refused("a table that becomes temporary"));
        }
        TableChange::SetAccessMethod(name) => sql.text("SET ACCESS METHOD ").ident(name),
        TableChange::SetCluster(Some(index)) => sql.text("CLUSTER ON ").ident(index),
        TableChange::SetCluster(None) => sql.text("SET WITHOUT CLUSTER"),
        TableChange::SetReplicaIdentity(identity) => replica_identity(sql, identity),
        TableChange::SetRowSecurity(security) => sql.text(match security {
            RowSecurity::Enable => "ENABLE ROW LEVEL SECURITY",
            RowSecurity::Disable => "DISABLE ROW LEVEL SECURITY",
            RowSecurity::Force => "FORCE ROW LEVEL SECURITY",
            RowSecurity::NoForce => "NO FORCE ROW LEVEL SECURITY",
        }),
        TableChange::SetTrigger { trigger, state } => match trigger {
            Some(trigger) => switch(sql, *state, "TRIGGER ", trigger),
            None => return Err(refused("a switch of all triggers")),
        },
        TableChange::SetRule { rule, state } => switch(sql, *state, "RULE ", rule),
        TableChange::Inherit(parent) => sql.text("INHERIT ").name(parent),
        TableChange::NoInherit(parent) => sql.text("NO INHERIT ").name(parent),
        TableChange::OfType(Some(name)) => sql.text("OF ").name(name),
        TableChange::OfType(None) => sql.text("NOT OF"),
    })
}

fn replica_identity(sql: Sql, identity: &ReplicaIdentity) -> Sql {
    let sql = sql.text("REPLICA IDENTITY ");
    match identity {
        ReplicaIdentity::Default => sql.text("DEFAULT"),
        ReplicaIdentity::Full => sql.text("FULL"),
        ReplicaIdentity::Nothing => sql.text("NOTHING"),
        ReplicaIdentity::Index(index) => sql.text("USING INDEX ").ident(index),
    }
}

fn switch(sql: Sql, state: TriggerState, what: &'static str, name: &Ident) -> Sql {
    sql.text(match state {
        TriggerState::Enable => "ENABLE ",
        TriggerState::Disable => "DISABLE ",
        TriggerState::EnableReplica => "ENABLE REPLICA ",
        TriggerState::EnableAlways => "ENABLE ALWAYS ",
    })
    .text(what)
    .ident(name)
}

fn of_column(sql: Sql, change: &ColumnChange) -> Rendered {
    Ok(match change {
        ColumnChange::Add {
            column: added,
            constraints,
            presence,
        } => {
            if added.nullability == Nullability::NotNullUnchecked {
                return Err(refused("a new column whose NOT NULL is not checked"));
            }
            let sql = if_not_exists(sql.text("ADD COLUMN "), *presence);
            return column::definition(sql, added, constraints);
        }
        ColumnChange::Drop {
            name,
            presence,
            reaction,
        } => cascade(
            if_exists(sql.text("DROP COLUMN "), *presence).ident(name),
            *reaction,
        ),
        ColumnChange::Rename { from, to } => sql
            .text("RENAME COLUMN ")
            .ident(from)
            .text(" TO ")
            .ident(to),
        ColumnChange::SetType {
            name,
            data_type,
            collation,
            using,
        } => {
            let mut sql = column::data_type(altered_column(sql, name).text("TYPE "), data_type);
            if let Some(collation) = collation {
                sql = sql.text(" COLLATE ").name(collation);
            }
            match using {
                Some(using) => sql.text(" USING ").verbatim(&using.text),
                None => sql,
            }
        }
        ColumnChange::SetDefault { name, default } => altered_column(sql, name)
            .text("SET DEFAULT ")
            .verbatim(&default.text),
        ColumnChange::DropDefault(name) => altered_column(sql, name).text("DROP DEFAULT"),
        ColumnChange::SetNotNull(name) => altered_column(sql, name).text("SET NOT NULL"),
        ColumnChange::DropNotNull(name) => altered_column(sql, name).text("DROP NOT NULL"),
        ColumnChange::AddIdentity { name, mode } => altered_column(sql, name)
            .text("ADD ")
            .text(column::identity(*mode)),
        ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => return seldom(sql, change),
    })
}

fn seldom(sql: Sql, change: &ColumnChange) -> Rendered {
    match change {
        ColumnChange::SetIdentity {
            name,
            mode: Some(mode),
        } => Ok(altered_column(sql, name).text(match mode {
            segue_model::IdentityMode::Always => "SET GENERATED ALWAYS",
            segue_model::IdentityMode::ByDefault => "SET GENERATED BY DEFAULT",
        })),
        ColumnChange::DropIdentity { name, presence } => Ok(without(
            altered_column(sql, name).text("DROP IDENTITY"),
            *presence,
        )),
        ColumnChange::SetExpression { name, expression } => Ok(altered_column(sql, name)
            .text("SET EXPRESSION AS (")
            .verbatim(&expression.text)
            .text(")")),
        ColumnChange::DropExpression { name, presence } => Ok(without(
            altered_column(sql, name).text("DROP EXPRESSION"),
            *presence,
        )),
        ColumnChange::SetParameters { name, parameters } => {
            column::set_or_reset(altered_column(sql, name), parameters)
        }
        ColumnChange::SetIdentity { mode: None, .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_)
        | ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::Rename { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::SetNotNull(_)
        | ColumnChange::DropNotNull(_)
        | ColumnChange::AddIdentity { .. } => Err(refused("a column's option without its value")),
    }
}

/// The trailing `IF EXISTS` of DROP IDENTITY and DROP EXPRESSION.
fn without(sql: Sql, presence: segue_model::Presence) -> Sql {
    match presence {
        segue_model::Presence::Required => sql,
        segue_model::Presence::Lenient => sql.text(" IF EXISTS"),
    }
}

fn altered_column(sql: Sql, name: &Ident) -> Sql {
    sql.text("ALTER COLUMN ").ident(name).text(" ")
}

fn of_constraint(sql: Sql, change: &ConstraintChange) -> Rendered {
    Ok(match change {
        ConstraintChange::Add(added) => return constraint::of_table(sql.text("ADD "), added),
        ConstraintChange::Drop {
            name,
            presence,
            reaction,
        } => cascade(
            if_exists(sql.text("DROP CONSTRAINT "), *presence).ident(name),
            *reaction,
        ),
        ConstraintChange::Validate(name) => sql.text("VALIDATE CONSTRAINT ").ident(name),
        ConstraintChange::Rename { from, to } => sql
            .text("RENAME CONSTRAINT ")
            .ident(from)
            .text(" TO ")
            .ident(to),
        ConstraintChange::SetDeferral { name, deferral } => {
            let sql = sql.text("ALTER CONSTRAINT ").ident(name);
            match deferral {
                Deferral::NotDeferrable => sql.text(" NOT DEFERRABLE"),
                Deferral::InitiallyImmediate | Deferral::InitiallyDeferred => {
                    constraint::deferral(sql, *deferral)
                }
            }
        }
        ConstraintChange::SetEnforcement { name, enforcement } => sql
            .text("ALTER CONSTRAINT ")
            .ident(name)
            .text(match enforcement {
                Enforcement::Enforced => " ENFORCED",
                Enforcement::NotEnforced => " NOT ENFORCED",
            }),
    })
}

fn partition(sql: Sql, change: &PartitionChange) -> Sql {
    match change {
        PartitionChange::Attach { child, bound } => {
            create_table::bound(sql.text("ATTACH PARTITION ").name(child).text(" "), bound)
        }
        PartitionChange::Detach { child, build } => {
            let sql = sql.text("DETACH PARTITION ").name(child);
            match build {
                Build::Blocking => sql,
                Build::Concurrently => sql.text(" CONCURRENTLY"),
            }
        }
        PartitionChange::FinishDetach { child } => {
            sql.text("DETACH PARTITION ").name(child).text(" FINALIZE")
        }
    }
}

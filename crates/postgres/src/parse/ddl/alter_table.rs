//! ALTER TABLE and ALTER FOREIGN TABLE: every subcommand becomes its changes, in the order they are written.
//!
//! Whether the name is a table's, a view's, a sequence's or an index's is not known here: the catalog knows.

use segue_model::{
    Build, Change, ColumnChange, Constraint, ConstraintChange, Ident, PartitionChange, Persistence,
    ReplicaIdentity, RowSecurity, TableChange, Target, TriggerState,
};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    alter_column::alter_column,
    clause::{
        new_name, new_namespace, non_empty, owner, parameters, presence, reaction, table_and_scope,
    },
    column::{ColumnParts, Home, read_column},
    constraint::{Keeping, read_options, table_constraint},
    partition::bound,
    table::composite_type,
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    let (relation, if_exists, actions) = match statement {
        ast::Stmt::AlterTable(alter) => {
            if let Some(all) = alter.all_in_tablespace() {
                return Err(reader.not_modelled(&all, "ALL IN TABLESPACE"));
            }
            (
                alter.table_relation_name(),
                alter.if_exists(),
                alter.actions(),
            )
        }
        ast::Stmt::AlterForeignTable(alter) => (
            alter.table_relation_name(),
            alter.if_exists(),
            alter.actions(),
        ),
        _ => return Ok(None),
    };
    let (name, scope) = table_and_scope(reader, relation, statement)?;
    let target = Target {
        name,
        presence: presence(if_exists.as_ref()),
        scope,
    };
    let mut changes = Vec::new();
    for action in actions {
        changes.extend(subcommand(reader, &target, &action)?);
    }
    non_empty(reader, changes, statement, "an action").map(Some)
}

/// What one subcommand does: one change, save for ALTER CONSTRAINT, which may say two things.
fn subcommand(
    reader: &mut Reader<'_>,
    target: &Target,
    action: &ast::AlterTableAction,
) -> Result<Vec<Change>, ReadError> {
    if let Some(change) = column_subcommand(reader, target, action)? {
        return Ok(vec![Change::Column(target.clone(), change)]);
    }
    if let Some(changes) = constraint_subcommand(reader, target, action)? {
        let changes = changes.into_iter();
        return Ok(changes
            .map(|change| Change::Constraint(target.clone(), change))
            .collect());
    }
    if let Some(change) = partition_subcommand(reader, action)? {
        return Ok(vec![Change::Partition(target.clone(), change)]);
    }
    let change = match switch_subcommand(reader, action)? {
        Some(change) => change,
        None => table_subcommand(reader, action)?,
    };
    Ok(vec![Change::Table(target.clone(), change)])
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: another function takes the rest"
)]
fn column_subcommand(
    reader: &mut Reader<'_>,
    target: &Target,
    action: &ast::AlterTableAction,
) -> Result<Option<ColumnChange>, ReadError> {
    Ok(Some(match action {
        ast::AlterTableAction::AddColumn(add) => add_column(reader, target, add)?,
        ast::AlterTableAction::DropColumn(drop) => ColumnChange::Drop {
            name: reader.require_ident(drop.column_name_ref(), drop, "a column")?,
            presence: presence(drop.if_exists().as_ref()),
            reaction: reaction(drop.drop_behavior().as_ref()),
        },
        ast::AlterTableAction::RenameColumn(rename) => {
            let (from, to) = rename_column(reader, rename)?;
            ColumnChange::Rename { from, to }
        }
        ast::AlterTableAction::AlterColumn(alter) => alter_column(reader, alter)?,
        _ => return Ok(None),
    }))
}

/// The old and the new name.
pub(super) fn rename_column(
    reader: &mut Reader<'_>,
    rename: &ast::RenameColumn,
) -> Result<(Ident, Ident), ReadError> {
    let from = reader.require_ident(rename.column_name_ref(), rename, "a column")?;
    let to = new_name(reader, rename.column_name(), rename)?;
    Ok((from, to))
}

fn add_column(
    reader: &mut Reader<'_>,
    target: &Target,
    add: &ast::AddColumn,
) -> Result<ColumnChange, ReadError> {
    let home = Home {
        table: &target.name,
        keeping: Keeping::Everything,
    };
    let (column, constraints) = read_column(reader, ColumnParts::added(add), &home, add)?;
    Ok(ColumnChange::Add {
        column,
        constraints,
        presence: presence(add.if_not_exists().as_ref()),
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: another function takes the rest"
)]
fn constraint_subcommand(
    reader: &mut Reader<'_>,
    target: &Target,
    action: &ast::AlterTableAction,
) -> Result<Option<Vec<ConstraintChange>>, ReadError> {
    let change = match action {
        ast::AlterTableAction::AddConstraint(add) => {
            let written = reader.require(add.constraint(), add, "a constraint")?;
            let keeping = Keeping::Everything;
            let constraint: Constraint = table_constraint(reader, &written, &target.name, keeping)?;
            ConstraintChange::Add(constraint)
        }
        ast::AlterTableAction::DropConstraint(drop) => ConstraintChange::Drop {
            name: reader.require_ident(drop.constraint_name_ref(), drop, "a constraint")?,
            presence: presence(drop.if_exists().as_ref()),
            reaction: reaction(drop.drop_behavior().as_ref()),
        },
        ast::AlterTableAction::ValidateConstraint(validate) => ConstraintChange::Validate(
            reader.require_ident(validate.constraint_name_ref(), validate, "a constraint")?,
        ),
        ast::AlterTableAction::RenameConstraint(rename) => ConstraintChange::Rename {
            from: reader.require_ident(rename.constraint_name_ref(), rename, "a constraint")?,
            to: new_name(reader, rename.constraint_name(), rename)?,
        },
        ast::AlterTableAction::AlterConstraint(alter) => {
            return alter_constraint(reader, alter).map(Some);
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![change]))
}

fn alter_constraint(
    reader: &mut Reader<'_>,
    alter: &ast::AlterConstraint,
) -> Result<Vec<ConstraintChange>, ReadError> {
    let name = reader.require_ident(alter.constraint_name_ref(), alter, "a constraint")?;
    let (mut is_deferral, mut is_enforcement) = (false, false);
    for option in alter.constraint_options() {
        match &option {
            ast::ConstraintOption::DeferrableConstraintOption(_)
            | ast::ConstraintOption::NotDeferrableConstraintOption(_)
            | ast::ConstraintOption::InitiallyDeferredConstraintOption(_)
            | ast::ConstraintOption::InitiallyImmediateConstraintOption(_) => is_deferral = true,
            ast::ConstraintOption::Enforced(_) | ast::ConstraintOption::NotEnforced(_) => {
                is_enforcement = true;
            }
            ast::ConstraintOption::Inherit(_)
            | ast::ConstraintOption::NoInherit(_)
            | ast::ConstraintOption::NotValid(_) => {
                return Err(reader.not_modelled(&option, "ALTER CONSTRAINT with this option"));
            }
        }
    }
    let options = read_options(reader, alter.constraint_options(), Keeping::Everything)?;
    let mut changes = Vec::new();
    if is_deferral {
        changes.push(ConstraintChange::SetDeferral {
            name: name.clone(),
            deferral: options.deferral,
        });
    }
    if is_enforcement {
        changes.push(ConstraintChange::SetEnforcement {
            name,
            enforcement: options.enforcement,
        });
    }
    non_empty(reader, changes, alter, "what is altered")
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: another function takes the rest"
)]
fn partition_subcommand(
    reader: &mut Reader<'_>,
    action: &ast::AlterTableAction,
) -> Result<Option<PartitionChange>, ReadError> {
    Ok(Some(match action {
        ast::AlterTableAction::AttachPartition(attach) => {
            let child = reader.require_qualified(attach.table_name_ref(), attach, "a table")?;
            let values = reader.require(attach.partition_type(), attach, "FOR VALUES")?;
            PartitionChange::Attach {
                child,
                bound: bound(reader, &values)?,
            }
        }
        ast::AlterTableAction::DetachPartition(detach) => {
            let child = reader.require_qualified(detach.table_name_ref(), detach, "a table")?;
            match detach.detach_partition_option() {
                None => PartitionChange::Detach {
                    child,
                    build: Build::Blocking,
                },
                Some(ast::DetachPartitionOption::DetachConcurrently(_)) => {
                    PartitionChange::Detach {
                        child,
                        build: Build::Concurrently,
                    }
                }
                Some(ast::DetachPartitionOption::DetachFinalize(_)) => {
                    PartitionChange::FinishDetach { child }
                }
            }
        }
        _ => return Ok(None),
    }))
}

/// Triggers, rules and row security, switched on and off.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: another function takes the rest"
)]
fn switch_subcommand(
    reader: &mut Reader<'_>,
    action: &ast::AlterTableAction,
) -> Result<Option<TableChange>, ReadError> {
    Ok(Some(match action {
        ast::AlterTableAction::EnableTrigger(switch) => TableChange::SetTrigger {
            trigger: trigger(reader, switch.trigger_target(), switch)?,
            state: TriggerState::Enable,
        },
        ast::AlterTableAction::DisableTrigger(switch) => TableChange::SetTrigger {
            trigger: trigger(reader, switch.trigger_target(), switch)?,
            state: TriggerState::Disable,
        },
        ast::AlterTableAction::EnableReplicaTrigger(switch) => TableChange::SetTrigger {
            trigger: Some(reader.require_ident(switch.trigger_ref(), switch, "a trigger")?),
            state: TriggerState::EnableReplica,
        },
        ast::AlterTableAction::EnableAlwaysTrigger(switch) => TableChange::SetTrigger {
            trigger: Some(reader.require_ident(switch.trigger_ref(), switch, "a trigger")?),
            state: TriggerState::EnableAlways,
        },
        ast::AlterTableAction::EnableRule(switch) => TableChange::SetRule {
            rule: reader.require_ident(switch.rule_ref(), switch, "a rule")?,
            state: TriggerState::Enable,
        },
        ast::AlterTableAction::DisableRule(switch) => TableChange::SetRule {
            rule: reader.require_ident(switch.rule_ref(), switch, "a rule")?,
            state: TriggerState::Disable,
        },
        ast::AlterTableAction::EnableReplicaRule(switch) => TableChange::SetRule {
            rule: reader.require_ident(switch.rule_ref(), switch, "a rule")?,
            state: TriggerState::EnableReplica,
        },
        ast::AlterTableAction::EnableAlwaysRule(switch) => TableChange::SetRule {
            rule: reader.require_ident(switch.rule_ref(), switch, "a rule")?,
            state: TriggerState::EnableAlways,
        },
        ast::AlterTableAction::EnableRls(_) => TableChange::SetRowSecurity(RowSecurity::Enable),
        ast::AlterTableAction::DisableRls(_) => TableChange::SetRowSecurity(RowSecurity::Disable),
        ast::AlterTableAction::ForceRls(_) => TableChange::SetRowSecurity(RowSecurity::Force),
        ast::AlterTableAction::NoForceRls(_) => TableChange::SetRowSecurity(RowSecurity::NoForce),
        _ => return Ok(None),
    }))
}

/// None for ALL and USER.
fn trigger(
    reader: &mut Reader<'_>,
    target: Option<ast::TriggerTarget>,
    inside: &impl AstNode,
) -> Result<Option<Ident>, ReadError> {
    match reader.require(target, inside, "a trigger")? {
        ast::TriggerTarget::TriggerRef(name) => reader.ident(&name).map(Some),
        ast::TriggerTarget::All(_) | ast::TriggerTarget::User(_) => Ok(None),
    }
}

/// What is left of the subcommands, and an error for those that nobody takes.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: what nobody takes is an error"
)]
fn table_subcommand(
    reader: &mut Reader<'_>,
    action: &ast::AlterTableAction,
) -> Result<TableChange, ReadError> {
    use ast::AlterTableAction as Action;
    Ok(match action {
        Action::TableRenameTo(rename) => {
            TableChange::Rename(new_name(reader, rename.table_name(), rename)?)
        }
        Action::SetSchema(set) => TableChange::SetNamespace(new_namespace(reader, set)?),
        Action::OwnerTo(clause) => TableChange::SetOwner(owner(reader, clause)?),
        Action::SetOptions(set) => {
            TableChange::SetParameters(parameters(reader, set.attribute_list(), set)?)
        }
        Action::ResetOptions(reset) => {
            TableChange::SetParameters(parameters(reader, reset.attribute_list(), reset)?)
        }
        Action::SetTablespace(set) => TableChange::SetTablespace(reader.require_ident(
            set.tablespace_ref(),
            set,
            "a tablespace",
        )?),
        Action::SetLogged(_) => TableChange::SetPersistence(Persistence::Permanent),
        Action::SetUnlogged(_) => TableChange::SetPersistence(Persistence::Unlogged),
        Action::SetAccessMethod(set) => TableChange::SetAccessMethod(access_method(reader, set)?),
        Action::ClusterOn(cluster) => TableChange::SetCluster(Some(reader.require_ident(
            cluster.index_ref(),
            cluster,
            "an index",
        )?)),
        Action::SetWithoutCluster(_) => TableChange::SetCluster(None),
        Action::ReplicaIdentity(clause) => {
            TableChange::SetReplicaIdentity(replica_identity(reader, clause)?)
        }
        Action::InheritTable(inherit) => TableChange::Inherit(reader.require_qualified(
            inherit.table_name_ref(),
            inherit,
            "a table",
        )?),
        Action::NoInheritTable(inherit) => TableChange::NoInherit(reader.require_qualified(
            inherit.table_name_ref(),
            inherit,
            "a table",
        )?),
        Action::OfType(clause) => TableChange::OfType(Some(composite_type(reader, clause)?)),
        Action::NotOf(_) => TableChange::OfType(None),
        _ => return Err(reader.not_modelled(action, "this form of ALTER TABLE")),
    })
}

fn access_method(reader: &mut Reader<'_>, set: &ast::SetAccessMethod) -> Result<Ident, ReadError> {
    if set.default_token().is_some() {
        return Ok(Ident::from("default"));
    }
    reader.require_ident(set.access_method_ref(), set, "a method")
}

fn replica_identity(
    reader: &mut Reader<'_>,
    clause: &ast::ReplicaIdentity,
) -> Result<ReplicaIdentity, ReadError> {
    let option = reader.require(clause.replica_identity_option(), clause, "an identity")?;
    Ok(match option {
        ast::ReplicaIdentityOption::ReplicaIdentityDefault(_) => ReplicaIdentity::Default,
        ast::ReplicaIdentityOption::ReplicaIdentityFull(_) => ReplicaIdentity::Full,
        ast::ReplicaIdentityOption::ReplicaIdentityNothing(_) => ReplicaIdentity::Nothing,
        ast::ReplicaIdentityOption::UsingIndexName(using) => {
            ReplicaIdentity::Index(reader.require_ident(using.index_ref(), &using, "an index")?)
        }
    })
}

//! The way to what ALTER TABLE refuses: an index dropped first, a value filled in first, or the table built anew.
//!
//! Says nothing when the statement as written is as good as it gets. Refuses to build a table anew that it does not hold in
//! full: one that is only assumed, has triggers (their bodies are not modelled), conflict clauses, sorted keys. There is no
//! plan for a primary key that comes or goes.

mod rebuild;

use segue_model::{
    Action, Change, Column, ColumnChange, Constraint, ConstraintChange, ConstraintKind, Context,
    Fill, Gate, Ident, Nullability, Phase, PhaseKind, Plan, Probe, QualifiedName, Sql, Step,
    StepTransaction, Table, Target,
};

use crate::{
    impact::{self, AddRefusal, add_refusals, drop_refusals, find_table, index_names, same},
    parse, render,
};

/// The safe way; none when the statement as written is as good as it gets, or no safe way is known.
pub(crate) fn phases(changes: &[Change], context: &Context<'_>) -> Option<Plan> {
    let [change] = changes else {
        return None;
    };
    if impact::impact(changes, context).refusals.is_empty() {
        return None;
    }
    let draft = if let Change::Column(target, change) = change {
        let (name, table) = find_table(context.catalog, &target.name)?;
        of_column(&name, table, change, context)
    } else if let Change::Constraint(target, change) = change {
        let (name, table) = find_table(context.catalog, &target.name)?;
        of_constraint(&name, table, change, context)
    } else {
        None
    }?;
    let plan = draft.into_plan(changes);
    let is_whole = plan.steps().all(|step| match &step.action {
        Action::Change(changes) => render::render(changes).is_ok(),
        Action::AsWritten | Action::Backfill(_) | Action::Probe(_) => true,
    });
    is_whole.then_some(plan)
}

fn of_column(
    name: &QualifiedName,
    table: &Table,
    change: &ColumnChange,
    context: &Context<'_>,
) -> Option<Draft> {
    if let ColumnChange::Add {
        column,
        constraints,
        ..
    } = change
    {
        return add(name, table, (column, constraints), context);
    }
    if let ColumnChange::Drop { name: column, .. } = change {
        return drop(name, table, column, context);
    }
    // Statements of their own since SQLite 3.53; before, the table is built anew.
    let (column, nullability) = if let ColumnChange::SetNotNull(column) = change {
        (column, Nullability::NotNull)
    } else if let ColumnChange::DropNotNull(column) = change {
        (column, Nullability::Nullable)
    } else {
        return None;
    };
    let mut wanted = rebuild::Wanted::of(name, table, context.catalog)?;
    let mut columns = wanted.definition.columns.iter_mut();
    let found = columns.find(|one| same(&one.name, column))?;
    found.nullability = nullability;
    wanted.draft(context)
}

/// CHECK constraints come and go by statements of their own since SQLite 3.53; before, the table is built anew.
fn of_constraint(
    name: &QualifiedName,
    table: &Table,
    change: &ConstraintChange,
    context: &Context<'_>,
) -> Option<Draft> {
    let mut wanted = rebuild::Wanted::of(name, table, context.catalog)?;
    let constraints = &mut wanted.definition.constraints;
    if let ConstraintChange::Add(constraint) = change {
        constraints.push(constraint.clone());
    } else if let ConstraintChange::Drop { name, .. } = change {
        let before = constraints.len();
        constraints.retain(|one| {
            !(same(one.name.ident(), name) && matches!(one.kind, ConstraintKind::Check(_)))
        });
        if constraints.len() == before {
            return None;
        }
    } else {
        return None;
    }
    wanted.draft(context)
}

/// A plan in the making.
#[derive(Debug, Default)]
struct Draft {
    phases: Vec<Phase>,
    remarks: Vec<String>,
}

impl Draft {
    fn enter(&mut self, kind: PhaseKind, gate: Option<Gate>) {
        self.phases.push(Phase {
            kind,
            gate,
            steps: Vec::new(),
        });
    }

    fn step(&mut self, transaction: StepTransaction, purpose: String, action: Action) {
        if self.phases.is_empty() {
            self.enter(PhaseKind::Expand, None);
        }
        if let Some(phase) = self.phases.last_mut() {
            phase.steps.push(Step {
                id: 0,
                purpose,
                action,
                transaction,
                restore: None,
                back: None,
            });
        }
    }

    fn change(&mut self, transaction: StepTransaction, purpose: String, change: Change) {
        self.step(transaction, purpose, Action::Change(vec![change]));
    }

    fn probe(&mut self, transaction: StepTransaction, finds: &str, query: Sql) {
        let probe = Probe {
            finds: finds.to_owned(),
            query,
        };
        let purpose = format!("make sure that there is none: {finds}");
        self.step(transaction, purpose, Action::Probe(probe));
    }

    fn into_plan(mut self, of: &[Change]) -> Plan {
        let steps = self.phases.iter_mut().flat_map(|phase| &mut phase.steps);
        for (id, step) in (1_u32..).zip(steps) {
            step.id = id;
        }
        Plan {
            of: of.to_vec(),
            phases: self.phases,
            remarks: self.remarks,
        }
    }
}

/// SQL of ours as the change it is.
fn authored(sql: &Sql) -> Option<Change> {
    let mut statements = parse::statements(sql.as_str());
    let mut changes = statements.next()?.changes;
    let change = changes.pop()?;
    let is_one = statements.next().is_none() && changes.is_empty();
    (is_one && !matches!(change, Change::Opaque(_))).then_some(change)
}

fn add(
    name: &QualifiedName,
    table: &Table,
    (column, constraints): (&Column, &[Constraint]),
    context: &Context<'_>,
) -> Option<Draft> {
    let refusals = add_refusals(column, constraints);
    if refusals.contains(&AddRefusal::PrimaryKey) {
        return None;
    }
    if refusals == [AddRefusal::NotNull] {
        return fill_first(name, column, constraints, context);
    }
    // Every row would get the same value, or none where one is demanded.
    let is_unique = refusals.contains(&AddRefusal::Unique);
    let has_default = matches!(column.fill, Fill::Default(_));
    if refusals.contains(&AddRefusal::NotNull) || (is_unique && has_default) {
        return None;
    }
    let mut wanted = rebuild::Wanted::of(name, table, context.catalog)?;
    wanted.definition.columns.push(column.clone());
    wanted.definition.constraints.extend(constraints.to_vec());
    let mut draft = wanted.draft(context)?;
    if has_default {
        let remark = format!(
            "every row that is there gets the default of {}",
            column.name
        );
        draft.remarks.push(remark);
    }
    Some(draft)
}

/// Nullable, filled, NOT NULL. Source: `ALTER COLUMN … SET NOT NULL` exists since SQLite 3.53.
fn fill_first(
    name: &QualifiedName,
    column: &Column,
    constraints: &[Constraint],
    context: &Context<'_>,
) -> Option<Draft> {
    if context.server.version < 3_053 {
        return None;
    }
    let mut nullable = column.clone();
    nullable.nullability = Nullability::Nullable;
    let target = Target::required(name.clone());
    let mut draft = Draft::default();
    let add = ColumnChange::Add {
        column: nullable,
        constraints: constraints.to_vec(),
        presence: segue_model::Presence::Required,
    };
    draft.change(
        StepTransaction::Own,
        format!("add {} to {name}, which may be null for now", column.name),
        Change::Column(target.clone(), add),
    );
    let gate = Gate {
        conditions: vec![format!(
            "every row of {name} has a value in {}, and every writer sets one",
            column.name
        )],
        retires: Vec::new(),
    };
    draft.enter(PhaseKind::Contract, Some(gate));
    let query = Sql::literal("SELECT 1 FROM ")
        .name(name)
        .text(" WHERE ")
        .ident(&column.name)
        .text(" IS NULL LIMIT 1");
    draft.probe(StepTransaction::Own, "a row without a value", query);
    draft.change(
        StepTransaction::Own,
        format!("refuse null in {} of {name}", column.name),
        Change::Column(target, ColumnChange::SetNotNull(column.name.clone())),
    );
    Some(draft)
}

fn drop(
    name: &QualifiedName,
    table: &Table,
    column: &Ident,
    context: &Context<'_>,
) -> Option<Draft> {
    if is_named_elsewhere(name, table, column, context) || table.columns.len() == 1 {
        return None;
    }
    let indexes: Vec<QualifiedName> = context
        .catalog
        .indexes_of(name)
        .filter(|(_, index)| index.constraint.is_none() && index_names(&index.definition, column))
        .map(|(index, _)| index)
        .collect();
    let refusals = drop_refusals(name, table, column, context.catalog).len();
    let mut draft = if refusals == indexes.len() {
        drop_indexes_first(name, column, &indexes)?
    } else {
        let mut wanted = rebuild::Wanted::of(name, table, context.catalog)?;
        wanted.without(column)?;
        wanted.draft(context)?
    };
    for index in indexes {
        let remark = format!("the index {} goes with {column}", index.name);
        draft.remarks.push(remark);
    }
    Some(draft)
}

fn drop_indexes_first(
    name: &QualifiedName,
    column: &Ident,
    indexes: &[QualifiedName],
) -> Option<Draft> {
    let mut draft = Draft::default();
    draft.enter(PhaseKind::Contract, None);
    let mut transaction = StepTransaction::Own;
    for index in indexes {
        let change = authored(&Sql::literal("DROP INDEX ").name(index))?;
        let purpose = format!("drop the index {}, which has {column}", index.name);
        draft.change(transaction, purpose, change);
        transaction = StepTransaction::WithPrevious;
    }
    let sql = Sql::literal("ALTER TABLE ")
        .name(name)
        .text(" DROP COLUMN ")
        .ident(column);
    let purpose = format!("drop {column} of {name}");
    draft.change(transaction, purpose, authored(&sql)?);
    Some(draft)
}

/// True when something would be left that names the column: a view, a generated column, a trigger, a reference of another
/// table. Bodies of triggers are not followed: any trigger is enough.
fn is_named_elsewhere(
    name: &QualifiedName,
    table: &Table,
    column: &Ident,
    context: &Context<'_>,
) -> bool {
    let catalog = context.catalog;
    let lists = |columns: &[Ident]| columns.iter().any(|one| same(one, column));
    let is_generated_from = table.columns.iter().any(|one| match &one.fill {
        Fill::Stored(expression) | Fill::Virtual(expression) => lists(&expression.columns),
        Fill::None | Fill::Default(_) | Fill::Serial | Fill::Identity(_) => false,
    });
    let is_used = catalog.relations().any(|(other, _)| {
        catalog.table(other).is_some_and(|other| {
            !other.triggers.is_empty()
                || other.foreign_keys().any(|(_, key)| {
                    same(&key.references.name, &name.name) && lists(&key.referenced_columns)
                })
        })
    });
    is_generated_from || is_used || catalog.views_of(name).next().is_some()
}

//! The safe way to the same result, one recipe a file.
//!
//! A recipe answers for one change. It says nothing when the statement as written is as good as it gets, and it never
//! guesses: what it cannot name, or what no recipe was measured for, runs as written or not at all.

mod aside;
mod attached;
mod author;
mod draft;
mod key;
mod map;
mod names;
mod shadow;
mod split;

use segue_model::{Action, Change, Context, Expression, Plan, QualifiedName, Shape};

use crate::render;
use draft::Draft;
pub(crate) use map::{mapped, mapping};

macro_rules! recipes {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+
        /// Every recipe, in the order it is asked: the first that has an answer gives it.
        static RECIPES: &[fn(&Change, &Context<'_>) -> Option<Draft>] = &[$($module::draft),+];
    };
}

recipes![
    archive,
    index_on_partitioned,
    create_index,
    drop_index,
    reindex,
    move_index,
    rename_index,
    add_check,
    add_foreign_key,
    add_key,
    set_not_null,
    enforce_constraint,
    add_column,
    change_type,
    domain_constraint,
    attach_partition,
    create_partition,
    detach_partition,
    drop_foreign_key_column,
    drop_partition,
    drop_referencing_table,
    drop_trigger,
    refresh_view,
    rename_column,
    rename_table,
    retype,
    large_update,
];

/// The safe way; none when the statement as written is as good as it gets, or no safe way is known.
pub(crate) fn phases(changes: &[Change], context: &Context<'_>) -> Option<Plan> {
    let draft = match changes {
        [] => None,
        [change] => recipe(change, context),
        several => split::draft(several, context),
    }?;
    whole(draft.into_plan(changes))
}

/// A plan whose every step can be rendered.
fn whole(plan: Plan) -> Option<Plan> {
    let is_whole = plan.steps().all(|step| match &step.action {
        Action::Change(changes) => render::render(changes).is_ok(),
        Action::AsWritten | Action::Backfill(_) | Action::Probe(_) => true,
    });
    (is_whole && !plan.phases.is_empty()).then_some(plan)
}

/// What is known to stand in the way of a safe way, one sentence each.
pub(crate) fn obstacles(changes: &[Change], context: &Context<'_>) -> Vec<String> {
    changes
        .iter()
        .flat_map(|change| attached::obstacles(change, context))
        .collect()
}

/// The first recipe that has an answer.
fn recipe(change: &Change, context: &Context<'_>) -> Option<Draft> {
    RECIPES.iter().find_map(|draft| draft(change, context))
}

/// True when somebody may be using the table: it is neither new in this migration nor temporary.
fn is_used(table: &QualifiedName, context: &Context<'_>) -> bool {
    !context.catalog.is_new_in_migration(table)
}

/// An expression of our own that no question is asked of, except by its columns.
fn expression(sql: &segue_model::Sql, columns: Vec<segue_model::Ident>) -> Expression {
    Expression {
        text: sql.as_str().to_owned(),
        columns,
        functions: Vec::new(),
        shape: Shape::Other,
        logic: segue_model::Predicate::Unknown,
    }
}

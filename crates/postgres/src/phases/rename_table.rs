//! RENAME TABLE: rename; a view under the old name, in one transaction ▸ gate ▸ drop the view.
//!
//! Measured: ACCESS EXCLUSIVE on the table, no work; writes through the view take ROW EXCLUSIVE on the view and the table.
//! Source: lock table, section 8 (rename a table behind a view).

use segue_model::{
    Change, ColumnChange, ColumnUse, Context, Expression, Fill, Ident, Knowledge, OutputColumn, QualifiedName, Query,
    Reach, Reaction, Retired, RowLock, Selects, Sql, TableChange, Target, ViewChange, ViewDefinition,
    ViewKind, owned_sequence,
};

use super::add_column::next_value;
use super::draft::Draft;
use super::is_used;

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Table(target, TableChange::Rename(to)) = change else {
        return None;
    };
    let old = &target.name;
    let is_other = context.catalog.relation(old).is_some() && context.catalog.table(old).is_none();
    if is_other || !is_used(old, context) {
        return None;
    }
    let new = old.sibling(to.clone());
    let columns: Vec<Ident> = context
        .catalog
        .table(old)
        .filter(|table| table.knowledge == Knowledge::Whole)
        .map(|table| table.columns.iter().map(|column| column.name.clone()).collect())
        .unwrap_or_default();
    let mut draft = Draft::new();
    draft.own(format!("Rename {old} to {to}."), change.clone());
    draft.with_previous(
        format!("Keep the name {old} alive as a view that can be written through."),
        Change::View(
            Target::required(old.clone()),
            ViewChange::Create(ViewDefinition {
                kind: ViewKind::View,
                query: query(&new, &columns),
                columns: Vec::new(),
                parameters: Vec::new(),
            }),
        ),
    );
    for (column, default) in defaults(old, context) {
        // Without it an UPDATE that says DEFAULT through the view gives null (rewriteTargetListIU, 15 and 18).
        let set = ColumnChange::SetDefault {
            name: column.clone(),
            default,
        };
        draft.with_previous(
            format!("Give {column} of the view the table's default."),
            Change::Column(Target::required(old.clone()), set),
        );
    }
    draft.gate(
        vec![format!("No running version of the application uses the name {old}.")],
        vec![Retired::Relation(old.clone())],
    );
    draft.own(
        format!("Drop the view {old}."),
        Change::View(
            Target::required(old.clone()),
            ViewChange::Drop {
                kind: ViewKind::View,
                reaction: Reaction::Restrict,
            },
        ),
    );
    draft.remark(format!(
        "Privileges do not follow to the view: grant on {old} what was granted on the table, in the same transaction. \
         INSERT … ON CONFLICT works through the view, TRUNCATE and COPY FROM do not."
    ));
    Some(draft)
}

/// The columns with a default, and the default.
fn defaults(table: &QualifiedName, context: &Context<'_>) -> Vec<(Ident, Expression)> {
    let columns = context.catalog.table(table).map_or(&[][..], |table| &table.columns);
    let with_default = columns.iter().filter_map(|column| {
        let default = match &column.fill {
            Fill::Default(default) => default.clone(),
            Fill::Serial => next_value(&owned_sequence(table, &column.name)),
            Fill::None | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => return None,
        };
        Some((column.name.clone(), default))
    });
    with_default.collect()
}

/// Everything, by name where the names are known: a later column must not surprise the old code.
fn query(table: &QualifiedName, columns: &[Ident]) -> Query {
    let sql = Sql::literal("SELECT ");
    let sql = if columns.is_empty() {
        sql.text("*")
    } else {
        sql.list(columns, ", ", Sql::ident)
    };
    let used = |column: &Ident| ColumnUse {
        relation: Some(table.clone()),
        column: column.clone(),
    };
    Query {
        text: sql.text(" FROM ").name(table).as_str().to_owned(),
        relations: vec![table.clone()],
        columns: columns.iter().map(used).collect(),
        functions: Vec::new(),
        selects: if columns.is_empty() {
            Selects::Star
        } else {
            Selects::Named
        },
        row_lock: RowLock::None,
        output: columns
            .iter()
            .map(|column| OutputColumn {
                name: Some(column.clone()),
                source: Some(used(column)),
            })
            .collect(),
        reach: Reach::All,
    }
}

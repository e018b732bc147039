//! Views and materialized views.

use segue_model::{Sql, Target, ViewChange, ViewDefinition, ViewKind};

use super::{Rendered, column, drop_relation, if_exists, if_not_exists, refused};

/// Any change of a view.
pub(super) fn view(target: &Target, change: &ViewChange) -> Rendered {
    Ok(match change {
        ViewChange::Create(definition) => {
            let words = match definition.kind {
                ViewKind::View => "CREATE VIEW ",
                ViewKind::Materialized => "CREATE MATERIALIZED VIEW ",
            };
            let sql = if_not_exists(Sql::literal(words), target.presence);
            body(sql.name(&target.name), definition)
        }
        ViewChange::Replace(definition) => match definition.kind {
            ViewKind::View => body(
                Sql::literal("CREATE OR REPLACE VIEW ").name(&target.name),
                definition,
            ),
            ViewKind::Materialized => {
                return Err(refused("a materialized view that replaces another"));
            }
        },
        ViewChange::Drop { kind, reaction } => drop_relation(drop_words(*kind), target, *reaction),
        ViewChange::Rename { kind, to } => altered(*kind, target).text("RENAME TO ").ident(to),
        ViewChange::RenameColumn { from, to } => altered(ViewKind::View, target)
            .text("RENAME COLUMN ")
            .ident(from)
            .text(" TO ")
            .ident(to),
        ViewChange::SetNamespace(name) => altered(ViewKind::View, target)
            .text("SET SCHEMA ")
            .ident(name),
        ViewChange::SetOwner(owner) => altered(ViewKind::View, target)
            .text("OWNER TO ")
            .ident(owner),
        ViewChange::SetParameters(list) => {
            return column::set_or_reset(altered(ViewKind::View, target), list);
        }
        ViewChange::SetColumnDefault(_) => return Err(refused("a default of a view's column")),
    })
}

/// The words that drop a view of this kind.
pub(super) fn drop_words(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::View => "DROP VIEW ",
        ViewKind::Materialized => "DROP MATERIALIZED VIEW ",
    }
}

fn altered(kind: ViewKind, target: &Target) -> Sql {
    let words = match kind {
        ViewKind::View => "ALTER VIEW ",
        ViewKind::Materialized => "ALTER MATERIALIZED VIEW ",
    };
    if_exists(Sql::literal(words), target.presence)
        .name(&target.name)
        .text(" ")
}

fn body(mut sql: Sql, definition: &ViewDefinition) -> Sql {
    if !definition.columns.is_empty() {
        sql = column::names(sql.text(" "), &definition.columns);
    }
    if !definition.parameters.is_empty() {
        sql = column::parameters(sql.text(" WITH "), &definition.parameters);
    }
    sql.text(" AS ").verbatim(&definition.query.text)
}

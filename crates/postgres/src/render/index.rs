//! CREATE, DROP, REINDEX and ALTER INDEX.

use segue_model::{
    Build, ChosenName, Direction, IndexChange, IndexDefinition, IndexKey, IndexKeyPart, NullsOrder,
    Presence, RenameSpelling, Scope, Sql, Uniqueness,
};

use super::{Rendered, cascade, column, if_exists, if_not_exists, refused};

/// Any change of an index.
pub(super) fn index(change: &IndexChange) -> Rendered {
    Ok(match change {
        IndexChange::Create {
            index,
            build,
            presence,
        } => return create(index, *build, *presence),
        IndexChange::Drop {
            name,
            build,
            presence,
            reaction,
        } => cascade(
            if_exists(built(Sql::literal("DROP INDEX "), *build), *presence).name(name),
            *reaction,
        ),
        IndexChange::Rebuild { name, build } => {
            built(Sql::literal("REINDEX INDEX "), *build).name(name)
        }
        IndexChange::Rename {
            from,
            to,
            presence,
            spelled,
        } => {
            let words = match spelled {
                RenameSpelling::AlterIndex => "ALTER INDEX ",
                RenameSpelling::AlterTable => "ALTER TABLE ",
            };
            if_exists(Sql::literal(words), *presence)
                .name(from)
                .text(" RENAME TO ")
                .ident(to)
        }
        IndexChange::SetParameters { name, parameters } => {
            let sql = Sql::literal("ALTER INDEX ").name(name).text(" ");
            return column::set_or_reset(sql, parameters);
        }
        IndexChange::SetTablespace { name, tablespace } => Sql::literal("ALTER INDEX ")
            .name(name)
            .text(" SET TABLESPACE ")
            .ident(tablespace),
        IndexChange::AttachPartition { parent, child } => Sql::literal("ALTER INDEX ")
            .name(parent)
            .text(" ATTACH PARTITION ")
            .name(child),
        IndexChange::SetStatistics(_) => return Err(refused("a statistics target")),
        IndexChange::DependsOnExtension(_) => {
            return Err(refused("an index that depends on an extension"));
        }
    })
}

/// Appends `CONCURRENTLY`.
pub(super) fn built(sql: Sql, build: Build) -> Sql {
    match build {
        Build::Blocking => sql,
        Build::Concurrently => sql.text("CONCURRENTLY "),
    }
}

fn create(index: &IndexDefinition, build: Build, presence: Presence) -> Rendered {
    let words = match index.uniqueness {
        Uniqueness::NotUnique => "CREATE INDEX ",
        Uniqueness::Unique | Uniqueness::UniqueNullsEqual => "CREATE UNIQUE INDEX ",
    };
    let mut sql = if_not_exists(built(Sql::literal(words), build), presence);
    match &index.name {
        ChosenName::Given(name) => sql = sql.ident(name).text(" "),
        ChosenName::Generated(_) if presence == Presence::Lenient => {
            return Err(refused("IF NOT EXISTS without a name"));
        }
        ChosenName::Generated(_) => {}
    }
    sql = sql.text(match index.scope {
        Scope::WithDescendants => "ON ",
        Scope::Only => "ON ONLY ",
    });
    sql = sql.name(&index.table);
    if index.method.as_str() != "btree" {
        sql = sql.text(" USING ").ident(&index.method);
    }
    sql = sql.text(" (").list(&index.keys, ", ", key).text(")");
    if !index.include.is_empty() {
        sql = column::names(sql.text(" INCLUDE "), &index.include);
    }
    if index.uniqueness == Uniqueness::UniqueNullsEqual {
        sql = sql.text(" NULLS NOT DISTINCT");
    }
    if !index.parameters.is_empty() {
        sql = column::parameters(sql.text(" WITH "), &index.parameters);
    }
    if let Some(name) = &index.tablespace {
        sql = sql.text(" TABLESPACE ").ident(name);
    }
    Ok(match &index.predicate {
        Some(predicate) => sql.text(" WHERE ").verbatim(&predicate.text),
        None => sql,
    })
}

fn key(sql: Sql, key: &IndexKey) -> Sql {
    let mut sql = match &key.part {
        IndexKeyPart::Column(name) => sql.ident(name),
        // The text has its parentheses where the grammar asks for them: it stood in this place before.
        IndexKeyPart::Expression(expression) => sql.verbatim(&expression.text),
    };
    if let Some(collation) = &key.collation {
        sql = sql.text(" COLLATE ").name(collation);
    }
    if let Some(class) = &key.operator_class {
        sql = sql.text(" ").name(class);
    }
    sql = match key.direction {
        Direction::Ascending => sql,
        Direction::Descending => sql.text(" DESC"),
    };
    match key.nulls {
        NullsOrder::Default => sql,
        NullsOrder::First => sql.text(" NULLS FIRST"),
        NullsOrder::Last => sql.text(" NULLS LAST"),
    }
}

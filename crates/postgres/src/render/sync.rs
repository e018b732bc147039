//! The sync trigger: its counter, its function, the trigger; and all three gone again. Several statements, one message.
//!
//! The function runs with the writer's rights: it touches nothing but the row and its counter, which anybody may advance.
//! Source: PostgreSQL 17 manual, 41.10 (trigger functions in PL/pgSQL), 43.6.8 (a block with EXCEPTION is a subtransaction).

use segue_model::{
    DataType, Expression, Ident, Mapping, QualifiedName, Sql, SyncColumn, SyncTrigger, TypeName,
};

use super::column;
use super::{Rendered, refused};

/// What quotes the function's body.
const QUOTE: &str = "$segue$";

/// Creates the counter, the function and the trigger.
pub(super) fn create(table: &QualifiedName, sync: &SyncTrigger) -> Rendered {
    let counter = &sync.object;
    let sql = Sql::literal("CREATE SEQUENCE ")
        .name(counter)
        .text("; GRANT USAGE ON SCHEMA ")
        .ident(&counter.namespace)
        .text(" TO PUBLIC; GRANT USAGE ON SEQUENCE ")
        .name(counter)
        .text(" TO PUBLIC; CREATE FUNCTION ")
        .name(counter)
        .text("() RETURNS trigger LANGUAGE plpgsql");
    // The user's expression means what it meant in his migration, whoever writes.
    let sql = if uses_expression(sync) {
        sql.text(" SET search_path FROM CURRENT")
    } else {
        sql
    };
    let body = body(table, sync);
    if body.as_str().contains(QUOTE) {
        return Err(refused("an expression that contains $segue$"));
    }
    let sql = sql
        .text(" AS $segue$")
        .verbatim(body.as_str())
        .text("$segue$; CREATE TRIGGER ")
        .ident(&sync.name)
        .text(" BEFORE INSERT OR UPDATE ON ")
        .name(table)
        .text(
            " FOR EACH ROW WHEN (COALESCE(pg_catalog.current_setting('segue.backfill', true), '') OPERATOR(pg_catalog.<>) 'on') \
             EXECUTE FUNCTION ",
        )
        .name(counter)
        .text("()");
    Ok(sql)
}

/// Drops all three.
pub(super) fn drop(table: &QualifiedName, sync: &SyncTrigger) -> Sql {
    Sql::literal("DROP TRIGGER ")
        .ident(&sync.name)
        .text(" ON ")
        .name(table)
        .text("; DROP FUNCTION ")
        .name(&sync.object)
        .text("(); DROP SEQUENCE ")
        .name(&sync.object)
}

fn uses_expression(sync: &SyncTrigger) -> bool {
    sync.old
        .iter()
        .chain(&sync.new)
        .filter_map(|column| column.filled.as_ref())
        .any(|mapping| match mapping {
            Mapping::Try(_) => true,
            Mapping::Same(_) | Mapping::Cast(_) | Mapping::TryCast(_) => false,
        })
}

/// The function's body, in PL/pgSQL.
fn body(table: &QualifiedName, sync: &SyncTrigger) -> Sql {
    let (old, new) = (&sync.old, &sync.new);
    if !sync.is_mutual() {
        let sql = Sql::literal("BEGIN IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' OR ");
        let sql = changed(sql, old).text(" THEN ");
        return fill(sql, table, new).text("END IF; RETURN NEW; END");
    }
    let sql = Sql::literal("BEGIN IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN IF ");
    let sql = given(sql, new).text(" THEN ");
    let sql = fill(sql, table, old).text("ELSIF ");
    let sql = given(sql, old).text(" THEN ");
    let sql = counted(sql, sync);
    let sql = fill(sql, table, new);
    let sql = by_default(sql, table, sync).text("END IF; ELSIF ");
    // The new side changed: it wins, and where the old side changed too, that write is counted.
    let sql = changed(sql, new).text(" THEN IF ");
    let sql = changed(sql, old).text(" THEN ");
    let sql = counted(sql, sync).text("END IF; ");
    let sql = fill(sql, table, old).text("ELSIF ");
    let sql = changed(sql, old).text(" THEN ");
    let sql = counted(sql, sync);
    fill(sql, table, new).text("END IF; RETURN NEW; END")
}

/// Appends what happens when an insert gave neither side: where both carry one default nothing is to be done, elsewhere the
/// defaults of one side are its values, and fill the other.
fn by_default(mut sql: Sql, table: &QualifiedName, sync: &SyncTrigger) -> Sql {
    if !uses_expression(sync) {
        return sql;
    }
    for (side, other) in [(&sync.old, &sync.new), (&sync.new, &sync.old)] {
        let with_default: Vec<&SyncColumn> = side
            .iter()
            .filter(|column| column.default.is_some())
            .collect();
        if with_default.is_empty() {
            continue;
        }
        sql = sql
            .text("ELSIF ")
            .list(&with_default, " OR ", |sql, column| {
                sql.text("NEW.").ident(&column.column).text(" IS NOT NULL")
            });
        sql = fill(sql.text(" THEN "), table, other);
    }
    sql
}

/// Appends a statement that counts a write of the old side.
fn counted(sql: Sql, sync: &SyncTrigger) -> Sql {
    sql.text("PERFORM pg_catalog.nextval(")
        .string(&sync.object.to_string())
        .text("::pg_catalog.regclass); ")
}

/// Appends whether an update changed a side.
fn changed(sql: Sql, side: &[SyncColumn]) -> Sql {
    sql.list(side, " OR ", |sql, column| {
        let side = |row: &'static str| Sql::literal(row).ident(&column.column);
        differ(sql, (&side("NEW."), &side("OLD.")), &column.data_type)
    })
}

/// Appends whether an insert gave a side.
fn given(sql: Sql, side: &[SyncColumn]) -> Sql {
    sql.list(side, " OR ", |sql, column| {
        let new = Sql::literal("NEW.").ident(&column.column);
        match &column.default {
            None => sql.verbatim(new.as_str()).text(" IS NOT NULL"),
            Some(Expression { text, .. }) => {
                let default = Sql::literal("CAST((").verbatim(text).text(") AS ");
                let default = column::data_type(default, &column.data_type).text(")");
                differ(sql, (&new, &default), &column.data_type)
            }
        }
    })
}

/// Appends `one IS DISTINCT FROM other`. A type of the server is compared by the server's operator, whatever stands first in
/// the path of the session that writes; that of an extension brings its own, which the path leads to.
pub(crate) fn differ(sql: Sql, (one, other): (&Sql, &Sql), data_type: &DataType) -> Sql {
    let plain = |sql: Sql, side: &Sql| comparable(sql.verbatim(side.as_str()), data_type);
    match data_type.name {
        TypeName::User(_) => {
            let sql = plain(sql, one).text(" IS DISTINCT FROM ");
            plain(sql, other)
        }
        TypeName::BuiltIn(_) => {
            let sql = plain(sql.text("(("), one).text(" OPERATOR(pg_catalog.=) ");
            let sql = plain(sql, other).text(") IS NOT TRUE AND NOT (");
            let sql = sql.verbatim(one.as_str()).text(" IS NULL AND ");
            sql.verbatim(other.as_str()).text(" IS NULL))")
        }
    }
}

/// Types without an equality operator are compared by their text (json, xml, point; measured on 15 and 18).
fn comparable(sql: Sql, data_type: &DataType) -> Sql {
    let has_none = ["json", "xml", "point"]
        .iter()
        .any(|name| data_type.base_is(name));
    if has_none { sql.text("::text") } else { sql }
}

/// Appends the statements that fill one side from the other.
fn fill(sql: Sql, table: &QualifiedName, side: &[SyncColumn]) -> Sql {
    side.iter().fold(sql, |sql, column| match &column.filled {
        Some(mapping) => assign(sql, table, (column, mapping)),
        None => sql,
    })
}

fn assign(sql: Sql, table: &QualifiedName, (to, mapping): (&SyncColumn, &Mapping)) -> Sql {
    let target = |sql: Sql| sql.text("NEW.").ident(&to.column).text(" := ");
    let cast = |sql: Sql, from: &Ident| {
        let sql = target(sql).text("CAST(NEW.").ident(from);
        column::data_type(sql.text(" AS "), &to.data_type).text("); ")
    };
    match mapping {
        Mapping::Same(from) => target(sql).text("NEW.").ident(from).text("; "),
        Mapping::Cast(from) => cast(sql, from),
        Mapping::TryCast(from) => tried(cast(sql.text("BEGIN "), from), to),
        // The row stands in for the table, so that the expression needs no change.
        Mapping::Try(expression) => {
            let sql = target(sql.text("BEGIN ")).text("(SELECT ");
            let sql = sql
                .verbatim(&expression.text)
                .text(" FROM (SELECT NEW.*) AS ")
                .ident(&table.name)
                .text("); ");
            tried(sql, to)
        }
    }
}

/// Appends what happens when a value cannot be converted: null, which the backfill finds.
fn tried(sql: Sql, to: &SyncColumn) -> Sql {
    sql.text("EXCEPTION WHEN OTHERS THEN NEW.")
        .ident(&to.column)
        .text(" := NULL; END; ")
}

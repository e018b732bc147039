//! A backfill and a probe as ordinary SQL, for runners that know nothing of Segue: one statement each, which commits batch after
//! batch and has to be sent outside a transaction.
//!
//! Where a row may be done twice the heap is walked by pages, again and again until no row is left. Where it may not, the
//! key is walked and a table keeps how far: its row changes in each batch's own transaction, so a run that was killed goes on.
//! Source: PostgreSQL 17 manual, 41.8 (COMMIT in PL/pgSQL; not inside a transaction block), 41.11.1 (`variable_conflict`).

use segue_model::{
    Backfill, BackfillKind, DataType, Ident, QualifiedName, Script, Sql, Taken, WalkOrder,
};

/// What quotes the block's body.
const QUOTE: &str = "$segue_block$";
/// Rows of a batch by key.
const ROWS: i64 = 2_000;
/// Passes over the heap before it is given up: writers that bring back what is left need a trigger, which the plan makes.
const PASSES: i64 = 20;

/// The statement; none for what contains the quote itself. Like Segue's own batches it passes the sync triggers by.
pub(crate) fn script(wanted: Script<'_>) -> Option<Sql> {
    let body = match wanted {
        Script::Probe(query, finds) => probe(query, finds),
        Script::Refusal(why) => raise(Sql::literal("BEGIN "), why).text("END"),
        Script::LockTimeout(ms) => {
            return Some(
                Sql::literal("SET LOCAL lock_timeout = '")
                    .number(ms.into())
                    .text("ms'"),
            );
        }
        Script::Forget(progress) => {
            return Some(Sql::literal("DROP TABLE IF EXISTS ").name(progress));
        }
        Script::Batches {
            backfill,
            walk,
            progress,
        } => match &walk.order {
            WalkOrder::Pages(_) => by_pages(backfill),
            WalkOrder::Key(key) => by_key(backfill, key, progress),
        },
    };
    (!body.as_str().contains(QUOTE)).then(|| {
        Sql::literal("DO $segue_block$\n")
            .verbatim(body.as_str())
            .text("\n$segue_block$")
    })
}

fn raise(sql: Sql, why: &str) -> Sql {
    sql.text("RAISE EXCEPTION USING MESSAGE = ")
        .string(why)
        .text("; ")
}

fn probe(query: &Sql, finds: &str) -> Sql {
    let sql = Sql::literal("BEGIN IF EXISTS (")
        .verbatim(query.as_str())
        .text("\n) THEN ");
    raise(sql, finds).text("END IF; END")
}

fn by_pages(backfill: &Backfill) -> Sql {
    let table = |sql: Sql| {
        sql.string(&backfill.table.to_string())
            .text("::pg_catalog.regclass")
    };
    let sql = Sql::literal(
        "#variable_conflict use_column\nDECLARE segue_page bigint; segue_last bigint;\nBEGIN\n\
           FOR segue_pass IN 1..",
    )
    .number(PASSES)
    .text(" LOOP\n    segue_page := 0;\n    SELECT GREATEST(pg_catalog.pg_relation_size(");
    let sql = table(sql).text(
        "), (SELECT pg_catalog.max(pg_catalog.pg_relation_size(t.relid)) FROM pg_catalog.pg_partition_tree(",
    );
    let sql = table(sql).text(
        ") AS t)) / pg_catalog.current_setting('block_size')::bigint INTO segue_last;\n\
         \x20   WHILE segue_page <= segue_last LOOP\n      PERFORM pg_catalog.set_config('segue.backfill', 'on', true);\n      ",
    );
    let sql = apply(sql, backfill).text(
        "\n      AND ctid >= pg_catalog.format('(%s,0)', segue_page)::pg_catalog.tid \
             AND ctid < pg_catalog.format('(%s,0)', segue_page + 64)::pg_catalog.tid",
    );
    let sql = end(sql, backfill).text(
        ";\n      COMMIT;\n      segue_page := segue_page + 64;\n    END LOOP;\n    EXIT WHEN NOT EXISTS (SELECT FROM ",
    );
    let left = |sql: Sql| {
        sql.name(&backfill.table)
            .text(" WHERE (")
            .verbatim(&backfill.remaining.text)
            .text("\n))")
    };
    let sql = left(sql).text(";\n  END LOOP;\n  IF EXISTS (SELECT FROM ");
    let sql = left(sql).text(" THEN ");
    raise(sql, "rows are left: run this again").text("END IF;\nEND")
}

/// The change, up to its condition.
fn apply(sql: Sql, backfill: &Backfill) -> Sql {
    let sql = match &backfill.kind {
        BackfillKind::Update { assignments } => sql
            .text("UPDATE ")
            .name(&backfill.table)
            .text(" SET ")
            .list(assignments, ", ", |sql, (column, value)| {
                sql.ident(column).text(" = ").verbatim(&value.text)
            }),
        BackfillKind::Delete => sql.text("DELETE FROM ").name(&backfill.table),
        BackfillKind::Copy { into, columns, .. } => sql
            .text("INSERT INTO ")
            .name(into)
            .text(" (")
            .list(columns, ", ", |sql, (column, _)| sql.ident(column))
            .text(") SELECT ")
            .list(columns, ", ", |sql, (_, value)| sql.verbatim(&value.text))
            .text(" FROM ")
            .name(&backfill.table),
    };
    sql.text(" WHERE (")
        .verbatim(&backfill.remaining.text)
        .text("\n)")
}

/// What stands behind the condition: a row that is there already is as good.
fn end(sql: Sql, backfill: &Backfill) -> Sql {
    match &backfill.kind {
        BackfillKind::Update { .. }
        | BackfillKind::Delete
        | BackfillKind::Copy {
            taken: Taken::Refused,
            ..
        } => sql,
        BackfillKind::Copy {
            taken: Taken::Skipped,
            ..
        } => sql.text(" ON CONFLICT DO NOTHING"),
    }
}

/// A side of the walk: what its variables and columns are called, with the number of the key's column behind.
#[derive(Clone, Copy)]
struct Side(&'static str);

const LOWER: Side = Side("segue_lower_");
const UPPER: Side = Side("segue_upper_");
const LAST: Side = Side("segue_last_");

fn by_key(backfill: &Backfill, key: &[(Ident, DataType)], progress: &QualifiedName) -> Sql {
    let numbered: Vec<(i64, &Ident)> = (1..).zip(key.iter().map(|(column, _)| column)).collect();
    let declared = |sql: Sql, side: Side| {
        sql.list(&numbered, " ", |sql, (number, column)| {
            let sql = sql
                .text(side.0)
                .number(*number)
                .text(" ")
                .name(&backfill.table);
            sql.text(".").ident(column).text("%TYPE;")
        })
        .text(" ")
    };
    let sql = Sql::literal("#variable_conflict use_column\nDECLARE ");
    let sql = declared(declared(declared(sql, LOWER), UPPER), LAST);
    // How far it is, and where it ends: fixed when it begins.
    let columns = |sql: Sql, side: Side| {
        sql.list(&numbered, ", ", |sql, (number, column)| {
            sql.ident(column).text(" AS ").text(side.0).number(*number)
        })
    };
    let sql = sql
        .text("\nBEGIN\n  CREATE TABLE IF NOT EXISTS ")
        .name(progress)
        .text(" AS SELECT ");
    let sql = columns(sql, LOWER).text(", ");
    let sql = columns(sql, LAST)
        .text(" FROM ")
        .name(&backfill.table)
        .text(" WHERE false;\n  IF NOT EXISTS (SELECT FROM ")
        .name(progress)
        .text(") THEN\n    INSERT INTO ")
        .name(progress)
        .text(" (");
    let sql = variables(sql, LAST, &numbered).text(") SELECT ");
    let sql = keys(sql, &numbered)
        .text(" FROM ")
        .name(&backfill.table)
        .text(" ORDER BY ");
    let sql = descending(sql, &numbered).text(" LIMIT 1;\n  END IF;\n  COMMIT;\n  SELECT ");
    let sql = named(sql, LOWER, &numbered).text(", ");
    let sql = named(sql, LAST, &numbered).text(" INTO ");
    let sql = variables(sql, LOWER, &numbered).text(", ");
    let sql = variables(sql, LAST, &numbered)
        .text(" FROM ")
        .name(progress)
        .text(" AS kept;\n  LOOP\n    IF segue_lower_1 IS NULL THEN\n");
    let sql = slice((sql, backfill), (&numbered, progress), Start::Beginning).text("    ELSE\n");
    slice((sql, backfill), (&numbered, progress), Start::AfterLower)
        .text("    END IF;\n    COMMIT;\n  END LOOP;\nEND")
}

/// Where a slice begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Beginning,
    AfterLower,
}

/// Finds where the next slice ends, does it, and writes down how far it is.
fn slice(
    (sql, backfill): (Sql, &Backfill),
    (numbered, progress): (&[(i64, &Ident)], &QualifiedName),
    start: Start,
) -> Sql {
    let after = |sql: Sql| match start {
        Start::Beginning => sql,
        Start::AfterLower => {
            let sql = keys(sql.text("("), numbered).text(") > (");
            variables(sql, LOWER, numbered).text(") AND ")
        }
    };
    let until = |sql: Sql, side: Side| {
        let sql = keys(sql.text("("), numbered).text(") <= (");
        variables(sql, side, numbered).text(")")
    };
    let sql = keys(sql.text("      SELECT "), numbered).text(" INTO ");
    let sql = variables(sql, UPPER, numbered).text(" FROM (SELECT ");
    let sql = keys(sql, numbered)
        .text(" FROM ")
        .name(&backfill.table)
        .text(" WHERE ");
    let sql = until(after(sql), LAST).text(" ORDER BY ");
    let sql = keys(sql, numbered)
        .text(" LIMIT ")
        .number(ROWS)
        .text(") AS slice ORDER BY ");
    let sql = descending(sql, numbered).text(" LIMIT 1;\n      EXIT WHEN NOT FOUND;\n      PERFORM pg_catalog.set_config('segue.backfill', 'on', true);\n      ");
    let sql = apply(sql, backfill).text("\n      AND ");
    let sql = end(until(after(sql), UPPER), backfill)
        .text(";\n      UPDATE ")
        .name(progress)
        .text(" SET ")
        .list(numbered, ", ", |sql, (number, _)| {
            sql.text("segue_lower_")
                .number(*number)
                .text(" = segue_upper_")
                .number(*number)
        })
        .text(";\n      ");
    sql.list(numbered, " ", |sql, (number, _)| {
        sql.text("segue_lower_")
            .number(*number)
            .text(" := segue_upper_")
            .number(*number)
            .text(";")
    })
    .text("\n")
}

fn keys(sql: Sql, numbered: &[(i64, &Ident)]) -> Sql {
    sql.list(numbered, ", ", |sql, (_, column)| sql.ident(column))
}

fn descending(sql: Sql, numbered: &[(i64, &Ident)]) -> Sql {
    sql.list(numbered, ", ", |sql, (_, column)| {
        sql.ident(column).text(" DESC")
    })
}

fn variables(sql: Sql, side: Side, numbered: &[(i64, &Ident)]) -> Sql {
    sql.list(numbered, ", ", |sql, (number, _)| {
        sql.text(side.0).number(*number)
    })
}

fn named(sql: Sql, side: Side, numbered: &[(i64, &Ident)]) -> Sql {
    sql.list(numbered, ", ", |sql, (number, _)| {
        sql.text("kept.").text(side.0).number(*number)
    })
}

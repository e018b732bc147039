//! What is said to the server to walk one table or partition.
//!
//! The table goes by its own name, the root's, also where a partition is meant: the user's expressions may say it. A
//! position of a key is its columns' texts, cast back to the columns' types; comparisons are those of the columns, with
//! their collations. A position in the heap is a TID: the first that is not done.

use segue_model::{
    Backfill, BackfillKind, BackfillStatements, BySide, DataType, Ident, QualifiedName, Sql,
    Striping, Taken, TypeName, Walk, WalkOrder,
};

/// The statements for one table or partition (`part`) of a backfill.
pub(crate) fn statements(
    backfill: &Backfill,
    part: &QualifiedName,
    walk: &Walk,
) -> BackfillStatements {
    let place = Place {
        backfill,
        part,
        order: &walk.order,
    };
    BackfillStatements {
        width: place.width(),
        end: place.end(),
        apply: by_side(|side| place.apply(side, &Striping::None)),
        apply_stripe: match &walk.striping {
            Striping::None => None,
            striping @ (Striping::Bits(_) | Striping::Hash(_) | Striping::Place) => {
                Some(by_side(|side| place.apply(side, striping)))
            }
        },
        slices: by_side(|side| place.slices(side)),
        rows: by_side(|side| place.rows(side)),
        remaining: Sql::literal("SELECT pg_catalog.count(*)::text FROM ")
            .name(&backfill.table)
            .text(" AS ")
            .ident(&backfill.table.name)
            .text(" WHERE ")
            .verbatim(&whole(&backfill.remaining.text)),
        statistics: place.statistics(),
    }
}

/// A condition in parentheses of its own, whatever comment it ends with.
fn whole(condition: &str) -> String {
    ["(", condition, "\n)"].concat()
}

/// Where a range begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    FromStart,
    After,
}

fn by_side(make: impl Fn(Side) -> Sql) -> BySide {
    BySide {
        from_start: make(Side::FromStart),
        after: make(Side::After),
    }
}

/// `$1::text::type`.
fn parameter(sql: Sql, number: usize, data_type: &DataType) -> Sql {
    sql.text("$")
        .number(i64::try_from(number).unwrap_or(i64::MAX))
        .text("::text::")
        .verbatim(&data_type.to_string())
}

/// A value as text that reads back as the same value under any setting of the session.
fn as_text(sql: Sql, alias: Option<&'static str>, (column, data_type): &(Ident, DataType)) -> Sql {
    let named = |sql: Sql| match alias {
        Some(alias) => sql.text(alias).text(".").ident(column),
        None => sql.ident(column),
    };
    let is_time = data_type.base_is("date")
        || ["timestamp", "time"]
            .iter()
            .any(|word| match &data_type.name {
                TypeName::BuiltIn(name) => name.starts_with(word),
                TypeName::User(_) => false,
            });
    if is_time {
        // JSON has dates in ISO 8601, whatever DateStyle says.
        named(sql.text("(pg_catalog.to_jsonb(")).text(") OPERATOR(pg_catalog.#>>) '{}')")
    } else {
        named(sql).text("::text")
    }
}

/// The place of a statement: what, where, in which order.
struct Place<'a> {
    backfill: &'a Backfill,
    part: &'a QualifiedName,
    order: &'a WalkOrder,
}

impl Place<'_> {
    fn width(&self) -> usize {
        match self.order {
            WalkOrder::Pages(_) => 1,
            WalkOrder::Key(key) => key.len(),
        }
    }

    /// The number of the first parameter behind `[$lower]`.
    fn after_lower(&self, side: Side) -> usize {
        match side {
            Side::FromStart => 1,
            Side::After => 1 + self.width(),
        }
    }

    fn from(&self, sql: Sql) -> Sql {
        sql.text("ONLY ")
            .name(self.part)
            .text(" AS ")
            .ident(&self.backfill.table.name)
    }

    /// The condition of a range.
    fn range(&self, sql: Sql, side: Side) -> Sql {
        let upper = self.after_lower(side);
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        match self.order {
            WalkOrder::Pages(_) => {
                let sql = match side {
                    Side::FromStart => sql,
                    Side::After => sql.text("ctid OPERATOR(pg_catalog.>=) $1::text::tid AND "),
                };
                sql.text("ctid OPERATOR(pg_catalog.<) $")
                    .number(number(upper))
                    .text("::text::tid")
            }
            WalkOrder::Key(key) => {
                let sql = match side {
                    Side::FromStart => sql,
                    Side::After => {
                        let sql = columns(sql, key).text(after(key));
                        parameters(sql, key, 1).text(" AND ")
                    }
                };
                parameters(columns(sql, key).text(until(key)), key, upper)
            }
        }
    }

    fn end(&self) -> Sql {
        match self.order {
            WalkOrder::Pages(_) => Sql::literal(
                "SELECT ('(' || s.pages || ',0)') FROM (SELECT pg_catalog.pg_relation_size(",
            )
            .string(&self.part.to_string())
            .text("::pg_catalog.regclass) / pg_catalog.current_setting('block_size')::bigint AS pages) AS s WHERE s.pages > 0"),
            WalkOrder::Key(key) => self
                .from(
                    Sql::literal("SELECT ")
                        .list(key, ", ", |sql, part| as_text(sql, None, part))
                        .text(" FROM "),
                )
                .text(" ORDER BY ")
                .list(key, ", ", |sql, (column, _)| {
                    // Without the table's name the text in the list would be sorted.
                    sql.ident(&self.backfill.table.name)
                        .text(".")
                        .ident(column)
                        .text(" DESC")
                })
                .text(" LIMIT 1"),
        }
    }

    fn apply(&self, side: Side, striping: &Striping) -> Sql {
        let rows = |sql: Sql| self.needed(self.range(sql.text(" WHERE "), side), side, striping);
        match &self.backfill.kind {
            BackfillKind::Update { assignments } => {
                rows(self.from(Sql::literal("UPDATE ")).text(" SET ").list(
                    assignments,
                    ", ",
                    |sql, (column, value)| sql.ident(column).text(" = ").verbatim(&value.text),
                ))
            }
            BackfillKind::Delete => rows(self.from(Sql::literal("DELETE FROM "))),
            BackfillKind::Copy {
                into,
                columns,
                taken,
            } => {
                let sql = rows(
                    self.from(
                        Sql::literal("INSERT INTO ")
                            .name(into)
                            .text(" (")
                            .list(columns, ", ", |sql, (column, _)| sql.ident(column))
                            .text(") SELECT ")
                            .list(columns, ", ", |sql, (_, value)| sql.verbatim(&value.text))
                            .text(" FROM "),
                    ),
                );
                match taken {
                    Taken::Skipped => sql.text(" ON CONFLICT DO NOTHING"),
                    Taken::Refused => sql,
                }
            }
        }
    }

    /// The condition on the rows of a range: in the stripe, and still in need of it. Rows of other stripes are not
    /// looked at any closer, and the stripe's parameters are read once and not for each row.
    fn needed(&self, sql: Sql, side: Side, striping: &Striping) -> Sql {
        let needed = whole(&self.backfill.remaining.text);
        let mask = i64::try_from(self.after_lower(side) + self.width()).unwrap_or(i64::MAX);
        let sql = match striping {
            Striping::None => return sql.text(" AND ").verbatim(&needed),
            Striping::Bits(column) => sql.text(" AND CASE WHEN (").ident(column).text("::bigint"),
            Striping::Hash(column) => sql
                .text(" AND CASE WHEN (pg_catalog.hashtext(")
                .ident(column)
                .text("::text COLLATE \"C\")::bigint"),
            Striping::Place => sql.text(" AND CASE WHEN (pg_catalog.hashtid(ctid)::bigint"),
        };
        sql.text(" OPERATOR(pg_catalog.&) (SELECT $")
            .number(mask)
            .text("::text::bigint)) OPERATOR(pg_catalog.=) (SELECT $")
            .number(mask + 1)
            .text("::text::bigint) THEN ")
            .verbatim(&needed)
            .text(" ELSE false END")
    }

    fn slices(&self, side: Side) -> Sql {
        let upper = self.after_lower(side);
        let units = i64::try_from(upper + self.width()).unwrap_or(i64::MAX);
        match self.order {
            WalkOrder::Pages(_) => page_slices(side),
            WalkOrder::Key(key) => {
                // Each end is found from the one before by skipping rows in the index; nothing is sorted or numbered.
                let next = |sql: Sql, within: &dyn Fn(Sql) -> Sql| {
                    within(
                        self.from(
                            sql.text("SELECT ")
                                .list(key, ", ", |sql, (column, _)| sql.ident(column))
                                .text(" FROM "),
                        )
                        .text(" WHERE "),
                    )
                    .text(" ORDER BY ")
                    .list(key, ", ", |sql, (column, _)| sql.ident(column))
                    .text(" OFFSET $")
                    .number(units)
                    .text("::text::bigint OPERATOR(pg_catalog.-) 1 LIMIT 1")
                };
                let first = next(
                    Sql::literal("WITH RECURSIVE slices AS (SELECT first.*, 1 AS number FROM ("),
                    &|sql| self.range(sql, side),
                );
                let following = next(
                    first
                        .text(
                            ") AS first UNION ALL SELECT next.*, slices.number OPERATOR(pg_catalog.+) 1 \
                             FROM slices CROSS JOIN LATERAL (",
                        ),
                    &|sql| {
                        let sql = columns(sql, key).text(after(key)).text("(");
                        let sql = sql.list(key, ", ", |sql, (column, _)| {
                            sql.text("slices.").ident(column)
                        });
                        let sql = columns(sql.text(") AND "), key).text(until(key));
                        parameters(sql, key, upper)
                    },
                );
                following
                    .text(") AS next WHERE slices.number OPERATOR(pg_catalog.<) $")
                    .number(units + 1)
                    .text("::text::bigint) SELECT ")
                    .list(key, ", ", |sql, part| as_text(sql, Some("slices"), part))
                    .text(" FROM slices ORDER BY slices.number")
            }
        }
    }

    fn rows(&self, side: Side) -> Sql {
        match self.order {
            WalkOrder::Pages(named_by) => {
                let sql = Sql::literal(
                    "SELECT pg_catalog.concat('(', pg_catalog.split_part(pg_catalog.ltrim(ctid::text, '('), ',', 1), ',', \
                     pg_catalog.rtrim(pg_catalog.split_part(ctid::text, ',', 2), ')')::integer OPERATOR(pg_catalog.+) 1, ')'), \
                     pg_catalog.concat_ws(', ', ",
                );
                let sql = match named_by.as_slice() {
                    [] => sql.text("ctid"),
                    columns => sql.list(columns, ", ", Sql::ident),
                };
                let sql = self.from(sql.text(") FROM "));
                self.range(sql.text(" WHERE "), side).text(" ORDER BY ctid")
            }
            WalkOrder::Key(key) => {
                let named = Sql::literal("SELECT ")
                    .list(key, ", ", |sql, part| as_text(sql, None, part))
                    .text(", pg_catalog.concat_ws(', ', ")
                    .list(key, ", ", |sql, (column, _)| sql.ident(column))
                    .text(") FROM ");
                self.range(self.from(named).text(" WHERE "), side)
                    .text(" ORDER BY ")
                    .list(key, ", ", |sql, (column, _)| {
                        sql.ident(&self.backfill.table.name).text(".").ident(column)
                    })
            }
        }
    }

    fn statistics(&self) -> Sql {
        let sql = Sql::literal(
            "SELECT (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint)::text, \
             c.reltuples::bigint::text, ",
        );
        let sql = match self.order {
            WalkOrder::Pages(_) => sql.text("'1'"),
            WalkOrder::Key(key) => {
                let first = key.first().map_or("", |(column, _)| column.as_str());
                sql.text(
                    "(SELECT pg_catalog.abs(s.correlation)::text FROM pg_catalog.pg_stats AS s \
                     WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = ",
                )
                .string(first)
                .text(" ORDER BY s.inherited LIMIT 1)")
            }
        };
        sql.text(
            " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ",
        )
        .string(&self.part.to_string())
        .text("::pg_catalog.regclass")
    }
}

/// Ends of slices of pages; the last may lie behind the range's end, which then stands in its place.
fn page_slices(side: Side) -> Sql {
    const BLOCK: &str = "pg_catalog.split_part(pg_catalog.ltrim($";
    let block = |sql: Sql, number: i64| {
        sql.text(BLOCK)
            .number(number)
            .text("::text, '('), ',', 1)::bigint")
    };
    let (lower, upper) = match side {
        Side::FromStart => (None, 1),
        Side::After => (Some(1), 2),
    };
    let start = |sql: Sql| match lower {
        None => sql.text("0"),
        Some(number) => block(sql, number),
    };
    let units = |sql: Sql| sql.text("$").number(upper + 1).text("::text::bigint");
    let sql = start(Sql::literal(
        "SELECT '(' || s.page || ',0)' FROM pg_catalog.generate_series(",
    ));
    let sql = start(units(sql.text(" + ")).text(", "));
    let sql = units(sql.text(" + ")).text(" * $").number(upper + 2);
    let sql = units(sql.text("::text::bigint, ")).text(") AS s(page) WHERE s.page < ");
    block(sql, upper).text(" ORDER BY s.page")
}

/// The types of the server have the server's operators, whatever stands first in the session's path. Those of others bring
/// their own, which the path leads to.
fn are_servers(key: &[(Ident, DataType)]) -> bool {
    key.iter().all(|(_, data_type)| match data_type.name {
        TypeName::BuiltIn(_) => true,
        TypeName::User(_) => false,
    })
}

fn after(key: &[(Ident, DataType)]) -> &'static str {
    if are_servers(key) {
        " OPERATOR(pg_catalog.>) "
    } else {
        " > "
    }
}

fn until(key: &[(Ident, DataType)]) -> &'static str {
    if are_servers(key) {
        " OPERATOR(pg_catalog.<=) "
    } else {
        " <= "
    }
}

/// `("a", "b")`.
fn columns(sql: Sql, key: &[(Ident, DataType)]) -> Sql {
    sql.text("(")
        .list(key, ", ", |sql, (column, _)| sql.ident(column))
        .text(")")
}

/// `($1::text::bigint, $2::text::uuid)`, from this number on.
fn parameters(sql: Sql, key: &[(Ident, DataType)], first: usize) -> Sql {
    let numbered: Vec<(usize, &DataType)> = (first..)
        .zip(key.iter().map(|(_, data_type)| data_type))
        .collect();
    sql.text("(")
        .list(&numbered, ", ", |sql, (number, data_type)| {
            parameter(sql, *number, data_type)
        })
        .text(")")
}

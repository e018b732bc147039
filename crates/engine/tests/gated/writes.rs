//! What a version of an application does to a row: one transaction on the migrated table and on its twin.

/// The same numbers for the same seed (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("a small number")
    }

    pub(crate) fn of<'o, T>(&mut self, options: &'o [T]) -> &'o T {
        &options[self.below(options.len())]
    }
}

/// How a version of the application knows the table.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// Its name; none for a version that does not use it any more.
    pub(crate) table: Option<String>,
    /// The column that is changed; none for a version that does not know it.
    pub(crate) column: Option<String>,
    /// A column that this version fills, with a literal.
    pub(crate) fills: Option<(&'static str, &'static str)>,
    /// The type of the column as a parameter that stays prepared; none where no parameter fits both types.
    pub(crate) parameter: Option<&'static str>,
    /// Whether the name is a table's all the time: COPY does not go into a view.
    pub(crate) copies: Copies,
    /// Whether what is read is compared at once.
    pub(crate) reads: Reads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copies {
    Into,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Compared,
    Never,
}

impl Version {
    pub(crate) fn of(table: &str, column: &str) -> Self {
        Self {
            table: Some(table.to_owned()),
            column: Some(column.to_owned()),
            fills: None,
            parameter: None,
            copies: Copies::Into,
            reads: Reads::Compared,
        }
    }
}

/// One of the two tables, as a statement names it.
struct Side<'v> {
    table: &'v str,
    column: Option<&'v str>,
    fills: Option<(&'v str, &'v str)>,
}

/// The kinds of transactions.
const KINDS: usize = 20;

impl Side<'_> {
    /// `(id, c, n, e) … (5, 'a', 1, 'x')`; without a value the column is left out.
    fn insert(&self, id: usize, value: Option<&str>, values: &str) -> String {
        let mut names = "id, n".to_owned();
        let mut row = format!("{id}, 1");
        let given = self.column.zip(value);
        for (name, value) in given.into_iter().chain(self.fills) {
            names = format!("{names}, {name}");
            row = format!("{row}, {value}");
        }
        let table = self.table;
        match values {
            "VALUES" => format!("INSERT INTO {table} ({names}) VALUES ({row})"),
            _ => format!("INSERT INTO {table} ({names}) SELECT {row}"),
        }
    }

    fn copy(&self, id: usize, value: Option<&str>) -> String {
        let mut names = "id, n".to_owned();
        let mut row = format!("{id}\\t1");
        let given = self.column.zip(value);
        for (name, value) in given.into_iter().chain(self.fills) {
            let plain = match value {
                "NULL" => "\\\\N",
                value => value.trim_matches('\''),
            };
            names = format!("{names}, {name}");
            row = format!("{row}\\t{plain}");
        }
        let table = self.table;
        format!(
            "DELETE FROM {table} WHERE id = {id}; COPY {table} ({names}) FROM PROGRAM $$printf '{row}\\n'$$"
        )
    }

    fn assign(&self, value: &str) -> String {
        self.column.map_or_else(
            || "n = n + 1".to_owned(),
            |column| format!("{column} = {value}"),
        )
    }

    fn statement(&self, kind: usize, id: usize, (value, other): (&str, &str)) -> String {
        let table = self.table;
        let set = self.assign(value);
        let moved = format!(
            "WHERE id = {id} AND NOT EXISTS (SELECT FROM {table} o WHERE o.id = {id} + 1000)"
        );
        let given = self.insert(id, Some(value), "VALUES");
        match kind {
            0 => format!("{given} ON CONFLICT DO NOTHING"),
            1 => format!("{} ON CONFLICT DO NOTHING", self.insert(id, None, "VALUES")),
            2 => format!("UPDATE {table} SET {set} WHERE id = {id}"),
            3 => format!("UPDATE {table} SET n = n + 1 WHERE id = {id}"),
            4 => format!("DELETE FROM {table} WHERE id = {id}"),
            5 => {
                let excluded = self.column.map_or_else(
                    || "n = EXCLUDED.n".to_owned(),
                    |column| format!("{column} = EXCLUDED.{column}"),
                );
                format!("{given} ON CONFLICT (id) DO UPDATE SET {excluded}")
            }
            6 => format!(
                "SAVEPOINT s; UPDATE {table} SET {set} WHERE id = {id}; ROLLBACK TO s; \
                 UPDATE {table} SET {} WHERE id = {id}",
                self.assign(other)
            ),
            7 => format!("UPDATE {table} SET id = id + 1000 {moved}"),
            8 => format!("UPDATE {table} SET {set}, n = 0 WHERE id = {id}")
                .replace("n = n + 1, ", ""),
            9 => format!(
                "{} ON CONFLICT DO NOTHING",
                self.insert(id, Some(value), "SELECT")
            ),
            10 => self.copy(id, Some(value)),
            11 => self.copy(id, None),
            12 => format!("EXECUTE {table}_set ({other}, {id})"),
            13 => format!("EXECUTE {table}_put ({id}, {value})"),
            14 => format!(
                "UPDATE {table} SET {} WHERE id = {id}",
                self.assign("DEFAULT")
            ),
            15 => format!("UPDATE {table} SET id = id + 1000, {set} {moved}"),
            16 => format!(
                "SAVEPOINT a; DELETE FROM {table} WHERE id = {id}; SAVEPOINT b; {given}; ROLLBACK TO b; RELEASE b; ROLLBACK TO a"
            ),
            17 => format!(
                "UPDATE {table} SET {set} WHERE id = {id}; DELETE FROM {table} WHERE id = {id}"
            ),
            18 => format!("DELETE FROM {table} WHERE id = {id}; {given}"),
            _ => format!(
                "DELETE FROM {table} WHERE id = {id}; {}",
                self.insert(id, None, "SELECT")
            ),
        }
    }
}

fn sides(version: &Version) -> Option<[Side<'_>; 2]> {
    let table = version.table.as_deref()?;
    let column = version.column.as_deref();
    // The twin first: its row is the lock that puts transactions on one row in order.
    Some([
        Side {
            table: "twin",
            column: column.map(|_| "c"),
            fills: None,
        },
        Side {
            table,
            column,
            fills: version.fills,
        },
    ])
}

/// What a version prepares when it connects, and keeps.
pub(crate) fn prepared(version: &Version) -> String {
    let (Some(sides), Some(parameter)) = (sides(version), version.parameter) else {
        return "SELECT 1".to_owned();
    };
    let statements = sides.iter().map(|side| {
        let table = side.table;
        let set = side.assign("$1");
        let put = side
            .insert(0, Some("$2"), "VALUES")
            .replace("(0, ", "($1, ");
        format!(
            "PREPARE {table}_set ({parameter}, bigint) AS UPDATE {table} SET {set} WHERE id = $2; \
             PREPARE {table}_put (bigint, {parameter}) AS {put} ON CONFLICT DO NOTHING"
        )
    });
    statements.collect::<Vec<_>>().join("; ")
}

/// One transaction on both tables, with what it wrote read back.
pub(crate) fn transaction(random: &mut Random, version: &Version, values: &[&str]) -> String {
    let Some(sides) = sides(version) else {
        return "SELECT 1".to_owned();
    };
    let id = random.below(400);
    let (value, other) = (*random.of(values), *random.of(values));
    let is_possible = |kind: usize| match kind {
        10 | 11 => version.copies == Copies::Into,
        12 | 13 => version.parameter.is_some() && version.column.is_some(),
        _ => true,
    };
    let mut kind = random.below(KINDS);
    while !is_possible(kind) {
        kind = random.below(KINDS);
    }
    let end = if kind == 17 { "ROLLBACK" } else { "COMMIT" };
    let [twin, migrated] = &sides;
    let statements = [twin, migrated].map(|side| side.statement(kind, id, (value, other)));
    format!(
        "BEGIN; SELECT pg_advisory_xact_lock({id}); {}; {}; {}; {end}",
        statements[0],
        statements[1],
        compared(version, (twin, migrated), id)
    )
}

/// Fails where the two rows differ, as this version sees them.
fn compared(version: &Version, (twin, migrated): (&Side<'_>, &Side<'_>), id: usize) -> String {
    if version.reads == Reads::Never {
        return "SELECT 1".to_owned();
    }
    let read = |side: &Side<'_>| {
        let value = side.column.unwrap_or("id");
        format!(
            "(SELECT {value}::text || ' ' || coalesce(n, -1) FROM {} WHERE id = {id})",
            side.table
        )
    };
    format!(
        "SELECT 1 / CASE WHEN {} IS DISTINCT FROM {} THEN 0 ELSE 1 END",
        read(twin),
        read(migrated)
    )
}

//! What speaks against opening a gate, asked of PostgreSQL 12 to 18.
//!
//! A name is looked for as a word of the statement, together with its table's: close enough to keep a gate shut, and what
//! is seen is shown in full, so that a person can overrule it. Sources: `pg_stat_activity`, `pg_stat_statements`, the counter of the
//! sync trigger, `pg_proc`, `pg_depend`.

use segue_model::{Evidence, EvidenceKind, Ident, QualifiedName, Retired, Sql};

/// The questions for one thing that would go.
pub(crate) fn evidence(retired: &Retired, workload: Option<&Ident>) -> Vec<Evidence> {
    let mut questions = match retired {
        Retired::Column {
            table,
            column,
            counter,
        }
        | Retired::ColumnName {
            table,
            column,
            counter,
        } => {
            let words = [column.as_str(), table.name.as_str()];
            let mut questions = used(&words, &shown(table, Some(column)), workload);
            if let Some(counter) = counter {
                questions.push(written(counter, &shown(table, Some(column))));
            }
            if matches!(retired, Retired::Column { .. }) {
                questions.push(dependent(table, Some(column)));
            }
            questions
        }
        Retired::Relation(name) => {
            let mut questions = used(&[name.name.as_str()], &shown(name, None), workload);
            questions.push(dependent(name, None));
            questions
        }
    };
    questions.push(older());
    questions
}

fn shown(table: &QualifiedName, column: Option<&Ident>) -> String {
    match column {
        Some(column) => format!("{table}.{column}"),
        None => table.to_string(),
    }
}

/// Sessions, statements and functions that name all of the words.
fn used(words: &[&str], shown: &str, workload: Option<&Ident>) -> Vec<Evidence> {
    let fact = |what: &str, query: Sql| Evidence {
        what: format!("{what} {shown}"),
        kind: EvidenceKind::Fact,
        query,
    };
    let sessions = Sql::literal(
        "SELECT pg_catalog.concat('pid ', a.pid, ' ', a.usename, ' ', NULLIF(a.application_name, '')), \
         pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 120) \
         FROM pg_catalog.pg_stat_activity AS a \
         WHERE $1::text IS NOT NULL AND a.backend_type = 'client backend' AND a.datname = pg_catalog.current_database() \
         AND a.pid <> pg_catalog.pg_backend_pid() AND a.application_name <> 'segue' AND ",
    );
    let functions = Sql::literal(
        "SELECT p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc AS p \
         JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace \
         WHERE $1::text IS NOT NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'segue') AND ",
    );
    let mut questions = vec![
        fact(
            "a session's last statement names",
            named(sessions, "a.query", words),
        ),
        fact("a function names", named(functions, "p.prosrc", words)),
    ];
    if let Some(namespace) = workload {
        let calls = Sql::literal("SELECT COALESCE(pg_catalog.sum(s.calls), 0)::bigint::text FROM ")
            .ident(namespace)
            .text(
                ".pg_stat_statements AS s WHERE $1::text IS NOT NULL \
                 AND s.dbid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database AS d \
                 WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) AND ",
            );
        questions.push(Evidence {
            what: format!("calls of statements that name {shown}"),
            kind: EvidenceKind::Counter,
            query: named(calls, "s.query", words),
        });
    }
    questions
}

/// Appends the condition that a text names all of the words.
fn named(mut sql: Sql, text: &'static str, words: &[&str]) -> Sql {
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            sql = sql.text(" AND ");
        }
        sql = sql
            .text(text)
            .text(" OPERATOR(pg_catalog.~*) ")
            .string(&pattern(word));
    }
    sql
}

/// The word as a regular expression of the server's. Source: PostgreSQL 17 manual, 9.7.3.
fn pattern(word: &str) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut pattern = String::with_capacity(word.len() + 4);
    if word.chars().next().is_some_and(is_word) {
        pattern.push_str("\\m");
    }
    for character in word.chars() {
        if !is_word(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    if word.chars().last().is_some_and(is_word) {
        pattern.push_str("\\M");
    }
    pattern
}

/// What the sync trigger has counted.
fn written(counter: &QualifiedName, shown: &str) -> Evidence {
    Evidence {
        what: format!("writes through {shown}"),
        kind: EvidenceKind::Counter,
        query: Sql::literal(
            "SELECT COALESCE(pg_catalog.pg_sequence_last_value(pg_catalog.to_regclass(",
        )
        .string(&counter.to_string())
        .text(")), 0)::text WHERE $1::text IS NOT NULL"),
    }
}

/// Views and materialized views that read it.
fn dependent(table: &QualifiedName, column: Option<&Ident>) -> Evidence {
    let sql = Sql::literal(
        "SELECT DISTINCT v.oid::pg_catalog.regclass::text FROM pg_catalog.pg_depend AS d \
         JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass \
         JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class \
         WHERE $1::text IS NOT NULL AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND v.oid <> d.refobjid AND d.refobjid = pg_catalog.to_regclass(",
    )
    .string(&table.to_string())
    .text(")");
    let sql = match column {
        None => sql,
        Some(column) => sql
            .text(
                " AND d.refobjsubid = (SELECT a.attnum FROM pg_catalog.pg_attribute AS a \
                 WHERE a.attrelid = d.refobjid AND a.attname = ",
            )
            .string(column.as_str())
            .text(")"),
    };
    Evidence {
        what: format!("a view reads {}", shown(table, column)),
        kind: EvidenceKind::Fact,
        query: sql,
    }
}

/// Sessions that began before the gate was reached: they belong to code that cannot know what is new.
fn older() -> Evidence {
    Evidence {
        what: "a session is older than the expand phase".to_owned(),
        kind: EvidenceKind::Fact,
        query: Sql::literal(
            "SELECT pg_catalog.concat('pid ', a.pid, ' ', a.usename, ' ', NULLIF(a.application_name, '')), \
             pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
             FROM pg_catalog.pg_stat_activity AS a \
             WHERE a.backend_type = 'client backend' AND a.datname = pg_catalog.current_database() \
             AND a.pid <> pg_catalog.pg_backend_pid() AND a.application_name <> 'segue' \
             AND a.backend_start < (SELECT m.recorded_at FROM segue.migration AS m WHERE m.id = $1::text)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_as_a_word_and_never_as_an_expression() {
        assert_eq!(pattern("user_name"), "\\muser_name\\M");
        assert_eq!(pattern("a.b (c)"), "\\ma\\.b\\ \\(c\\)");
    }
}

//! What a role may and may not do on a server, and what there is odd about either. Reads only.
//!
//! Every point that is not well has the one command that mends it, quoted and ready for a person with the right to run it.

use segue_model::{Ident, QualifiedName, Session, Sql};

use crate::{NEWEST_VERSION, OLDEST_VERSION, PostgresError, PostgresSession};

/// How a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, and may surprise.
    Warn,
    /// Something will fail.
    Bad,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What it is about, in one or two words.
    pub topic: &'static str,
    /// How it is.
    pub health: Health,
    /// One sentence.
    pub what: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

/// Looks at everything.
///
/// # Errors
/// What the server said.
pub fn examine(session: &mut PostgresSession) -> Result<Vec<Observation>, PostgresError> {
    let facts = Facts::read(session)?;
    let mut all = vec![
        version(&facts),
        tls(&facts),
        pooler(&facts),
        standby(&facts),
    ];
    all.push(role(&facts));
    all.push(creating(&facts));
    all.extend(namespaces(session, &facts)?);
    all.extend(ownership(session, &facts)?);
    all.extend(rights(&facts));
    all.extend(settings(session, &facts)?);
    all.push(archiving(&facts));
    all.push(journal(&facts));
    Ok(all)
}

/// What is known at once, by the order of the query's columns.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a server, never passed as arguments"
)]
struct Facts {
    version: String,
    major: u16,
    role: Ident,
    database: Ident,
    attributes: String,
    encryption: String,
    is_standby: bool,
    may_create_here: bool,
    may_monitor: bool,
    may_identify: bool,
    may_set_restore_points: bool,
    archiving: String,
    journal: String,
    is_pooled: bool,
}

const FACTS: &str = "\
SELECT pg_catalog.current_setting('server_version'), \
(pg_catalog.current_setting('server_version_num')::integer / 10000)::text, \
CURRENT_USER::text, pg_catalog.current_database()::text, \
pg_catalog.concat_ws(', ', CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolreplication THEN 'replication' END, \
CASE WHEN r.rolbypassrls THEN 'bypasses row security' END, CASE WHEN r.rolcreaterole THEN 'creates roles' END, \
CASE WHEN r.rolcreatedb THEN 'creates databases' END), \
CASE WHEN pg_catalog.inet_server_addr() IS NULL THEN 'socket' WHEN s.ssl THEN s.version ELSE 'none' END, \
pg_catalog.pg_is_in_recovery()::text, \
pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')::text, \
pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')::text, \
pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')::text, \
pg_catalog.has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'EXECUTE')::text, \
CASE WHEN pg_catalog.current_setting('archive_mode') = 'off' THEN 'off' \
WHEN COALESCE(a.last_failed_time > a.last_archived_time, a.last_failed_time IS NOT NULL) THEN 'failing' ELSE 'on' END, \
CASE WHEN pg_catalog.to_regnamespace('segue') IS NULL THEN 'absent' \
WHEN NOT pg_catalog.has_schema_privilege('segue', 'USAGE') OR EXISTS (SELECT FROM pg_catalog.pg_class AS c \
WHERE c.relnamespace = pg_catalog.to_regnamespace('segue') AND c.relkind = 'r' \
AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') \
AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE'))) \
THEN 'forbidden' ELSE 'there' END \
FROM pg_catalog.pg_roles AS r, pg_catalog.pg_stat_archiver AS a, pg_catalog.pg_stat_ssl AS s \
WHERE r.rolname = CURRENT_USER AND s.pid = pg_catalog.pg_backend_pid()";

impl Facts {
    fn read(session: &mut PostgresSession) -> Result<Self, PostgresError> {
        let rows = session.query(&Sql::literal(FACTS))?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || row.next().flatten().unwrap_or_default();
        Ok(Self {
            version: next(),
            major: next().parse().unwrap_or_default(),
            role: Ident::from(next().as_str()),
            database: Ident::from(next().as_str()),
            attributes: next(),
            encryption: next(),
            is_standby: next() == "true",
            may_create_here: next() == "true",
            may_monitor: next() == "true",
            may_identify: next() == "true",
            may_set_restore_points: next() == "true",
            archiving: next(),
            journal: next(),
            is_pooled: session.is_pooled(),
        })
    }
}

fn point(topic: &'static str, health: Health, what: impl Into<String>) -> Observation {
    Observation {
        topic,
        health,
        what: what.into(),
        mend: None,
    }
}

impl Observation {
    fn mended_by(mut self, command: impl Into<String>) -> Self {
        self.mend = Some(command.into());
        self
    }

    fn mended_by_sql(self, sql: &Sql) -> Self {
        self.mended_by(sql.as_str())
    }
}

fn version(facts: &Facts) -> Observation {
    if (OLDEST_VERSION..=NEWEST_VERSION).contains(&facts.major) {
        return point(
            "version",
            Health::Ok,
            format!("PostgreSQL {}", facts.version),
        );
    }
    point(
        "version",
        Health::Warn,
        format!(
            "PostgreSQL {}: locks were measured on {OLDEST_VERSION} to {NEWEST_VERSION}",
            facts.version
        ),
    )
}

fn tls(facts: &Facts) -> Observation {
    match facts.encryption.as_str() {
        "socket" => point(
            "tls",
            Health::Ok,
            "a Unix socket: nothing crosses a network",
        ),
        "none" => point("tls", Health::Warn, "the connection is in the clear")
            .mended_by("add sslmode=verify-full to the address"),
        protocol => point("tls", Health::Ok, format!("the connection uses {protocol}")),
    }
}

fn pooler(facts: &Facts) -> Observation {
    if facts.is_pooled {
        point(
            "pooler",
            Health::Bad,
            "there is a pooler between us and the server",
        )
        .mended_by("segue up --direct-url URL")
    } else {
        point("pooler", Health::Ok, "none between us and the server")
    }
}

fn standby(facts: &Facts) -> Observation {
    if facts.is_standby {
        return point(
            "standby",
            Health::Bad,
            "this server is a standby and takes no changes",
        )
        .mended_by("add target_session_attrs=read-write and all hosts to the address");
    }
    point("standby", Health::Ok, "this server is a primary")
}

fn role(facts: &Facts) -> Observation {
    let role = facts.role.as_str();
    match facts.attributes.as_str() {
        "" => point(
            "role",
            Health::Ok,
            format!("{role}, with no special rights"),
        ),
        all if all.contains("superuser") => point(
            "role",
            Health::Warn,
            format!("{role} ({all}): more than a migration needs"),
        ),
        all => point("role", Health::Ok, format!("{role} ({all})")),
    }
}

fn creating(facts: &Facts) -> Observation {
    if facts.may_create_here {
        return point("database", Health::Ok, "the role may create schemas here");
    }
    let (health, why) = if facts.journal == "there" {
        (Health::Warn, "the role may not create schemas here")
    } else {
        (
            Health::Bad,
            "the role may not create schemas here, and the journal needs one",
        )
    };
    let grant = Sql::literal("GRANT CREATE ON DATABASE ")
        .ident(&facts.database)
        .text(" TO ")
        .ident(&facts.role);
    point("database", health, why).mended_by_sql(&grant)
}

/// Namespaces with tables of the project in which the role may not create.
fn namespaces(
    session: &mut PostgresSession,
    facts: &Facts,
) -> Result<Vec<Observation>, PostgresError> {
    let rows = session.query(&Sql::literal(
        "SELECT n.nspname::text FROM pg_catalog.pg_namespace AS n \
         WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'segue') \
         AND (n.nspname = pg_catalog.current_schema() OR EXISTS (SELECT FROM pg_catalog.pg_class AS c \
         WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p'))) \
         AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE') ORDER BY 1",
    ))?;
    if rows.is_empty() {
        let what = "the role may create in every schema that has tables";
        return Ok(vec![point("schemas", Health::Ok, what)]);
    }
    let names = rows.into_iter().flatten().flatten();
    Ok(names
        .map(|name| {
            let namespace = Ident::from(name.as_str());
            let grant = Sql::literal("GRANT CREATE ON SCHEMA ")
                .ident(&namespace)
                .text(" TO ")
                .ident(&facts.role);
            let what = format!("the role may not create in {name}: no table, no index");
            point("schemas", Health::Bad, what).mended_by_sql(&grant)
        })
        .collect())
}

/// Only an owner changes a table.
fn ownership(
    session: &mut PostgresSession,
    facts: &Facts,
) -> Result<Vec<Observation>, PostgresError> {
    let rows = session.query(&Sql::literal(
        "SELECT o.rolname::text, pg_catalog.count(*)::text, pg_catalog.min(n.nspname)::text, pg_catalog.min(c.relname)::text, pg_catalog.bool_or(o.rolsuper)::text \
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_roles AS o ON o.oid = c.relowner \
         WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'segue') AND c.relkind IN ('r', 'p', 'v', 'm', 'S') \
         AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND d.objid = c.oid AND d.deptype = 'e') \
         GROUP BY o.rolname ORDER BY 1",
    ))?;
    if rows.is_empty() {
        let what = "every table is the role's own, or of a role it belongs to";
        return Ok(vec![point("ownership", Health::Ok, what)]);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            let (owner, count, namespace, name) = (next(), next(), next(), next());
            let is_superuser = next() == "true";
            let first = QualifiedName {
                namespace: Ident::from(namespace.as_str()),
                name: Ident::from(name.as_str()),
            };
            // Whoever belongs to a superuser is one.
            let grant = if is_superuser {
                Sql::literal("ALTER TABLE ").name(&first).text(" OWNER TO ")
            } else {
                Sql::literal("GRANT ")
                    .ident(&Ident::from(owner.as_str()))
                    .text(" TO ")
            }
            .ident(&facts.role);
            let what = format!(
                "{count} relations are {owner}'s, {first} among them: only an owner changes a table"
            );
            point("ownership", Health::Bad, what).mended_by_sql(&grant)
        })
        .collect())
}

/// Rights of which a run makes something when it has them.
fn rights(facts: &Facts) -> Vec<Observation> {
    let mut all = Vec::new();
    let grant = |text: &'static str| Sql::literal(text).ident(&facts.role);
    all.push(if facts.may_monitor {
        point("monitoring", Health::Ok, "the role sees who is in the way")
    } else {
        point(
            "monitoring",
            Health::Warn,
            "the role does not see what others run: who is in the way stays unnamed",
        )
        .mended_by_sql(&grant("GRANT pg_monitor TO "))
    });
    all.push(if facts.may_identify {
        point(
            "identity",
            Health::Ok,
            "the role may read the server's identifier",
        )
    } else {
        point(
            "identity",
            Health::Warn,
            "the role may not read the server's identifier: a copy is not told apart",
        )
        .mended_by_sql(&grant(
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO ",
        ))
    });
    all.push(if facts.may_set_restore_points {
        point("restore point", Health::Ok, "the role may make restore points")
    } else {
        point(
            "restore point",
            Health::Warn,
            "the role may not make restore points: only the log's position is noted before data is destroyed",
        )
        .mended_by_sql(&grant(
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_create_restore_point(text) TO ",
        ))
    });
    all
}

/// Settings that somebody gave to the role or the database, and that change what a migration does.
fn settings(
    session: &mut PostgresSession,
    facts: &Facts,
) -> Result<Vec<Observation>, PostgresError> {
    let rows = session.query(&Sql::literal(
        "SELECT CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN 'both' WHEN s.setrole <> 0 THEN 'role' ELSE 'database' END, \
         pg_catalog.split_part(c.pair, '=', 1), pg_catalog.substr(c.pair, pg_catalog.strpos(c.pair, '=') + 1) \
         FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c(pair) \
         WHERE s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER)) \
         AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())) \
         AND pg_catalog.split_part(c.pair, '=', 1) IN ('statement_timeout', 'lock_timeout', \
         'idle_in_transaction_session_timeout', 'default_transaction_read_only', 'default_transaction_isolation', \
         'search_path', 'role', 'session_replication_role', 'row_security') ORDER BY 2, 1",
    ))?;
    if rows.is_empty() {
        let what = "none on the role or the database that changes what a migration does";
        return Ok(vec![point("settings", Health::Ok, what)]);
    }
    let mut all = Vec::new();
    for row in rows {
        let mut row = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || row.next().unwrap_or_default();
        let (place, name, value) = (next(), next(), next());
        all.push(setting(facts, &place, (&name, &value)));
    }
    Ok(all)
}

fn setting(facts: &Facts, place: &str, (name, value): (&str, &str)) -> Observation {
    let (health, effect) = match name {
        "default_transaction_read_only" if matches!(value, "on" | "true" | "1" | "yes") => {
            (Health::Bad, "every transaction is read-only")
        }
        "statement_timeout" | "lock_timeout" | "idle_in_transaction_session_timeout" => (
            Health::Warn,
            "Segue sets its own; other tools on this role are cut off by it",
        ),
        "search_path" => (
            Health::Warn,
            "names without a schema mean something else here than the files may think",
        ),
        "role" | "session_replication_role" | "row_security" => {
            (Health::Warn, "statements do other things under it")
        }
        _harmless => (Health::Ok, "it changes nothing for a migration"),
    };
    let reset = match place {
        "role" => Sql::literal("ALTER ROLE ")
            .ident(&facts.role)
            .text(" RESET "),
        "both" => Sql::literal("ALTER ROLE ")
            .ident(&facts.role)
            .text(" IN DATABASE ")
            .ident(&facts.database)
            .text(" RESET "),
        _database => Sql::literal("ALTER DATABASE ")
            .ident(&facts.database)
            .text(" RESET "),
    };
    let on = match place {
        "role" => "the role",
        "both" => "the role in this database",
        _database => "the database",
    };
    let what = format!("{name} = {value} on {on}: {effect}");
    point("settings", health, what).mended_by_sql(&reset.ident(&Ident::from(name)))
}

fn archiving(facts: &Facts) -> Observation {
    match facts.archiving.as_str() {
        "off" => point(
            "archiving",
            Health::Warn,
            "the log is not archived: no restore to a point in time",
        )
        .mended_by("set archive_mode = on and an archive_command, then restart the server"),
        "failing" => point(
            "archiving",
            Health::Bad,
            "the last attempt to archive the log failed",
        )
        .mended_by("mend archive_command; pg_stat_archiver shows the file"),
        _on => point("archiving", Health::Ok, "the log is archived"),
    }
}

fn journal(facts: &Facts) -> Observation {
    match facts.journal.as_str() {
        "absent" => point(
            "journal",
            Health::Ok,
            "none here yet: the first `segue up` makes it",
        ),
        "forbidden" => {
            let grant = Sql::literal("GRANT USAGE ON SCHEMA segue TO ")
                .ident(&facts.role)
                .text("; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA segue TO ")
                .ident(&facts.role);
            point(
                "journal",
                Health::Bad,
                "there is one, and the role may not use it",
            )
            .mended_by_sql(&grant)
        }
        _there => point(
            "journal",
            Health::Ok,
            "there is one, and the role may use it",
        ),
    }
}

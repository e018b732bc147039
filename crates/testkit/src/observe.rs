//! Watching one statement on a real server: its locks, scans, rewrites and index builds.
//!
//! A statement that may run in a transaction runs in an open one, and a second session reads
//! `pg_locks`; then everything is rolled back. One that may not runs by itself while a third
//! session, the blocker, holds it up between its phases and the observer polls. A phase can fall
//! between two polls, so such an observation is a lower bound: repeat it and take the union.
//! Row locks and object locks are not watched.

use crate::lock_cases::{self, FileChange, LockCase, LockRow, Mode, Outcome};
use crate::session::{Client, Row, Running};
use crate::sql::Sql;
use crate::wait::Deadline;
use crate::{Error, TestDatabase, TestServer};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a statement outside a transaction may run before it counts as stuck.
const STATEMENT_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the blocker holds when the statement is never seen waiting.
const BLOCKER_TIME_MAX: Duration = Duration::from_millis(500);
/// Polls that must see the statement waiting before the blocker lets go.
const WAITING_POLLS_MIN: u32 = 5;

/// The locks of one backend: relation (of this database), mode, granted.
const LOCKS_OF: &str = "\
    SELECT CASE WHEN locktype = 'relation' AND database = \
             (SELECT oid FROM pg_database WHERE datname = current_database()) \
           THEN relation END, mode, granted \
    FROM pg_locks WHERE pid = ";

/// The same, read `times` times without leaving the server.
const LOCKS_OF_FUNCTION: &str = "\
    CREATE FUNCTION pg_temp.locks_of(backend int, times int) \
      RETURNS TABLE (relation oid, mode text, granted boolean) LANGUAGE plpgsql AS $$ \
    DECLARE here oid := (SELECT oid FROM pg_database WHERE datname = current_database()); \
    BEGIN \
      FOR i IN 1..times LOOP \
        RETURN QUERY SELECT CASE WHEN l.locktype = 'relation' AND l.database = here \
            THEN l.relation END, l.mode, l.granted \
          FROM pg_lock_status() l WHERE l.pid = backend; \
      END LOOP; \
    END $$";

/// What one statement was seen to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// One row for each relation that existed before and was locked, by name.
    pub rows: Vec<LockRow>,
    /// The server's DEBUG1 messages, in order (empty outside a transaction).
    pub messages: Vec<String>,
}

impl Observation {
    /// Adds what another run of the same statement was seen to do.
    pub fn join(&mut self, other: Self) {
        for row in other.rows {
            let known = self
                .rows
                .iter_mut()
                .find(|known| known.relation == row.relation);
            match known {
                Some(known) => unite(known, row),
                None => self.rows.push(row),
            }
        }
        self.rows
            .sort_by(|one, two| one.relation.cmp(&two.relation));
    }
}

/// A server with the measured cases' tables in a template database.
#[derive(Debug)]
pub struct Laboratory<'server> {
    server: &'server TestServer,
    template: String,
}

impl<'server> Laboratory<'server> {
    /// Prepares the template. Call it once for each server: it creates roles as well.
    ///
    /// # Errors
    /// What the server said, for example that an extension is not installed.
    pub fn prepare(server: &'server TestServer) -> Result<Self, Error> {
        let mut maintenance = server.connect("postgres")?;
        for statement in statements(lock_cases::globals_sql()) {
            maintenance.execute(&statement)?;
        }
        let template = "segue_lock_template".to_owned();
        let create = Sql::literal("CREATE DATABASE ").ident(&template);
        maintenance.execute(create.as_str())?;
        server
            .connect(&template)?
            .execute(lock_cases::schema_sql())?;
        Ok(Self { server, template })
    }

    /// Runs one case in a fresh copy of the template.
    ///
    /// # Errors
    /// When the set-up fails or a connection ends. A statement the server refuses is no error:
    /// the refusal is the observation.
    pub fn observe(&self, case: &LockCase) -> Result<Observation, Error> {
        let database = self.server.create_database_from(&self.template)?;
        observe(&database, self.server.installed().major, case)
    }
}

/// Runs the set-up of `case` and then its statement in `database`, and says what it did.
///
/// # Errors
/// As [`Laboratory::observe`].
pub fn observe(
    database: &TestDatabase<'_>,
    version: u16,
    case: &LockCase,
) -> Result<Observation, Error> {
    // Not UTC, because a conversion between timestamp types is free of work in UTC only.
    let zone = case.time_zone.as_deref().unwrap_or("Europe/Berlin");
    let zone = Sql::literal("SET TimeZone = ").quoted(zone);
    let mut setup = database.connect()?;
    setup.execute(zone.as_str())?;
    for statement in &case.after {
        setup.execute(statement)?;
    }
    drop(setup);
    // A session of its own: scan counters of the set-up linger in the session that ran it.
    let mut session = database.connect()?;
    session.execute(zone.as_str())?;
    let observer = database.connect()?;
    let mut watch = Watch::new(observer, version)?;
    match &case.held {
        None => watch.inside_a_transaction(session, &case.statement),
        Some(held) => {
            let blocker = Blocker::hold(database.connect()?, held)?;
            let early = early_look(database.connect()?, session.backend_pid())?;
            watch.outside_a_transaction(session, &case.statement, blocker, early)
        }
    }
}

/// Starts reading the locks of a backend that has not begun its statement yet, so that what it
/// takes first and for a moment only is seen as well.
fn early_look(mut observer: Client, backend_pid: i64) -> Result<Running, Error> {
    observer.execute(LOCKS_OF_FUNCTION)?;
    let sql = Sql::literal("SELECT DISTINCT * FROM pg_temp.locks_of(")
        .number(backend_pid)
        .text(", 1500)");
    observer.start(sql.as_str())
}

/// A relation that existed before the statement.
#[derive(Clone, Debug)]
struct Relation {
    name: String,
    /// As in `pg_class`, except `T`: the index of a TOAST table.
    kind: char,
    filenode: Option<String>,
}

/// Locks seen on one relation.
#[derive(Clone, Debug, Default)]
struct Seen {
    modes: BTreeSet<Mode>,
    waited: BTreeSet<Mode>,
}

/// The observer's connection and what it knew before and saw since.
struct Watch {
    observer: Client,
    version: u16,
    before: BTreeMap<i64, Relation>,
    seen: BTreeMap<i64, Seen>,
}

impl Watch {
    fn new(mut observer: Client, version: u16) -> Result<Self, Error> {
        let before = relations(&mut observer)?;
        Ok(Self {
            observer,
            version,
            before,
            seen: BTreeMap::new(),
        })
    }

    fn inside_a_transaction(
        &mut self,
        mut session: Client,
        statement: &str,
    ) -> Result<Observation, Error> {
        session.execute("BEGIN; SET LOCAL client_min_messages = debug1")?;
        session.take_notices();
        let answer = session.query(statement);
        let messages = debug_messages(&mut session);
        if let Err(error) = answer {
            let rows = vec![self.refusal(error)?];
            return Ok(Observation { rows, messages });
        }
        self.poll(session.backend_pid())?;
        session.execute("SET LOCAL client_min_messages = notice")?;
        let mut after = relations(&mut session)?;
        self.follow_names(&mut after);
        let scans = scans(&mut session)?;
        session.execute("ROLLBACK")?;
        Ok(Observation {
            rows: self.rows(&after, &scans),
            messages,
        })
    }

    fn outside_a_transaction(
        &mut self,
        session: Client,
        statement: &str,
        mut blocker: Blocker,
        early: Running,
    ) -> Result<Observation, Error> {
        self.observer.execute(LOCKS_OF_FUNCTION)?;
        let running = session.start(statement)?;
        let stuck = Deadline::after(STATEMENT_TIME_MAX);
        let release = Deadline::after(BLOCKER_TIME_MAX);
        let mut waiting_polls = 0;
        while !running.is_finished() {
            if self.poll_often(running.backend_pid())? == State::Waiting {
                waiting_polls += 1;
            }
            if waiting_polls >= WAITING_POLLS_MIN || release.is_over() {
                blocker.let_go()?;
            }
            if stuck.is_over() {
                return Err(self.stop(&running));
            }
        }
        blocker.let_go()?;
        let (_session, answer) = running.join()?;
        let (_observer, locks) = early.join()?;
        self.note(&locks?)?;
        let rows = if let Err(error) = answer {
            vec![self.refusal(error)?]
        } else {
            let after = relations(&mut self.observer)?;
            self.rows(&after, &BTreeMap::new())
        };
        Ok(Observation {
            rows,
            messages: Vec::new(),
        })
    }

    /// Reads the locks of one backend and adds them to what was seen.
    fn poll(&mut self, backend_pid: i64) -> Result<State, Error> {
        let sql = Sql::literal(LOCKS_OF).number(backend_pid);
        let rows = self.observer.query(sql.as_str())?;
        self.note(&rows)
    }

    /// As [`Watch::poll`], many times in a row inside the server: some locks are held for less
    /// time than an answer takes to reach us.
    fn poll_often(&mut self, backend_pid: i64) -> Result<State, Error> {
        let sql = Sql::literal("SELECT DISTINCT * FROM pg_temp.locks_of(")
            .number(backend_pid)
            .text(", 50)");
        let rows = self.observer.query(sql.as_str())?;
        self.note(&rows)
    }

    /// Adds rows of relation, mode and granted to what was seen.
    fn note(&mut self, rows: &[Row]) -> Result<State, Error> {
        let mut state = State::Going;
        for row in rows {
            let [relation, mode, granted] = fields(row)?;
            let is_granted = granted == Some("t");
            if !is_granted {
                state = State::Waiting;
            }
            let oid = relation.and_then(|text| text.parse::<i64>().ok());
            let Some(oid) = oid.filter(|oid| self.before.contains_key(oid)) else {
                continue;
            };
            let Some(mode) = mode.and_then(Mode::from_name) else {
                continue;
            };
            let seen = self.seen.entry(oid).or_default();
            seen.modes.insert(mode);
            if !is_granted {
                seen.waited.insert(mode);
            }
        }
        Ok(state)
    }

    fn rows(&self, after: &BTreeMap<i64, Relation>, scans: &BTreeMap<i64, u64>) -> Vec<LockRow> {
        let mut rows: Vec<LockRow> = self
            .before
            .iter()
            .filter_map(|(oid, relation)| {
                let seen = self.seen.get(oid)?;
                let strongest = *seen.modes.last()?;
                Some(LockRow {
                    version: self.version,
                    relation: relation.name.clone(),
                    role: role(relation).to_owned(),
                    relkind: if relation.kind == 'T' {
                        'i'
                    } else {
                        relation.kind
                    },
                    outcome: Outcome::Locked(strongest),
                    modes: seen.modes.iter().copied().collect(),
                    waited: seen.waited.iter().copied().collect(),
                    file: file_change(relation, after.get(oid)),
                    rows_scanned: scans.get(oid).copied(),
                })
            })
            .collect();
        rows.sort_by(|one, two| one.relation.cmp(&two.relation));
        if rows.is_empty() {
            let objects = String::new();
            rows.push(self.without_relation(Outcome::NoRelationLock { objects }));
        }
        rows
    }

    /// ALTER TYPE drops an index of the column and creates it again under the same name, with the
    /// old file when it can be kept: such an index is found by its name.
    fn follow_names(&self, after: &mut BTreeMap<i64, Relation>) {
        let by_name: BTreeMap<String, Relation> = after
            .values()
            .map(|relation| (relation.name.clone(), relation.clone()))
            .collect();
        let indexes = self.before.iter().filter(|(_, it)| it.kind == 'i');
        for (oid, relation) in indexes {
            if let Some(successor) = by_name.get(&relation.name) {
                after.entry(*oid).or_insert_with(|| successor.clone());
            }
        }
    }

    /// The server's refusal as a row; anything else that went wrong stays an error.
    fn refusal(&self, error: Error) -> Result<LockRow, Error> {
        match error.server_message() {
            Some(message) => Ok(self.without_relation(Outcome::Refused(message.to_owned()))),
            None => Err(error),
        }
    }

    fn without_relation(&self, outcome: Outcome) -> LockRow {
        LockRow {
            version: self.version,
            relation: "-".to_owned(),
            role: "none pre-existing".to_owned(),
            relkind: '-',
            outcome,
            modes: Vec::new(),
            waited: Vec::new(),
            file: FileChange::Kept,
            rows_scanned: None,
        }
    }

    /// Ends a statement that is stuck, so that its thread does not stay behind.
    fn stop(&mut self, running: &Running) -> Error {
        let sql = Sql::literal("SELECT pg_terminate_backend(")
            .number(running.backend_pid())
            .text(")");
        let stopped = self.observer.execute(sql.as_str());
        let seconds = STATEMENT_TIME_MAX.as_secs();
        match stopped {
            Ok(()) => Error::new(format!("the statement was stuck for {seconds} s")),
            Err(error) => error,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    Waiting,
}

/// Another session's open transaction.
enum Blocker {
    Holding(Box<Client>),
    Released,
}

impl Blocker {
    fn hold(mut client: Client, statement: &str) -> Result<Self, Error> {
        client.execute("BEGIN")?;
        client.execute(statement)?;
        Ok(Self::Holding(Box::new(client)))
    }

    fn let_go(&mut self) -> Result<(), Error> {
        match std::mem::replace(self, Self::Released) {
            Self::Holding(mut client) => client.execute("ROLLBACK"),
            Self::Released => Ok(()),
        }
    }
}

/// Every relation that is not the server's own, by oid.
fn relations(client: &mut Client) -> Result<BTreeMap<i64, Relation>, Error> {
    let rows = client.query(
        "SELECT c.oid, \
           CASE WHEN c.relkind = 't' THEN 'toast(' || o.name || ')' \
                WHEN ti.indexrelid IS NOT NULL THEN 'toastidx(' || ot.name || ')' \
                WHEN n.nspname = 'public' THEN c.relname::text \
                ELSE n.nspname || '.' || c.relname END, \
           CASE WHEN ti.indexrelid IS NOT NULL THEN 'T' ELSE c.relkind::text END, \
           pg_relation_filenode(c.oid) \
         FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN (pg_index ti JOIN pg_class tt ON tt.oid = ti.indrelid AND tt.relkind = 't') \
           ON ti.indexrelid = c.oid \
         LEFT JOIN LATERAL (SELECT CASE WHEN s.nspname = 'public' THEN w.relname::text \
             ELSE s.nspname || '.' || w.relname END AS name \
           FROM pg_class w JOIN pg_namespace s ON s.oid = w.relnamespace \
           WHERE c.relkind = 't' AND w.reltoastrelid = c.oid) o ON true \
         LEFT JOIN LATERAL (SELECT CASE WHEN s.nspname = 'public' THEN w.relname::text \
             ELSE s.nspname || '.' || w.relname END AS name \
           FROM pg_class w JOIN pg_namespace s ON s.oid = w.relnamespace \
           WHERE w.reltoastrelid = tt.oid) ot ON true \
         WHERE c.oid >= 16384",
    )?;
    let mut relations = BTreeMap::new();
    for row in rows {
        let [oid, name, kind, filenode] = fields(&row)?;
        let oid = oid.and_then(|text| text.parse().ok());
        let kind = kind.and_then(|text| text.chars().next());
        if let (Some(oid), Some(kind)) = (oid, kind) {
            relations.insert(
                oid,
                Relation {
                    name: name.unwrap_or("?").to_owned(),
                    kind,
                    filenode: filenode.map(str::to_owned),
                },
            );
        }
    }
    Ok(relations)
}

/// Rows returned by sequential scans of each table in this session's open transaction.
fn scans(client: &mut Client) -> Result<BTreeMap<i64, u64>, Error> {
    let rows = client.query(
        "SELECT oid, pg_stat_get_xact_tuples_returned(oid) FROM pg_class \
         WHERE oid >= 16384 AND relkind IN ('r', 'm', 'p') \
           AND pg_stat_get_xact_numscans(oid) > 0",
    )?;
    let mut scans = BTreeMap::new();
    for row in rows {
        let [oid, returned] = fields(&row)?;
        let oid = oid.and_then(|text| text.parse().ok());
        let returned = returned.and_then(|text| text.parse().ok());
        if let (Some(oid), Some(returned)) = (oid, returned) {
            scans.insert(oid, returned);
        }
    }
    Ok(scans)
}

fn fields<const N: usize>(row: &Row) -> Result<[Option<&str>; N], Error> {
    let fields: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    fields
        .try_into()
        .map_err(|_| Error::new("the server sent another number of columns than was asked for"))
}

fn debug_messages(session: &mut Client) -> Vec<String> {
    session
        .take_notices()
        .into_iter()
        .filter(|notice| notice.severity.starts_with("DEBUG"))
        .map(|notice| notice.message)
        .collect()
}

fn file_change(before: &Relation, after: Option<&Relation>) -> FileChange {
    let is_same = after.is_none_or(|after| after.filenode == before.filenode);
    match before.kind {
        // The index of a TOAST table follows its table and is not told apart from it.
        _ if is_same => FileChange::Kept,
        'T' => FileChange::Kept,
        'i' => FileChange::IndexRebuilt,
        _ => FileChange::Rewritten,
    }
}

fn role(relation: &Relation) -> &'static str {
    match relation.kind {
        'r' => "table",
        'p' => "partitioned table",
        'i' => "index",
        'I' => "partitioned index",
        't' => "toast",
        'T' => "toast index",
        'S' => "sequence",
        'v' => "view",
        'm' => "matview",
        'c' => "composite type",
        _ => "other",
    }
}

fn unite(known: &mut LockRow, other: LockRow) {
    let modes: BTreeSet<Mode> = known.modes.iter().copied().chain(other.modes).collect();
    let waited: BTreeSet<Mode> = known.waited.iter().copied().chain(other.waited).collect();
    if let Some(strongest) = modes.last() {
        known.outcome = Outcome::Locked(*strongest);
    }
    known.modes = modes.into_iter().collect();
    known.waited = waited.into_iter().collect();
    if known.file == FileChange::Kept {
        known.file = other.file;
    }
}

/// The statements of a script without quoted semicolons, comment lines left out.
fn statements(script: &str) -> Vec<String> {
    let code: Vec<&str> = script
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    code.join("\n")
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

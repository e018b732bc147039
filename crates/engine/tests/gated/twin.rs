//! The twin: every transaction of an application writes the migrated table and an untouched twin of it the same way. After
//! the change the two hold the same rows, no statement of any version has failed, and nothing of Segue's is left.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use segue_engine::{Approval, EngineError, EvidencePolicy, Runner, Standing, Target};
use segue_model::{Migration, Session};
use segue_postgres::PostgresSession;
use segue_testkit::exercise::cutting::{Cut, CutError, Knife, Moment, Then};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::scene::{self, catalog, migration, selection, status, up, with_session};
use crate::writes::{Random, Version, prepared, transaction};

/// A change, and how both versions of the application write.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What is said when it fails.
    pub(crate) name: String,
    /// The column of both tables before the change: `c text …`.
    pub(crate) column: String,
    /// More of the tables before the change.
    pub(crate) more: String,
    /// The migration.
    pub(crate) up: String,
    /// Its way down.
    pub(crate) down: String,
    /// What leaves the same where the server refuses the statement as it stands.
    pub(crate) plainly: Option<&'static str>,
    /// What runs when only the new version serves, before the contract phase.
    pub(crate) prepare: Option<&'static str>,
    pub(crate) old: Version,
    pub(crate) new: Version,
    /// Values that both versions may write.
    pub(crate) values: Vec<&'static str>,
    /// The catalog that the plain statements leave.
    pub(crate) plain: OnceLock<Vec<Vec<Option<String>>>>,
}

/// How a change ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Contract,
    Down,
    DownAfterContract,
}

/// Where the run that makes so many calls is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) call: usize,
    pub(crate) moment: Moment,
}

/// Which versions of the application serve.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serving {
    Old,
    Both,
    New,
    Nobody,
}

/// Which versions are serving, and how much they did.
#[derive(Default)]
struct Stage {
    old: AtomicBool,
    new: AtomicBool,
    /// How much they do between two commands.
    share: usize,
    /// Versions that are in a session.
    inside: AtomicUsize,
    stopped: AtomicBool,
    done: AtomicUsize,
}

impl Stage {
    fn play(&self, serving: Serving) {
        self.old.store(
            matches!(serving, Serving::Old | Serving::Both),
            Ordering::SeqCst,
        );
        self.new.store(
            matches!(serving, Serving::New | Serving::Both),
            Ordering::SeqCst,
        );
        let expected = match serving {
            Serving::Nobody => 0,
            Serving::Old | Serving::New => 1,
            Serving::Both => 2,
        };
        // Who leaves finishes the transaction it is in.
        while self.inside.load(Ordering::SeqCst) != expected && !self.is_over() {
            std::thread::yield_now();
        }
        if expected > 0 {
            self.let_pass(self.share);
        }
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Waits until the application has done some more.
    fn let_pass(&self, count: usize) {
        let until = self.done.load(Ordering::SeqCst) + count;
        while self.done.load(Ordering::SeqCst) < until && !self.is_over() {
            std::thread::yield_now();
        }
    }
}

/// One version of the application, until the stage is empty. Gives its first error.
fn serve(
    database: &TestDatabase<'_>,
    (stage, serves): (&Stage, &AtomicBool),
    version: &Version,
    (seed, values): (u64, &[&str]),
) -> Option<String> {
    let mut random = Random::new(seed);
    let mut client: Option<Client> = None;
    while !stage.is_over() {
        if !serves.load(Ordering::SeqCst) {
            if client.take().is_some() {
                stage.inside.fetch_sub(1, Ordering::SeqCst);
            }
            std::thread::yield_now();
            continue;
        }
        let text = if client.is_some() {
            transaction(&mut random, version, values)
        } else {
            client = Some(database.connect().expect("a connection"));
            stage.inside.fetch_add(1, Ordering::SeqCst);
            // They stay prepared as long as this version serves, whatever is done to the table meanwhile.
            prepared(version)
        };
        if let Some(Err(error)) = client.as_mut().map(|client| client.execute(&text)) {
            stage.stopped.store(true, Ordering::SeqCst);
            return Some(format!("{text}: {error}"));
        }
        stage.done.fetch_add(1, Ordering::SeqCst);
    }
    None
}

/// The commands of a deployment; the first run that makes so many calls is killed, and the command is given again;
/// that one may be killed as well.
pub(crate) struct Hand<'d> {
    database: &'d TestDatabase<'d>,
    pub(crate) files: Vec<Migration>,
    knives: Vec<Arc<Knife>>,
    /// What the operator has agreed to so far.
    approval: RefCell<Approval>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Contract,
    Down,
}

impl<'d> Hand<'d> {
    pub(crate) fn new(
        database: &'d TestDatabase<'d>,
        files: Vec<Migration>,
        kills: &[Kill],
    ) -> Self {
        Self {
            database,
            files,
            knives: kills
                .iter()
                .map(|kill| Knife::at(kill.call, kill.moment, Then::Dead))
                .collect(),
            approval: RefCell::default(),
        }
    }

    /// Whether the run was killed, where it was to be.
    pub(crate) fn is_cut(&self) -> bool {
        self.knives.iter().all(|knife| knife.is_used())
    }

    /// Gives a command; what would be destroyed is agreed to when it is asked for.
    pub(crate) fn go(&self, way: Way) -> Result<(), String> {
        match self.given(way) {
            Err(ref why) if let Some((_, hash)) = why.split_once("to agree: --approve ") => {
                let hash = hash.chars().take_while(char::is_ascii_hexdigit).collect();
                self.approval.borrow_mut().hashes.insert(hash);
                self.given(way)
            }
            done => done,
        }
    }

    fn given(&self, way: Way) -> Result<(), String> {
        let told = |error: EngineError| format!("{way:?}: {error}: {:?}", error.details());
        for knife in self.knives.iter().filter(|knife| !knife.is_used()) {
            let connect = || {
                let session: PostgresSession =
                    scene::session(self.database).map_err(CutError::Server)?;
                Cut::new(session, knife)
            };
            let done = with_session::<Cut<PostgresSession>, _>(&connect, |runner| {
                self.command(way, runner)
            });
            match done {
                Ok(()) if !knife.is_used() => return Ok(()),
                // It was killed in its last words.
                Ok(()) => {}
                Err(error) if !knife.is_used() => return Err(told(error)),
                Err(_) => {}
            }
            // What has gone back to its end leaves nothing to take back but the migration before it.
            let lines = status(self.database, &self.files);
            let is_back = lines
                .last()
                .is_some_and(|line| line.standing == Standing::Pending);
            if way == Way::Down && is_back {
                // The lease of who died in his last words goes with the next run.
                return scene::with(self.database, |runner| self.command(Way::Contract, runner))
                    .map_err(told);
            }
        }
        scene::with(self.database, |runner| self.command(way, runner)).map_err(told)
    }

    fn command<S: Session + Send>(
        &self,
        way: Way,
        runner: &mut Runner<'_, S>,
    ) -> Result<(), EngineError> {
        let approval = self.approval.borrow().clone();
        let files = &self.files;
        match way {
            Way::Up => runner.up(files, &selection(Target::All), &approval),
            Way::Contract => runner.contract(files, None, (EvidencePolicy::Accept, &approval)),
            Way::Down => runner.down(files, &selection(Target::Steps(1)), &approval),
        }
        .map(drop)
    }
}

/// The project: both tables, then the change.
pub(crate) fn files(case: &Case) -> Vec<Migration> {
    let start = format!(
        "-- migrate:up\nCREATE TABLE t (id bigint PRIMARY KEY, {column}, n int);\n\
         CREATE TABLE twin (id bigint PRIMARY KEY, {column}, n int);\n{}\n",
        case.more,
        column = case.column
    );
    let change = format!(
        "-- migrate:up\n{}\n-- migrate:down\n{}\n",
        case.up, case.down
    );
    vec![
        migration("1_start.sql", &start),
        migration("2_change.sql", &change),
    ]
}

/// Rows of both that nobody's identifiers reach (above 1500) and rows that are fought for.
pub(crate) fn fill(client: &mut Client, case: &Case) {
    let value = case.values[0];
    for table in ["t", "twin"] {
        client
            .execute(&format!(
                "INSERT INTO {table} (id, c, n) SELECT i, {value}, 0 FROM generate_series(1, 2400, 3) i"
            ))
            .expect("rows");
    }
}

/// Rows that are in one of the two and not in the other; of the column only above `from`.
pub(crate) fn differences(
    client: &mut Client,
    (table, column): (&str, Option<&str>),
    from: i32,
) -> Vec<Vec<Option<String>>> {
    let select = |table: &str, column: Option<&str>| {
        let value = column.map_or_else(
            || "NULL".to_owned(),
            |column| format!("CASE WHEN id >= {from} THEN {column}::text END"),
        );
        format!("SELECT id, {value} AS value, n FROM {table}")
    };
    let (t, twin) = (select(table, column), select("twin", column.map(|_| "c")));
    client
        .query(&format!(
            "SELECT 'only migrated', d.id::text, d.value, d.n::text FROM ({t} EXCEPT {twin}) d \
             UNION ALL SELECT 'only twin', d.id::text, d.value, d.n::text FROM ({twin} EXCEPT {t}) d LIMIT 5"
        ))
        .expect("both can be compared")
}

/// Plays a change to its end while both versions write. False when the runs made fewer calls than the kills wait for.
pub(crate) fn run(
    server: &TestServer,
    case: &Case,
    (ending, kills): (Ending, &[Kill]),
    seed: u64,
) -> Result<bool, String> {
    let database = server.create_database().expect("a database");
    let files = files(case);
    up(&database, &files[..1]).map_err(|error| error.to_string())?;
    let mut client = database.connect().expect("a connection");
    fill(&mut client, case);
    let before = catalog(&mut client);
    let stage = Stage {
        share: if kills.is_empty() { 30 } else { 8 },
        ..Stage::default()
    };
    let hand = Hand::new(&database, files, kills);
    let problem = std::thread::scope(|scope| {
        let old = scope.spawn(|| {
            let values = (seed, case.values.as_slice());
            serve(&database, (&stage, &stage.old), &case.old, values)
        });
        let new = scope.spawn(|| {
            let values = (seed.rotate_left(17), case.values.as_slice());
            serve(&database, (&stage, &stage.new), &case.new, values)
        });
        let played = play(&hand, case, (&stage, ending));
        stage.stopped.store(true, Ordering::SeqCst);
        let felt = [old.join(), new.join()].map(|felt| felt.expect("a version"));
        felt.into_iter().flatten().next().or(played.err())
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    same_rows(&mut client, case, ending)?;
    nothing_left(&mut client, (&before, ending), || {
        case.plain.get_or_init(|| plainly(server, case)).clone()
    })?;
    Ok(hand.is_cut())
}

fn same_rows(client: &mut Client, case: &Case, ending: Ending) -> Result<(), String> {
    let archived = "SELECT 'segue_archive.' || relname FROM pg_class \
                    WHERE relnamespace = to_regnamespace('segue_archive') AND relkind = 'r'";
    let different = match ending {
        Ending::Down => differences(client, ("t", Some("c")), 0),
        // What the new version wrote has no value in the archive.
        Ending::DownAfterContract if case.new.column.is_none() && case.new.table.is_some() => {
            differences(client, ("t", Some("c")), 1500)
        }
        Ending::DownAfterContract => differences(client, ("t", Some("c")), 0),
        Ending::Contract => {
            let kept = client.value(archived).expect("the archive");
            let (table, column) = match &case.new.table {
                Some(table) => (table.clone(), case.new.column.as_deref()),
                None => (kept.expect("the table is kept"), Some("c")),
            };
            differences(client, (&table, column), 0)
        }
    };
    if different.is_empty() {
        return Ok(());
    }
    Err(format!("{different:?}"))
}

/// The catalog is what it was, or what the plain statement leaves; no session, no lease, no half-built index.
fn nothing_left(
    client: &mut Client,
    (before, ending): (&[Vec<Option<String>>], Ending),
    plain: impl FnOnce() -> Vec<Vec<Option<String>>>,
) -> Result<(), String> {
    let expected = match ending {
        Ending::Contract => plain(),
        Ending::Down | Ending::DownAfterContract => before.to_vec(),
    };
    let found = catalog(client);
    let more: Vec<_> = found
        .iter()
        .filter(|line| !expected.contains(line))
        .collect();
    let less: Vec<_> = expected
        .iter()
        .filter(|line| !found.contains(line))
        .collect();
    if !(more.is_empty() && less.is_empty()) {
        return Err(format!("left: {more:?}; missing: {less:?}"));
    }
    let mut leftovers = vec![
        "SELECT 'a session in a transaction: ' || query FROM pg_stat_activity \
         WHERE application_name = 'segue' AND datname = current_database() AND xact_start IS NOT NULL",
        "SELECT 'a lease of ' || holder FROM segue.lease WHERE holder <> ''",
        "SELECT 'an invalid index: ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid",
    ];
    if ending != Ending::Contract {
        leftovers.push(
            "SELECT 'archived: ' || relname FROM pg_class WHERE relnamespace = to_regnamespace('segue_archive')",
        );
    }
    for query in leftovers {
        if let Some(left) = client.value(query).map_err(|error| error.to_string())? {
            return Err(left);
        }
    }
    Ok(())
}

/// The catalog that the statements leave when they are sent as they stand.
fn plainly(server: &TestServer, case: &Case) -> Vec<Vec<Option<String>>> {
    let database = server.create_database().expect("a database");
    up(&database, &files(case)[..1]).expect("the start");
    let mut client = database.connect().expect("a connection");
    fill(&mut client, case);
    if let Some(prepare) = case.prepare {
        // It speaks of a column that is not there yet.
        let add = case.up.replace("NOT NULL", "");
        client.execute(&add).expect("nullable first");
        client
            .execute(prepare)
            .expect("what comes before the contract phase");
        client
            .execute("ALTER TABLE t ALTER COLUMN e SET NOT NULL")
            .expect("not null");
    } else {
        client
            .execute(case.plainly.unwrap_or(&case.up))
            .expect("the statement as written");
    }
    catalog(&mut client)
}

/// A deployment: the old version, both, the new one; and perhaps the whole way back.
fn play(hand: &Hand<'_>, case: &Case, (stage, ending): (&Stage, Ending)) -> Result<(), String> {
    stage.play(Serving::Old);
    hand.go(Way::Up)?;
    stage.play(Serving::Both);
    match ending {
        Ending::Down => {
            stage.play(Serving::Old);
            hand.go(Way::Down)?;
            stage.let_pass(stage.share);
            return Ok(());
        }
        Ending::Contract | Ending::DownAfterContract => {
            stage.play(Serving::New);
            if let Some(prepare) = case.prepare {
                let mut client = hand.database.connect().expect("a connection");
                client.execute(prepare).map_err(|error| error.to_string())?;
            }
            hand.go(Way::Contract)?;
            stage.let_pass(stage.share);
        }
    }
    if ending == Ending::DownAfterContract {
        if case.prepare.is_some() {
            // The old version cannot write what the new one demands, and the new one names what goes.
            stage.play(Serving::Nobody);
        }
        hand.go(Way::Down)?;
        let serves_both = case.prepare.is_none() && case.new.column.is_some();
        if serves_both {
            stage.play(Serving::Both);
        }
        stage.play(Serving::Old);
        hand.go(Way::Contract)?;
        stage.let_pass(stage.share);
    }
    Ok(())
}

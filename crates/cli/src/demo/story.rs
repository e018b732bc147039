//! A story: one change of one table, there and back again, while the version before it and the version after it are in use.
//!
//! Each is a folder of `examples`, part of the binary, so it runs anywhere: its migrations, its rows, and what the two
//! versions of the application send.

use std::time::Duration;

use clap::ValueEnum;
use segue_engine::traffic::{
    self, Act, Clients, Felt, Life, Live, Parameter, Release, Report, Road, Script,
};
use segue_engine::{
    Approval, Clock as _, EvidencePolicy, Limits, Manner, Order, Outcome, Runner, Selection, Target,
};
use segue_model::{Dialect as _, Migration, RunnerStatements, Session as _, Sql, Tool};
use segue_postgres::{Postgres, PostgresError, PostgresSession};
use segue_sources::read_text;

use super::ground::{Scratch, unexpected};
use super::play::{Seen, limits, refused};
use super::plot::{duration, late_us, latency};
use super::talk::{Talk, grouped};
use crate::environment::{Pauses, Stopwatch, user_and_process};
use crate::error::CliError;
use crate::running::complaint;

/// How long the table is used before and after each act.
const CALM: Duration = Duration::from_millis(400);
/// How many sessions each version has.
const SESSIONS: u32 = 4;
/// The version that arrives has arrived.
const ARRIVED: Release = Release(1);
/// The version that leaves is gone.
const LEFT: Release = Release(2);

macro_rules! stories {
    ($($variant:ident $folder:literal $about:literal [$($file:literal),+]),+ $(,)?) => {
        /// Which story.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
        pub(crate) enum Story {
            $(#[value(name = $folder, help = $about)] $variant),+
        }

        impl Story {
            /// All of them.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its folder in `examples`.
            pub(crate) fn folder(self) -> &'static str {
                match self { $(Self::$variant => $folder),+ }
            }

            /// What changes.
            pub(crate) fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }

            /// The files of its migrations, with their texts.
            fn files(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$variant => &[$((
                    $file,
                    include_str!(concat!("../../../../examples/", $folder, "/db/migrations/", $file)),
                )),+]),+ }
            }

            /// Its rows, what the version before the change sends, and what the version after it does.
            fn sql(self) -> [&'static str; 3] {
                match self { $(Self::$variant => [
                    include_str!(concat!("../../../../examples/", $folder, "/rows.sql")),
                    include_str!(concat!("../../../../examples/", $folder, "/old.sql")),
                    include_str!(concat!("../../../../examples/", $folder, "/new.sql")),
                ]),+ }
            }
        }
    };
}

stories![
    Rename "rename" "users.username becomes users.display_name"
        ["20260101000000_create_users.sql", "20260201000000_rename_username.sql"],
    Type "type" "pages.views becomes bigint"
        ["20260101000000_create_pages.sql", "20260201000000_wider_views.sql"],
    NotNull "not-null" "customers.email becomes NOT NULL"
        ["20260101000000_create_customers.sql", "20260201000000_require_email.sql"],
    Split "split" "users.name becomes first_name and last_name"
        ["20260101000000_create_users.sql", "20260201000000_split_name.sql"],
    Backfill "backfill" "orders.country is written in capitals"
        ["20260101000000_create_orders.sql", "20260201000000_countries_in_capitals.sql"],
    Drop "drop" "users.legacy_code goes"
        ["20260101000000_create_users.sql", "20260201000000_drop_legacy_code.sql"],
];

impl Story {
    fn migrations(self) -> Vec<Migration> {
        self.files()
            .iter()
            .map(|(file, text)| {
                let mut migration = read_text(file, (*text).to_owned(), Tool::Native);
                let stem = file.strip_suffix(".sql").unwrap_or(file);
                if let Some((id, name)) = stem.split_once('_') {
                    id.clone_into(&mut migration.id);
                    name.clone_into(&mut migration.name);
                }
                migration
            })
            .collect()
    }
}

/// One thing the runner was told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Up,
    Contract,
    Down,
}

impl Verb {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Contract => "contract",
            Self::Down => "down",
        }
    }
}

/// How it went.
pub(crate) struct Deed {
    pub(crate) verb: Verb,
    pub(crate) steps: usize,
    /// Tries that got no lock.
    waits: u32,
    /// The rest of it waits until the version that leaves is gone.
    pub(crate) waits_at_gate: bool,
    took_ms: u64,
}

/// A story that was told.
pub(crate) struct Told {
    story: Story,
    deeds: Vec<Deed>,
    /// What was felt on the way there, and on the way back.
    reports: [Report; 2],
}

/// Tells it on a fresh server.
///
/// # Errors
/// What the engine or the server said.
pub(crate) fn tell(
    scratch: &Scratch,
    story: Story,
    (rows, talk): (u64, Talk),
) -> Result<Told, CliError> {
    let teller = Teller {
        scratch,
        clock: Pauses::new(),
        statements: Postgres
            .runner()
            .ok_or_else(|| unexpected("nothing runs on this dialect"))?,
        migrations: story.migrations(),
        talk,
    };
    let [data, old, new] = story.sql();
    teller.prepare(data, rows)?;
    let versions = |leaves: (&'static str, &'static str), arrives: (&'static str, &'static str)| {
        [
            version(leaves, rows, (None, Life::Until(LEFT))),
            version(arrives, rows, (Some(ARRIVED), Life::AgainAt(LEFT))),
        ]
    };
    let (old, new) = (("old version", old), ("new version", new));
    let (mut deeds, there) = teller.act(Verb::Up, &versions(old, new))?;
    let (back, again) = teller.act(Verb::Down, &versions(new, old))?;
    deeds.extend(back);
    talk.quiet();
    Ok(Told {
        story,
        deeds,
        reports: [there, again],
    })
}

/// Sessions of one version; each statement of its file is a script.
fn version(
    (name, file): (&'static str, &'static str),
    rows: u64,
    (since, life): (Option<Release>, Life),
) -> Clients {
    let scripts = statements(file)
        .map(|text| Script {
            acts: vec![Act::Send(
                Sql::literal(text),
                vec![Parameter::Between(1, rows.max(1))],
            )],
            since,
        })
        .collect();
    Clients {
        name,
        sessions: SESSIONS,
        scripts,
        think: Duration::from_millis(4),
        life,
    }
}

/// One a line, without comments.
fn statements(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
}

struct Teller<'a> {
    scratch: &'a Scratch,
    clock: Pauses,
    statements: RunnerStatements,
    migrations: Vec<Migration>,
    talk: Talk,
}

impl Teller<'_> {
    /// The table and its rows: an earlier release.
    fn prepare(&self, data: &'static str, rows: u64) -> Result<(), CliError> {
        let foundation = self.migrations.get(..1).unwrap_or_default();
        let all = selection(Target::All);
        self.run(&mut Seen::default(), |runner| {
            runner.up(foundation, &all, &Approval::default())
        })?;
        let mut session = self.scratch.connect().map_err(refused)?;
        let count = rows.to_string();
        session
            .query_with(&Sql::literal(data), &[Some(&count)])
            .map_err(refused)?;
        session.execute(&Sql::literal("ANALYZE")).map_err(refused)?;
        self.talk
            .done(&format!("  the table has {} rows", grouped(rows)));
        Ok(())
    }

    /// One way, in use: the change, both versions, the rest of it without the version that leaves.
    fn act(&self, verb: Verb, versions: &[Clients]) -> Result<(Vec<Deed>, Report), CliError> {
        let connect = || self.scratch.connect();
        let patience_us = late_us(Limits::default().lock_timeout_ms.into());
        let road = Road {
            connect: &connect,
            clock: &self.clock,
            rollback: &self.statements.rollback,
            patience: Duration::from_micros(patience_us),
            seed: 1,
        };
        let (deeds, report) =
            traffic::during(&road, versions, |live| self.deeds(verb, live)).map_err(refused)?;
        Ok((deeds?, report))
    }

    fn deeds(&self, verb: Verb, live: &Live<'_>) -> Result<Vec<Deed>, CliError> {
        self.clock.pause(CALM);
        let first = self.deed(verb)?;
        let waits_at_gate = first.waits_at_gate;
        let mut deeds = vec![first];
        live.release(ARRIVED);
        self.clock.pause(CALM);
        live.release(LEFT);
        self.clock.pause(CALM);
        if waits_at_gate {
            deeds.push(self.deed(Verb::Contract)?);
            self.clock.pause(CALM);
        }
        Ok(deeds)
    }

    fn deed(&self, verb: Verb) -> Result<Deed, CliError> {
        self.talk.now(&format!("  segue {}", verb.word()));
        let watch = Stopwatch::start();
        let mut seen = Seen::default();
        let migrations = &self.migrations;
        self.run(&mut seen, |runner| match verb {
            Verb::Up => runner.up(migrations, &selection(Target::All), &Approval::default()),
            Verb::Contract => runner.contract(
                migrations,
                None,
                (EvidencePolicy::Respect, &Approval::default()),
            ),
            Verb::Down => runner.down(
                migrations,
                &selection(Target::Steps(1)),
                &Approval::default(),
            ),
        })?;
        let deed = Deed {
            verb,
            steps: seen.steps,
            waits: seen.waits,
            waits_at_gate: seen.is_at_gate,
            took_ms: watch.elapsed_ms(),
        };
        self.talk.done(&["  ", &line(&deed)].concat());
        Ok(deed)
    }

    fn run(
        &self,
        seen: &mut Seen,
        act: impl FnOnce(&mut Runner<'_, PostgresSession>) -> Result<Outcome, segue_engine::EngineError>,
    ) -> Result<Outcome, CliError> {
        let connect = || -> Result<PostgresSession, PostgresError> { self.scratch.connect() };
        let mut observer = |event: &segue_engine::Event| seen.note(event);
        let mut runner = Runner::new(&Postgres, &connect, &self.clock, &mut observer)
            .map_err(|error| complaint(&error))?;
        runner.limits = limits(Manner::Safe);
        runner.holder = user_and_process();
        act(&mut runner).map_err(|error| complaint(&error))
    }
}

fn selection(target: Target) -> Selection {
    Selection {
        target,
        manner: Manner::Safe,
        order: Order::Linear,
    }
}

fn line(deed: &Deed) -> String {
    let gate = if deed.waits_at_gate {
        ", waits at its gate"
    } else {
        ""
    };
    format!(
        "segue {:<9} {:>2} steps in {}{gate}",
        deed.verb.word(),
        deed.steps,
        duration(deed.took_ms)
    )
}

impl Told {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![
            String::new(),
            ["  ", self.story.about()].concat(),
            String::new(),
        ];
        let half = self.deeds.iter().position(|deed| deed.verb == Verb::Down);
        let (there, back) = self.deeds.split_at(half.unwrap_or(self.deeds.len()));
        for (way, deeds, report) in [
            ("there", there, &self.reports[0]),
            ("back", back, &self.reports[1]),
        ] {
            for deed in deeds {
                lines.push(format!("  {way:<6} {}", line(deed)));
            }
            for felt in &report.groups {
                lines.push(format!("         {}", said(felt)));
            }
        }
        lines.push(String::new());
        lines.push(format!("  files  examples/{}", self.story.folder()));
        lines.push(String::new());
        lines.join("\n")
    }

    /// For programs.
    pub(crate) fn json(&self, server: &str, rows: u64) -> serde_json::Value {
        let felt = |felt: &Felt| {
            serde_json::json!({
                "name": felt.name,
                "statements": felt.statements(),
                "errors": felt.errors(),
                "first_errors": felt.first_errors(),
                "late": felt.late(),
                "slowest_us": felt.slowest_us(),
            })
        };
        let report = |report: &Report| report.groups.iter().map(felt).collect::<Vec<_>>();
        serde_json::json!({
            "version": 1,
            "server": server,
            "story": self.story.folder(),
            "rows": rows,
            "acts": self.deeds.iter().map(|deed| serde_json::json!({
                "verb": deed.verb.word(),
                "steps": deed.steps,
                "waits": deed.waits,
                "waits_at_gate": deed.waits_at_gate,
                "took_ms": deed.took_ms,
            })).collect::<Vec<_>>(),
            "there": report(&self.reports[0]),
            "back": report(&self.reports[1]),
        })
    }
}

fn said(felt: &Felt) -> String {
    let failed = match felt.errors() {
        0 => "none failed".to_owned(),
        errors => format!("{} FAILED", grouped(errors)),
    };
    format!(
        "{}: {} statements, {failed}, slowest {}",
        felt.name,
        grouped(felt.statements()),
        latency(felt.slowest_us())
    )
}

#[cfg(test)]
mod tests {
    use super::{Story, statements};

    #[test]
    fn the_binary_has_all_files_of_every_story_and_there_is_no_other() {
        let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let names = |folder: std::path::PathBuf| -> Vec<String> {
            let mut names: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        for story in Story::ALL {
            let there = names(examples.join(story.folder()).join("db/migrations"));
            let here: Vec<&str> = story.files().iter().map(|(file, _)| *file).collect();
            assert_eq!(here, there);
            let readme = examples.join(story.folder()).join("README.md");
            let text = std::fs::read_to_string(readme).unwrap();
            let command = format!("cargo run --release -- demo --story {}", story.folder());
            assert!(text.contains(&command), "{command}");
        }
        let mut folders: Vec<&str> = Story::ALL.iter().map(|story| story.folder()).collect();
        folders.push("shop");
        folders.sort_unstable();
        assert_eq!(folders, names(examples));
    }

    #[test]
    fn a_version_sends_one_statement_a_line() {
        for story in Story::ALL {
            let [_, old, new] = story.sql();
            for file in [old, new] {
                assert!(statements(file).count() >= 2);
                assert!(statements(file).all(|text| text.contains("$1")), "{file}");
            }
        }
    }
}

//! Any table, any gated change, any order of versions, any kill: the twin agrees.
//!
//! What is drawn is drawn from a seed. A case that fails says its own: `SEGUE_TEST_SEED=… cargo test` plays it again, alone.
//! `SEGUE_TEST_CASES` says how many are played.

use std::sync::OnceLock;

use segue_testkit::TestServer;
use segue_testkit::exercise::cutting::Moment;

use crate::scene::slow_ones_too;
use crate::twin::{Case, Ending, Kill, run};
use crate::writes::{Copies, Random, Reads, Version};

/// A type, literals of it, and types it may become with what the way back says.
type Type = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

const TYPES: &[Type] = &[
    ("text", &["'a'", "'b b'", "''", "'LongValue'", "'€'"], &[]),
    (
        "text",
        &["'1'", "'-20'", "'300'"],
        &[
            ("integer USING c::integer", "text"),
            ("bigint USING c::bigint", "text"),
        ],
    ),
    (
        "smallint",
        &["1", "2", "-7"],
        &[("integer", "smallint"), ("bigint", "smallint")],
    ),
    (
        "integer",
        &["1", "2", "41", "-7"],
        &[
            ("bigint", "integer"),
            ("text", "integer USING c::integer"),
            ("numeric", "integer"),
        ],
    ),
    (
        "bigint",
        &["1", "2", "2147483647"],
        &[("numeric", "bigint"), ("integer", "bigint")],
    ),
    ("boolean", &["true", "false"], &[]),
    (
        "uuid",
        &[
            "'00000000-0000-0000-0000-000000000001'",
            "'ffffffff-0000-0000-0000-000000000002'",
        ],
        &[("text", "uuid USING c::uuid")],
    ),
    (
        "timestamptz",
        &["'2026-01-02 03:04:05+00'", "'2001-12-31 23:59:59.5+00'"],
        &[],
    ),
    ("jsonb", &["'{\"a\": 1}'", "'[]'"], &[]),
    ("text[]", &["'{a,b}'", "'{}'"], &[]),
    ("numeric(8,2)", &["1.50", "-2.25", "0"], &[]),
];

/// What hangs on the column beside it; `{v}` is one of its values.
const ATTACHED: &[&str] = &[
    "CREATE INDEX t_c ON t (c);",
    "CREATE INDEX t_part ON t (n, c) WHERE c IS NOT NULL;",
    "CREATE UNIQUE INDEX t_both ON t (id, c);",
    "ALTER TABLE t ADD CONSTRAINT t_pair CHECK (c IS NOT NULL OR n IS NULL OR n > -5);",
    "COMMENT ON COLUMN t.c IS 'what it is';",
    "CREATE INDEX t_inc ON t (n) INCLUDE (c);",
    "ALTER TABLE t ADD CONSTRAINT t_unique UNIQUE (c, id);",
];

/// Statements of the same migration that are about something else, and what takes them back.
const BESIDE: &[(&str, &str)] = &[
    ("CREATE INDEX t_n ON t (n);", "DROP INDEX t_n;"),
    (
        "ALTER TABLE t ADD COLUMN z int DEFAULT 4;",
        "ALTER TABLE t DROP COLUMN z;",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT t_n_low CHECK (n > -100);",
        "ALTER TABLE t DROP CONSTRAINT t_n_low;",
    ),
    ("CREATE TABLE beside (a int);", "DROP TABLE beside;"),
];

fn case(random: &mut Random) -> Case {
    let (data_type, values, targets) = *random.of(TYPES);
    let mut values = values.to_vec();
    let mut column = format!("c {data_type}");
    match random.below(3) {
        0 => column.push_str(" NOT NULL"),
        1 => values.push("NULL"),
        _ => {}
    }
    let is_demanded = column.ends_with("NOT NULL");
    // What leaves a column out that refuses null has to have a default.
    if is_demanded || random.below(2) == 0 {
        column = format!("{column} DEFAULT {}", values[0]);
    }
    let more = ATTACHED
        .iter()
        .filter(|_| random.below(3) == 0)
        .copied()
        .collect::<Vec<_>>()
        .join("\n");
    let mut case = Case {
        name: String::new(),
        column,
        more,
        up: String::new(),
        down: String::new(),
        plainly: None,
        prepare: None,
        old: Version::of("t", "c"),
        new: Version::of("t", "c"),
        values,
        plain: OnceLock::new(),
    };
    changes(random, &mut case, (data_type, targets));
    case.name = format!("{} / {} / {}", case.column, case.more, case.up);
    case
}

fn changes(
    random: &mut Random,
    case: &mut Case,
    (data_type, targets): (&'static str, &[(&str, &str)]),
) {
    let (up, down): (String, String) = match random.below(6) {
        0 if !targets.is_empty() => {
            let (to, back) = random.of(targets);
            (
                format!("ALTER TABLE t ALTER COLUMN c TYPE {to};"),
                format!("ALTER TABLE t ALTER COLUMN c TYPE {back};"),
            )
        }
        1 => {
            case.new.column = None;
            case.old.parameter = Some(data_type);
            (
                "ALTER TABLE t DROP COLUMN c;".into(),
                format!("ALTER TABLE t ADD COLUMN {};", case.column),
            )
        }
        2 => {
            case.new.table = None;
            (
                "DROP TABLE t;".into(),
                format!(
                    "CREATE TABLE t (id bigint PRIMARY KEY, {}, n int);",
                    case.column
                ),
            )
        }
        3 => {
            case.old.copies = Copies::Never;
            case.new = Version {
                copies: Copies::Never,
                ..Version::of("s", "c")
            };
            (
                "ALTER TABLE t RENAME TO s;".into(),
                "ALTER TABLE s RENAME TO t;".into(),
            )
        }
        4 => {
            case.new.fills = Some(("e", "'x'"));
            case.new.parameter = Some(data_type);
            case.prepare = Some("UPDATE t SET e = 'x' WHERE e IS NULL");
            (
                "ALTER TABLE t ADD COLUMN e text NOT NULL;".into(),
                "ALTER TABLE t DROP COLUMN e;".into(),
            )
        }
        _ => {
            case.new.column = Some("d".to_owned());
            case.old.parameter = Some(data_type);
            case.new.parameter = Some(data_type);
            (
                "ALTER TABLE t RENAME COLUMN c TO d;".into(),
                "ALTER TABLE t RENAME COLUMN d TO c;".into(),
            )
        }
    };
    beside(random, case, (&up, &down));
}

/// What else is in the file.
fn beside(random: &mut Random, case: &mut Case, (up, down): (&str, &str)) {
    // A table that is renamed or goes is not altered behind that in the same file.
    let is_alone = case.new.table.as_deref() != Some("t") || case.prepare.is_some();
    let (before, after) = match random.of(BESIDE) {
        (before, after) if !is_alone && random.below(2) == 0 => (*before, *after),
        _ => ("", ""),
    };
    case.up = format!("{before} {up}").trim().to_owned();
    case.down = format!("{down} {after}").trim().to_owned();
}

/// Plays one seed.
fn plays(server: &TestServer, seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut case = case(&mut random);
    let ending = *random.of(&[Ending::Contract, Ending::Down, Ending::DownAfterContract]);
    if ending == Ending::DownAfterContract && case.new.column.is_none() {
        case.old.reads = Reads::Never;
    }
    let kills: Vec<Kill> = (0..random.below(3))
        .map(|_| Kill {
            call: 1 + random.below(160),
            moment: *random.of(&[Moment::BeforeSending, Moment::AfterReply]),
        })
        .collect();
    run(server, &case, (ending, &kills), seed)
        .map(drop)
        .map_err(|why| format!("{} ({ending:?}, {kills:?}): {why}", case.name))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a seed that failed is given again by whoever looks into it"
)]
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn any_gated_change_keeps_both_versions_and_every_row() {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let server = TestServer::start_newest().unwrap();
    let usual = if slow_ones_too() { 250 } else { 6 };
    let count = variable("SEGUE_TEST_CASES").unwrap_or(usual);
    let seeds: Vec<u64> = match variable("SEGUE_TEST_SEED") {
        Some(seed) => vec![seed],
        None => (0..count)
            .map(|_| RandomState::new().build_hasher().finish())
            .collect(),
    };
    let wrong: Vec<String> = seeds
        .into_iter()
        .filter_map(|seed| {
            let why = plays(&server, seed).err()?;
            Some(format!("SEGUE_TEST_SEED={seed}: {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

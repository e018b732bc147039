//! Every kind of gated change, to each of its ends, undisturbed and killed on the way: the twin agrees.

use std::sync::OnceLock;

use segue_engine::EvidencePolicy;
use segue_testkit::TestServer;
use segue_testkit::exercise::cutting::Moment;

use crate::scene::{contract, slow_ones_too, up};
use crate::twin::{Case, Ending, Kill, differences, files, fill, run};
use crate::writes::{Copies, Random, Reads, Version};

fn renamed(name: &str, column: &str, more: &str, values: &[&'static str]) -> Case {
    let parameter = if column.contains("integer") {
        "integer"
    } else {
        "text"
    };
    let version = |name: &str| Version {
        parameter: Some(parameter),
        ..Version::of("t", name)
    };
    Case {
        name: name.to_owned(),
        column: column.to_owned(),
        more: more.to_owned(),
        up: "ALTER TABLE t RENAME COLUMN c TO d;".to_owned(),
        down: "ALTER TABLE t RENAME COLUMN d TO c;".to_owned(),
        plainly: None,
        prepare: None,
        old: version("c"),
        new: version("d"),
        values: values.to_vec(),
        plain: OnceLock::new(),
    }
}

/// A change after which the column has its name.
fn changed(name: &str, column: &str, (up, down): (&str, &str), values: &[&'static str]) -> Case {
    Case {
        name: name.to_owned(),
        column: column.to_owned(),
        more: String::new(),
        up: up.to_owned(),
        down: down.to_owned(),
        plainly: None,
        prepare: None,
        old: Version::of("t", "c"),
        new: Version::of("t", "c"),
        values: values.to_vec(),
        plain: OnceLock::new(),
    }
}

fn wider() -> Case {
    let mut wider = changed(
        "a wider type",
        "c integer DEFAULT 1",
        (
            "ALTER TABLE t ALTER COLUMN c TYPE bigint;",
            "ALTER TABLE t ALTER COLUMN c TYPE integer;",
        ),
        &["1", "2", "NULL", "41"],
    );
    wider.more = "CREATE INDEX t_c ON t (c);".to_owned();
    wider
}

/// What hangs on the column by its number comes along: the server refuses the plain statement.
fn followed() -> Case {
    let mut followed = wider();
    followed.name = "a wider type that views, a policy and statistics hang on".to_owned();
    followed.more = "CREATE INDEX t_c ON t (c); CREATE VIEW seen AS SELECT id, c FROM t WHERE c > 0; \
        CREATE VIEW beyond AS SELECT c + 1 AS d FROM seen; CREATE POLICY p ON t USING (c <> 7); CREATE STATISTICS s ON c, n FROM t;"
        .to_owned();
    followed.plainly = Some(
        "DROP VIEW beyond, seen; DROP POLICY p ON t; ALTER TABLE t ALTER COLUMN c TYPE bigint; \
         CREATE VIEW seen AS SELECT id, c FROM t WHERE c > 0; CREATE VIEW beyond AS SELECT c + 1 AS d FROM seen; \
         CREATE POLICY p ON t USING (c <> 7)",
    );
    followed
}

fn two_at_once() -> Case {
    let mut two = changed(
        "two wider types in one statement",
        "c integer DEFAULT 1",
        (
            "ALTER TABLE t ALTER COLUMN c TYPE bigint, ALTER COLUMN n TYPE bigint, ADD CONSTRAINT low CHECK (c > -1000);",
            "ALTER TABLE t DROP CONSTRAINT low, ALTER COLUMN n TYPE integer, ALTER COLUMN c TYPE integer;",
        ),
        &["1", "2", "NULL", "41"],
    );
    two.more = "CREATE INDEX t_both ON t (c, n);".to_owned();
    two
}

fn computed() -> Case {
    let mut computed = changed(
        "text to numbers, by an expression with its way back",
        "c text",
        (
            "-- segue:reverse c = c::text\nALTER TABLE t ALTER COLUMN c TYPE integer USING trim(c)::integer;",
            "ALTER TABLE t ALTER COLUMN c TYPE text;",
        ),
        &["'1'", "'20'", "NULL", "'300'"],
    );
    computed.more = "CREATE INDEX t_c ON t (c);".to_owned();
    computed
}

fn columns() -> Vec<Case> {
    let with_parameter = |mut case: Case, parameter| {
        case.old.parameter = Some(parameter);
        case.new.parameter = Some(parameter);
        case
    };
    let mut online = changed(
        "an index, a CHECK and NOT NULL",
        "c integer DEFAULT 3",
        (
            "CREATE INDEX t_i ON t (c); ALTER TABLE t ADD CONSTRAINT t_k CHECK (c < 100); ALTER TABLE t ALTER COLUMN c SET NOT NULL;",
            "ALTER TABLE t ALTER COLUMN c DROP NOT NULL; ALTER TABLE t DROP CONSTRAINT t_k; DROP INDEX t_i;",
        ),
        &["1", "2", "41"],
    );
    online.more = "UPDATE t SET c = 3; UPDATE twin SET c = 3;".to_owned();
    vec![
        renamed(
            "rename",
            "c text",
            "CREATE INDEX t_c ON t (c);",
            &["'a'", "'b'", "NULL", "'LongValue'"],
        ),
        renamed(
            "rename with a default and a CHECK",
            "c text DEFAULT 'none' CHECK (c <> 'forbidden')",
            "",
            &["'a'", "'b'", "NULL", "'none'"],
        ),
        renamed(
            "rename of a column that refuses null",
            "c integer NOT NULL DEFAULT 7",
            "CREATE INDEX t_part ON t (id, (c + 1)) WHERE c > 3;",
            &["1", "7", "9"],
        ),
        renamed(
            "rename of what a view, a policy, statistics and a computed column hang on",
            "c text",
            "CREATE INDEX t_c ON t (c); CREATE VIEW seen AS SELECT id, c FROM t; CREATE POLICY p ON t USING (c <> 'x'); \
             CREATE STATISTICS s ON c, n FROM t; ALTER TABLE t ADD COLUMN long int GENERATED ALWAYS AS (length(c)) STORED;",
            &["'a'", "'b'", "NULL", "'LongValue'"],
        ),
        with_parameter(wider(), "integer"),
        with_parameter(followed(), "integer"),
        with_parameter(two_at_once(), "integer"),
        computed(),
        changed(
            "text to numbers",
            "c text",
            (
                "ALTER TABLE t ALTER COLUMN c TYPE integer USING c::integer;",
                "ALTER TABLE t ALTER COLUMN c TYPE text;",
            ),
            &["'1'", "'20'", "NULL", "'300'"],
        ),
        with_parameter(online, "integer"),
    ]
}

/// Changes after which the new version does not know the column, or knows the table by another name, or not at all.
fn wholes() -> Vec<Case> {
    let values = ["'a'", "'b'", "NULL", "'LongValue'"];
    let text = |name, up: &str, down: &str| {
        let mut case = changed(name, "c text", (up, down), &values);
        case.old.parameter = Some("text");
        case
    };
    let mut dropped_column = text(
        "drop column",
        "ALTER TABLE t DROP COLUMN c;",
        "ALTER TABLE t ADD COLUMN c text;",
    );
    dropped_column.new.column = None;
    let mut dropped_not_null = dropped_column.clone();
    dropped_not_null.name = "drop of a column that refuses null".to_owned();
    dropped_not_null.column = "c text NOT NULL DEFAULT 'z' CHECK (c <> 'forbidden')".to_owned();
    dropped_not_null.values = vec!["'a'", "'b'"];
    let mut dropped_table = text(
        "drop table",
        "DROP TABLE t;",
        "CREATE TABLE t (id bigint PRIMARY KEY, c text, n int);",
    );
    dropped_table.new.table = None;
    let mut renamed_table = text(
        "rename table",
        "ALTER TABLE t RENAME TO s;",
        "ALTER TABLE s RENAME TO t;",
    );
    renamed_table.column = "c text DEFAULT 'none'".to_owned();
    renamed_table.old.copies = Copies::Never;
    renamed_table.new = Version {
        copies: Copies::Never,
        parameter: Some("text"),
        ..Version::of("s", "c")
    };
    let mut demanded = text(
        "add a column that refuses null",
        "ALTER TABLE t ADD COLUMN e text NOT NULL;",
        "ALTER TABLE t DROP COLUMN e;",
    );
    demanded.new.fills = Some(("e", "'x'"));
    demanded.new.parameter = Some("text");
    demanded.prepare = Some("UPDATE t SET e = 'x' WHERE e IS NULL");
    vec![
        dropped_column,
        dropped_not_null,
        dropped_table,
        renamed_table,
        demanded,
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = columns();
    all.extend(wholes());
    all
}

/// After the way back from behind the gate the old version meets values that only the archive could know.
fn fit(mut case: Case, ending: Ending) -> Case {
    if ending == Ending::DownAfterContract && case.new.column.is_none() {
        case.old.reads = Reads::Never;
    }
    case
}

#[expect(
    clippy::disallowed_methods,
    reason = "a seed that failed is given again by whoever looks into it"
)]
pub(crate) fn seed() -> u64 {
    std::env::var("SEGUE_TEST_SEED").map_or_else(
        |_| u64::from(std::process::id()).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        |text| text.parse().expect("a number"),
    )
}

/// Each kind undisturbed, and some killed somewhere: which and where differs from run to run.
fn every_case(ending: Ending) {
    let server = TestServer::start_newest().unwrap();
    let seed = seed();
    let mut random = Random::new(seed);
    let mut wrong = Vec::new();
    for case in cases() {
        let case = fit(case, ending);
        let kill = Kill {
            call: 10 + random.below(150),
            moment: *random.of(&[Moment::BeforeSending, Moment::AfterReply]),
        };
        // The others are killed in other runs.
        let kill = (random.below(3) == 0).then_some(kill);
        for kill in std::iter::once(None).chain(kill.map(Some)) {
            if let Err(why) = run(&server, &case, (ending, kill.as_slice()), seed) {
                wrong.push(format!(
                    "{} ({ending:?}, {kill:?}, SEGUE_TEST_SEED={seed}): {why}",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_twin_agrees_after_the_contract_phase() {
    every_case(Ending::Contract);
}

#[test]
fn the_twin_agrees_after_going_back_before_the_contract_phase() {
    every_case(Ending::Down);
}

#[test]
fn the_twin_agrees_after_going_back_from_behind_the_gate() {
    every_case(Ending::DownAfterContract);
}

/// Killed at every call of a kind, in turns before it is sent and after its reply, while both versions write. Slow: only where
/// all tests are asked for.
fn wherever_it_is_killed(name: &str) {
    if !slow_ones_too() {
        return;
    }
    let server = TestServer::start_newest().unwrap();
    let seed = seed();
    let case = cases().into_iter().find(|case| case.name == name);
    let case = case.expect("a kind of this name");
    for ending in [Ending::Contract, Ending::Down, Ending::DownAfterContract] {
        let case = fit(case.clone(), ending);
        let mut call = 1;
        loop {
            let moment = if call % 2 == 0 {
                Moment::BeforeSending
            } else {
                Moment::AfterReply
            };
            let kill = Kill { call, moment };
            let played = run(&server, &case, (ending, &[kill]), seed);
            let is_cut =
                played.unwrap_or_else(|why| panic!("{name} ({ending:?}, {kill:?}): {why}"));
            if !is_cut {
                break;
            }
            call += 1;
        }
        assert!(call > 20, "{name}: a run makes more than {call} calls");
    }
}

/// One test a kind, so that they run beside each other.
macro_rules! killed_at_every_call {
    ($($test:ident: $name:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                wherever_it_is_killed($name);
            }
        )+

        #[test]
        fn every_kind_is_killed_at_every_call() {
            let killed = [$($name),+];
            let left: Vec<String> = cases()
                .into_iter()
                .map(|case| case.name)
                .filter(|name| !killed.contains(&name.as_str()))
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    };
}

killed_at_every_call! {
    a_rename_killed_at_every_call: "rename",
    a_rename_with_a_default_killed_at_every_call: "rename with a default and a CHECK",
    a_rename_of_not_null_killed_at_every_call: "rename of a column that refuses null",
    a_rename_with_followers_killed_at_every_call: "rename of what a view, a policy, statistics and a computed column hang on",
    a_wider_type_killed_at_every_call: "a wider type",
    a_wider_type_with_all_that_hangs_on_it_killed_at_every_call: "a wider type that views, a policy and statistics hang on",
    two_wider_types_killed_at_every_call: "two wider types in one statement",
    a_declared_way_back_killed_at_every_call: "text to numbers, by an expression with its way back",
    another_type_killed_at_every_call: "text to numbers",
    another_type_by_an_expression_killed_at_every_call: "text to numbers, by an expression with its way back",
    a_rename_with_all_that_hangs_on_it_killed_at_every_call: "rename of what a view, a policy, statistics and a computed column hang on",
    an_index_and_constraints_killed_at_every_call: "an index, a CHECK and NOT NULL",
    a_dropped_column_killed_at_every_call: "drop column",
    a_dropped_column_of_not_null_killed_at_every_call: "drop of a column that refuses null",
    a_dropped_table_killed_at_every_call: "drop table",
    a_renamed_table_killed_at_every_call: "rename table",
    a_demanded_column_killed_at_every_call: "add a column that refuses null",
}

/// The oracle itself: a trigger that does nothing for updates is noticed, also by the contract phase.
#[test]
fn a_broken_trigger_is_noticed() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let case = &columns()[0];
    let files = files(case);
    up(&database, &files[..1]).unwrap();
    let mut client = database.connect().unwrap();
    fill(&mut client, case);
    up(&database, &files).unwrap();
    let function = client
        .value("SELECT tgfoid::regproc::text FROM pg_trigger WHERE tgname LIKE 'zzzz_segue%'")
        .unwrap()
        .expect("the trigger");
    client
        .execute(&format!(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        ))
        .unwrap();
    client
        .execute("BEGIN; UPDATE twin SET c = 'b' WHERE id = 4; UPDATE t SET c = 'b' WHERE id = 4; COMMIT")
        .unwrap();
    assert!(!differences(&mut client, ("t", Some("d")), 0).is_empty());
    let proof = contract(&database, &files, EvidencePolicy::Accept).unwrap_err();
    assert!(proof.to_string().contains("do not agree"), "{proof}");
    let still = client
        .value("SELECT count(*)::text FROM t WHERE c = 'b'")
        .unwrap();
    assert_eq!(still.as_deref(), Some("1"), "nothing was dropped");
}

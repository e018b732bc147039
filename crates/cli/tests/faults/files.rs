//! Files that are malformed (F27), hostile (F28, F29) or huge (F30), through `check`, `plan` and `up`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use segue_testkit::{TestDatabase, TestServer};

use crate::segue::{Ran, command, folder, ran, segue};

const PATH: &str = "db/migrations/20260101000000_a.sql";

fn up(database: &TestDatabase, folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder)
        .env("DATABASE_URL", database.url())
        .args(words))
}

/// What is in the file behind `-- migrate:up`, and the line and column that `check` and `up` point at.
const MALFORMED: &[(&str, &[u8], &str)] = &[
    (
        "an unterminated string",
        b"SELECT 1;\nSELECT 'abc;\n",
        ":3:",
    ),
    (
        "an unterminated dollar quote",
        b"DO $x$ BEGIN END;\n",
        ":2:",
    ),
    (
        "an unterminated comment",
        b"SELECT 1; /* a /* b */\n",
        ":2:",
    ),
    ("an unterminated name", b"SELECT \"a;\n", ":2:"),
    (
        "a statement that is none",
        b"SELECT 1;\nCREATE TABEL a (b int);\n",
        ":3:",
    ),
    ("a command of psql", b"SELECT 1;\n\\i other.sql\n", ":3:"),
    ("a copy of psql", b"\\copy a FROM 'b'\n", ":2:"),
    (
        "a parenthesis too many",
        b"CREATE TABLE a (b int));\n",
        ":2:",
    ),
    ("a byte that is no UTF-8", b"SELECT '\xff';\n", "byte 22"),
    ("UTF-16", b"\xff\xfeS\0E\0L\0E\0C\0T\0", "byte 17"),
    ("a NUL", b"SELECT 1;\nSELECT\0 2;\n", "byte 30"),
];

#[test]
fn a_malformed_file_is_refused_with_its_place_and_nothing_of_it_runs() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    for (what, text, place) in MALFORMED {
        let project = folder(&[(PATH, "")]);
        let text = [b"-- migrate:up\n", *text].concat();
        std::fs::write(project.path().join(PATH), text).unwrap();
        for words in [&["check"][..], &["up"], &["plan"]] {
            let run = up(&database, project.path(), words);
            let said = format!("{}{}", run.out, run.err);
            assert!(
                (1..=4).contains(&run.code),
                "{what} {words:?} ended with {}: {said}",
                run.code
            );
            assert!(
                !said.contains("internal") && !said.contains("panicked"),
                "{what}: {said}"
            );
            assert!(
                said.contains("20260101000000_a.sql") && said.contains(place),
                "{what} {words:?}: {place} is not in {said}"
            );
        }
    }
    let left = database
        .connect()
        .unwrap()
        .value("SELECT count(*)::text FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        .unwrap();
    assert_eq!(left.as_deref(), Some("0"));
}

#[test]
fn odd_files_that_are_sound_run() {
    let server = TestServer::start_newest().unwrap();
    for (what, text) in [
        ("nothing", "-- migrate:up\n"),
        ("only comments", "-- migrate:up\n-- a\n/* b /* c */ */\n"),
        (
            "a mark of the order of bytes",
            "\u{feff}-- migrate:up\nSELECT 1;\n",
        ),
        (
            "newlines of Windows",
            "-- migrate:up\r\nSELECT 1;\r\nSELECT 2;\r\n",
        ),
        (
            "strings of every kind",
            "-- migrate:up\nSELECT E'\\';', U&'\\0041', $a$;$a$, 'x'';', B'1';\n",
        ),
        (
            "semicolons in a body",
            "-- migrate:up\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;\n",
        ),
        ("no newline at the end", "-- migrate:up\nSELECT 1"),
    ] {
        let database = server.create_database().unwrap();
        let project = folder(&[(PATH, text)]);
        let run = up(&database, project.path(), &["up"]);
        assert_eq!(run.code, 0, "{what}: {}", run.err);
    }
}

/// Names that end a quote, a line, a cell or a workflow command, or that a terminal would obey.
const NAMES: &[&str] = &[
    "a\"b; drop table victim; --",
    "new\nline",
    "re\u{202e}versed",
    "esc\u{1b}[31mred\u{7}",
    "::error file=x::y",
    "a|b`c<b>d",
    "user",
    "select",
    "\u{1f980}",
    "sixty-three bytes are the longest name that the server keeps___",
];

#[test]
fn hostile_names_are_quoted_in_sql_and_escaped_in_every_answer() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client.execute("CREATE TABLE victim (id int)").unwrap();
    let mut text = "-- migrate:up\n".to_owned();
    for name in NAMES {
        let quoted = name.replace('"', "\"\"");
        writeln!(text, "CREATE TABLE \"{quoted}\" (\"{quoted}\" int);").unwrap();
    }
    let mut later = "-- migrate:up\n".to_owned();
    for (number, name) in NAMES.iter().enumerate() {
        let quoted = name.replace('"', "\"\"");
        writeln!(
            later,
            "CREATE INDEX i{number} ON \"{quoted}\" (\"{quoted}\");"
        )
        .unwrap();
        writeln!(
            later,
            "ALTER TABLE \"{quoted}\" ALTER COLUMN \"{quoted}\" SET NOT NULL;"
        )
        .unwrap();
    }
    let project = folder(&[(PATH, &text)]);
    let first = up(&database, project.path(), &["up"]);
    assert_eq!(first.code, 0, "{}", first.err);
    crate::segue::write(project.path(), "db/migrations/20260102000000_b.sql", &later);
    let mut answers = vec![
        up(&database, project.path(), &["plan"]),
        up(&database, project.path(), &["check"]),
    ];
    for format in ["markdown", "github", "jsonl", "sarif"] {
        answers.push(segue(project.path(), &["check", "--output", format]));
    }
    answers.push(up(&database, project.path(), &["up"]));
    answers.push(up(&database, project.path(), &["status"]));
    // JSON is for programs: it has no control characters, and other text as it is.
    for answer in &answers {
        for said in [&answer.out, &answer.err] {
            assert!(
                !said.contains(['\u{1b}', '\u{7}'])
                    && (said.starts_with('{') || !said.contains('\u{202e}')),
                "a terminal would obey: {said:?}"
            );
            let is_a_command = |line: &str| line.starts_with("::error file=x");
            assert!(!said.lines().any(is_a_command), "{said}");
        }
    }
    assert_eq!(answers[6].code, 0, "{}", answers[6].err);
    let indexes = client
        .value("SELECT count(*)::text FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE relname LIKE 'i_' AND indisvalid")
        .unwrap();
    assert_eq!(indexes, Some(NAMES.len().to_string()));
    assert!(client.query("SELECT * FROM victim").is_ok());
}

type Make<'a> = &'a dyn Fn(&Path);

#[test]
fn what_is_not_a_regular_file_of_the_folder_is_refused_and_never_waited_for() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let outside = folder(&[("secret.sql", "CREATE TABLE stolen (a int);\n")]);
    let odd: [(&str, Make<'_>); 4] = [
        ("a link out of the folder", &|path| {
            symlink(outside.path().join("secret.sql"), path).unwrap();
        }),
        ("a link to itself", &|path| symlink(path, path).unwrap()),
        ("a folder", &|path| std::fs::create_dir(path).unwrap()),
        ("a pipe", &|path| {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
    ];
    for (what, make) in odd {
        let project = folder(&[(PATH, "-- migrate:up\nSELECT 1;\n")]);
        make(&project.path().join("db/migrations/20260102000000_b.sql"));
        for words in [&["up"][..], &["plan"], &["status"]] {
            let run = up(&database, project.path(), words);
            assert!(
                matches!(run.code, 2 | 4),
                "{what} {words:?}: {} {}",
                run.code,
                run.err
            );
            assert!(
                run.err.contains("20260102000000_b.sql"),
                "{what}: {}",
                run.err
            );
        }
        let check = segue(project.path(), &["check"]);
        assert_eq!(check.code, 3, "{what}: {}", check.out);
    }
    let left = database
        .connect()
        .unwrap()
        .value("SELECT to_regclass('stolen')::text")
        .unwrap();
    assert_eq!(left, None);
}

/// The most memory a run had, in bytes, as the system counts it for a child that is waited for.
fn memory_of(command: &mut Command) -> (Ran, u64) {
    let run = ran(command);
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    let kilobytes = u64::try_from(usage.unwrap().max_rss()).unwrap();
    (run, kilobytes << 10)
}

const MEMORY_BYTES_MAX: u64 = 150 << 20;
/// One file is held whole, with what was read of it: five times its bytes. The aim is [`MEMORY_BYTES_MAX`] here too.
const ONE_FILE_BYTES_MAX: u64 = 600 << 20;

/// The system keeps the most of all children: the smaller one comes first.
#[test]
fn memory_is_bounded_whatever_the_number_of_files() {
    // Slow: 20 000 files, and one of 100 MB.
    if !slow_ones_too() {
        return;
    }
    let many = folder(&[]);
    std::fs::create_dir_all(many.path().join("db/migrations")).unwrap();
    for number in 0..20_000 {
        let version = 20_260_000_000_000_u64 + number;
        let name = format!("db/migrations/{version:014}_a.sql");
        let text = format!("-- migrate:up\nCREATE TABLE t{number} (a int);\n");
        std::fs::write(many.path().join(name), text).unwrap();
    }
    let (run, bytes) = memory_of(command(many.path()).arg("check"));
    assert!(matches!(run.code, 0 | 3), "{}", run.err);
    assert!(bytes < MEMORY_BYTES_MAX, "20 000 files: {} MB", bytes >> 20);
    let one = folder(&[(PATH, "")]);
    let mut file = std::fs::File::create(one.path().join(PATH)).unwrap();
    file.write_all(b"-- migrate:up\nCREATE TABLE a (b int, c text);\n")
        .unwrap();
    let mut written = 0;
    while written < 100 << 20 {
        let line = format!("INSERT INTO a VALUES ({written}, '{}');\n", "x".repeat(900));
        file.write_all(line.as_bytes()).unwrap();
        written += line.len();
    }
    drop(file);
    let (run, bytes) = memory_of(command(one.path()).arg("check"));
    assert!(matches!(run.code, 0 | 3), "{}", run.err);
    assert!(
        bytes < ONE_FILE_BYTES_MAX,
        "one file of 100 MB: {} MB",
        bytes >> 20
    );
}

/// True when `cargo xtask test --all` asks for slow tests too.
#[expect(clippy::disallowed_methods, reason = "a developer says so")]
fn slow_ones_too() -> bool {
    std::env::var_os("SEGUE_TEST_ALL").is_some()
}

//! Runs the binary as a user would, in a folder of its choice, with nothing of the environment but what a test sets.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `segue` in a folder.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segue"));
    command.current_dir(folder).stdin(Stdio::null());
    for name in [
        "SEGUE_TOOL",
        "SEGUE_DIALECT",
        "SEGUE_BASE",
        "SEGUE_STATISTICS",
        "SEGUE_FAIL_ON",
        "SEGUE_SERVER_VERSION",
        "SEGUE_URL",
        "SEGUE_DIR",
        "SEGUE_ENV",
        "SEGUE_DIRECT_URL",
        "SEGUE_PASSWORD",
        "SEGUE_AGENT",
        "AI_AGENT",
        "AIDER_MODEL",
        "AMP_CURRENT_THREAD_ID",
        "AUGMENT_AGENT",
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLINE_ACTIVE",
        "CODEX_SANDBOX",
        "CODEX_SANDBOX_NETWORK_DISABLED",
        "CURSOR_AGENT",
        "GEMINI_CLI",
        "OPENCODE",
        "REPLIT_AGENT",
        "CI",
        "DATABASE_URL",
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGPASSWORD",
        "PGDATABASE",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it with these words.
pub(crate) fn segue<W: AsRef<OsStr>>(folder: &Path, words: &[W]) -> Ran {
    ran(command(folder).args(words))
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it with something on standard input.
pub(crate) fn with_input(folder: &Path, words: &[&str], input: &[u8]) -> Ran {
    let mut child = command(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// One of the projects beside the tests.
pub(crate) fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/projects")
        .join(name)
}

/// A new folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The search for settings ends at the top of a repository.
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

/// Writes a file, with the folders above it.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The codes of the findings in a JSON answer, sorted.
pub(crate) fn codes(answer: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let findings = answer["findings"].as_array().unwrap().iter();
    let mut codes: Vec<String> = findings
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes
}

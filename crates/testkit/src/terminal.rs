//! A person at a terminal, as far as a command can tell: its standard streams are a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use nix::pty::openpty;

use crate::Error;

/// Runs a command on a terminal where somebody types these lines. Gives its exit code and all that was shown.
///
/// # Errors
/// When there is no terminal to be had, or the command does not start.
pub fn on_terminal(command: &mut Command, typed: &str) -> Result<(i32, String), Error> {
    let failed = |cause| Error::caused("the command could not be run on a terminal", cause);
    let pair = openpty(None, None).map_err(|cause| failed(cause.into()))?;
    let stream = || pair.slave.try_clone().map(Stdio::from).map_err(failed);
    command.stdin(stream()?).stdout(stream()?).stderr(stream()?);
    let mut child = command.spawn().map_err(failed)?;
    // Only the child holds the other side now: reading ends when it does.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    drop(pair.slave);
    let mut screen = File::from(pair.master);
    screen.write_all(typed.as_bytes()).map_err(failed)?;
    let mut shown = Vec::new();
    // A closed terminal is an error to its reader, and the end.
    let _ = screen.read_to_end(&mut shown);
    let status = child.wait().map_err(failed)?;
    let text = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    Ok((status.code().unwrap_or(-1), text))
}

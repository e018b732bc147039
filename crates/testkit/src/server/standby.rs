//! The files of a standby: a copy of a running server's, taken the way the server asks for.
//!
//! Source: PostgreSQL 17 manual, 25.3.4 (base backups by the low-level functions). Not every installation has
//! `pg_basebackup`.

use super::{TestServer, hand_over, succeed, unprivileged_user};
use crate::Error;
use std::path::Path;
use std::process::Command;

/// Puts the files of a standby of `primary` into `directory`.
pub(super) fn prepare(primary: &TestServer, directory: &Path) -> Result<(), Error> {
    let mut client = primary.connect("postgres")?;
    let (start, stop) = if primary.installed.major >= 15 {
        (
            "SELECT pg_backup_start('standby', true)",
            "SELECT labelfile FROM pg_backup_stop(false)",
        )
    } else {
        (
            "SELECT pg_start_backup('standby', true, false)",
            "SELECT labelfile FROM pg_stop_backup(false, false)",
        )
    };
    client.execute(start)?;
    let data = directory.join("data");
    let copied = succeed(
        Command::new("cp")
            .arg("-R")
            .arg(primary.directory.join("data"))
            .arg(&data),
    );
    let label = client.value(stop)?.unwrap_or_default();
    copied?;
    let host = primary.directory.display();
    let port = primary.port;
    let follow = format!("primary_conninfo = 'host={host} port={port} user=postgres'\n");
    for (name, text) in [
        ("backup_label", label.as_str()),
        ("standby.signal", ""),
        ("postgresql.auto.conf", follow.as_str()),
    ] {
        std::fs::write(data.join(name), text)
            .map_err(|cause| Error::caused(format!("could not write {name}"), cause))?;
    }
    for name in ["postmaster.pid", "postmaster.opts"] {
        // A file that is not there is as good.
        let _ = std::fs::remove_file(data.join(name));
    }
    if let Some(user) = unprivileged_user()? {
        hand_over(directory, &user)?;
        let owner = format!("{}:{}", user.uid, user.gid);
        succeed(Command::new("chown").args(["-R", &owner]).arg(&data))?;
    }
    succeed(Command::new("chmod").args(["-R", "go-rwx"]).arg(&data))
}

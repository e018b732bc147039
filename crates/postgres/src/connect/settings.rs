//! Settings of a connection by libpq's names, and where each may come from.
//!
//! Holds passwords, so it is never shown. A setting that would make the connection safer and is not supported is
//! refused, not ignored.
//!
//! Source: `PostgreSQL` manual, 34.1.2 (keywords), 34.15 (environment), 34.17 (service file).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Sources, TargetError};

/// What is known so far; what was said first counts.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<&'static str, String>);

/// The settings that count.
const USED: [&str; 17] = [
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "passfile",
    "password",
    "port",
    "service",
    "servicefile",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// Settings of libpq that change nothing here: the name is ours, the encoding is UTF-8, keepalives are on.
const WITHOUT_EFFECT: [&str; 14] = [
    "application_name",
    "client_encoding",
    "fallback_application_name",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "sslcompression",
    "sslsni",
    "tcp_user_timeout",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
];

/// Which variable of the environment stands for which setting.
const VARIABLES: [(&str, &str); 17] = [
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGDATABASE", "dbname"),
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGOPTIONS", "options"),
    ("PGPASSFILE", "passfile"),
    ("PGPASSWORD", "password"),
    ("PGPORT", "port"),
    ("PGSERVICE", "service"),
    ("PGSERVICEFILE", "servicefile"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGUSER", "user"),
];

/// Why a pair was not taken; the caller knows where it stands.
pub(super) enum Unfit {
    Unknown,
    Unsupported,
}

impl Unfit {
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::Unknown => "no setting has this name",
            Self::Unsupported => {
                "this setting protects the connection in a way that is not supported"
            }
        }
    }
}

impl Settings {
    /// A value that is set and not empty.
    pub(super) fn value(&self, keyword: &str) -> Option<&str> {
        self.0
            .get(keyword)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Takes a pair, which replaces what the same place said before.
    pub(super) fn set(&mut self, keyword: &str, value: String) -> Result<(), Unfit> {
        if let Some(known) = USED.iter().find(|used| **used == keyword) {
            self.0.insert(known, value);
            return Ok(());
        }
        if WITHOUT_EFFECT.contains(&keyword) {
            return Ok(());
        }
        match (keyword, value.as_str()) {
            ("ssl", "true") => self.set("sslmode", "require".to_owned()),
            ("gssencmode", "disable" | "prefer") | ("sslnegotiation", "postgres") => Ok(()),
            (
                "gssencmode"
                | "requirepeer"
                | "sslcrl"
                | "sslcrldir"
                | "require_auth"
                | "sslnegotiation"
                | "ssl_min_protocol_version"
                | "ssl_max_protocol_version"
                | "sslpassword"
                | "sslcertmode",
                _,
            ) => Err(Unfit::Unsupported),
            _ => Err(Unfit::Unknown),
        }
    }

    /// Adds what another place says, where nothing was said before.
    fn fill(&mut self, other: Self) {
        for (keyword, value) in other.0 {
            self.0.entry(keyword).or_insert(value);
        }
    }

    /// Adds the service, if one is named, then the environment.
    pub(super) fn complete(&mut self, sources: &Sources) -> Result<(), TargetError> {
        let mut environment = Self::default();
        for (variable, keyword) in VARIABLES {
            if let Some(value) = sources.environment.get(variable) {
                environment.0.insert(keyword, value.clone());
            }
        }
        let name = self
            .value("service")
            .or_else(|| environment.value("service"))
            .map(str::to_owned);
        if let Some(name) = name {
            let file = self
                .value("servicefile")
                .or_else(|| environment.value("servicefile"));
            let service = service(&name, file, sources)?;
            self.fill(service);
        }
        self.fill(environment);
        Ok(())
    }
}

/// The settings of a service, from the user's file or else the system's.
fn service(name: &str, file: Option<&str>, sources: &Sources) -> Result<Settings, TargetError> {
    let users = file
        .map(PathBuf::from)
        .or_else(|| sources.at_home(".pg_service.conf"));
    let systems = sources
        .environment
        .get("PGSYSCONFDIR")
        .map(|directory| PathBuf::from(directory).join("pg_service.conf"));
    for path in [users, systems].into_iter().flatten() {
        let found = match (sources.read)(&path) {
            Ok(found) => found,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(TargetError::unreadable(&path, cause)),
        };
        let text = String::from_utf8_lossy(&found.bytes);
        let section = section(&text, name).map_err(|(line, what)| {
            TargetError::new(format!("{}, line {line}: {what}", path.display()))
        })?;
        if let Some(settings) = section {
            return Ok(settings);
        }
    }
    Err(TargetError::new(format!(
        "no service file has a service {name:?}"
    )))
}

/// The settings under `[name]`; at fault is a line, from 1.
fn section(text: &str, name: &str) -> Result<Option<Settings>, (usize, &'static str)> {
    let mut settings = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let heading = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match (heading, &mut settings) {
            (Some(_), Some(_)) => break,
            (Some(heading), None) if heading == name => settings = Some(Settings::default()),
            (_, None) => {}
            (None, Some(settings)) => {
                let (keyword, value) = line
                    .split_once('=')
                    .ok_or((index + 1, "a setting is written name=value"))?;
                if keyword == "service" || keyword == "servicefile" {
                    return Err((index + 1, "a service does not name another one"));
                }
                settings
                    .set(keyword, value.to_owned())
                    .map_err(|unfit| (index + 1, unfit.message()))?;
            }
        }
    }
    Ok(settings)
}

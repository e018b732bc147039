//! The password: given, looked up in a file, or asked of a command for each connection.
//!
//! Logs nothing, shows nothing: not the password, not the command's output.
//!
//! Source: `PostgreSQL` manual, 34.16 (password file).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use secrecy::SecretString;
use segue_model::Failure;

use super::settings::Settings;
use super::{Endpoint, Sources, TargetError};
use crate::session::PostgresError;

/// The directory of a Unix socket that a password file calls `localhost`.
const SOCKET_DIRECTORIES: [&str; 2] = super::SOCKET_DIRECTORIES;

/// The variable that hands the command over.
const COMMAND: &str = "SEGUE_COMMAND";
/// Runs what the variable says, which is not there any more for what it runs.
const RUN: &str = r#"command=$SEGUE_COMMAND; unset SEGUE_COMMAND; eval "$command""#;

/// Where the password of a connection comes from.
#[derive(Clone, Debug)]
pub(super) enum Password {
    /// The server may ask for none.
    None,
    /// Given in the connection string, the service or the environment.
    Given(SecretString),
    /// From the password file: one for each endpoint, in their order.
    Found(Vec<(Endpoint, SecretString)>),
    /// The output of a command.
    Asked(SecretString),
}

impl Password {
    /// The first of: given, command, file.
    pub(super) fn resolve(
        settings: &Settings,
        sources: &Sources,
        endpoints: &[Endpoint],
        (database, user): (&str, &str),
    ) -> Result<Self, TargetError> {
        if let Some(given) = settings.value("password") {
            return Ok(Self::Given(given.into()));
        }
        if let Some(command) = &sources.password_command {
            return Ok(Self::Asked(command.clone()));
        }
        let path = settings
            .value("passfile")
            .map(PathBuf::from)
            .or_else(|| sources.at_home(".pgpass"));
        let Some(path) = path else {
            return Ok(Self::None);
        };
        let found = match (sources.read)(&path) {
            Ok(found) => found,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Self::None),
            Err(cause) => return Err(TargetError::unreadable(&path, cause)),
        };
        if found.mode & 0o077 != 0 {
            let path = path.display();
            return Err(TargetError::new(format!(
                "the password file {path} can be read by others; run `chmod 600 {path}`"
            )));
        }
        let text = String::from_utf8_lossy(&found.bytes);
        let found: Vec<_> = endpoints
            .iter()
            .filter_map(|endpoint| {
                let password = search(&text, endpoint, database, user)?;
                Some((endpoint.clone(), password.into()))
            })
            .collect();
        Ok(if found.is_empty() {
            Self::None
        } else {
            Self::Found(found)
        })
    }

    /// The password for a connection to this endpoint; runs the command, if it is one.
    pub(super) fn for_endpoint(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Option<SecretString>, PostgresError> {
        match self {
            Self::None => Ok(None),
            Self::Given(password) => Ok(Some(password.clone())),
            Self::Found(found) => Ok(found
                .iter()
                .find(|(place, _)| place == endpoint)
                .map(|(_, password)| password.clone())),
            Self::Asked(command) => ask(command).map(Some),
        }
    }
}

/// Runs the command; what it says on its error channel is thrown away, because it may repeat the password.
fn ask(command: &SecretString) -> Result<SecretString, PostgresError> {
    use secrecy::ExposeSecret;
    let refused = |message: String| PostgresError::ours(Failure::Permission, message);
    // In the list of processes everybody reads the arguments; the environment, only who runs them.
    let output = Command::new("sh")
        .args(["-c", RUN])
        .env(COMMAND, command.expose_secret())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|cause| refused("the password command did not start".to_owned()).because(cause))?;
    if !output.status.success() {
        let how = output.status.code().map_or_else(
            || "was ended by a signal".to_owned(),
            |code| format!("ended with exit code {code}"),
        );
        return Err(refused(format!("the password command {how}")));
    }
    let Ok(text) = String::from_utf8(output.stdout) else {
        return Err(refused(
            "the password command's output is not UTF-8".to_owned(),
        ));
    };
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(refused("the password command printed nothing".to_owned()));
    }
    Ok(password.into())
}

/// The password of the first line that matches.
fn search(text: &str, endpoint: &Endpoint, database: &str, user: &str) -> Option<String> {
    let host = match endpoint {
        Endpoint::Tcp { host, .. } => host.clone(),
        Endpoint::Unix { directory, .. } => {
            let directory = directory.display().to_string();
            if SOCKET_DIRECTORIES.contains(&directory.as_str()) {
                "localhost".to_owned()
            } else {
                directory
            }
        }
    };
    let wanted = [&host, &endpoint.port().to_string(), database, user];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut rest = line;
            for value in wanted {
                rest = after_field(rest, value)?;
            }
            Some(unescaped(rest))
        })
}

/// What follows a field that is `*` or the value.
fn after_field<'t>(text: &'t str, value: &str) -> Option<&'t str> {
    let mut is_escaped = false;
    let end = text.find(|character| {
        let is_end = character == ':' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end
    })?;
    let (field, rest) = text.split_at(end);
    (field == "*" || unescaped(field) == value).then(|| rest.strip_prefix(':'))?
}

fn unescaped(field: &str) -> String {
    let mut text = String::new();
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            text.extend(characters.next());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<String> {
        let endpoint = Endpoint::Tcp {
            host: "h:1".to_owned(),
            address: None,
            port: 5432,
        };
        search(line, &endpoint, "db", "me")
    }

    #[test]
    fn a_line_matches_by_value_or_star_and_escapes_are_undone() {
        assert_eq!(
            found("h\\:1:5432:db:me:p\\:w\\\\"),
            Some("p:w\\".to_owned())
        );
        assert_eq!(found("*:*:*:*:all"), Some("all".to_owned()));
        assert_eq!(
            found("h\\:1:5433:db:me:no\n*:*:db:me:yes"),
            Some("yes".to_owned())
        );
        assert_eq!(found("#*:*:*:*:commented"), None);
        assert_eq!(found("\\*:*:*:*:literal-star-is-a-star-too"), None);
        assert_eq!(found("short"), None);
    }
}

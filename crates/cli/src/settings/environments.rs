//! `[environments.NAME]`, `[defaults]` and `[backup]`: which databases there are, and what is asked before one is changed.
//!
//! Holds passwords where somebody wrote them into a URL, so nothing here is ever shown.

use std::collections::BTreeMap;
use std::time::Duration;

use segue_check::Date;
use serde::Deserialize;
use toml::Spanned;

use super::Wrong;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
/// As it is written.
pub(super) struct DefaultsTable {
    password_command: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
/// As it is written.
pub(super) struct EnvironmentTable {
    url: Option<String>,
    url_env: Option<String>,
    direct_url: Option<String>,
    password_command: Option<String>,
    #[serde(default)]
    protected: bool,
    identity: Option<String>,
    approvals: Option<Spanned<usize>>,
    #[serde(default)]
    freeze: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// As it is written.
pub(super) struct BackupTable {
    check: String,
    max_age: Option<Spanned<String>>,
    timeout: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
/// As it is written.
pub(super) struct PlanTable {
    large_rows: Option<Spanned<u64>>,
}

/// What a run takes from the file.
#[derive(Clone, Default)]
pub(crate) struct RunSettings {
    /// By their names.
    pub(crate) environments: BTreeMap<String, EnvironmentSettings>,
    /// Prints the password, where the environment names no command of its own.
    pub(crate) password_command: Option<String>,
    /// How backups are checked.
    pub(crate) backup: Option<Backup>,
    /// Rows from which on an UPDATE or DELETE runs in batches, where the file says so.
    pub(crate) large_rows: Option<u64>,
}

/// One environment.
#[derive(Clone, Default)]
pub(crate) struct EnvironmentSettings {
    /// Where it is.
    pub(crate) url: Option<String>,
    /// The variable that says where it is.
    pub(crate) url_variable: Option<String>,
    /// Where it is without the pooler.
    pub(crate) direct_url: Option<String>,
    /// Prints the password; run again for each connection.
    pub(crate) password_command: Option<String>,
    /// Whether what is meant for development does not exist there.
    pub(crate) protection: segue_engine::Protection,
    /// What its marker says.
    pub(crate) identity: String,
    /// How many people have to agree before data is destroyed; none: a hash on the command line will do.
    pub(crate) people: Option<usize>,
    /// Days on which nothing is changed: first and last.
    pub(crate) freezes: Vec<(String, String)>,
}

/// How backups are checked.
#[derive(Clone)]
pub(crate) struct Backup {
    /// For `sh -c`; exit code 0 says that all is well, and its first line may be the time of the last backup.
    pub(crate) command: String,
    /// How old that may be.
    pub(crate) age_max: Option<Duration>,
    /// How long the command may take.
    pub(crate) time_max: Duration,
}

const BACKUP_TIME_MAX: Duration = Duration::from_mins(1);

/// The tables, checked.
pub(super) fn checked(
    tables: BTreeMap<String, EnvironmentTable>,
    defaults: DefaultsTable,
    backup: Option<BackupTable>,
    plan: &PlanTable,
) -> Result<RunSettings, Wrong> {
    let mut environments = BTreeMap::new();
    for (name, table) in tables {
        let freezes = table.freeze.iter().map(freeze).collect::<Result<_, _>>()?;
        let people = table.approvals.as_ref().map(people).transpose()?;
        let settings = EnvironmentSettings {
            url: table.url,
            url_variable: table.url_env,
            direct_url: table.direct_url,
            password_command: table.password_command,
            protection: if table.protected {
                segue_engine::Protection::Protected
            } else {
                segue_engine::Protection::None
            },
            identity: table.identity.unwrap_or_else(|| name.clone()),
            people,
            freezes,
        };
        environments.insert(name, settings);
    }
    let backup = backup.map(|table| -> Result<Backup, Wrong> {
        Ok(Backup {
            command: table.check,
            age_max: table.max_age.as_ref().map(written).transpose()?,
            time_max: table
                .timeout
                .as_ref()
                .map(written)
                .transpose()?
                .unwrap_or(BACKUP_TIME_MAX),
        })
    });
    Ok(RunSettings {
        environments,
        password_command: defaults.password_command,
        backup: backup.transpose()?,
        large_rows: plan.large_rows.as_ref().map(large).transpose()?,
    })
}

fn people(count: &Spanned<usize>) -> Result<usize, Wrong> {
    match *count.get_ref() {
        0 => Err(Wrong {
            what: "approvals is 1 or more; leave it out when nobody has to agree".to_owned(),
            offset: count.span().start,
        }),
        some => Ok(some),
    }
}

fn large(rows: &Spanned<u64>) -> Result<u64, Wrong> {
    match *rows.get_ref() {
        0 => Err(Wrong {
            what: "large_rows is 1 or more".to_owned(),
            offset: rows.span().start,
        }),
        some => Ok(some),
    }
}

/// `2026-12-20/2027-01-04`: first and last day.
fn freeze(typed: &Spanned<String>) -> Result<(String, String), Wrong> {
    let days = typed.get_ref().split_once('/').and_then(|(first, last)| {
        let (first, last) = (first.trim(), last.trim());
        let is_order = Date::parse(first)? <= Date::parse(last)?;
        is_order.then(|| (first.to_owned(), last.to_owned()))
    });
    days.ok_or_else(|| Wrong {
        what: format!(
            "`{}` is no range of days: write 2026-12-20/2027-01-04",
            typed.get_ref()
        ),
        offset: typed.span().start,
    })
}

/// `90s`, `15m`, `24h`, `7d`; else what is wrong with it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let unit = |letter| match letter {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _unknown => None,
    };
    let seconds = text.char_indices().next_back().and_then(|(place, letter)| {
        let count: u64 = text.get(..place)?.trim().parse().ok()?;
        count.checked_mul(unit(letter)?)
    });
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{text}` is no time: write 90s, 15m, 24h or 7d"))
}

/// The same, as it stands in the file.
fn written(typed: &Spanned<String>) -> Result<Duration, Wrong> {
    duration(typed.get_ref()).map_err(|what| Wrong {
        what,
        offset: typed.span().start,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn environments_have_an_identity_and_their_days_of_rest() {
        let file = parse(
            "[env.production]\nurl_env = \"PROD\"\nprotected = true\nfreeze = [\"2026-12-20/2027-01-04\"]\n\
             [environments.dev]\nurl = \"postgres:///dev\"\nidentity = \"dev-1\"\n\
             [backup]\ncheck = \"true\"\nmax_age = \"24h\"\n",
        );
        // Both spellings in one file are one table too many.
        assert!(file.is_err());
        let file = parse(
            "[environments.production]\nurl_env = \"PROD\"\nprotected = true\nfreeze = [\"2026-12-20/2027-01-04\"]\n\
             [environments.dev]\nurl = \"postgres:///dev\"\nidentity = \"dev-1\"\n\
             [backup]\ncheck = \"true\"\nmax_age = \"24h\"\n",
        )
        .ok()
        .unwrap()
        .running;
        assert_eq!(file.environments["production"].identity, "production");
        assert_eq!(file.environments["dev"].identity, "dev-1");
        assert_eq!(file.backup.unwrap().age_max.unwrap().as_secs(), 86_400);
        assert_eq!(file.environments["production"].freezes.len(), 1);
    }

    #[test]
    fn what_is_not_understood_has_its_place() {
        for (text, word) in [
            (
                "[environments.a]\nfreeze = [\"2026-12-20\"]\n",
                "range of days",
            ),
            (
                "[environments.a]\nfreeze = [\"2026-12-20/2026-12-01\"]\n",
                "range of days",
            ),
            ("[environments.a]\napprovals = 0\n", "1 or more"),
            ("[environments.a]\nprotectd = true\n", "protectd"),
            (
                "[backup]\ncheck = \"x\"\nmax_age = \"1 fortnight\"\n",
                "no time",
            ),
            ("[bakcup]\ncheck = \"x\"\n", "bakcup"),
        ] {
            let wrong = parse(text).err().unwrap();
            assert!(wrong.what.contains(word), "{text}: {}", wrong.what);
            assert_ne!(wrong.offset, 0, "{text}");
        }
    }
}

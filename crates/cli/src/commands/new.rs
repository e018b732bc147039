//! `segue new`: a migration file that sorts behind all others.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use segue_model::Tool;

use crate::arguments::{DatabaseArguments, NewArguments};
use crate::environment::now_digits;
use crate::error::{CliError, Code};
use crate::exit::Exit;
use crate::running::only;
use crate::show::tool;

/// What stands in a new file.
const TEMPLATE: &str = "-- migrate:up\n\n\n-- migrate:down\n\n";

/// Writes the file and prints its path. Never overwrites one.
///
/// # Errors
/// When the folder cannot be written, or the project's files are not Segue's or dbmate's.
pub(crate) fn run(arguments: &NewArguments) -> Result<Exit, CliError> {
    let slug = slug(&arguments.description).ok_or_else(|| {
        CliError::new(
            Code::Usage,
            "the description has no letter or digit",
            "segue new DESCRIPTION",
        )
    })?;
    let directory = directory(arguments)?;
    let unwritable = |error: std::io::Error| {
        CliError::new(
            Code::Output,
            "the migration could not be written",
            "make the folder writable or name another with `--dir`",
        )
        .at(directory.display().to_string())
        .because(error)
    };
    std::fs::create_dir_all(&directory).map_err(unwritable)?;
    let version = version(&directory).map_err(unwritable)?;
    let path = directory.join(format!("{version}_{slug}.sql"));
    let mut file = std::fs::File::create_new(&path).map_err(unwritable)?;
    file.write_all(TEMPLATE.as_bytes()).map_err(unwritable)?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(Exit::Ok)
}

/// Where the project's files are; a new project begins in `db/migrations`.
fn directory(arguments: &NewArguments) -> Result<PathBuf, CliError> {
    let start = arguments.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let database = DatabaseArguments {
        url: None,
        environment: None,
        env_file: None,
        no_env_file: true,
        direct_url: None,
        pooler: None,
        dir: None,
        tool: None,
    };
    if !start.exists() {
        return Ok(start);
    }
    match only(&start, &database) {
        Ok(located) if matches!(located.tool, Tool::Native | Tool::Dbmate) => Ok(located.directory),
        Ok(located) => Err(CliError::new(
            Code::Usage,
            format!(
                "the migrations in {} are {}'s: make new ones with it",
                located.shown,
                tool::name(located.tool)
            ),
            "name another folder with `--dir`",
        )),
        Err(_) if arguments.dir.is_some() => Ok(start),
        Err(_) => Ok(start.join("db/migrations")),
    }
}

/// Now, or one more than the newest file when a clock was ahead: a new file always sorts last.
fn version(directory: &Path) -> std::io::Result<String> {
    let mut newest = 0_u64;
    for entry in std::fs::read_dir(directory)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        newest = newest.max(digits.parse().unwrap_or(0));
    }
    let now: u64 = now_digits().parse().unwrap_or(0);
    Ok(format!("{:014}", now.max(newest.saturating_add(1))))
}

/// `Wider order numbers` becomes `wider_order_numbers`.
fn slug(description: &str) -> Option<String> {
    let words: Vec<String> = description
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    (!words.is_empty()).then(|| words.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_becomes_a_name() {
        assert_eq!(
            slug("Wider order-numbers!").as_deref(),
            Some("wider_order_numbers")
        );
        assert_eq!(slug("  "), None);
    }

    #[test]
    fn a_new_file_sorts_behind_one_from_a_clock_that_is_ahead() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("29990101000000_far.sql"), "").unwrap();
        assert_eq!(version(folder.path()).unwrap(), "29990101000001");
    }
}

//! `segue completions SHELL`: from the same definition as the help. Ids of migrations and codes of rules are asked for
//! when the key is pressed (`segue fill-in`), where the shell is bash, zsh or fish.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use crate::arguments::{Cli, CompletionsArguments};
use crate::error::CliError;
use crate::exit::Exit;

/// What zsh's script ends with.
const ZSH_END: &str = "if [ \"$funcstack[1]\" = \"_segue\" ]; then";

/// Prints the completions.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Exit, CliError> {
    let mut definition = Cli::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut definition, "segue", &mut script);
    let mut script = String::from_utf8(script).unwrap_or_default();
    let places = places(&definition);
    match arguments.shell {
        Shell::Bash => script.push_str(&bash(&places)),
        Shell::Fish => script.push_str(&fish(&places)),
        Shell::Zsh => script = zsh(&script),
        Shell::Elvish | Shell::PowerShell => {}
        // The crate may learn others: their scripts are as it writes them.
        _ => {}
    }
    std::io::stdout().write_all(script.as_bytes())?;
    Ok(Exit::Ok)
}

/// Where something is filled in that only the project knows.
struct Place {
    verbs: Vec<String>,
    /// The option's name; none for a word by itself.
    option: Option<String>,
    /// As `segue fill-in` calls it.
    what: &'static str,
}

/// What a value is, by the name it has in the help.
fn filled(argument: &Arg) -> Option<&'static str> {
    let [name] = argument.get_value_names()? else {
        return None;
    };
    match name.as_str() {
        "ID" => Some("migrations"),
        "CODE" => Some("codes"),
        _ => None,
    }
}

fn places(definition: &Command) -> Vec<Place> {
    let mut places = Vec::new();
    for verb in definition.get_subcommands() {
        let verbs: Vec<String> = std::iter::once(verb.get_name())
            .chain(verb.get_all_aliases())
            .map(str::to_owned)
            .collect();
        for argument in verb.get_arguments() {
            if let Some(what) = filled(argument) {
                places.push(Place {
                    verbs: verbs.clone(),
                    option: argument.get_long().map(str::to_owned),
                    what,
                });
            }
        }
    }
    places
}

/// A function in front of the one that is generated.
fn bash(places: &[Place]) -> String {
    let mut text = "\n_segue_live() {\n    \
        local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" what=\"\"\n    \
        if [[ \"${prev}\" == \"=\" ]]; then prev=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n    \
        if [[ \"${cur}\" == \"=\" ]]; then cur=\"\"; fi\n    \
        case \"${COMP_WORDS[1]}:${prev}\" in\n"
        .to_owned();
    for place in places {
        let patterns: Vec<String> = place
            .verbs
            .iter()
            .map(|verb| match &place.option {
                Some(option) => format!("{verb}:--{option}"),
                None => format!("{verb}:{verb}"),
            })
            .collect();
        let _ = writeln!(
            text,
            "        {}) what={} ;;",
            patterns.join("|"),
            place.what
        );
    }
    text.push_str(
        "    esac\n    if [[ -n \"${what}\" && \"${cur}\" != -* ]]; then\n        \
         COMPREPLY=( $(compgen -W \"$(segue fill-in \"${what}\" 2>/dev/null | cut -f1)\" -- \"${cur}\") )\n        \
         return 0\n    fi\n    _segue \"$@\"\n}\n\ncomplete -F _segue_live -o bashdefault -o default segue\n",
    );
    text
}

fn fish(places: &[Place]) -> String {
    let mut text = String::from("\n");
    for place in places {
        for verb in &place.verbs {
            let what = match &place.option {
                Some(option) => format!("-l {option} -x"),
                None => "-f".to_owned(),
            };
            let _ = writeln!(
                text,
                "complete -c segue -n \"__fish_segue_using_subcommand {verb}\" {what} -a \"(segue fill-in {} 2>/dev/null)\"",
                place.what
            );
        }
    }
    text
}

/// The same script, where values that were filled in by nothing are filled in by functions of ours.
fn zsh(script: &str) -> String {
    let mut functions = String::new();
    for what in ["migrations", "codes"] {
        // Writing to a String cannot fail.
        let _ = write!(
            functions,
            "(( $+functions[_segue_live_{what}] )) ||\n_segue_live_{what}() {{\n    local -a found\n    \
                 found=(\"${{(@f)$(segue fill-in {what} 2>/dev/null)}}\")\n    \
                 found=(\"${{found[@]/$'\\t'/:}}\")\n    _describe -t {what} '{what}' found\n}}\n\n"
        );
    }
    let mut text = String::with_capacity(script.len() + functions.len());
    for line in script.split_inclusive('\n') {
        if line.starts_with(ZSH_END) {
            text.push_str(&functions);
        }
        let what = if line.contains("]:ID:_default'") || line.contains(":id -- The migration") {
            Some("migrations")
        } else if line.contains(":code -- ") {
            Some("codes")
        } else {
            None
        };
        match what {
            Some(what) => {
                text.push_str(&line.replace(":_default'", &format!(":_segue_live_{what}'")));
            }
            None => text.push_str(line),
        }
    }
    text
}

//! `segue demo`: a shop in use, changed, and what its application felt.

use std::io::Write as _;

use segue_engine::Manner;

use crate::arguments::{ColourChoice, DemoArguments, RunOutput};
use crate::demo::ground::{Ground, Scratch};
use crate::demo::play::{LeftOut, Piece, Played, play};
use crate::demo::show::{self, Screen};
use crate::demo::story::{Story, tell};
use crate::demo::talk::Talk;
use crate::environment::{Stopwatch, colour, columns, glyphs, talks_to_a_terminal};
use crate::error::CliError;
use crate::exit::Exit;

/// Plays it, once or twice.
///
/// # Errors
/// See the exit codes of the verb.
pub(crate) fn run(arguments: &DemoArguments) -> Result<Exit, CliError> {
    let watch = Stopwatch::start();
    let talk = talk(arguments.output);
    let ground = Ground::found();
    if let Some(story) = arguments.story {
        return told(story, &ground, arguments);
    }
    let piece = |manner| Piece {
        manner,
        orders: arguments.rows,
        talk,
    };
    let safe = performed((&ground, None), piece(Manner::Safe), arguments)?;
    let written = if arguments.compare {
        let decided = Some(safe.played.left_out.as_slice());
        Some(performed(
            (&ground, decided),
            piece(Manner::Verbatim),
            arguments,
        )?)
    } else {
        None
    };
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => {
            let sides: Vec<&Played> = [Some(&safe.played), written.as_ref().map(|one| &one.played)]
                .into_iter()
                .flatten()
                .collect();
            let answer = show::json(&safe.server, arguments.rows, &sides);
            writeln!(out, "{answer}")?;
        }
        RunOutput::Human => {
            let screen = Screen {
                width: columns(),
                glyphs: glyphs(),
                colour: colour(ColourChoice::Auto),
            };
            let text = match &written {
                Some(written) => show::compared(&written.played, &safe.played, screen),
                None => show::alone(&safe.played, screen),
            };
            write!(out, "\n{}\n{text}", show::scene(screen))?;
            for one in written.iter().chain([&safe]) {
                if let Some([url, remove]) = &one.kept {
                    writeln!(out, "\n  kept     {url}\n  remove   {remove}")?;
                }
            }
            if !arguments.compare {
                writeln!(
                    out,
                    "\n  next     segue demo --compare    the same files as written, for comparison"
                )?;
            }
            talk.done(&format!("  {} s in all", watch.elapsed_ms() / 1000));
        }
    }
    Ok(Exit::Ok)
}

/// One change, there and back again.
fn told(story: Story, ground: &Ground, arguments: &DemoArguments) -> Result<Exit, CliError> {
    let talk = talk(arguments.output);
    talk.now("  a scratch server starts");
    let scratch = Scratch::start(ground)?;
    talk.done(&format!("a scratch {}", scratch.name));
    let told = tell(&scratch, story, (arguments.rows, talk))?;
    let mut out = std::io::stdout().lock();
    match arguments.output {
        RunOutput::Json => writeln!(out, "{}", told.json(&scratch.name, arguments.rows))?,
        RunOutput::Human => write!(out, "{}", told.text())?,
    }
    if arguments.keep {
        let [url, remove] = scratch.keep()?;
        if arguments.output == RunOutput::Human {
            writeln!(out, "\n  kept     {url}\n  remove   {remove}")?;
        }
    }
    Ok(Exit::Ok)
}

/// A performance, and what is left of it.
struct Performed {
    played: Played,
    server: String,
    /// The address and how to remove it.
    kept: Option<[String; 2]>,
}

fn performed(
    (ground, left_out): (&Ground, Option<&[LeftOut]>),
    piece: Piece,
    arguments: &DemoArguments,
) -> Result<Performed, CliError> {
    piece.talk.now("  a scratch server starts");
    let watch = Stopwatch::start();
    let scratch = Scratch::start(ground)?;
    let server = scratch.name.clone();
    let how = match piece.manner {
        Manner::Safe | Manner::SafeWithoutArchive => "the safe way",
        Manner::Verbatim => "as written",
    };
    piece.talk.done(&format!(
        "{how}: a scratch {server}, started in {} ms",
        watch.elapsed_ms()
    ));
    let played = play(&scratch, piece, left_out)?;
    let kept = if arguments.keep {
        Some(scratch.keep()?)
    } else {
        None
    };
    Ok(Performed {
        played,
        server,
        kept,
    })
}

fn talk(output: RunOutput) -> Talk {
    match output {
        RunOutput::Json => Talk::Silent,
        RunOutput::Human if talks_to_a_terminal() => Talk::Terminal {
            glyphs: glyphs(),
            width: columns(),
        },
        RunOutput::Human => Talk::Lines,
    }
}

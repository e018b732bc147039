//! Signals during a run: one asks it to stop after the running step, a second one cancels that step on the server, a
//! third ends the process, as a kill would.
//!
//! Only verbs that change a database listen: every other one ends at the first signal, as a process does by itself.

use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use segue_engine::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::environment::say;
use crate::error::Code;

/// Where the engine looks.
pub(crate) static STOP: Stop = Stop::new();

static LAST: AtomicI32 = AtomicI32::new(0);

/// Listens from now on, until the process ends. Where the system does not allow it, signals end the process.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(listen_once);
}

fn listen_once() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            LAST.store(signal, Ordering::SeqCst);
            match STOP.ask() {
                0 => say("stopping after the running step; once more cancels it on the server"),
                1 => say("cancelling the running step; once more ends at once, as a kill would"),
                _ => {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        }
    });
}

/// What a run that was stopped by a signal ends with.
pub(crate) fn code() -> Code {
    if LAST.load(Ordering::SeqCst) == SIGTERM {
        Code::Terminated
    } else {
        Code::Interrupted
    }
}

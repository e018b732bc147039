//! Signals during a run: one asks it to stop after the running step, a second one cancels that step on the server, a
//! third ends the process, as a kill would.
//!
//! Only verbs that change a database listen: every other one ends at the first signal, as a process does by itself.
//! A terminal that is closed says SIGHUP, which counts as SIGTERM does; who was started so as to outlive its terminal
//! (`nohup`) goes on.

use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use segue_engine::Stop;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
    let hang_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM].into_iter().chain(hang_up)) else {
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
    match LAST.load(Ordering::SeqCst) {
        SIGTERM => Code::Terminated,
        SIGHUP => Code::HungUp,
        _ => Code::Interrupted,
    }
}

/// True when this process was started with a signal ignored, as `nohup` does. Where the system does not tell, it was not.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1).ok();
    let bit = bit.and_then(|bit| 1_u64.checked_shl(bit));
    ignored.unwrap_or(0) & bit.unwrap_or(0) != 0
}

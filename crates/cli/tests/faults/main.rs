//! The binary among signals (F32), odd environments (F33), hostile files (F27 to F29) and huge ones (F30).

#![cfg(test)]

mod environments;
mod files;
#[expect(dead_code, reason = "the tests of `command` use the rest of it")]
#[path = "../command/segue.rs"]
mod segue;
mod signals;

//! Runs on real servers, cut off at every call to the server: after that, running again finishes, and nothing is done
//! twice (faults F01, F02, F06 and F10; invariants I1 to I4, I8, I10).

#![cfg(test)]

mod every_call;
mod locks;
mod project;
mod runs;

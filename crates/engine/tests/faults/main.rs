//! Runs on real servers, cut off at every call to the server: after that, running again finishes, and nothing is done
//! twice (faults F01 to F03, F05, F06, F08 to F11, F16, F20, F22,
//! F24, F25, F32 and F34; invariants I1 to I4, I6, I8, I10).

#![cfg(test)]

mod builds;
mod crash;
mod every_call;
mod failover;
mod golden;
mod locks;
mod luck;
mod meanwhile;
mod network;
mod project;
mod rivals;
mod runs;

//! Changes that break a running application, in phases: expand, backfill, gate, contract, and the ways back.

#![cfg(test)]

mod keys;
mod killed;
mod life;
mod oracle;
mod refused;
mod scene;

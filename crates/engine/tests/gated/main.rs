//! Changes that break a running application, in phases: expand, backfill, gate, contract, and the ways back.

#![cfg(test)]

mod begun;
mod cuts;
mod followed;
mod keys;
mod killed;
mod life;
mod mapped;
mod oracle;
mod peers;
mod property;
mod refused;
mod scene;
mod sides;
mod twin;
mod writes;

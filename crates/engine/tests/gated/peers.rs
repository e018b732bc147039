//! Defects that others of this kind had, each as a test that shows that it is not here. `docs/peers.md` lists them.

mod carried;
mod halfway;
mod moments;
mod readers;
mod register;
mod writers;

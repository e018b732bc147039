//! Real servers for tests, what a statement really locks on them, and the claims every dialect is put to.
//!
//! Development only: nothing that ships depends on this crate. It imitates no server, installs
//! none and downloads nothing; it finds the servers that are there and starts private ones.

pub mod compare;
pub mod error;
pub mod exercise;
pub mod installed;
pub mod lock_cases;
pub mod observe;
pub mod pooler;
pub mod proxy;
pub mod server;
pub mod session;
mod sql;
pub mod terminal;
mod wait;

pub use error::Error;
pub use installed::{Installed, installed, workspace_root};
pub use pooler::Pooler;
pub use proxy::{Proxy, Way};
pub use server::{TestDatabase, TestServer, TlsIdentity};
pub use session::{Client, Notice, Running};
pub use terminal::on_terminal;

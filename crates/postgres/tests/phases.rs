//! Every recipe: the steps it gives, what they leave behind, what they lock, and that a real server runs them.

#[path = "phases/cases.rs"]
mod cases;
#[path = "phases/catalog.rs"]
mod catalog;
#[path = "phases/locks.rs"]
mod locks;
#[path = "phases/server.rs"]
mod server;
#[path = "phases/steps.rs"]
mod steps;

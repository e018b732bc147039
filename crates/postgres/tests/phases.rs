//! Every recipe: the steps it gives, what they leave behind, what they lock, and that a real server runs them.

#[cfg(test)]
#[path = "phases/cases.rs"]
mod cases;
#[cfg(test)]
#[path = "phases/catalog.rs"]
mod catalog;
#[cfg(test)]
#[path = "phases/locks.rs"]
mod locks;
#[cfg(test)]
#[path = "phases/server.rs"]
mod server;
#[cfg(test)]
#[path = "phases/steps.rs"]
mod steps;

//! The command as a user meets it: exit codes, answers, hostile input.

#![cfg(test)]

mod answers;
mod archive;
mod book;
mod canaries;
mod check;
mod doctor;
mod environments;
mod formats;
mod gates;
mod plans;
mod projects;
mod repair;
mod runs;
mod safeguards;
mod secrets;
mod segue;
mod sources;
mod sqlite;
mod written;

//! A program that carries its migrations.
//!
//! ```text
//! cargo run -p segue --example embedded                       a file of SQLite's beside it
//! cargo run -p segue --example embedded -- postgres://…       a server
//! cargo run -p segue --example embedded -- sqlite:x.db wait   a process that only waits for the last version
//! ```

#![expect(clippy::print_stdout, reason = "a program that talks to people")]

use std::time::Duration;

use segue::{Database, Migrations};

const FILES: &[(&str, &str)] = &[
    (
        "20260301120000_notes.sql",
        include_str!("migrations/20260301120000_notes.sql"),
    ),
    (
        "20260302090000_when.sql",
        include_str!("migrations/20260302090000_when.sql"),
    ),
];

fn main() -> Result<(), segue::Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let address = words.first().map_or("sqlite:embedded.db", String::as_str);
    let database = Database::at(address)?;
    let migrations = Migrations::embedded(FILES)?;
    if words.iter().any(|word| word == "wait") {
        database.wait_until(&migrations, "20260302090000", Duration::from_secs(10))?;
        println!("the database is ready for this version");
        return Ok(());
    }
    let done = database.up(&migrations)?;
    println!("{} migrations applied: {}", done.len(), done.join(", "));
    for line in database.status(&migrations)? {
        println!("{}  {:?}", line.id, line.standing);
    }
    Ok(())
}

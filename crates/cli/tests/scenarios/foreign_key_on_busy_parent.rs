//! AS-01: a foreign key of an empty table is dropped and made again; its parent is busy, and a long read holds it.

use std::time::Duration;

use segue_testkit::{TestServer, installed};

use crate::shop::{furnish, long_reader, up};

#[test]
fn a_foreign_key_made_again_behind_a_long_reader_of_its_parent_keeps_nobody_waiting() {
    for version in installed() {
        let server = TestServer::start(&version).unwrap();
        let database = server.create_database().unwrap();
        furnish(&mut database.connect().unwrap());
        let reader = long_reader(&database, "orders", Duration::from_secs(4));
        let lived = up(
            &database.url(),
            "ALTER TABLE notes DROP CONSTRAINT notes_order;\n\
             ALTER TABLE notes ADD CONSTRAINT notes_order FOREIGN KEY (order_id) REFERENCES orders (id);",
            &[],
        );
        lived.nobody_noticed();
        assert!(
            matches!(lived.code, 0 | 7),
            "exit {} on {}: {}",
            lived.code,
            version.version,
            lived.err
        );
        assert!(
            lived.err.contains("no lock, try 1"),
            "the reader was never in the way: {}",
            lived.err
        );
        reader.join().unwrap().1.unwrap();
    }
}

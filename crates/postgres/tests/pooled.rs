//! A session knows that it is behind a pooler, on a real one.

use segue_postgres::{PostgresSession, Sources, Target};
use segue_testkit::{Pooler, TestServer};

#[test]
fn a_session_behind_apooler_is_pooled_in_every_mode() {
    for mode in ["session", "transaction"] {
        let server = TestServer::start_newest().expect("a server");
        let pooler = Pooler::before(&server, mode).expect("a pooler");
        let target =
            Target::resolve(&pooler.url("postgres"), &Sources::default()).expect("a target");
        let session = PostgresSession::connect(&target).expect(mode);
        assert!(session.is_pooled(), "{mode}");
    }
}

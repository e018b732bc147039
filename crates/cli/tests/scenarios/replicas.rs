//! AS-09: the last rename of an online change stops the replicas.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_testkit::TestServer;

use crate::shop::{beside_these, furnish, project, sending};

/// The value under whichever name it has.
const READ: &str = "SELECT COALESCE(to_jsonb(o) ->> 'state', to_jsonb(o) ->> 'status') FROM orders AS o WHERE id = 4";

#[test]
fn replicas_answer_through_every_phase_and_follow() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    furnish(&mut database.connect().unwrap());
    let standby = server.start_standby().unwrap();
    let mut replica = standby.connect(database.name()).unwrap();
    let (over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut client = standby.connect(database.name()).unwrap();
            while !over.load(Ordering::SeqCst) {
                client
                    .value(READ)
                    .expect("a replica answers")
                    .expect("a row");
                reads.fetch_add(1, Ordering::SeqCst);
            }
        });
        let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
        for words in [
            &["up"][..],
            &["contract", "--accept-evidence", "--watch", "0"],
        ] {
            let clients = [sending(
                "UPDATE orders SET total = total + 1 WHERE id = $1::text::bigint",
            )];
            let lived = beside_these(&project, &database.url(), (words, &clients));
            assert_eq!(lived.code, 0, "{}", lived.err);
            lived.nobody_noticed();
        }
        over.store(true, Ordering::SeqCst);
        reader.join().unwrap();
    });
    assert!(
        reads.load(Ordering::SeqCst) > 20,
        "the test proves something"
    );
    let columns = "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute \
        WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped";
    for _ in 0..600 {
        if replica.value(columns).unwrap().as_deref() == Some("id,legacy,state,total") {
            return;
        }
        replica.execute("SELECT pg_sleep(0.05)").unwrap();
    }
    panic!("the replica does not follow");
}

//! AS-02: a trigger is dropped while the server vacuums its table to prevent wraparound, which does not yield.
//!
//! The vacuum is a real one: the table's limit is the lowest the server takes, and its cost limit makes it last.

use segue_postgres::scratch::{Installed, Manners, ScratchServer, Search, installed};
use segue_postgres::{PostgresSession, Sources, Target};

use crate::shop::{RealClock, up};
use segue_engine::Clock;
use segue_model::{Session, Sql};
use std::time::Duration;

/// Looks at most for so long whether the vacuum has begun.
const LOOKS: u32 = 300;

#[test]
fn behind_a_vacuum_that_prevents_wraparound_the_run_names_it_and_ends_in_its_budget() {
    let server = ScratchServer::start(
        &newest(),
        &Manners {
            settings: ["autovacuum=on", "autovacuum_naptime=1s"]
                .map(str::to_owned)
                .to_vec(),
            ..Manners::default()
        },
    )
    .unwrap();
    let url = server.url("postgres");
    let target = Target::resolve(&url, &Sources::default()).unwrap();
    let mut session = PostgresSession::connect(&target).unwrap();
    furnish(&mut session);
    wait_for_the_vacuum(&mut session);
    let lived = up(
        &url,
        "DROP TRIGGER audited ON orders;",
        &["--attempts", "3"],
    );
    lived.nobody_noticed();
    // Refused before it begins, or ended by the budget: in both cases the vacuum is named.
    assert!(
        matches!(lived.code, 4 | 7),
        "exit {}: {}",
        lived.code,
        lived.err
    );
    assert!(
        lived.err.contains("to prevent wraparound"),
        "the vacuum is not named: {}",
        lived.err
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the search path says which servers there are"
)]
fn newest() -> Installed {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let search = Search {
        path,
        ..Search::default()
    };
    installed(&search).pop().unwrap()
}

fn furnish(session: &mut PostgresSession) {
    for text in [
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'new', total int NOT NULL) \
         WITH (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100)",
        "CREATE SEQUENCE new_orders START 1000000000",
        "INSERT INTO orders SELECT i, 'new', i % 100 FROM generate_series(1, 50000) i",
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER audited BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit()",
        // More transactions than the table's limit allows.
        "DO $$ BEGIN FOR i IN 1..101000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$",
    ] {
        session.execute_users(text).unwrap();
    }
}

fn wait_for_the_vacuum(session: &mut PostgresSession) {
    let clock = RealClock::start();
    let at_work = Sql::literal(
        "SELECT 1 FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE a.query LIKE 'autovacuum:%orders (to prevent wraparound)' \
         AND l.relation = 'orders'::regclass AND l.granted",
    );
    for _ in 0..LOOKS {
        if !session.query(&at_work).unwrap().is_empty() {
            return;
        }
        clock.pause(Duration::from_millis(100));
    }
    panic!("the server did not vacuum the table");
}

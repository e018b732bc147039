//! What a session promises, on real servers.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests fail like tests; the lint's own exception covers only test functions"
)]

use segue_model::{Failure, Session, SessionError, Sql};
use segue_postgres::{PostgresSession, Sources, Target};
use segue_testkit::TestServer;

fn server() -> &'static TestServer {
    let newest = segue_testkit::installed().pop().expect("a server");
    TestServer::shared(&newest).expect("a server that starts")
}

fn target() -> Target {
    Target::resolve(&server().url("postgres"), &Sources::default()).expect("a target")
}

fn session() -> PostgresSession {
    PostgresSession::connect(&target()).expect("a session")
}

#[test]
fn rows_come_back_as_text_and_null_as_none() {
    let rows = session()
        .query(&Sql::literal("SELECT 1, NULL; SELECT 'a'"))
        .expect("rows");
    assert_eq!(
        rows,
        [vec![Some("1".to_owned()), None], vec![Some("a".to_owned())]]
    );
}

#[test]
fn parameters_travel_as_text_and_null() {
    let mut session = session();
    let statement = Sql::literal("SELECT ($1::text::bigint + 1)::text, $2::text");
    for _ in 0..2 {
        let rows = session
            .query_with(&statement, &[Some("41"), None])
            .expect("rows");
        assert_eq!(rows, [vec![Some("42".to_owned()), None]]);
    }
}

#[test]
fn the_servers_refusal_is_repeated_word_for_word_and_points_at_a_byte() {
    let mut session = session();
    let error = session
        .execute_users("/* ä€ */ SELEC 1")
        .expect_err("a refusal");
    assert_eq!(error.to_string(), "syntax error at or near \"SELEC\"");
    assert_eq!(error.failure(), Failure::Refused);
    assert_eq!(error.code(), Some("42601"));
    assert_eq!(error.position(), Some("/* ä€ */ ".len()));
    session
        .execute_users("SELECT 1")
        .expect("the session goes on");
}

#[test]
fn a_lock_that_is_not_granted_in_time_is_a_lock_timeout() {
    let (mut holder, mut waiter) = (session(), session());
    for text in ["CREATE TABLE held_lock ()", "BEGIN; LOCK TABLE held_lock"] {
        holder.execute_users(text).expect("a lock");
    }
    waiter
        .execute(&Sql::literal("SET lock_timeout = '50ms'"))
        .expect("a setting");
    let error = waiter
        .execute_users("SELECT 1 FROM held_lock")
        .expect_err("no lock");
    assert_eq!(error.failure(), Failure::LockTimeout);
    assert_eq!(error.code(), Some("55P03"));
}

#[test]
fn a_direct_connection_is_not_pooled() {
    assert!(!session().is_pooled());
}

#[test]
fn the_connection_of_a_terminated_backend_is_lost() {
    let (mut victim, mut other) = (session(), session());
    other
        .query_with(
            &Sql::literal("SELECT pg_catalog.pg_terminate_backend($1::text::int)::text"),
            &[Some(&victim.backend_pid().to_string())],
        )
        .expect("a termination");
    for _ in 0..2 {
        let error = victim.execute_users("SELECT 1").expect_err("no connection");
        assert_eq!(error.failure(), Failure::ConnectionLost, "{error}");
    }
}

#[test]
fn notices_are_kept_until_they_are_taken() {
    let mut session = session();
    session
        .execute_users("DROP TABLE IF EXISTS nowhere")
        .expect("a notice");
    let notices = session.take_notices();
    assert_eq!(
        notices.first().map(|notice| notice.message.as_str()),
        Some("table \"nowhere\" does not exist, skipping")
    );
    assert_eq!(session.take_notices(), []);
}

#[test]
fn what_the_role_may_not_do_is_a_matter_of_permission() {
    let mut session = session();
    session
        .execute_users("CREATE ROLE nobody_much")
        .expect("a role");
    session
        .execute_users("SET ROLE nobody_much")
        .expect("the role");
    let error = session
        .execute_users("SELECT * FROM pg_catalog.pg_authid")
        .expect_err("a refusal");
    assert_eq!(error.failure(), Failure::Permission);
}

#[test]
fn a_statement_is_cancelled_from_another_thread() {
    let mut session = session();
    let canceller = session.canceller();
    let mut watcher = self::session();
    let pid = session.backend_pid().to_string();
    let waiting = std::thread::spawn(move || {
        let answer = session.execute_users("SELECT pg_sleep(60)");
        (session, answer)
    });
    let is_asleep = Sql::literal(
        "SELECT count(*)::text FROM pg_catalog.pg_stat_activity WHERE pid = $1::text::int AND wait_event = 'PgSleep'",
    );
    while watcher
        .query_with(&is_asleep, &[Some(&pid)])
        .expect("a row")
        != [[Some("1".to_owned())]]
    {}
    canceller.cancel().expect("a request");
    let (mut session, answer) = waiting.join().expect("no panic");
    assert_eq!(answer.expect_err("cancelled").failure(), Failure::Cancelled);
    session
        .execute_users("SELECT 1")
        .expect("the session goes on");
}

#[test]
fn a_copy_that_waits_for_rows_ends_the_session_and_hangs_nobody() {
    let mut session = session();
    session
        .execute_users("CREATE TEMPORARY TABLE copied (a int)")
        .expect("a table");
    for text in ["COPY copied FROM STDIN", "SELECT 1"] {
        let error = session.execute_users(text).expect_err("no rows come");
        assert_eq!(error.failure(), Failure::ConnectionLost, "{error}");
    }
}

#[test]
fn prepared_statements_that_the_users_text_discarded_are_prepared_again() {
    let mut session = session();
    let statement = Sql::literal("SELECT $1::text");
    for _ in 0..2 {
        session.query_with(&statement, &[Some("a")]).expect("a row");
        session.execute_users("DISCARD ALL").expect("a clean slate");
    }
}

#[test]
fn a_server_that_takes_no_writes_is_refused_when_writes_are_wanted() {
    let place = server().socket_directory().display();
    let text = format!(
        "host={place} user=postgres options='-c default_transaction_read_only=on' \
         target_session_attrs="
    );
    let connect = |wanted| {
        let target = Target::resolve(&(text.clone() + wanted), &Sources::default());
        PostgresSession::connect(&target.expect("a target"))
    };
    let error = connect("read-write").expect_err("a refusal");
    assert!(error.to_string().contains("takes no writes"), "{error}");
    for wanted in ["read-only", "primary", "any", "prefer-standby"] {
        connect(wanted).expect(wanted);
    }
    connect("standby").expect_err("it is a primary");
}

//! AS-12: the replica by which the lag is judged is gone, and the change goes on writing.

use std::process::{Command, Stdio};

use segue_testkit::{Client, TestServer};

use crate::shop::{furnish, project, segue};

fn until(client: &mut Client, question: &str) {
    for _ in 0..2_000 {
        if client.value(question).ok().flatten().as_deref() == Some("true") {
            return;
        }
        client.execute("SELECT pg_sleep(0.01)").unwrap();
    }
    panic!("never: {question}");
}

#[test]
fn a_backfill_waits_when_its_replica_is_gone_and_says_why() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    furnish(&mut client);
    client
        .execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.0005); RETURN NEW; END'; \
             CREATE TRIGGER slow BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        .unwrap();
    let standby = server.start_standby().unwrap();
    until(
        &mut client,
        "SELECT (count(*) = 1)::text FROM pg_stat_replication",
    );
    let project = project("ALTER TABLE orders RENAME COLUMN status TO state;");
    let url = database.url();
    let mut running = Command::new(env!("CARGO_BIN_EXE_segue"))
        .current_dir(project.path())
        .env_clear()
        .env("DATABASE_URL", &url)
        .arg("up")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(
        &mut client,
        "SELECT EXISTS (SELECT FROM segue.backfill_range WHERE done OR changed > 0)::text",
    );
    drop(standby);
    until(
        &mut client,
        "SELECT bool_or(held LIKE '%gone%')::text FROM segue.backfill",
    );
    let said = segue(project.path(), &url, &["backfill", "status"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("was there and is gone"), "{said}");
    let count = "SELECT count(state)::text FROM orders";
    client.execute("SELECT pg_sleep(0.5)").unwrap();
    let at = client.value(count).unwrap();
    client.execute("SELECT pg_sleep(0.7)").unwrap();
    assert_eq!(client.value(count).unwrap(), at, "it waits");
    assert_ne!(at.as_deref(), Some("50000"));
    running.kill().unwrap();
    running.wait().unwrap();
}

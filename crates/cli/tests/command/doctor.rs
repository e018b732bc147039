//! `segue doctor`: each point with its health and the command that mends it, and the command does.

use segue_testkit::TestServer;

use crate::segue::{command, folder, ran};

/// Topic, health and cure of every point.
fn points(url: &str) -> (i32, Vec<(String, String, Option<String>)>) {
    let place = folder(&[]);
    let answer = ran(command(place.path())
        .env("DATABASE_URL", url)
        .args(["doctor", "--output", "json"]));
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let points = json["points"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let points = points
        .map(|one| {
            (
                text(&one["topic"]).unwrap(),
                text(&one["health"]).unwrap(),
                text(&one["mend"]),
            )
        })
        .collect();
    (answer.code, points)
}

#[test]
fn every_command_that_mends_a_point_mends_it() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute(
            "CREATE ROLE \"the owner\"; CREATE ROLE app LOGIN; CREATE TABLE t (id int); \
             ALTER TABLE t OWNER TO \"the owner\"; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; \
             REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             ALTER ROLE app SET default_transaction_read_only = on; ALTER ROLE app SET search_path = odd, public",
        )
        .unwrap();
    let set = [
        "ALTER DATABASE ",
        database.name(),
        " SET statement_timeout = '5s'",
    ]
    .concat();
    client.execute(&set).unwrap();
    let url = database.url().replace("user=postgres", "user=app");
    let (code, before) = points(&url);
    assert_eq!(code, 1, "{before:?}");
    let not_well: Vec<_> = before
        .iter()
        .filter(|(_, health, _)| health != "ok")
        .map(|(topic, health, _)| (topic.as_str(), health.as_str()))
        .collect();
    assert_eq!(
        not_well,
        [
            ("database", "bad"),
            ("schemas", "bad"),
            ("ownership", "bad"),
            ("monitoring", "warn"),
            ("identity", "warn"),
            ("restore point", "warn"),
            ("settings", "bad"),
            ("settings", "warn"),
            ("settings", "warn"),
            ("archiving", "warn"),
        ]
    );
    for (topic, _, mend) in &before {
        if let (Some(command), false) = (mend, topic == "archiving" || topic == "environment") {
            client.execute(command).unwrap();
        }
    }
    let (code, after) = points(&url);
    assert_eq!(code, 0, "{after:?}");
    let not_well: Vec<_> = after
        .iter()
        .filter(|(_, health, _)| health != "ok")
        .collect();
    assert_eq!(not_well.len(), 1, "{after:?}");
}

#[test]
fn people_see_one_line_a_point_and_a_superuser_is_told() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let place = folder(&[]);
    let answer = ran(command(place.path())
        .env("DATABASE_URL", database.url())
        .arg("doctor"));
    assert_eq!(answer.code, 0, "{}", answer.err);
    for part in [
        "ok    version        PostgreSQL ",
        "ok    pooler         none",
        "ok    standby        this server is a primary",
        "warn  role           postgres (superuser",
        "ok    environment    not marked",
        "mend: segue env mark NAME",
    ] {
        assert!(answer.out.contains(part), "{part} is not in {}", answer.out);
    }
}

#[test]
fn a_journal_of_another_role_is_a_point_and_a_stop_leads_to_the_doctor() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    client
        .execute("CREATE ROLE app LOGIN; CREATE TABLE t (id int)")
        .unwrap();
    let project = folder(&[(
        "db/migrations/20260101000000_users.sql",
        "-- migrate:up\nCREATE TABLE users (id int PRIMARY KEY);\n",
    )]);
    let up = |url: &str| ran(command(project.path()).env("DATABASE_URL", url).arg("up"));
    assert_eq!(up(&database.url()).code, 0);
    let url = database.url().replace("user=postgres", "user=app");
    let stopped = up(&url);
    assert_ne!(stopped.code, 0);
    assert!(
        stopped.err.contains("permission denied for schema segue")
            && stopped.err.contains("next     segue doctor"),
        "{}",
        stopped.err
    );
    let (_, before) = points(&url);
    let mend = |topic: &str| {
        let found = before.iter().find(|(one, ..)| one == topic).unwrap();
        (found.1.clone(), found.2.clone().unwrap_or_default())
    };
    let (health, command) = mend("journal");
    assert_eq!(health, "bad");
    client.execute(&command).unwrap();
    // Membership of a superuser is not what anybody should give away.
    assert_eq!(
        mend("ownership").1,
        "ALTER TABLE \"public\".\"t\" OWNER TO \"app\""
    );
    let again = up(&url);
    assert_eq!(again.code, 0, "{}", again.err);
}

//! AS-16: the user's own operators stand before the server's. They mean what he says in his statements, and nothing in ours.

use segue_testkit::TestServer;

use crate::shop::{furnish, project, segue};

/// Every comparison of two texts, numbers, names or words of the server raises.
fn hostile() -> String {
    let mut sql = "CREATE SCHEMA evil;".to_owned();
    for name in [
        "text",
        "bigint",
        "integer",
        "name",
        "oid",
        "boolean",
        "tid",
        "timestamptz",
        "\"char\"",
    ] {
        let trap = format!(
            "CREATE FUNCTION evil.trap({name}, {name}) RETURNS boolean LANGUAGE plpgsql \
             AS $$ BEGIN RAISE EXCEPTION 'an operator of the user was used'; END $$;"
        );
        sql.push_str(&trap);
        for operator in ["=", "<>", "<", ">", "<=", ">="] {
            let operator = format!(
                "CREATE OPERATOR evil.{operator} (LEFTARG = {name}, RIGHTARG = {name}, FUNCTION = evil.trap);"
            );
            sql.push_str(&operator);
        }
    }
    for (operator, function) in [("~~", "like_trap"), ("~*", "match_trap")] {
        let pattern = format!(
            "CREATE FUNCTION evil.{function}(text, text) RETURNS boolean LANGUAGE plpgsql \
             AS $$ BEGIN RAISE EXCEPTION 'an operator of the user was used'; END $$; \
             CREATE OPERATOR evil.{operator} (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.{function});"
        );
        sql.push_str(&pattern);
    }
    sql
}

#[test]
fn an_operator_of_the_users_that_raises_is_in_nothing_that_segue_says() {
    let server = TestServer::start_newest().unwrap();
    let database = server.create_database().unwrap();
    let mut client = database.connect().unwrap();
    furnish(&mut client);
    client.execute(&hostile()).unwrap();
    client
        .execute(&format!(
            "ALTER DATABASE {} SET search_path = public, evil, pg_catalog",
            database.name()
        ))
        .unwrap();
    let changes = "ALTER TABLE orders RENAME COLUMN status TO state;\n-- migrate:down\nALTER TABLE orders RENAME COLUMN state TO status;";
    let project = project(changes);
    let url = database.url();
    let runs: &[&[&str]] = &[
        &["plan"],
        &["doctor"],
        &["env", "mark", "dev"],
        &["up"],
        &["status"],
        &["verify"],
        &["backfill", "status"],
        &["repair"],
        &["down"],
        &["up"],
        &["contract", "--dry-run", "--watch", "0"],
        &["contract", "--accept-evidence", "--watch", "0"],
        &["archive", "list"],
        &["dump"],
        &["down"],
    ];
    for words in runs {
        let done = segue(project.path(), &url, words);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(
            !said.contains("an operator of the user"),
            "{words:?}: {said}"
        );
        assert!(done.status.success(), "{words:?}: {said}");
        if words == &["up"] {
            // Writers on either side, whose session finds the user's operators first.
            let mut application = database.connect().unwrap();
            application
                .execute(
                    "INSERT INTO public.orders (id, state, total) VALUES (pg_catalog.nextval('new_orders'), 'mine', 1); \
                     INSERT INTO public.orders (id, status, total) VALUES (pg_catalog.nextval('new_orders'), 'theirs', 1)",
                )
                .unwrap();
        }
    }
}

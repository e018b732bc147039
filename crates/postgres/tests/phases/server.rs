//! Every plan runs on every installed server and leaves what the plain statement leaves.

use segue_model::{Action, StepTransaction};
use segue_testkit::{Client, TestDatabase, TestServer};

use crate::cases::{CASES, Case, plan, replay, sql};

/// What is in a database, one line an object, without the order of columns.
const FACTS: &str = "\
SELECT 'class|' || c.oid::regclass || '|' || c.relkind::text || '|' || c.relispartition
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'constraint|' || coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text) || '|' || c.conname
       || '|' || c.contype::text || '|' || c.convalidated || '|' || c.condeferrable || '|' || c.condeferred
       || '|' || (c.conparentid <> 0) || '|' || pg_get_constraintdef(c.oid)
  FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index|' || i.indexrelid::regclass || '|' || i.indisvalid || '|' || i.indisready || '|' || i.indisunique
       || '|' || i.indisprimary || '|' || i.indimmediate || '|' || pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'column|' || a.attrelid::regclass || '|' || a.attname || '|' || format_type(a.atttypid, a.atttypmod)
       || '|' || a.attnotnull || '|' || a.attidentity::text || '|' || a.attgenerated::text || '|' || a.attcollation
       || '|' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0
   AND NOT a.attisdropped
UNION ALL
SELECT 'trigger|' || t.tgrelid::regclass || '|' || t.tgname || '|' || t.tgenabled::text
  FROM pg_trigger t WHERE NOT t.tgisinternal
ORDER BY 1";

#[test]
fn every_plan_leaves_what_the_plain_statement_leaves() {
    let mut wrong = Vec::new();
    let servers = segue_testkit::installed();
    assert!(!servers.is_empty(), "no server is installed");
    for installed in servers {
        let server = TestServer::start(&installed).expect("a server");
        let template = prepared(&server);
        for case in CASES {
            let (first, last) = case.versions;
            if (first..=last).contains(&installed.major)
                && let Err(why) = compare(&server, &template, case, installed.major)
            {
                let major = installed.major;
                wrong.push(format!(
                    "{major}: {} {}:\n{why}",
                    case.before, case.statement
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn prepared(server: &TestServer) -> TestDatabase<'_> {
    let template = server.create_database().expect("a database");
    let mut client = template.connect().expect("a connection");
    client
        .execute(segue_testkit::lock_cases::schema_sql())
        .expect("the schema");
    client
        .execute("CREATE SCHEMA segue")
        .expect("the place of Segue's own objects");
    // The keys and references that the cases ask for must hold for the rows that are there.
    client
        .execute("UPDATE p SET r_id = NULL")
        .expect("rows that fit");
    template
}

fn compare(
    server: &TestServer,
    template: &TestDatabase<'_>,
    case: &Case,
    version: u16,
) -> Result<(), String> {
    let copy = || {
        server
            .create_database_from(template.name())
            .expect("a copy")
    };
    let (plain, planned) = (copy(), copy());
    let mut client = plain.connect().expect("a connection");
    let send = |client: &mut Client, text: &str| {
        client
            .execute(text)
            .map_err(|error| format!("{text}: {error}"))
    };
    prepare(&mut client, case)?;
    if case.at_gate.is_empty() {
        send(&mut client, "SET TimeZone = 'UTC'")?;
        send(&mut client, case.statement)?;
    } else {
        // The plain statement fails over rows; the plan is what makes it possible.
        let nullable = case.statement.replace(" NOT NULL", "");
        send(&mut client, &nullable)?;
        send(&mut client, case.at_gate)?;
        send(&mut client, "ALTER TABLE t ALTER x SET NOT NULL")?;
    }
    let wanted = facts(&mut client, case);
    let mut client = planned.connect().expect("a connection");
    prepare(&mut client, case)?;
    carry_out(&mut client, case, version)?;
    let found = facts(&mut client, case);
    let missing: Vec<_> = wanted.iter().filter(|fact| !found.contains(fact)).collect();
    let left: Vec<_> = found.iter().filter(|fact| !wanted.contains(fact)).collect();
    if missing.is_empty() && left.is_empty() {
        return Ok(());
    }
    Err(format!("  missing {missing:#?}\n  left {left:#?}"))
}

fn prepare(client: &mut Client, case: &Case) -> Result<(), String> {
    if case.before.is_empty() {
        return Ok(());
    }
    client
        .execute(case.before)
        .map_err(|error| format!("{}: {error}", case.before))
}

fn carry_out(client: &mut Client, case: &Case, version: u16) -> Result<(), String> {
    let plan = plan(case, &replay(case.before, version)).ok_or("no plan")?;
    let mut is_open = false;
    for phase in &plan.phases {
        if phase.gate.is_some() && !case.at_gate.is_empty() {
            let end = if is_open { "COMMIT" } else { "" };
            is_open = false;
            client.execute(end).expect("a commit");
            client.execute(case.at_gate).expect("what the user does");
        }
        for step in &phase.steps {
            let text = sql(&step.action);
            let failed = |error: segue_testkit::Error| format!("{}: {error}", text.as_str());
            match step.transaction {
                StepTransaction::WithPrevious if is_open => {}
                StepTransaction::WithPrevious => return Err("no step to join".to_owned()),
                StepTransaction::Own | StepTransaction::Outside => {
                    if is_open {
                        client.execute("COMMIT").map_err(failed)?;
                    }
                    is_open = step.transaction == StepTransaction::Own;
                    if is_open {
                        client.execute("BEGIN").map_err(failed)?;
                    }
                }
            }
            let rows = client.query(text.as_str()).map_err(failed)?;
            if matches!(step.action, Action::Probe(_)) && !rows.is_empty() {
                return Err(format!("the probe found {rows:?}"));
            }
        }
    }
    if is_open {
        client
            .execute("COMMIT")
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn facts(client: &mut Client, case: &Case) -> Vec<String> {
    let mut facts: Vec<String> = client
        .query(FACTS)
        .expect("facts")
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    facts.retain(|fact| !case.differs.iter().any(|part| fact.contains(part)));
    facts
}

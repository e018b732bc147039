//! The lock table is honest: what is predicted for every measured statement is what was measured on 15 and 18.
//!
//! Compared for each relation that was there before: the strongest mode above ACCESS SHARE (weaker ones change between
//! minor releases), which tables are read, which files are written anew, which indexes are built. A prediction that is
//! deliberately wider is an exception with its name and reason; one that is not needed fails.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::{
    Catalog, Certainty, Change, Context, Dialect, Ident, Impact, LockMode, Locked, QualifiedName,
    RefusalReason, Replay, ServerFacts, Statement, TransactionNeed, WorkKind, Wrapping,
};
use segue_postgres::Postgres;
use segue_testkit::lock_cases::{FileChange, LockCase, LockRow, Mode, Outcome, load, schema_sql};

/// New indexes that were seen being built (`building index` messages); the measured table lists only indexes that
/// were there before.
const NEW_INDEXES: &[(&str, &[&str])] = &[
    ("add-col-primary-key", &["nopk_pkey"]),
    ("add-unique", &["u"]),
    ("add-pk", &["nopk_pkey"]),
    ("add-exclude", &["ex"]),
    ("attach-partition", &["pnew_val_idx"]),
    (
        "create-table-like",
        &[
            "z_a_idx", "z_a_idx1", "z_b_idx", "z_n_idx", "z_nn_idx", "z_pkey", "z_ts_idx",
            "z_v_idx",
        ],
    ),
    ("create-unique-index", &["zi"]),
    ("create-index-partitioned", &["p1_k_idx", "p2_k_idx"]),
    ("create-index-concurrently", &["zi"]),
    ("reindex-table-concurrently", &["nopk_i_ccnew"]),
    ("create-index-partition-leaf", &["zi"]),
    (
        "reindex-partitioned-concurrently",
        &["p1_val_idx_ccnew", "p2_val_idx_ccnew"],
    ),
    ("attach-partition-with-fk", &["pnew_val_idx"]),
    ("add-primary-key-already-notnull", &["heapless_pkey"]),
    ("create-table-partition-of-with-fk", &["p3_val_idx"]),
    ("like-then-attach-create", &["p3_val_idx"]),
    ("cic-waits-behind-ael", &["zi"]),
];

/// What is predicted and was not seen, each with the reason.
const WIDER: &[(&str, &str, &str)] = &[
    ("add-fk-from-partitioned", "r scanned", ONE_QUERY),
    ("attach-partition-with-fk", "r scanned", ONE_QUERY),
    ("validate-fk-partitioned", "r scanned", ONE_QUERY),
    ("delete-parent", "ch RowShare", HITS_A_ROW),
    ("delete-parent", "ch scanned", HITS_A_ROW),
    ("delete-parent", "ch_pkey RowShare", HITS_A_ROW),
    ("delete-parent", "chnv RowShare", HITS_A_ROW),
    ("delete-parent", "chnv scanned", HITS_A_ROW),
    ("delete-parent", "chnv_pkey RowShare", HITS_A_ROW),
];

const ONE_QUERY: &str =
    "a foreign key is checked by one query: which side is read whole depends on its plan";
const HITS_A_ROW: &str =
    "the case deletes no row; a DELETE that does looks into the referencing tables";

/// A relation as the measured table names it.
fn plain(name: &QualifiedName) -> String {
    if name.namespace.as_str() == "public" {
        name.name.as_str().to_owned()
    } else {
        format!("{}.{}", name.namespace.as_str(), name.name.as_str())
    }
}

fn server(version: u16) -> ServerFacts {
    ServerFacts::new(version)
}

/// Lets statements have their effect, each committed.
fn run(replay: &mut Replay, sql: &str) {
    let version = replay.server.version;
    let statements = Postgres.read(sql, version);
    replay.begin_migration();
    replay.begin_section(Wrapping::Autocommit, &statements);
    for statement in &statements {
        assert!(
            statement.opaque().is_none(),
            "{:?} in {sql}",
            statement.opaque()
        );
        let impact = Postgres.impact(&statement.changes, &replay.context());
        replay.advance(statement, &impact);
    }
    replay.end_section();
}

/// The measured tables, by replay.
fn measured_tables(version: u16) -> Replay {
    let mut replay = Replay::new(Catalog::default(), server(version));
    run(&mut replay, schema_sql());
    replay
}

/// What is predicted for one statement in this state.
fn predict(mut replay: Replay, sql: &str, wrapping: Wrapping) -> (Impact, Catalog) {
    let statements: Vec<Statement> = Postgres.read(sql, replay.server.version);
    assert_eq!(statements.len(), 1, "{sql}");
    replay.begin_migration();
    replay.begin_section(wrapping, &statements);
    let context: Context<'_> = replay.context();
    let changes: Vec<Change> = statements
        .iter()
        .flat_map(|statement| statement.changes.clone())
        .collect();
    let impact = Postgres.impact(&changes, &context);
    (impact, replay.catalog)
}

/// One claim in words: `t: AccessExclusive`, `t: scanned`, `t_a_idx: built`.
type Claims = BTreeSet<(String, String)>;

fn predicted(impact: &Impact, before: &Catalog, scans: Scans) -> Claims {
    let mut claims = Claims::new();
    let mut modes: BTreeMap<String, LockMode> = BTreeMap::new();
    for claim in &impact.claims {
        let name = match &claim.on {
            Locked::Relation(name) => plain(name),
            Locked::Toast(name) => format!("toast({})", plain(name)),
            Locked::ToastIndex(name) => format!("toastidx({})", plain(name)),
            Locked::Unnamed(_) => continue,
        };
        let known = modes.entry(name).or_insert(claim.mode);
        *known = (*known).max(claim.mode);
    }
    for (name, mode) in modes {
        if mode > LockMode::AccessShare {
            claims.insert((name, format!("{mode:?}")));
        }
    }
    for work in &impact.work {
        let existed = before.relation(&work.on).is_some();
        let table = plain(&work.on);
        let is_scan = match &work.kind {
            WorkKind::Scan | WorkKind::Rewrite => true,
            WorkKind::BuildIndex(index) => {
                claims.insert((index.as_str().to_owned(), "built".to_owned()));
                true
            }
            WorkKind::Copy | WorkKind::NewFile | WorkKind::Rows => false,
        };
        if is_scan && existed && scans == Scans::Measured {
            claims.insert((table.clone(), "scanned".to_owned()));
        }
        if matches!(
            work.kind,
            WorkKind::Rewrite | WorkKind::Copy | WorkKind::NewFile
        ) {
            claims.insert((table, "written anew".to_owned()));
        }
    }
    claims
}

/// Whether the scan counters could be read: not outside a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scans {
    Measured,
    NotMeasured,
}

fn measured(case: &LockCase, version: u16) -> Claims {
    let mut claims = Claims::new();
    for row in case.rows_on(version) {
        if let Outcome::Locked(mode) = &row.outcome
            && *mode > Mode::AccessShare
        {
            claims.insert((row.relation.clone(), format!("{mode:?}")));
        }
        if row.rows_scanned.is_some() {
            claims.insert((row.relation.clone(), "scanned".to_owned()));
        }
        if row.file == FileChange::IndexRebuilt {
            claims.insert((row.relation.clone(), "built".to_owned()));
        }
        if row.file == FileChange::Rewritten && !row.relation.starts_with("toast") {
            claims.insert((row.relation.clone(), "written anew".to_owned()));
        }
    }
    let new = NEW_INDEXES.iter().find(|(name, _)| *name == case.name);
    for index in new.map_or(&[][..], |(_, names)| names) {
        claims.insert(((*index).to_owned(), "built".to_owned()));
    }
    claims
}

fn refusal(case: &LockCase, version: u16) -> Option<&LockRow> {
    case.rows_on(version)
        .find(|row| matches!(row.outcome, Outcome::Refused(_)))
}

/// What differs between prediction and measurement of one case, in words; exceptions that apply are noted as used.
fn differences(
    case: &LockCase,
    version: u16,
    state: &Replay,
    used: &mut BTreeSet<usize>,
) -> Vec<String> {
    let mut replay = state.clone();
    for statement in &case.after {
        run(&mut replay, statement);
    }
    if let Some(zone) = &case.time_zone {
        replay
            .settings
            .session
            .insert(Ident::from("timezone"), zone.clone());
    }
    let (wrapping, scans) = match &case.held {
        Some(_) => (Wrapping::Autocommit, Scans::NotMeasured),
        None => (Wrapping::Transaction, Scans::Measured),
    };
    let (impact, before) = predict(replay, &case.statement, wrapping);
    let mut found = Vec::new();
    if refusal(case, version).is_some() {
        if impact.refusals.is_empty() {
            found.push(format!(
                "{version} {}: refused, and predicted to run",
                case.name
            ));
        }
        return found;
    }
    for refused in &impact.refusals {
        found.push(format!(
            "{version} {}: ran, and predicted to be refused: {}",
            case.name, refused.message
        ));
    }
    let wanted = measured(case, version);
    let got = predicted(&impact, &before, scans);
    for (relation, what) in wanted.difference(&got) {
        found.push(format!(
            "{version} {}: {relation} {what}: measured, not predicted",
            case.name
        ));
    }
    for (relation, what) in got.difference(&wanted) {
        let exception = WIDER
            .iter()
            .position(|(name, on, _)| *name == case.name && *on == format!("{relation} {what}"));
        match exception {
            Some(position) => {
                used.insert(position);
            }
            None => found.push(format!(
                "{version} {}: {relation} {what}: predicted, not measured",
                case.name
            )),
        }
    }
    found
}

#[test]
fn every_measured_statement_is_predicted_as_it_was_measured() {
    let cases = load();
    assert!(cases.len() > 200, "the table of measured cases is there");
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for version in [15, 18] {
        let state = measured_tables(version);
        for case in cases.iter().filter(|case| case.versions.contains(&version)) {
            found.extend(differences(case, version, &state, &mut used));
        }
    }
    let unused: Vec<String> = WIDER
        .iter()
        .enumerate()
        .filter(|(position, _)| !used.contains(position))
        .map(|(_, (name, on, _))| format!("the exception {name}, {on} is not needed"))
        .collect();
    found.extend(unused);
    assert!(
        found.is_empty(),
        "{} differences\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn what_ran_outside_a_transaction_must_run_outside_one() {
    for version in [15, 18] {
        let state = measured_tables(version);
        for case in load()
            .iter()
            .filter(|case| case.held.is_some() && case.after.is_empty())
        {
            let (impact, _) = predict(state.clone(), &case.statement, Wrapping::Transaction);
            assert_eq!(
                impact.transaction,
                TransactionNeed::MustBeOutside,
                "{}",
                case.name
            );
            assert!(!impact.refusals.is_empty(), "{}", case.name);
        }
    }
}

/// Cases that are not in the measured table, with what PostgreSQL 15.20 did on the same tables: set-up, statement,
/// what was seen.
const ALSO_MEASURED: &[(&str, &str, &str)] = &[
    (
        "ALTER TABLE p ADD FOREIGN KEY (r_id) REFERENCES r",
        "DROP TABLE p1",
        "p AccessExclusive, p1 AccessExclusive, p1_val_idx AccessExclusive, toast(p1) AccessExclusive, toastidx(p1) AccessExclusive",
    ),
    (
        "",
        "DROP TYPE comp CASCADE",
        "comp AccessExclusive, toast(tt) AccessExclusive, toastidx(tt) AccessExclusive, tt AccessExclusive",
    ),
    (
        "",
        "SELECT * FROM ip FOR SHARE",
        "ic RowShare, ic scanned, ip RowShare, ip scanned",
    ),
    (
        "",
        "INSERT INTO t (nn) VALUES (5000)",
        "t RowExclusive, t_id_seq RowExclusive",
    ),
    (
        "CREATE VIEW v2 AS SELECT * FROM vw",
        "DROP VIEW vw CASCADE",
        "v2 AccessExclusive, vw AccessExclusive",
    ),
    (
        "",
        "ALTER TABLE ip ALTER a SET STATISTICS 10",
        "ic ShareUpdateExclusive, ip ShareUpdateExclusive",
    ),
    (
        "",
        "ALTER TABLE p ALTER val SET (n_distinct=4)",
        "p ShareUpdateExclusive",
    ),
    (
        "",
        "ALTER TABLE p ALTER val SET STORAGE EXTERNAL",
        "p AccessExclusive, p1 AccessExclusive, p2 AccessExclusive",
    ),
    (
        "",
        "ALTER TABLE p ALTER val SET COMPRESSION pglz",
        "p AccessExclusive",
    ),
    (
        "",
        "ALTER TABLE ip ADD PRIMARY KEY (a)",
        "ic AccessExclusive, ic scanned, ip AccessExclusive, ip scanned, ip_pkey built",
    ),
    (
        "",
        "ALTER TABLE p ADD UNIQUE (k, val)",
        "p AccessExclusive, p1 Share, p1 scanned, p1_k_val_key built, p2 Share, p2 scanned, p2_k_val_key built",
    ),
    (
        "ALTER TABLE p ADD PRIMARY KEY (k)",
        "ALTER TABLE p DROP CONSTRAINT p_pkey",
        "p AccessExclusive, p1 AccessExclusive, p1_pkey AccessExclusive, p2 AccessExclusive, \
         p2_pkey AccessExclusive, p_pkey AccessExclusive",
    ),
    (
        "ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (r_id) REFERENCES r(id)",
        "ALTER TABLE p DETACH PARTITION p2",
        "p AccessExclusive, p2 AccessExclusive, p2_val_idx AccessExclusive, r ShareRowExclusive",
    ),
    (
        "ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (r_id) REFERENCES r(id); \
         ALTER TABLE pnew ADD CONSTRAINT f FOREIGN KEY (r_id) REFERENCES r(id)",
        "ALTER TABLE p ATTACH PARTITION pnew FOR VALUES FROM (2000) TO (3000)",
        "p ShareUpdateExclusive, p_val_idx ShareUpdateExclusive, pnew AccessExclusive, pnew scanned, \
         pnew_val_idx built, r AccessExclusive",
    ),
    (
        "ALTER TABLE pnew ADD CHECK (k BETWEEN 2000 AND 2999); CREATE INDEX ON pnew (val)",
        "ALTER TABLE p ATTACH PARTITION pnew FOR VALUES FROM (2000) TO (3000)",
        "p ShareUpdateExclusive, p_val_idx ShareUpdateExclusive, pnew AccessExclusive",
    ),
    (
        "ALTER TABLE pnew ADD CHECK (k > 1999 AND k < 3000); CREATE INDEX ON pnew (val)",
        "ALTER TABLE p ATTACH PARTITION pnew FOR VALUES FROM (2000) TO (3000)",
        "p ShareUpdateExclusive, p_val_idx ShareUpdateExclusive, pnew AccessExclusive, pnew scanned",
    ),
    (
        "",
        "DROP TABLE q1",
        "q AccessExclusive, q1 AccessExclusive, qdef AccessExclusive, toast(q1) AccessExclusive, \
         toastidx(q1) AccessExclusive",
    ),
    (
        "",
        "DROP INDEX p_val_idx",
        "p AccessExclusive, p1 AccessExclusive, p1_val_idx AccessExclusive, p2 AccessExclusive, \
         p2_val_idx AccessExclusive, p_val_idx AccessExclusive",
    ),
    (
        "",
        "REINDEX INDEX t_v_idx",
        "t Share, t scanned, t_v_idx AccessExclusive, t_v_idx built",
    ),
    (
        "ALTER TABLE ul ADD COLUMN i int GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE ul SET UNLOGGED",
        "ul AccessExclusive, ul scanned, ul written anew, ul_i_seq AccessExclusive, ul_i_seq written anew, \
         ul_idx AccessExclusive, ul_idx built",
    ),
    (
        "",
        "ALTER TABLE p DISABLE TRIGGER ALL",
        "p ShareRowExclusive",
    ),
    (
        "CREATE INDEX i1 ON t (lower(v)); CREATE INDEX i2 ON t (a) WHERE v IS NOT NULL; \
         CREATE INDEX i3 ON t (a) INCLUDE (v)",
        "ALTER TABLE t ALTER v TYPE varchar(100)",
        "i1 AccessExclusive, i1 built, i2 AccessExclusive, i2 built, i3 AccessExclusive, t AccessExclusive, \
         t scanned, t_v_idx AccessExclusive",
    ),
    (
        "CREATE TABLE s (id int GENERATED ALWAYS AS IDENTITY, n int)",
        "ALTER TABLE s ALTER id TYPE bigint",
        "s AccessExclusive, s scanned, s written anew, s_id_seq ShareRowExclusive, s_id_seq written anew",
    ),
    (
        "CREATE INDEX i1 ON t (ct)",
        "ALTER TABLE t ALTER ct TYPE text",
        "i1 AccessExclusive, i1 built, t AccessExclusive, t scanned",
    ),
    (
        "CREATE INDEX i1 ON t (cd)",
        "ALTER TABLE t ALTER cd TYPE inet",
        "i1 AccessExclusive, t AccessExclusive",
    ),
    (
        "",
        "ALTER TABLE p ALTER val TYPE varchar",
        "p AccessExclusive, p1 AccessExclusive, p1 scanned, p1_val_idx AccessExclusive, p1_val_idx built, \
         p2 AccessExclusive, p2 scanned, p2_val_idx AccessExclusive, p2_val_idx built, p_val_idx AccessExclusive",
    ),
    (
        "CREATE TYPE comp3 AS (a int); CREATE TABLE tt3 OF comp3",
        "ALTER TYPE comp3 ADD ATTRIBUTE z int CASCADE",
        "comp3 AccessExclusive, tt3 AccessExclusive",
    ),
    (
        "",
        "ALTER TABLE r RENAME CONSTRAINT r_pkey TO x",
        "r AccessExclusive, r_pkey ShareUpdateExclusive",
    ),
    (
        "",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX t_a_uidx",
        "t AccessExclusive, t_a_uidx ShareUpdateExclusive",
    ),
    (
        "",
        "ALTER MATERIALIZED VIEW mv SET (fillfactor=70)",
        "mv ShareUpdateExclusive, toast(mv) ShareUpdateExclusive",
    ),
    (
        "",
        "UPDATE ch SET r_id = 5 WHERE id = 4",
        "ch RowExclusive, ch_pkey RowExclusive, r RowShare, r_code_key RowShare, r_pkey RowShare",
    ),
    ("", "LOCK TABLE vw", "t AccessExclusive, vw AccessExclusive"),
    (
        "CREATE TABLE par (k int, dd dom_ck) PARTITION BY RANGE (k); CREATE TABLE par1 PARTITION OF par DEFAULT",
        "ALTER DOMAIN dom_ck ADD CHECK (VALUE < 99999)",
        "par1 Share, par1 scanned, t Share, t scanned",
    ),
    (
        "CREATE TABLE rt (k int, v text) PARTITION BY RANGE (k); \
         CREATE TABLE rt1 PARTITION OF rt FOR VALUES FROM (0) TO (10); CREATE INDEX ON rt1 (v)",
        "CREATE INDEX rti ON rt (v)",
        "rt Share, rt1 Share, rt1_v_idx Share",
    ),
    (
        "CREATE TABLE sub (k int NOT NULL, val text) PARTITION BY RANGE (k); \
         CREATE TABLE sub1 PARTITION OF sub FOR VALUES FROM (6000) TO (7000)",
        "ALTER TABLE q ATTACH PARTITION sub FOR VALUES FROM (6000) TO (7000)",
        "q ShareUpdateExclusive, qdef AccessExclusive, qdef scanned, sub AccessExclusive, sub1 AccessExclusive, \
         sub1 scanned",
    ),
];

#[test]
fn what_was_measured_besides_on_15_is_predicted_too() {
    let state = measured_tables(15);
    let mut found = Vec::new();
    for (set_up, statement, seen) in ALSO_MEASURED {
        let mut replay = state.clone();
        run(&mut replay, set_up);
        let (impact, before) = predict(replay, statement, Wrapping::Transaction);
        assert!(
            impact.refusals.is_empty(),
            "{statement}: {:?}",
            impact.refusals
        );
        let got: Vec<String> = predicted(&impact, &before, Scans::Measured)
            .into_iter()
            .map(|(relation, what)| format!("{relation} {what}"))
            .collect();
        let mut got: Vec<&str> = got.iter().map(String::as_str).collect();
        let mut wanted: Vec<&str> = seen.split(", ").collect();
        got.sort_unstable();
        wanted.sort_unstable();
        if got != wanted {
            found.push(format!(
                "{statement}\n  predicted {got:?}\n  measured  {wanted:?}"
            ));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Statements the server refuses: version, set-up, statement, why.
const REFUSED: &[(u16, &str, &str, RefusalReason)] = &[
    (
        15,
        "",
        "CREATE INDEX CONCURRENTLY zi ON p (k)",
        RefusalReason::Partitioned,
    ),
    (
        15,
        "",
        "DROP INDEX CONCURRENTLY p_val_idx",
        RefusalReason::Partitioned,
    ),
    (
        15,
        "",
        "CREATE INDEX CONCURRENTLY zi ON t (d)",
        RefusalReason::InsideTransaction,
    ),
    (15, "", "VACUUM t", RefusalReason::InsideTransaction),
    (
        15,
        "",
        "CREATE DATABASE other",
        RefusalReason::InsideTransaction,
    ),
    (
        15,
        "",
        "ALTER TABLE q DETACH PARTITION q1 CONCURRENTLY",
        RefusalReason::DefaultPartition,
    ),
    (
        13,
        "",
        "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
        RefusalReason::Version,
    ),
    (
        15,
        "",
        "ALTER TABLE t ALTER jb TYPE json",
        RefusalReason::Dependents,
    ),
    (
        15,
        "",
        "ALTER TABLE t DROP COLUMN jb",
        RefusalReason::Dependents,
    ),
    (15, "", "DROP TABLE r", RefusalReason::Dependents),
    (15, "", "TRUNCATE r", RefusalReason::Dependents),
    (
        15,
        "",
        "ALTER TABLE r DROP CONSTRAINT r_pkey",
        RefusalReason::Dependents,
    ),
    (15, "", "DROP INDEX r_code_key", RefusalReason::Dependents),
    (
        15,
        "",
        "ALTER TYPE comp ADD ATTRIBUTE z int",
        RefusalReason::Dependents,
    ),
    (
        15,
        "CREATE UNIQUE INDEX part ON t (d) WHERE a > 1",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX part",
        RefusalReason::IneligibleIndex,
    ),
    (
        15,
        "CREATE UNIQUE INDEX falling ON t (d DESC)",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX falling",
        RefusalReason::IneligibleIndex,
    ),
    (
        17,
        "",
        "ALTER TABLE t ADD CONSTRAINT n NOT NULL b NOT VALID",
        RefusalReason::Version,
    ),
    (
        18,
        "ALTER TABLE nopk ADD COLUMN gv int GENERATED ALWAYS AS (a + 1) VIRTUAL",
        "CREATE INDEX ON nopk (gv)",
        RefusalReason::Unsupported,
    ),
    (
        15,
        "CREATE MATERIALIZED VIEW keyless AS SELECT id FROM t",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY keyless",
        RefusalReason::Unsupported,
    ),
];

#[test]
fn what_the_server_refuses_is_predicted_with_the_users_names() {
    for (version, set_up, statement, reason) in REFUSED {
        let mut state = measured_tables(*version);
        run(&mut state, set_up);
        let (impact, _) = predict(state, statement, Wrapping::Transaction);
        let reasons: Vec<RefusalReason> = impact
            .refusals
            .iter()
            .map(|refusal| refusal.reason)
            .collect();
        assert!(
            reasons.contains(reason),
            "{statement}: {:?}",
            impact.refusals
        );
    }
}

#[test]
fn a_new_label_cannot_be_used_before_it_is_committed() {
    let mut replay = measured_tables(15);
    let sql = "ALTER TYPE mood ADD VALUE 'calm'; UPDATE t SET e = 'calm' WHERE id = 1";
    let statements = Postgres.read(sql, 15);
    replay.begin_section(Wrapping::Transaction, &statements);
    let first = Postgres.impact(&statements[0].changes, &replay.context());
    replay.advance(&statements[0], &first);
    let second = Postgres.impact(&statements[1].changes, &replay.context());
    let reasons: Vec<RefusalReason> = second
        .refusals
        .iter()
        .map(|refusal| refusal.reason)
        .collect();
    assert_eq!(reasons, [RefusalReason::UncommittedEnumValue]);
}

#[test]
fn what_is_not_known_is_never_safe() {
    let empty = Replay::new(Catalog::default(), server(15));
    let sql = "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'users'; END $$";
    let (program, _) = predict(empty.clone(), sql, Wrapping::Transaction);
    assert_eq!(program.certainty, Certainty::Unknown);
    assert_eq!(program.strongest(), Some(LockMode::AccessExclusive));
    let (assumed, _) = predict(
        empty,
        "ALTER TABLE users ALTER id TYPE bigint",
        Wrapping::Transaction,
    );
    assert_eq!(assumed.certainty, Certainty::Assumed);
    assert!(
        assumed
            .work
            .iter()
            .any(|work| work.kind == WorkKind::Rewrite)
    );
}

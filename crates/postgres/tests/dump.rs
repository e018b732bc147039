//! A dump, loaded into an empty database, makes the same database again; tried on every installed server.

#[cfg(test)]
#[path = "live/session.rs"]
mod session;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use segue_postgres::{DumpScope, dump};
    use segue_testkit::{TestDatabase, TestServer};

    use super::session::Kit;

    /// What is in a database, read without the dump's queries.
    const FACTS: &str = "\
SELECT 'class|' || c.oid::regclass || '|' || c.relkind::text || c.relpersistence::text || c.relreplident::text || '|'
       || c.relispartition || c.relrowsecurity || c.relforcerowsecurity || '|' || coalesce(c.reloptions::text, '')
       || '|' || coalesce(c.relacl::text, '') || '|' || coalesce(pg_get_expr(c.relpartbound, c.oid), '')
  FROM pg_class c WHERE c.relnamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'constraint|' || coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text) || '|' || c.conname
       || '|' || c.contype::text || '|' || c.convalidated || c.condeferrable || c.condeferred || c.conislocal || c.coninhcount
       || '|' || (c.conparentid <> 0) || '|' || pg_get_constraintdef(c.oid)
  FROM pg_constraint c WHERE c.connamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'index|' || i.indexrelid::regclass || '|' || i.indisvalid || i.indisunique || i.indisprimary || i.indimmediate
       || i.indisclustered || i.indisreplident || '|' || pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'column|' || a.attrelid::regclass || '|' || row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) || '|'
       || a.attname || '|' || format_type(a.atttypid, a.atttypmod) || '|' || a.attnotnull || a.attidentity::text
       || a.attgenerated::text || a.attislocal || a.attinhcount || a.attstorage::text || coalesce(a.attstattarget, -1) || '|'
       || coalesce(a.attoptions::text, '') || coalesce(a.attacl::text, '') || '|' || a.attcollation::regcollation || '|'
       || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'zoo'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'trigger|' || t.tgrelid::regclass || '|' || t.tgname || '|' || t.tgenabled::text || '|' || pg_get_triggerdef(t.oid)
  FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule|' || r.ev_class::regclass || '|' || r.ev_enabled::text || '|' || pg_get_ruledef(r.oid) FROM pg_rewrite r
  JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'routine|' || p.oid::regprocedure || '|' || p.prokind::text || p.provolatile::text || p.proparallel::text || '|'
       || coalesce(p.proacl::text, '') || '|' || CASE p.prokind WHEN 'a' THEN '' ELSE pg_get_functiondef(p.oid) END
  FROM pg_proc p WHERE p.pronamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'aggregate|' || a.aggfnoid::regprocedure || '|' || a.aggtransfn || a.aggcombinefn || coalesce(a.agginitval, '-')
  FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.pronamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'type|' || t.oid::regtype || '|' || t.typtype::text || t.typnotnull || coalesce(t.typdefault, '') || '|'
       || coalesce(t.typacl::text, '') FROM pg_type t WHERE t.typnamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'label|' || e.enumtypid::regtype || '|' || row_number() OVER (PARTITION BY e.enumtypid ORDER BY e.enumsortorder) || e.enumlabel
  FROM pg_enum e
UNION ALL
SELECT 'comment|' || pg_describe_object(d.classoid, d.objoid, d.objsubid) || '|' || d.description
  FROM pg_description d WHERE d.objoid >= 16384
UNION ALL
SELECT 'policy|' || p.polname || '|' || p.polrelid::regclass || p.polcmd::text || p.polpermissive || p.polroles::regrole[]::text
       || pg_get_expr(p.polqual, p.polrelid) FROM pg_policy p
UNION ALL
SELECT 'inherits|' || i.inhrelid::regclass || '|' || i.inhparent::regclass || '|' || i.inhseqno FROM pg_inherits i
UNION ALL
SELECT 'sequence|' || s.seqrelid::regclass || '|' || s.seqtypid::regtype || '|' || s.seqstart || '|' || s.seqincrement || '|'
       || s.seqmin || '|' || s.seqmax || '|' || s.seqcache || s.seqcycle FROM pg_sequence s
  JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relnamespace = 'zoo'::regnamespace
UNION ALL
SELECT 'owned|' || d.objid::regclass || '|' || d.refobjid::regclass || '|' || d.refobjsubid FROM pg_depend d
  JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
UNION ALL
SELECT 'namespace|' || n.nspname || '|' || coalesce(n.nspacl::text, '') FROM pg_namespace n WHERE n.nspname <> 'segue'
UNION ALL
SELECT 'published|' || p.pubname || '|' || p.puballtables || p.pubinsert || p.pubupdate || '|' || coalesce(t.tablename, '')
  FROM pg_publication p LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname AND NOT p.puballtables
UNION ALL
SELECT 'operator|' || o.oid::regoperator || '|' || o.oprcode || '|' || o.oprcom::regoperator FROM pg_operator o WHERE o.oid >= 16384
UNION ALL
SELECT 'member|' || f.opfname || '|' || a.amopopr::regoperator || '|' || a.amopstrategy FROM pg_amop a
  JOIN pg_opfamily f ON f.oid = a.amopfamily WHERE a.oid >= 16384
UNION ALL
SELECT 'class|' || c.opcname || '|' || c.opcintype::regtype || c.opcdefault FROM pg_opclass c WHERE c.oid >= 16384
UNION ALL
SELECT 'cast|' || c.castsource::regtype || '|' || c.casttarget::regtype || c.castcontext::text FROM pg_cast c WHERE c.oid >= 16384
UNION ALL
SELECT 'default acl|' || d.defaclobjtype::text || '|' || d.defaclacl::text FROM pg_default_acl d
UNION ALL
SELECT 'event|' || e.evtname || '|' || e.evtevent || e.evtenabled::text || e.evttags::text FROM pg_event_trigger e
UNION ALL
SELECT 'statistics|' || pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s
UNION ALL
SELECT 'mapping|' || m.maptokentype || '|' || m.mapseqno || m.mapdict::regdictionary FROM pg_ts_config_map m WHERE m.mapcfg >= 16384
ORDER BY 1";

    const SINCE_18: &str = "\
CREATE TABLE zoo.eighteen (a int CONSTRAINT a_there NOT NULL, v int GENERATED ALWAYS AS (a * 2) VIRTUAL,
    f int CONSTRAINT loose CHECK (f > 0) NOT ENFORCED, z int);
ALTER TABLE zoo.eighteen ADD CONSTRAINT z_there NOT NULL z NOT VALID";

    fn text_of(database: &TestDatabase<'_>) -> String {
        let client = database.connect().expect("a connection");
        dump(&mut Kit::new(client), &DumpScope::default()).expect("a dump")
    }

    fn facts_of(database: &TestDatabase<'_>) -> Vec<String> {
        let mut client = database.connect().expect("a connection");
        let rows = client.query(FACTS).expect("facts");
        rows.into_iter().flatten().flatten().collect()
    }

    /// What the server's own program writes; none when it is not there.
    fn pg_dump(server: &TestServer, database: &TestDatabase<'_>) -> Option<String> {
        let program = server.installed().bin.join("pg_dump");
        let output = Command::new(program)
            .args(["--schema-only", "--exclude-schema=segue"])
            .arg(database.url())
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pg_dump: {said}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        // The key of these lines is random.
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    fn same(what: &str, wanted: &str, found: &str) {
        let differing: Vec<_> = wanted
            .lines()
            .zip(found.lines())
            .filter(|(wanted, found)| wanted != found)
            .take(8)
            .collect();
        assert!(wanted == found, "{what}: {differing:#?}");
    }

    #[test]
    fn a_dump_makes_the_same_database_again() {
        let servers = segue_testkit::installed();
        assert!(!servers.is_empty(), "no server is installed");
        for installed in servers {
            let server = TestServer::start(&installed).expect("a server");
            let original = server.create_database().expect("a database");
            let copy = server.create_database().expect("a database");
            let mut client = original.connect().expect("a connection");
            client.execute("CREATE ROLE zoo_reader").expect("a role");
            client.execute(include_str!("zoo.sql")).expect("the zoo");
            if installed.major >= 18 {
                client.execute(SINCE_18).expect("the newest animals");
            }
            let first = text_of(&original);
            assert!(!first.contains("-- not dumped"), "{first}");
            assert!(!first.contains("segue.journal"), "{first}");
            let mut loading = copy.connect().expect("a connection");
            if let Err(error) = loading.execute(&first) {
                panic!("{}: {error}\n{first}", installed.major);
            }
            let (wanted, found) = (facts_of(&original), facts_of(&copy));
            let missing: Vec<_> = wanted.iter().filter(|fact| !found.contains(fact)).collect();
            let left: Vec<_> = found.iter().filter(|fact| !wanted.contains(fact)).collect();
            assert!(
                missing.is_empty() && left.is_empty(),
                "missing {missing:#?}\nleft {left:#?}"
            );
            same("the dump of the copy", &first, &text_of(&copy));
            if let Some(theirs) = pg_dump(&server, &original) {
                let of_copy = pg_dump(&server, &copy).expect("the same program");
                same("pg_dump", &theirs, &of_copy);
            }
        }
    }

    #[test]
    fn what_is_not_dumped_is_said_and_counted() {
        let server = TestServer::start_newest().expect("a server");
        let database = server.create_database().expect("a database");
        let mut client = database.connect().expect("a connection");
        client
            .execute(
                "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; \
                 CREATE FOREIGN TABLE f (a int) SERVER s; CREATE FOREIGN TABLE g (a int) SERVER s",
            )
            .expect("foreign tables");
        let text = text_of(&database);
        for line in [
            "-- not dumped: 2 of kind foreign table",
            "-- not dumped: 1 of kind server",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}

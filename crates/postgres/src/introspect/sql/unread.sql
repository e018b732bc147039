WITH unread AS (
  SELECT 1259 AS class, c.oid, 'foreign table' AS kind, n.nspname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f'
  UNION ALL SELECT 1247, t.oid, CASE t.typtype WHEN 'r' THEN 'range type with a canonical function' ELSE 'base type' END, n.nspname
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
   WHERE (t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid))
      OR r.rngcanonical::oid <> 0
  UNION ALL SELECT 2617, o.oid, 'operator shell', n.nspname FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode::oid = 0
  UNION ALL SELECT 2328, oid, 'foreign data wrapper', NULL FROM pg_catalog.pg_foreign_data_wrapper
  UNION ALL SELECT 1417, oid, 'server', NULL FROM pg_catalog.pg_foreign_server
  UNION ALL SELECT 1418, umid, 'user mapping', NULL FROM pg_catalog.pg_user_mappings
  UNION ALL SELECT 2612, oid, 'language', NULL FROM pg_catalog.pg_language
  UNION ALL SELECT 2601, oid, 'access method', NULL FROM pg_catalog.pg_am
  UNION ALL SELECT 3576, oid, 'transform', NULL FROM pg_catalog.pg_transform
  UNION ALL SELECT 2607, c.oid, 'conversion', n.nspname FROM pg_catalog.pg_conversion c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
  UNION ALL SELECT 3601, p.oid, 'text search parser', n.nspname FROM pg_catalog.pg_ts_parser p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
  UNION ALL SELECT 3764, t.oid, 'text search template', n.nspname FROM pg_catalog.pg_ts_template t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
  UNION ALL SELECT 2613, oid, 'large object', NULL FROM pg_catalog.pg_largeobject_metadata
  UNION ALL SELECT 6100, s.oid, 'subscription', NULL FROM pg_catalog.pg_subscription s
     WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  UNION ALL SELECT l.classoid, l.objoid, 'security label', NULL FROM pg_catalog.pg_seclabel l
  UNION ALL SELECT r.classoid, r.objoid, 'security label', NULL FROM pg_catalog.pg_shseclabel r
     WHERE r.classoid = 1262 AND r.objoid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  UNION ALL SELECT 1262, s.setdatabase, 'setting of the database', NULL FROM pg_catalog.pg_db_role_setting s
     WHERE s.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT u.kind, pg_catalog.count(*)::text
  FROM unread u
 WHERE u.oid >= 16384 AND (u.nspname IS NULL OR (u.nspname !~ '^pg_' AND u.nspname <> 'information_schema'
                                                AND u.nspname <> ALL ($1::text::text[])))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = u.class AND d.objid = u.oid AND d.deptype = 'e')
 GROUP BY 1 ORDER BY 1

SELECT '3079:' || e.oid, NULL, NULL,
       pg_catalog.format('CREATE EXTENSION %I', e.extname)
       || CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_depend d
                             WHERE d.classid = 2615 AND d.objid = n.oid AND d.refclassid = 3079
                               AND d.refobjid = e.oid AND d.deptype = 'e') THEN ''
               ELSE pg_catalog.format(' WITH SCHEMA %I', n.nspname) END
       || pg_catalog.format(' VERSION %L;', e.extversion),
       NULL
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 WHERE e.oid >= 16384

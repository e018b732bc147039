SELECT '2753:' || f.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE OPERATOR FAMILY %I.%I USING %I;', n.nspname, f.opfname, m.amname), NULL
  FROM pg_catalog.pg_opfamily f
  JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
  JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
 WHERE f.oid >= 16384

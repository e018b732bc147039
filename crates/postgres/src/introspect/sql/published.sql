SELECT '6106:' || r.oid, '6104:' || p.oid, n.nspname::text,
       pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I;', p.pubname, n.nspname, c.relname), NULL
  FROM pg_catalog.pg_publication_rel r
  JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE r.oid >= 16384

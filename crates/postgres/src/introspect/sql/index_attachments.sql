SELECT 'attached:' || x.oid, '1259:' || x.oid, n.nspname::text,
       pg_catalog.format('ALTER INDEX %I.%I ATTACH PARTITION %I.%I;', pn.nspname, p.relname, n.nspname, x.relname), NULL
  FROM pg_catalog.pg_inherits h
  JOIN pg_catalog.pg_class x ON x.oid = h.inhrelid AND x.relkind IN ('i', 'I')
  JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
 WHERE x.oid::bigint >= 16384 AND x.relpersistence <> 't' AND ($1::text IS NULL OR i.indrelid = ANY ($1::text::oid[]))

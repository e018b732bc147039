SELECT '2606:' || k.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s;', n.nspname, c.relname, k.conname,
           pg_catalog.pg_get_constraintdef(k.oid)),
       NULL
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.oid::bigint >= 16384 AND (k.contype = 'c' OR (k.contype = 'n' AND NOT k.convalidated))
   AND (k.conislocal OR c.relispartition) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND ($1::text IS NULL OR k.conrelid = ANY ($1::text::oid[]))

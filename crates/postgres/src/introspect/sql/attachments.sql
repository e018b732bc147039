SELECT 'attached:' || c.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('ALTER TABLE ONLY %I.%I ATTACH PARTITION %I.%I %s;', pn.nspname, p.relname, n.nspname, c.relname,
           pg_catalog.pg_get_expr(c.relpartbound, c.oid)),
       CASE WHEN (pg_catalog.to_jsonb(h) ->> 'inhdetachpending')::boolean THEN 'its detaching is not finished' END
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
 WHERE c.relispartition AND c.relkind IN ('r', 'p') AND c.oid >= 16384 AND c.relpersistence <> 't'
   AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

SELECT 'set:' || i.indexrelid, '1259:' || i.indexrelid, n.nspname::text,
       pg_catalog.concat_ws(E'\n',
         CASE WHEN i.indisclustered THEN pg_catalog.format('ALTER TABLE %I.%I CLUSTER ON %I;',
                   n.nspname, c.relname, x.relname) END,
         CASE WHEN i.indisreplident THEN pg_catalog.format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY USING INDEX %I;',
                   n.nspname, c.relname, x.relname) END,
         (SELECT pg_catalog.string_agg(pg_catalog.format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s;',
                   n.nspname, x.relname, a.attnum, a.attstattarget), E'\n' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0 AND a.attnum > 0)),
       NULL
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
 WHERE i.indexrelid::bigint >= 16384 AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'm')
   AND (i.indisclustered OR i.indisreplident
        OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0 AND a.attnum > 0))
   AND ($1::text IS NULL OR i.indrelid = ANY ($1::text::oid[]))

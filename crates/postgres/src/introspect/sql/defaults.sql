SELECT '2604:' || d.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET DEFAULT %s;', n.nspname, c.relname, a.attname,
           pg_catalog.pg_get_expr(d.adbin, d.adrelid)),
       NULL
  FROM pg_catalog.pg_attrdef d
  JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
 WHERE d.oid::bigint >= 16384 AND a.attgenerated::text = '' AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v')
   AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

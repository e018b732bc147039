SELECT '1259:' || c.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE TABLE %I.%I (%s);', n.nspname, c.relname,
         coalesce((SELECT pg_catalog.string_agg(
                            pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
                     FROM pg_catalog.pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '')),
       NULL
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::text::oid[])

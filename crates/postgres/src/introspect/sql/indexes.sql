SELECT '1259:' || i.indexrelid, '1259:' || i.indrelid, n.nspname::text,
       pg_catalog.pg_get_indexdef(i.indexrelid) || ';',
       CASE WHEN NOT i.indisvalid AND x.relkind = 'i' THEN 'it is invalid: its build did not finish' END
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
 WHERE i.indexrelid::bigint >= 16384 AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'm')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                    WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = i.indrelid)
   AND ($1::text IS NULL OR i.indrelid = ANY ($1::text::oid[]))

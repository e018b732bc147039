SELECT '2606:' || k.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('ALTER TABLE ONLY %I.%I ADD CONSTRAINT %I %s;', n.nspname, c.relname, k.conname,
           pg_catalog.pg_get_constraintdef(k.oid))
       || coalesce((SELECT pg_catalog.format(E'\nALTER INDEX %I.%I SET (%s);', n.nspname, x.relname,
                           pg_catalog.array_to_string(x.reloptions, ', '))
                      FROM pg_catalog.pg_class x WHERE x.oid = k.conindid AND x.reloptions IS NOT NULL), ''),
       NULL
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE k.oid::bigint >= 16384 AND k.contype IN ('p', 'u', 'x') AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p')
   AND ($1::text IS NULL OR k.conrelid = ANY ($1::text::oid[]))

SELECT '3456:' || c.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE COLLATION %I.%I (provider = %s', n.nspname, c.collname,
           CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' ELSE 'default' END)
       || CASE WHEN NOT c.collisdeterministic THEN ', deterministic = false' ELSE '' END
       || CASE WHEN c.collprovider = 'c' AND c.collcollate <> c.collctype
               THEN pg_catalog.format(', lc_collate = %L, lc_ctype = %L', c.collcollate, c.collctype)
               ELSE pg_catalog.format(', locale = %L', coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale',
                        pg_catalog.to_jsonb(c) ->> 'colliculocale', c.collcollate::text)) END
       || CASE WHEN pg_catalog.to_jsonb(c) ->> 'collicurules' <> ''
               THEN pg_catalog.format(', rules = %L', pg_catalog.to_jsonb(c) ->> 'collicurules') ELSE '' END
       || ');',
       NULL
  FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
 WHERE c.oid >= 16384

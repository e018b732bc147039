SELECT '2606:' || k.oid, '1247:' || t.oid, n.nspname::text,
       pg_catalog.format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s;', n.nspname, t.typname, k.conname,
           pg_catalog.pg_get_constraintdef(k.oid)),
       NULL
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_type t ON t.oid = k.contypid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE k.oid >= 16384 AND k.contype = 'c'

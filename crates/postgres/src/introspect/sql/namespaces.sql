SELECT '2615:' || n.oid, NULL, n.nspname::text,
       CASE WHEN n.nspname = 'public' THEN 'CREATE SCHEMA IF NOT EXISTS public;'
            ELSE pg_catalog.format('CREATE SCHEMA %I;', n.nspname) END,
       NULL
  FROM pg_catalog.pg_namespace n

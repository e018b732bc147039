SELECT '1255:' || p.oid, NULL, n.nspname::text,
       pg_catalog.rtrim(pg_catalog.pg_get_functiondef(p.oid), E' \n') || ';', NULL
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w')

SELECT '2618:' || r.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), E' \n')
       || CASE r.ev_enabled WHEN 'O' THEN ''
          ELSE pg_catalog.format(E'\nALTER TABLE %I.%I %s RULE %I;', n.nspname, c.relname,
                 CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename) END,
       NULL
  FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE r.oid::bigint >= 16384 AND r.rulename <> '_RETURN' AND c.relpersistence <> 't'
   AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

SELECT '3256:' || p.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, n.nspname, c.relname,
           CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT pg_catalog.string_agg(CASE WHEN u = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, ', '
                       ORDER BY r.rolname)
              FROM pg_catalog.unnest(p.polroles) u LEFT JOIN pg_catalog.pg_roles r ON r.oid = u))
       || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
       || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') || ';',
       NULL
  FROM pg_catalog.pg_policy p
  JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.oid::bigint >= 16384 AND c.relpersistence <> 't' AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

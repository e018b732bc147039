SELECT '2620:' || t.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.pg_get_triggerdef(t.oid) || ';'
       || CASE t.tgenabled WHEN 'O' THEN ''
          ELSE pg_catalog.format(E'\nALTER TABLE %I.%I %s TRIGGER %I;', n.nspname, c.relname,
                 CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) END,
       NULL
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.oid::bigint >= 16384 AND NOT t.tgisinternal AND c.relpersistence <> 't'
   AND (coalesce(pg_catalog.to_jsonb(t) ->> 'tgparentid', '0') = '0' OR $1::text IS NOT NULL)
   AND c.relkind IN ('r', 'p', 'v') AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

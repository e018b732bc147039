SELECT '1259:' || c.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE %sVIEW %I.%I', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END, n.nspname, c.relname)
       || CASE WHEN c.relkind = 'm' AND am.amname <> 'heap' THEN pg_catalog.format(' USING %I', am.amname) ELSE '' END
       || coalesce(' WITH (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%s=%s', pg_catalog.split_part(u.option, '=', 1),
                CASE WHEN pg_catalog.substr(u.option, pg_catalog.strpos(u.option, '=') + 1) ~ '^([0-9]+([.][0-9]+)?|true|false|on|off|auto)$'
                    THEN pg_catalog.substr(u.option, pg_catalog.strpos(u.option, '=') + 1) ELSE pg_catalog.quote_literal(pg_catalog.substr(u.option, pg_catalog.strpos(u.option, '=') + 1)) END), ', ' ORDER BY u.place)
              FROM pg_catalog.unnest(c.reloptions) WITH ORDINALITY u(option, place)) || ')', '')
       || E' AS\n' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), E'; \n')
       || CASE c.relkind WHEN 'm' THEN E'\n  WITH NO DATA;' ELSE ';' END
       || coalesce((SELECT pg_catalog.string_agg(
             CASE WHEN a.attstattarget >= 0 THEN pg_catalog.format(E'\nALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STATISTICS %s;',
                  n.nspname, c.relname, a.attname, a.attstattarget) ELSE '' END
             || CASE WHEN a.attstorage <> t.typstorage AND c.relkind = 'm'
                  THEN pg_catalog.format(E'\nALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STORAGE %s;', n.nspname, c.relname, a.attname,
                       CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END)
                  ELSE '' END, '' ORDER BY a.attnum)
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), ''),
       NULL
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
 WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384
   AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

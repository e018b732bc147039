SELECT '1259:' || c.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE %sTABLE %s', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, q.name)
       || CASE WHEN c.reloftype <> 0 THEN ' OF ' || pg_catalog.format_type(c.reloftype, NULL)
               ELSE ' (' || coalesce(k.columns, '') || ')' END
       || coalesce(' INHERITS (' || p.inline_parents || ')', '')
       || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END
       || CASE WHEN am.amname <> 'heap' THEN pg_catalog.format(' USING %I', am.amname) ELSE '' END
       || coalesce(' WITH (' || o.options || ')', '') || ';' || coalesce(k.settings, '')
       || coalesce(p.later_parents, '')
       || CASE c.relreplident WHEN 'f' THEN E'\nALTER TABLE ONLY ' || q.name || ' REPLICA IDENTITY FULL;'
                              WHEN 'n' THEN E'\nALTER TABLE ONLY ' || q.name || ' REPLICA IDENTITY NOTHING;'
                              ELSE '' END
       || CASE WHEN c.relrowsecurity THEN E'\nALTER TABLE ' || q.name || ' ENABLE ROW LEVEL SECURITY;' ELSE '' END
       || CASE WHEN c.relforcerowsecurity THEN E'\nALTER TABLE ONLY ' || q.name || ' FORCE ROW LEVEL SECURITY;' ELSE '' END,
       NULL
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name) q
  LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
  LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.format('%s=%s', x.prefix || pg_catalog.split_part(x.option, '=', 1),
               CASE WHEN pg_catalog.substr(x.option, pg_catalog.strpos(x.option, '=') + 1) ~ '^([0-9]+([.][0-9]+)?|true|false|on|off|auto)$'
                    THEN pg_catalog.substr(x.option, pg_catalog.strpos(x.option, '=') + 1) ELSE pg_catalog.quote_literal(pg_catalog.substr(x.option, pg_catalog.strpos(x.option, '=') + 1)) END), ', '
               ORDER BY x.prefix, x.place) AS options
      FROM (SELECT '' AS prefix, u.option, u.place FROM pg_catalog.unnest(c.reloptions) WITH ORDINALITY u(option, place)
            UNION ALL SELECT 'toast.', u.option, u.place FROM pg_catalog.unnest(toast.reloptions) WITH ORDINALITY u(option, place)) x) o
  CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT i.later THEN i.parents END AS inline_parents,
           CASE WHEN i.later THEN i.alters END AS later_parents,
           coalesce(NOT i.later, false) AS takes_columns
      FROM (SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', pn.nspname, pc.relname), ', ' ORDER BY h.inhseqno) AS parents,
                   pg_catalog.string_agg(pg_catalog.format(E'\nALTER TABLE %s INHERIT %I.%I;', q.name, pn.nspname, pc.relname),
                              '' ORDER BY h.inhseqno) AS alters,
                   NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                                  AND NOT a.attisdropped AND NOT a.attislocal)
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint x WHERE x.conrelid = c.oid
                                  AND x.contype IN ('c', 'n') AND NOT x.conislocal) AS later
              FROM pg_catalog.pg_inherits h
              JOIN pg_catalog.pg_class pc ON pc.oid = h.inhparent
              JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
             WHERE h.inhrelid = c.oid AND NOT c.relispartition HAVING pg_catalog.count(*) > 0) i
     UNION ALL SELECT NULL, NULL, false
     LIMIT 1) p
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(
             CASE WHEN a.attislocal OR NOT p.takes_columns THEN
               pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
               || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
                       THEN (SELECT pg_catalog.format(' COLLATE %I.%I', kn.nspname, kc.collname)
                               FROM pg_catalog.pg_collation kc JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.collnamespace
                              WHERE kc.oid = a.attcollation) ELSE '' END
               || CASE a.attgenerated::text
                  WHEN 's' THEN ' GENERATED ALWAYS AS (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                  WHEN 'v' THEN ' GENERATED ALWAYS AS (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ') VIRTUAL'
                  ELSE '' END
               || CASE WHEN a.attidentity::text = '' OR c.relispartition THEN ''
                  ELSE (SELECT pg_catalog.format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s)',
                               CASE a.attidentity::text WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, sn.nspname, sc.relname,
                               s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
                               CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
                          FROM pg_catalog.pg_depend e
                          JOIN pg_catalog.pg_sequence s ON s.seqrelid = e.objid
                          JOIN pg_catalog.pg_class sc ON sc.oid = s.seqrelid
                          JOIN pg_catalog.pg_namespace sn ON sn.oid = sc.relnamespace
                         WHERE e.classid = 1259 AND e.refclassid = 1259 AND e.refobjid = c.oid
                           AND e.refobjsubid = a.attnum AND e.deptype = 'i') END
               || CASE WHEN c.reloftype = 0 AND z.says THEN z.named || ' NOT NULL' || z.tail ELSE '' END
             END, ', ' ORDER BY a.attnum) AS columns,
           pg_catalog.string_agg(
             CASE WHEN z.says AND (c.reloftype <> 0 OR (NOT a.attislocal AND p.takes_columns)) THEN
               CASE WHEN z.named = '' THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET NOT NULL;', q.name, a.attname)
                    ELSE pg_catalog.format(E'\nALTER TABLE %s ADD%s NOT NULL %I%s;', q.name, z.named, a.attname, z.tail) END
               ELSE '' END
             || CASE WHEN a.attstorage <> t.typstorage
                     THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE %s;', q.name, a.attname,
                          CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END)
                     ELSE '' END
             || CASE pg_catalog.to_jsonb(a) ->> 'attcompression'
                WHEN 'p' THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET COMPRESSION pglz;', q.name, a.attname)
                WHEN 'l' THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET COMPRESSION lz4;', q.name, a.attname)
                ELSE '' END
             || CASE WHEN a.attstattarget >= 0
                     THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS %s;', q.name, a.attname, a.attstattarget)
                     ELSE '' END
             || CASE WHEN a.attoptions IS NOT NULL
                     THEN pg_catalog.format(E'\nALTER TABLE ONLY %s ALTER COLUMN %I SET (%s);', q.name, a.attname,
                          pg_catalog.array_to_string(a.attoptions, ', ')) ELSE '' END,
             '' ORDER BY a.attnum) AS settings
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_catalog.pg_constraint y
        ON y.conrelid = a.attrelid AND y.contype = 'n' AND y.conkey = ARRAY[a.attnum]
      CROSS JOIN LATERAL (
        SELECT CASE WHEN y.oid IS NOT NULL THEN y.convalidated AND (y.conislocal OR c.relispartition)
                    WHEN a.attislocal OR NOT p.takes_columns THEN a.attnotnull
                    ELSE a.attnotnull AND NOT EXISTS (
                      SELECT FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_attribute pa ON pa.attrelid = h.inhparent
                       WHERE h.inhrelid = c.oid AND pa.attname = a.attname AND pa.attnotnull) END AS says,
               CASE WHEN y.oid IS NULL THEN '' ELSE pg_catalog.format(' CONSTRAINT %I', y.conname) END AS named,
               CASE WHEN y.connoinherit THEN ' NO INHERIT' ELSE '' END AS tail) z
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) k
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
   AND ($1::text IS NULL OR c.oid = ANY ($1::text::oid[]))

SELECT '1247:' || t.oid, NULL, n.nspname::text,
       CASE t.typtype
       WHEN 'e' THEN pg_catalog.format('CREATE TYPE %I.%I AS ENUM (%s);', n.nspname, t.typname,
           (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
              FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
       WHEN 'c' THEN pg_catalog.format('CREATE TYPE %I.%I AS (%s);', n.nspname, t.typname,
           (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname,
                       pg_catalog.format_type(a.atttypid, a.atttypmod))
                   || CASE WHEN a.attcollation <> 0 AND a.attcollation <> at.typcollation
                           THEN ' COLLATE ' || (SELECT pg_catalog.format('%I.%I', kn.nspname, k.collname) FROM pg_catalog.pg_collation k
                      JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace WHERE k.oid = a.attcollation) ELSE '' END,
                   ', ' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type at ON at.oid = a.atttypid
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
       WHEN 'd' THEN pg_catalog.format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
               pg_catalog.format_type(t.typbasetype, t.typtypmod))
           || CASE WHEN t.typcollation <> 0 AND t.typcollation <> b.typcollation
                   THEN ' COLLATE ' || (SELECT pg_catalog.format('%I.%I', kn.nspname, k.collname) FROM pg_catalog.pg_collation k
                      JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace WHERE k.oid = t.typcollation) ELSE '' END
           || CASE WHEN t.typdefault IS NULL THEN ''
                   ELSE ' DEFAULT ' || coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0),
                                                pg_catalog.quote_literal(t.typdefault)) END
           || CASE WHEN NOT t.typnotnull THEN ''
                   ELSE coalesce((SELECT pg_catalog.format(' CONSTRAINT %I', k.conname)
                                    FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'n'), '')
                        || ' NOT NULL' END
           || ';'
       WHEN 'r' THEN pg_catalog.format('CREATE TYPE %I.%I AS RANGE (subtype = %s', n.nspname, t.typname,
               pg_catalog.format_type(r.rngsubtype, NULL))
           || CASE WHEN o.opcdefault THEN '' ELSE pg_catalog.format(', subtype_opclass = %I.%I', opn.nspname, o.opcname) END
           || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> s.typcollation
                   THEN ', collation = ' || (SELECT pg_catalog.format('%I.%I', kn.nspname, k.collname) FROM pg_catalog.pg_collation k
                      JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace WHERE k.oid = r.rngcollation) ELSE '' END
           || CASE WHEN r.rngsubdiff::oid <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::text ELSE '' END
           || coalesce((SELECT pg_catalog.format(', multirange_type_name = %I.%I', mn.nspname, m.typname)
                          FROM pg_catalog.pg_type m JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
                         WHERE m.oid = (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid), '')
           || ');'
       END,
       NULL
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
  LEFT JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
  LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
  LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace
 WHERE t.oid >= 16384
   AND (t.typtype IN ('e', 'd') OR (t.typtype = 'r' AND r.rngcanonical::oid = 0)
        OR (t.typtype = 'c' AND c.relkind = 'c'))

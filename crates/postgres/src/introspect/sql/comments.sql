SELECT 'comment:' || d.classoid || ':' || d.objoid || ':' || d.objsubid,
       CASE WHEN d.classoid = 2615 AND d.objoid < 16384 THEN '2615:' || d.objoid
            ELSE d.classoid || ':' || d.objoid END, NULL,
       pg_catalog.format('COMMENT ON %s %s IS %L;',
           CASE WHEN i.type LIKE '%column' THEN 'COLUMN'
                WHEN i.type IN ('table constraint', 'domain constraint') THEN 'CONSTRAINT'
                WHEN i.type = 'statistics object' THEN 'STATISTICS'
                ELSE pg_catalog.upper(i.type) END,
           CASE WHEN i.type = 'domain constraint'
                THEN (SELECT pg_catalog.format('%I ON DOMAIN %I.%I', k.conname, n.nspname, t.typname)
                        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
                        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE k.oid = d.objoid)
                WHEN i.type = 'aggregate'
                THEN (SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
                             coalesce(nullif(pg_catalog.pg_get_function_arguments(p.oid), ''), '*'))
                        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                       WHERE p.oid = d.objoid)
                WHEN i.type = 'operator'
                THEN (SELECT pg_catalog.format('%I.%s (%s, %s)', n.nspname, o.oprname,
                             CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END,
                             CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END)
                        FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                       WHERE o.oid = d.objoid)
                ELSE i.identity END,
           d.description),
       NULL
  FROM pg_catalog.pg_description d
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
 WHERE d.objoid >= 16384 OR (d.classoid = 2615 AND d.objoid = 2200)

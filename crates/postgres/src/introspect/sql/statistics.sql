SELECT '3381:' || s.oid, '1259:' || s.stxrelid, n.nspname::text,
       pg_catalog.pg_get_statisticsobjdef(s.oid) || ';'
       || CASE WHEN (pg_catalog.to_jsonb(s) ->> 'stxstattarget')::integer >= 0
               THEN pg_catalog.format(E'\nALTER STATISTICS %I.%I SET STATISTICS %s;', n.nspname, s.stxname,
                    pg_catalog.to_jsonb(s) ->> 'stxstattarget') ELSE '' END,
       NULL
  FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
 WHERE s.oid::bigint >= 16384 AND ($1::text IS NULL OR s.stxrelid = ANY ($1::text::oid[]))

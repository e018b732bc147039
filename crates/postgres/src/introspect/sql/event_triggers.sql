SELECT '3466:' || e.oid, NULL, NULL,
       pg_catalog.format('CREATE EVENT TRIGGER %I ON %s', e.evtname, e.evtevent)
       || coalesce(' WHEN TAG IN (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(u.tag), ', ' ORDER BY u.place)
              FROM pg_catalog.unnest(e.evttags) WITH ORDINALITY u(tag, place)) || ')', '')
       || pg_catalog.format(' EXECUTE FUNCTION %s();', e.evtfoid::pg_catalog.regproc::text)
       || CASE e.evtenabled WHEN 'O' THEN ''
          ELSE pg_catalog.format(E'\nALTER EVENT TRIGGER %I %s;', e.evtname,
               CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END) END,
       NULL
  FROM pg_catalog.pg_event_trigger e WHERE e.oid >= 16384

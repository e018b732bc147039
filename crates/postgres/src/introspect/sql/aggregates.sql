SELECT '1255:' || p.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
           coalesce(nullif(pg_catalog.pg_get_function_arguments(p.oid), ''), '*'),
           a.aggtransfn::text, pg_catalog.format_type(a.aggtranstype, NULL))
       || CASE WHEN a.aggtransspace <> 0 THEN ', SSPACE = ' || a.aggtransspace ELSE '' END
       || CASE WHEN a.aggfinalfn::oid <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn::text ELSE '' END
       || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END
       || CASE WHEN a.aggfinalfn::oid = 0 THEN '' ELSE CASE a.aggfinalmodify
              WHEN 'r' THEN ', FINALFUNC_MODIFY = READ_ONLY' WHEN 's' THEN ', FINALFUNC_MODIFY = SHAREABLE'
              ELSE ', FINALFUNC_MODIFY = READ_WRITE' END END
       || CASE WHEN a.aggcombinefn::oid <> 0 THEN ', COMBINEFUNC = ' || a.aggcombinefn::text ELSE '' END
       || CASE WHEN a.aggserialfn::oid <> 0 THEN ', SERIALFUNC = ' || a.aggserialfn::text ELSE '' END
       || CASE WHEN a.aggdeserialfn::oid <> 0 THEN ', DESERIALFUNC = ' || a.aggdeserialfn::text ELSE '' END
       || CASE WHEN a.agginitval IS NOT NULL THEN pg_catalog.format(', INITCOND = %L', a.agginitval) ELSE '' END
       || CASE WHEN a.aggmtransfn::oid = 0 THEN '' ELSE
              ', MSFUNC = ' || a.aggmtransfn::text || ', MINVFUNC = ' || a.aggminvtransfn::text
              || ', MSTYPE = ' || pg_catalog.format_type(a.aggmtranstype, NULL)
              || CASE WHEN a.aggmtransspace <> 0 THEN ', MSSPACE = ' || a.aggmtransspace ELSE '' END
              || CASE WHEN a.aggmfinalfn::oid <> 0 THEN ', MFINALFUNC = ' || a.aggmfinalfn::text ELSE '' END
              || CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END
              || CASE WHEN a.aggmfinalfn::oid = 0 THEN '' ELSE CASE a.aggmfinalmodify
                     WHEN 'r' THEN ', MFINALFUNC_MODIFY = READ_ONLY' WHEN 's' THEN ', MFINALFUNC_MODIFY = SHAREABLE'
                     ELSE ', MFINALFUNC_MODIFY = READ_WRITE' END END
              || CASE WHEN a.aggminitval IS NOT NULL THEN pg_catalog.format(', MINITCOND = %L', a.aggminitval) ELSE '' END END
       || CASE WHEN a.aggsortop <> 0 THEN (SELECT pg_catalog.format(', SORTOP = OPERATOR(%I.%s)', opn.nspname, op.oprname)
                FROM pg_catalog.pg_operator op JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
               WHERE op.oid = a.aggsortop) ELSE '' END
       || CASE a.aggkind WHEN 'h' THEN ', HYPOTHETICAL' ELSE '' END
       || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END
       || ');',
       NULL
  FROM pg_catalog.pg_aggregate a
  JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.oid >= 16384

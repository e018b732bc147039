SELECT '3600:' || d.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s);', n.nspname, d.dictname,
           tn.nspname, t.tmplname, ', ' || d.dictinitoption),
       NULL
  FROM pg_catalog.pg_ts_dict d
  JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
  JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
 WHERE d.oid >= 16384
UNION ALL
SELECT '3602:' || c.oid, NULL, n.nspname::text,
       pg_catalog.format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I);', n.nspname, c.cfgname,
           pn.nspname, p.prsname)
       || coalesce((SELECT pg_catalog.string_agg(pg_catalog.format(
                E'\nALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %s WITH %s;',
                n.nspname, c.cfgname, m.token, m.dictionaries), '' ORDER BY m.tokentype)
              FROM (SELECT y.maptokentype AS tokentype, k.alias AS token,
                           pg_catalog.string_agg(pg_catalog.format('%I.%I', dn.nspname, d.dictname), ', '
                                                 ORDER BY y.mapseqno) AS dictionaries
                      FROM pg_catalog.pg_ts_config_map y
                      JOIN pg_catalog.pg_ts_dict d ON d.oid = y.mapdict
                      JOIN pg_catalog.pg_namespace dn ON dn.oid = d.dictnamespace
                      JOIN LATERAL pg_catalog.ts_token_type(c.cfgparser) k ON k.tokid = y.maptokentype
                     WHERE y.mapcfg = c.oid GROUP BY 1, 2) m), ''),
       NULL
  FROM pg_catalog.pg_ts_config c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
  JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
 WHERE c.oid >= 16384

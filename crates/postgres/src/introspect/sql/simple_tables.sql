SELECT '1259:' || c.oid, n.nspname::text, pg_catalog.current_setting('server_version_num'),
       CASE WHEN c.relkind = 'r' AND c.relpersistence = 'p' AND c.oid >= 16384 AND NOT c.relispartition AND c.reloftype = 0
                 AND c.relam = 2 AND c.reloptions IS NULL AND c.relreplident = 'd'
                 AND NOT c.relrowsecurity AND NOT c.relforcerowsecurity AND NOT c.relhastriggers AND NOT c.relhasrules
                 AND a.is_simple AND k.is_simple AND i.is_simple AND i.number = k.number
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL)
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid)
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 1259 AND d.refobjid = c.oid
                                    AND d.classid = 1259 AND d.deptype = 'a' AND EXISTS (
                                      SELECT FROM pg_catalog.pg_class s WHERE s.oid = d.objid AND s.relkind = 'S'))
            THEN pg_catalog.format('CREATE TABLE %I.%I (%s);', n.nspname, c.relname,
                                   pg_catalog.concat_ws(', ', a.columns, k.keys)) END
  FROM (SELECT ''::pg_catalog.char AS attcompression) AS without_compression
 CROSS JOIN ROWS FROM (pg_catalog.unnest($1::text::text[]), pg_catalog.unnest($2::text::text[])) AS wanted(namespace, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.namespace
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
 CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(
                      pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                      || CASE WHEN d.oid IS NULL THEN '' ELSE ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
                      || CASE WHEN y.oid IS NULL THEN '' ELSE pg_catalog.format(' CONSTRAINT %I', y.conname) END
                      || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum) AS columns,
           coalesce(pg_catalog.bool_and(
                      a.attislocal AND a.attcollation = t.typcollation AND a.attgenerated::text = '' AND a.attidentity::text = ''
                      AND a.attstorage = t.typstorage AND coalesce(a.attstattarget, -1) < 0 AND a.attoptions IS NULL
                      AND attcompression NOT IN ('p', 'l')), true) AS is_simple
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_catalog.pg_constraint y ON y.conrelid = a.attrelid AND y.contype = 'n' AND y.conkey = ARRAY[a.attnum]
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a
 CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(
             pg_catalog.format('CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid)), ', '
             ORDER BY k.contype, k.conname)
             FILTER (WHERE k.contype <> 'n') AS keys,
           pg_catalog.count(*) FILTER (WHERE k.contype <> 'n') AS number,
           coalesce(pg_catalog.bool_and(CASE k.contype
             WHEN 'p' THEN true WHEN 'u' THEN true WHEN 'x' THEN true
             WHEN 'n' THEN k.convalidated AND NOT k.connoinherit AND k.conname = (
               SELECT c.relname || '_' || a.attname || '_not_null' FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum = k.conkey[1])
             ELSE false END), true) AS is_simple
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid) k
 CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS number,
           coalesce(pg_catalog.bool_and(NOT i.indisclustered AND NOT i.indisreplident AND i.indisvalid
             AND NOT x.relispartition AND x.reloptions IS NULL), true) AS is_simple
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) i

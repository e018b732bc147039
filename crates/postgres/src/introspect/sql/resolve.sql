WITH found AS MATERIALIZED (
  SELECT DISTINCT coalesce(i.indrelid, c.oid) AS oid
    FROM ROWS FROM (pg_catalog.unnest($1::text::text[]), pg_catalog.unnest($2::text::text[])) AS wanted(namespace, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.namespace
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid)
SELECT '{' || pg_catalog.string_agg(f.oid::text, ',') || '}',
       pg_catalog.current_setting('server_version_num'),
       pg_catalog.concat_ws(' ',
         CASE WHEN pg_catalog.bool_or(c.relkind IN ('r', 'p')) THEN 'tables' END,
         CASE WHEN pg_catalog.bool_or(c.relkind IN ('v', 'm')) THEN 'views' END,
         CASE WHEN pg_catalog.bool_or(c.relispartition) THEN 'attachments' END,
         CASE WHEN pg_catalog.bool_or(c.relhastriggers) THEN 'triggers' END,
         CASE WHEN pg_catalog.bool_or(c.relhasrules) THEN 'rules' END,
         CASE WHEN pg_catalog.bool_or(c.relkind = 'S'
                   OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 1259 AND d.refobjid = c.oid
                                 AND d.classid = 1259 AND d.deptype = 'a')) THEN 'sequences' END,
         CASE WHEN pg_catalog.bool_or(k.kinds ~ '[cn]') THEN 'checks' END,
         CASE WHEN pg_catalog.bool_or(k.kinds ~ '[pux]') THEN 'keys' END,
         CASE WHEN pg_catalog.bool_or(k.kinds ~ 'f') THEN 'foreign-keys' END,
         CASE WHEN pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid)) THEN 'defaults' END,
         CASE WHEN pg_catalog.bool_or(i.number > k.keys) THEN 'indexes' END,
         CASE WHEN pg_catalog.bool_or(i.is_set) THEN 'index-settings' END,
         CASE WHEN pg_catalog.bool_or(i.is_attached) THEN 'index-attachments' END,
         CASE WHEN pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid)) THEN 'statistics' END,
         CASE WHEN pg_catalog.bool_or(EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)) THEN 'policies' END)
  FROM found f
  JOIN pg_catalog.pg_class c ON c.oid = f.oid
  CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.string_agg(k.contype::text, ''), '') AS kinds,
           pg_catalog.count(*) FILTER (WHERE k.contype IN ('p', 'u', 'x')) AS keys
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid) k
  CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS number,
           pg_catalog.bool_or(i.indisclustered OR i.indisreplident
             OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
                         WHERE a.attrelid = i.indexrelid AND a.attnum > 0 AND a.attstattarget >= 0)) AS is_set,
           pg_catalog.bool_or(x.relispartition) AS is_attached
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) i

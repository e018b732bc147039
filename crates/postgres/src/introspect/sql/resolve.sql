SELECT '{' || pg_catalog.string_agg(DISTINCT coalesce(i.indrelid, c.oid)::text, ',') || '}'
  FROM ROWS FROM (pg_catalog.unnest($1::text::text[]), pg_catalog.unnest($2::text::text[])) AS wanted(namespace, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.namespace
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid

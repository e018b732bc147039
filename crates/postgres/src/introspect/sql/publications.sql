SELECT '6104:' || p.oid, NULL, NULL,
       pg_catalog.format('CREATE PUBLICATION %I%s WITH (publish = %L%s%s);', p.pubname,
           CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE '' END,
           pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
               CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
           CASE WHEN (pg_catalog.to_jsonb(p) ->> 'pubviaroot')::boolean THEN ', publish_via_partition_root = true' ELSE '' END,
           CASE pg_catalog.to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN ', publish_generated_columns = stored' ELSE '' END),
       NULL
  FROM pg_catalog.pg_publication p WHERE p.oid >= 16384

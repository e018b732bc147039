WITH guarded AS (
  SELECT 1259 AS class, c.oid, 0 AS part, c.relowner AS owner, c.relacl AS acl,
         CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END AS kind,
         CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END || pg_catalog.format(' %I.%I', n.nspname, c.relname) AS name,
         '' AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relpersistence <> 't'
  UNION ALL
  SELECT 1259, c.oid, a.attnum, c.relowner, a.attacl, 'c'::"char", pg_catalog.format('TABLE %I.%I', n.nspname, c.relname),
         pg_catalog.format(' (%I)', a.attname)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 1255, p.oid, 0, p.proowner, p.proacl, 'f',
         pg_catalog.format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
             pg_catalog.pg_get_function_identity_arguments(p.oid)), ''
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proacl IS NOT NULL
  UNION ALL
  SELECT 1247, t.oid, 0, t.typowner, t.typacl, 'T', pg_catalog.format('TYPE %I.%I', n.nspname, t.typname), ''
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL
  UNION ALL
  SELECT 2615, n.oid, 0, n.nspowner, n.nspacl, 'n', pg_catalog.format('SCHEMA %I', n.nspname), ''
    FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL
), base AS (
  SELECT g.*, coalesce((SELECT x.initprivs FROM pg_catalog.pg_init_privs x
                         WHERE x.classoid = g.class AND x.objoid = g.oid AND x.objsubid = 0 AND x.privtype = 'i' AND g.oid < 16384),
                       pg_catalog.acldefault(g.kind, g.owner)) AS standard
    FROM guarded g WHERE g.oid >= 16384 OR g.oid = 2200
), has AS (
  SELECT b.class, b.oid, b.part, b.name, b.columns, b.owner, e.grantee, e.privilege_type AS privilege,
         pg_catalog.bool_or(e.is_grantable) AS grantable
    FROM base b CROSS JOIN LATERAL pg_catalog.aclexplode(b.acl) e GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), standard AS (
  SELECT b.class, b.oid, b.part, b.name, b.columns, b.owner, e.grantee, e.privilege_type AS privilege,
         pg_catalog.bool_or(e.is_grantable) AS grantable
    FROM base b CROSS JOIN LATERAL pg_catalog.aclexplode(b.standard) e GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT pg_catalog.format('grant:%s:%s:%s:%s:%s', h.class, h.oid, h.part, h.grantee, h.privilege), h.class || ':' || h.oid, NULL,
       pg_catalog.format('GRANT %s%s ON %s TO %s%s;', h.privilege, h.columns, h.name,
           CASE WHEN h.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(h.grantee)) END,
           CASE WHEN h.grantable THEN ' WITH GRANT OPTION' ELSE '' END),
       NULL
  FROM has h
 WHERE h.grantee <> h.owner
   AND NOT EXISTS (SELECT FROM standard s WHERE s.class = h.class AND s.oid = h.oid AND s.part = h.part AND s.grantee = h.grantee
                    AND s.privilege = h.privilege AND s.grantable >= h.grantable)
UNION ALL
SELECT pg_catalog.format('revoke:%s:%s:%s:%s:%s', s.class, s.oid, s.part, s.grantee, s.privilege), s.class || ':' || s.oid, NULL,
       pg_catalog.format('REVOKE %s%s ON %s FROM %s;', s.privilege, s.columns, s.name,
           CASE WHEN s.grantee = 0 THEN 'PUBLIC' WHEN s.grantee = s.owner THEN 'CURRENT_USER'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.grantee)) END),
       NULL
  FROM standard s
 WHERE NOT EXISTS (SELECT FROM has h WHERE h.class = s.class AND h.oid = s.oid AND h.part = s.part AND h.grantee = s.grantee
                    AND h.privilege = s.privilege)

WITH has AS (
  SELECT d.oid, d.defaclrole, d.defaclobjtype, n.nspname, e.grantee, e.privilege_type AS privilege,
         pg_catalog.bool_or(e.is_grantable) AS grantable
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
   CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) e GROUP BY 1, 2, 3, 4, 5, 6
), standard AS (
  SELECT d.oid, d.defaclrole, d.defaclobjtype, NULL::name AS nspname, e.grantee, e.privilege_type AS privilege
    FROM pg_catalog.pg_default_acl d
   CROSS JOIN LATERAL pg_catalog.aclexplode(pg_catalog.acldefault(
       CASE d.defaclobjtype WHEN 'S' THEN 's'::"char" ELSE d.defaclobjtype END, d.defaclrole)) e
   WHERE d.defaclnamespace = 0
), difference AS (
  SELECT h.oid, h.defaclrole, h.defaclobjtype, h.nspname, h.grantee, h.privilege, 'GRANT' AS verb,
         CASE WHEN h.grantable AND h.grantee <> h.defaclrole THEN ' WITH GRANT OPTION' ELSE '' END AS tail
    FROM has h WHERE NOT EXISTS (SELECT FROM standard s WHERE s.oid = h.oid AND s.grantee = h.grantee AND s.privilege = h.privilege)
  UNION ALL
  SELECT s.oid, s.defaclrole, s.defaclobjtype, s.nspname, s.grantee, s.privilege, 'REVOKE', ''
    FROM standard s WHERE NOT EXISTS (SELECT FROM has h WHERE h.oid = s.oid AND h.grantee = s.grantee AND h.privilege = s.privilege)
)
SELECT pg_catalog.format('default:%s:%s:%s:%s', x.oid, x.verb, x.grantee, x.privilege), NULL, x.nspname::text,
       pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s;', pg_catalog.pg_get_userbyid(x.defaclrole),
           CASE WHEN x.nspname IS NULL THEN '' ELSE pg_catalog.format(' IN SCHEMA %I', x.nspname) END, x.verb, x.privilege,
           CASE x.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
           CASE x.verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END,
           CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END, x.tail),
       NULL
  FROM difference x

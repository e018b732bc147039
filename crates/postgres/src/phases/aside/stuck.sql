), reader(view) AS (
  SELECT r.ev_class FROM this t JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = t.attrelid AND d.refobjsubid = t.attnum
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE d.classid = 2618
  UNION
  SELECT r.ev_class FROM reader o JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = o.view
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE d.classid = 2618
)
SELECT pg_catalog.pg_describe_object(1259, c.oid, 0), CASE WHEN c.relkind <> 'v' THEN 'is no view: its rows or rules cannot be made again'
         WHEN c.relpersistence = 't' THEN 'is temporary' WHEN NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') THEN 'belongs to another role'
         ELSE 'belongs to an extension, or has a security label' END
  FROM reader o JOIN pg_catalog.pg_class c ON c.oid = o.view
 WHERE c.relkind <> 'v' OR c.relpersistence = 't' OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
    OR EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 1259 AND e.objid = c.oid AND e.deptype = 'e')
    OR EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.classoid = 1259 AND l.objoid = c.oid)
UNION ALL
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), 'depends on ' || c.oid::pg_catalog.regclass::text
  FROM reader o JOIN pg_catalog.pg_class c ON c.oid = o.view
  JOIN pg_catalog.pg_depend d ON (d.refclassid = 1259 AND d.refobjid = c.oid) OR (d.refclassid = 1247 AND d.refobjid IN (c.reltype,
       (SELECT y.typarray FROM pg_catalog.pg_type y WHERE y.oid = c.reltype)))
 WHERE d.deptype <> 'i' AND d.classid NOT IN (2618, 2620, 2604, 3256)
UNION ALL
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), 'depends on the column'
  FROM this t JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = t.attrelid AND d.refobjsubid = t.attnum
 WHERE d.classid = 1255 OR (d.classid = 3256 AND EXISTS (SELECT FROM pg_catalog.pg_policy p
       WHERE p.oid = d.objid AND NOT pg_catalog.pg_has_role((SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid = p.polrelid), 'USAGE')))

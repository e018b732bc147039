WITH member AS (
  SELECT d.refclassid, d.refobjid, 0 AS sort, o.amopstrategy AS number, o.oid,
         pg_catalog.format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::pg_catalog.regoperator::text,
             CASE WHEN o.amopsortfamily <> 0 THEN (SELECT pg_catalog.format(' FOR ORDER BY %I.%I', fn.nspname, f.opfname)
                FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
               WHERE f.oid = o.amopsortfamily) ELSE '' END) AS text, o.amopfamily AS family
    FROM pg_catalog.pg_amop o
    JOIN pg_catalog.pg_depend d ON d.classid = 2602 AND d.objid = o.oid AND d.refclassid IN (2616, 2753) AND d.deptype IN ('i', 'a')
   WHERE o.oid >= 16384
  UNION ALL
  SELECT d.refclassid, d.refobjid, 1, p.amprocnum, p.oid,
         pg_catalog.format('FUNCTION %s (%s, %s) %s', p.amprocnum, pg_catalog.format_type(p.amproclefttype, NULL),
             pg_catalog.format_type(p.amprocrighttype, NULL), p.amproc::pg_catalog.regprocedure::text), p.amprocfamily
    FROM pg_catalog.pg_amproc p
    JOIN pg_catalog.pg_depend d ON d.classid = 2603 AND d.objid = p.oid AND d.refclassid IN (2616, 2753) AND d.deptype IN ('i', 'a')
   WHERE p.oid >= 16384
)
SELECT '2616:' || c.oid, '2753:' || CASE WHEN c.opcfamily >= 16384 THEN c.opcfamily::text END, n.nspname::text,
       pg_catalog.format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS %s;', n.nspname, c.opcname,
           CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END, pg_catalog.format_type(c.opcintype, NULL), m.amname,
           fn.nspname, f.opfname,
           pg_catalog.concat_ws(', ', CASE WHEN c.opckeytype <> 0 AND c.opckeytype <> c.opcintype THEN 'STORAGE ' || pg_catalog.format_type(c.opckeytype, NULL) END,
             (SELECT pg_catalog.string_agg(x.text, ', ' ORDER BY x.sort, x.number, x.text COLLATE "C") FROM member x
               WHERE x.refclassid = 2616 AND x.refobjid = c.oid),
             CASE WHEN c.opckeytype = 0 AND NOT EXISTS (SELECT FROM member x WHERE x.refclassid = 2616 AND x.refobjid = c.oid)
                  THEN 'STORAGE ' || pg_catalog.format_type(c.opcintype, NULL) END)),
       NULL
  FROM pg_catalog.pg_opclass c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
  JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
  JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
  JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
 WHERE c.oid >= 16384
UNION ALL
SELECT 'members:' || f.oid, '2753:' || f.oid, n.nspname::text,
       pg_catalog.format('ALTER OPERATOR FAMILY %I.%I USING %I ADD %s;', n.nspname, f.opfname, m.amname,
           (SELECT pg_catalog.string_agg(x.text, ', ' ORDER BY x.sort, x.number, x.text COLLATE "C")
              FROM member x WHERE x.refclassid = 2753 AND x.refobjid = f.oid
               AND NOT EXISTS (SELECT FROM member y WHERE y.oid = x.oid AND y.refclassid = 2616))),
       NULL
  FROM pg_catalog.pg_opfamily f
  JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
  JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
 WHERE f.oid >= 16384
   AND EXISTS (SELECT FROM member x WHERE x.refclassid = 2753 AND x.refobjid = f.oid
                AND NOT EXISTS (SELECT FROM member y WHERE y.oid = x.oid AND y.refclassid = 2616))

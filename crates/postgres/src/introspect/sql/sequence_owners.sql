SELECT 'owned:' || c.oid, '1259:' || c.oid, n.nspname::text,
       pg_catalog.format('ALTER SEQUENCE %I.%I OWNED BY %s.%I;', n.nspname, c.relname,
           pg_catalog.format('%I.%I', tn.nspname, t.relname), a.attname),
       NULL
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.deptype = 'a' AND d.refobjsubid > 0
   AND c.oid >= 16384 AND c.relpersistence <> 't'
   AND ($1::text IS NULL OR d.objid = ANY ($1::text::oid[] || ARRAY (
          SELECT o.objid FROM pg_catalog.pg_depend o WHERE o.classid = 1259
             AND o.refclassid = 1259 AND o.deptype = 'a' AND o.refobjid = ANY ($1::text::oid[]))))

SELECT d.classid || ':' || d.objid, d.refclassid || ':' || d.refobjid, d.deptype::text
  FROM pg_catalog.pg_depend d
 WHERE d.objid >= 16384 AND (d.refobjid >= 16384 OR d.refclassid = 2615)
 GROUP BY 1, 2, 3

  path CONSTANT text := pg_catalog.current_setting('search_path');
  place smallint; views oid[] := '{}'; view oid; gone text[] := '{}'; again text[] := '{}'; more text[]; piece record;
  sequence oid; stood bigint; is_called boolean;
BEGIN
  IF coalesce(pg_catalog.current_setting('segue.aside', true), '') <> '' THEN
    RAISE EXCEPTION 'something is set aside already';
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT a.attnum INTO STRICT place FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = of_table AND a.attname = of_column AND NOT a.attisdropped;

  -- The identity, first of all: what reads the column may name its sequence.
  FOR piece IN
    SELECT s.*, a.attidentity, c.relacl, c.relowner, pg_catalog.obj_description(c.oid, 'pg_class') AS said
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_attribute a ON a.attrelid = of_table AND a.attnum = place
     WHERE d.classid = 1259 AND d.refclassid = 1259 AND d.refobjid = of_table AND d.refobjsubid = place AND d.deptype = 'i'
       AND a.attidentity <> ''
  LOOP
    sequence := piece.seqrelid;
    EXECUTE pg_catalog.format('SELECT last_value, is_called FROM %s', sequence::regclass) INTO STRICT stood, is_called;
    again := again || ARRAY[
      pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s INCREMENT BY %s%s%s START WITH %s CACHE %s%s)',
        of_table, of_column, CASE piece.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, sequence::regclass, piece.seqincrement,
        -- The limits of its type are those of the new type.
        CASE WHEN piece.seqmin = CASE WHEN piece.seqincrement > 0 THEN 1 WHEN piece.seqtypid = 21 THEN -32768
               WHEN piece.seqtypid = 23 THEN -2147483648 ELSE (-9223372036854775808) END
             THEN '' ELSE pg_catalog.format(' MINVALUE %s', piece.seqmin) END,
        CASE WHEN piece.seqmax = CASE WHEN piece.seqincrement < 0 THEN -1 WHEN piece.seqtypid = 21 THEN 32767
               WHEN piece.seqtypid = 23 THEN 2147483647 ELSE 9223372036854775807 END
             THEN '' ELSE pg_catalog.format(' MAXVALUE %s', piece.seqmax) END,
        piece.seqstart, piece.seqcache, CASE WHEN piece.seqcycle THEN ' CYCLE' ELSE '' END),
      pg_catalog.format('SELECT pg_catalog.setval(%L::regclass, %s, %L)', sequence::regclass, stood, is_called)];
    IF piece.said IS NOT NULL THEN
      again := again || pg_catalog.format('COMMENT ON SEQUENCE %s IS %L', sequence::regclass, piece.said);
    END IF;
    SELECT pg_catalog.array_agg(pg_catalog.format('GRANT %s ON SEQUENCE %s TO %s%s', e.privilege_type, sequence::regclass,
             CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END, CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
      INTO more FROM pg_catalog.aclexplode(piece.relacl) e WHERE e.grantee <> piece.relowner;
    again := again || coalesce(more, '{}');
    gone := pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', of_table, of_column) || gone;
  END LOOP;

  -- Views, each before those that read it.
  SELECT coalesce(pg_catalog.array_agg(s.view ORDER BY s.depth, s.view), '{}') INTO views FROM (
    WITH RECURSIVE reader(view, depth) AS (
      SELECT r.ev_class, 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
       WHERE d.classid = 2618 AND d.refclassid = 1259 AND d.refobjid = of_table AND d.refobjsubid = place AND r.ev_class <> of_table
      UNION
      SELECT r.ev_class, o.depth + 1 FROM reader o JOIN pg_catalog.pg_depend d ON d.refclassid = 1259 AND d.refobjid = o.view
        JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
       WHERE d.classid = 2618 AND r.ev_class <> o.view AND o.depth < 100)
    SELECT o.view, pg_catalog.max(o.depth) AS depth FROM reader o GROUP BY o.view) s;
  FOREACH view IN ARRAY views LOOP
    SELECT pg_catalog.array_agg(s.text ORDER BY s.step, s.part) INTO more FROM (
      SELECT 1 AS step, 0 AS part, pg_catalog.format('CREATE VIEW %s%s AS %s', view::regclass,
               coalesce(' WITH (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%s=%L', pg_catalog.split_part(o, '=', 1),
                 pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1)), ', ') FROM pg_catalog.unnest(c.reloptions) o) || ')', ''),
               pg_catalog.rtrim(pg_catalog.pg_get_viewdef(view), E'; \n')) AS text
        FROM pg_catalog.pg_class c WHERE c.oid = view
      UNION ALL
      SELECT 2, d.adnum, pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', view::regclass, a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
        FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = view
      UNION ALL
      SELECT 3, 0, pg_catalog.pg_get_ruledef(r.oid) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = view AND r.rulename <> '_RETURN'
      UNION ALL
      SELECT 4, 0, pg_catalog.format('ALTER TABLE %s %s RULE %I', view::regclass,
               CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename)
        FROM pg_catalog.pg_rewrite r WHERE r.ev_class = view AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'O'
      UNION ALL
      SELECT 3, 0, pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = view AND NOT t.tgisinternal
      UNION ALL
      SELECT 4, 0, pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', view::regclass,
               CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname)
        FROM pg_catalog.pg_trigger t WHERE t.tgrelid = view AND NOT t.tgisinternal AND t.tgenabled <> 'O'
      UNION ALL
      SELECT 5, d.objsubid, CASE d.objsubid WHEN 0 THEN pg_catalog.format('COMMENT ON VIEW %s IS %L', view::regclass, d.description)
               ELSE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', view::regclass, a.attname, d.description) END
        FROM pg_catalog.pg_description d LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
       WHERE d.classoid = 1259 AND d.objoid = view
      UNION ALL
      SELECT 5, 0, pg_catalog.format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, view::regclass, d.description)
        FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_description d ON d.classoid = 2620 AND d.objoid = t.oid WHERE t.tgrelid = view
      UNION ALL
      SELECT 5, 0, pg_catalog.format('COMMENT ON RULE %I ON %s IS %L', r.rulename, view::regclass, d.description)
        FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_description d ON d.classoid = 2618 AND d.objoid = r.oid
       WHERE r.ev_class = view AND r.rulename <> '_RETURN'
      UNION ALL
      -- What a new view is granted by default was not granted on this one.
      SELECT 6, 0, pg_catalog.format('REVOKE ALL ON TABLE %s FROM %s', view::regclass, CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_default_acl d ON d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, c.relnamespace)
        JOIN pg_catalog.pg_roles o ON o.oid = d.defaclrole AND o.rolname = current_user
        CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) e WHERE c.oid = view AND e.grantee <> d.defaclrole
      UNION ALL
      SELECT 7, 0, pg_catalog.format('ALTER VIEW %s OWNER TO %s', view::regclass, c.relowner::regrole)
        FROM pg_catalog.pg_class c WHERE c.oid = view AND c.relowner::regrole::text <> pg_catalog.quote_ident(current_user)
      UNION ALL
      SELECT 8, 0, pg_catalog.format('REVOKE %s ON TABLE %s FROM %s', s.privilege_type, view::regclass, c.relowner::regrole)
        FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(pg_catalog.acldefault('r', c.relowner)) s
       WHERE c.oid = view AND c.relacl IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) e
               WHERE e.grantee = c.relowner AND e.privilege_type = s.privilege_type)
      UNION ALL
      SELECT 9, 0, pg_catalog.format('GRANT %s ON TABLE %s TO %s%s', e.privilege_type, view::regclass,
               CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END, CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) e WHERE c.oid = view AND e.grantee <> c.relowner
      UNION ALL
      SELECT 9, a.attnum, pg_catalog.format('GRANT %s (%I) ON TABLE %s TO %s%s', e.privilege_type, a.attname, view::regclass,
               CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END, CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) e WHERE a.attrelid = view AND NOT a.attisdropped) s;
    again := again || more;
    gone := pg_catalog.format('DROP VIEW %s', view::regclass) || gone;
  END LOOP;

  -- Policies: of any table, by the column or by a view.
  FOR piece IN
    SELECT DISTINCT p.oid, p.polname, p.polrelid::regclass AS relation, p.polpermissive, p.polcmd, p.polroles,
           pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using_, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check_,
           pg_catalog.obj_description(p.oid, 'pg_policy') AS said
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_policy p ON p.oid = d.objid
     WHERE d.classid = 3256 AND d.refclassid = 1259 AND ((d.refobjid = of_table AND d.refobjsubid = place) OR d.refobjid = ANY (views))
     ORDER BY 1
  LOOP
    again := again || (pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', piece.polname, piece.relation,
        CASE WHEN piece.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE piece.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT pg_catalog.string_agg(CASE WHEN u = 0 THEN 'PUBLIC' ELSE u::regrole::text END, ', ') FROM pg_catalog.unnest(piece.polroles) u))
      || coalesce(' USING (' || piece.using_ || ')', '') || coalesce(' WITH CHECK (' || piece.check_ || ')', ''));
    IF piece.said IS NOT NULL THEN
      again := again || pg_catalog.format('COMMENT ON POLICY %I ON %s IS %L', piece.polname, piece.relation, piece.said);
    END IF;
    gone := pg_catalog.format('DROP POLICY %I ON %s', piece.polname, piece.relation) || gone;
  END LOOP;

  -- Extended statistics; what they have gathered is gathered again.
  FOR piece IN
    SELECT DISTINCT s.oid, pg_catalog.format('%I.%I', n.nspname, s.stxname) AS name, s.stxowner::regrole::text AS owner,
           (pg_catalog.to_jsonb(s) ->> 'stxstattarget')::integer AS target, pg_catalog.obj_description(s.oid, 'pg_statistic_ext') AS said
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_statistic_ext s ON s.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
     WHERE d.classid = 3381 AND d.refclassid = 1259 AND d.refobjid = of_table AND d.refobjsubid = place ORDER BY 1
  LOOP
    again := again || pg_catalog.pg_get_statisticsobjdef(piece.oid);
    IF piece.target >= 0 THEN
      again := again || pg_catalog.format('ALTER STATISTICS %s SET STATISTICS %s', piece.name, piece.target);
    END IF;
    IF piece.said IS NOT NULL THEN
      again := again || pg_catalog.format('COMMENT ON STATISTICS %s IS %L', piece.name, piece.said);
    END IF;
    IF piece.owner <> pg_catalog.quote_ident(current_user) THEN
      again := again || pg_catalog.format('ALTER STATISTICS %s OWNER TO %s', piece.name, piece.owner);
    END IF;
    gone := pg_catalog.format('DROP STATISTICS %s', piece.name) || gone;
  END LOOP;

  PERFORM pg_catalog.set_config('segue.aside', pg_catalog.to_jsonb(again)::text, true);
  FOR piece IN SELECT g.text FROM pg_catalog.unnest(gone) WITH ORDINALITY g(text, place) ORDER BY g.place LOOP
    EXECUTE piece.text;
  END LOOP;
  PERFORM pg_catalog.set_config('search_path', path, true);
END

-- One of every kind of object that a dump knows, with names that need care.
CREATE SCHEMA zoo;
CREATE SCHEMA "Zoo ""2"" 🦓";
CREATE SCHEMA segue;
CREATE TABLE segue.journal (id int);

CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE zoo.mood AS ENUM ('sad', 'it''s ok', 'happy "quoted"');
CREATE TYPE zoo.pair AS (a int, b text COLLATE "C");
CREATE TYPE zoo.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN zoo.email AS text COLLATE "C" DEFAULT 'a@b' NOT NULL CONSTRAINT has_at CHECK (VALUE ~ '@');
CREATE DOMAIN zoo.later AS int;
ALTER DOMAIN zoo.later ADD CONSTRAINT pos CHECK (VALUE > 0) NOT VALID;
CREATE COLLATION zoo.plain (provider = libc, locale = 'C');

CREATE FUNCTION zoo.add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION zoo.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE FUNCTION zoo.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN NULL; END$$;
CREATE PROCEDURE zoo.nothing(INOUT x int) LANGUAGE plpgsql AS $$BEGIN x := 1; END$$;
CREATE AGGREGATE zoo.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE);
CREATE AGGREGATE zoo.hits(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');

CREATE SEQUENCE zoo.counter AS smallint INCREMENT 5 MINVALUE -10 MAXVALUE 100 START 0 CACHE 3 CYCLE;
CREATE TABLE zoo."Visitors
of the zoo 🐘" (
    "Id" bigint GENERATED ALWAYS AS IDENTITY (START WITH 7) PRIMARY KEY,
    "na""me" varchar(30) NOT NULL DEFAULT 'it''s',
    mail zoo.email,
    feeling zoo.mood DEFAULT 'happy "quoted"',
    "both" zoo.pair,
    twice int GENERATED ALWAYS AS (zoo.add(1, 2)) STORED,
    n int CHECK (n > 0),
    CONSTRAINT "odd
name" CHECK (n % 2 = 1) NO INHERIT
);
CREATE TABLE zoo.serials (id serial PRIMARY KEY, a int NOT NULL, b text UNIQUE DEFERRABLE INITIALLY DEFERRED,
    c text COLLATE "C", d timestamptz DEFAULT now(), e numeric(10, 2), f int[], g int4range,
    dropped int, h zoo.later,
    EXCLUDE USING gist (g WITH &&)) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
ALTER TABLE zoo.serials DROP COLUMN dropped;
ALTER TABLE zoo.serials ALTER c SET STORAGE EXTERNAL, ALTER a SET STATISTICS 500, ALTER a SET (n_distinct = -0.5);
ALTER TABLE zoo.serials ADD CONSTRAINT unchecked CHECK (a > 0) NOT VALID;
ALTER TABLE zoo.serials ADD visitor bigint REFERENCES zoo."Visitors
of the zoo 🐘" ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE zoo.serials ADD CONSTRAINT itself FOREIGN KEY (a) REFERENCES zoo.serials (id) NOT VALID;
CREATE UNIQUE INDEX serials_a ON zoo.serials (a) INCLUDE (b);
CREATE INDEX serials_expr ON zoo.serials (lower(c) text_pattern_ops DESC NULLS LAST, (a + 1)) WHERE b IS NOT NULL;
ALTER INDEX zoo.serials_expr ALTER COLUMN 2 SET STATISTICS 77;
ALTER TABLE zoo.serials CLUSTER ON serials_a;
ALTER TABLE zoo.serials REPLICA IDENTITY USING INDEX serials_a;
CREATE STATISTICS zoo.serials_stat (ndistinct, dependencies) ON a, b FROM zoo.serials;
CREATE UNLOGGED TABLE zoo.fleeting (id int, row_of zoo.serials);
ALTER TABLE zoo.fleeting REPLICA IDENTITY FULL;
CREATE TABLE zoo.typed OF zoo.pair (a NOT NULL);

CREATE TABLE zoo.parent (a int NOT NULL, b text DEFAULT 'x', CHECK (a > 1));
CREATE TABLE zoo.child (c int, b text NOT NULL) INHERITS (zoo.parent);
CREATE TABLE zoo.adopted (z int, a int NOT NULL, b text, CONSTRAINT parent_a_check CHECK (a > 1));
ALTER TABLE zoo.adopted INHERIT zoo.parent;

CREATE TABLE zoo.byrange (id int NOT NULL, day date NOT NULL DEFAULT '2024-01-01', k text CHECK (k <> ''), PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE zoo.byrange_1 PARTITION OF zoo.byrange FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE zoo.byrange_2 (k text, id int NOT NULL, day date NOT NULL, CONSTRAINT byrange_k_check CHECK (k <> '')) PARTITION BY LIST (k);
ALTER TABLE zoo.byrange_2 ADD PRIMARY KEY (id, day, k);
ALTER TABLE zoo.byrange_2 DROP CONSTRAINT byrange_2_pkey;
CREATE TABLE zoo.byrange_3 PARTITION OF zoo.byrange DEFAULT;
CREATE TABLE zoo.byhash (id int, v text) PARTITION BY HASH (id);
CREATE TABLE zoo.byhash_0 PARTITION OF zoo.byhash FOR VALUES WITH (MODULUS 2, REMAINDER 0) PARTITION BY LIST (v);
CREATE TABLE zoo.byhash_0_a PARTITION OF zoo.byhash_0 FOR VALUES IN ('a', NULL);
CREATE TABLE zoo.byhash_1 PARTITION OF zoo.byhash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX byhash_v ON zoo.byhash (v);
CREATE INDEX byhash_only ON ONLY zoo.byhash (lower(v));
ALTER TABLE zoo.byrange ADD FOREIGN KEY (id) REFERENCES zoo.serials (id);

CREATE VIEW zoo.low AS SELECT id, a AS "Alias" FROM zoo.serials WHERE a > 1;
CREATE VIEW zoo.above WITH (security_barrier) AS SELECT * FROM zoo.low WITH LOCAL CHECK OPTION;
CREATE VIEW zoo.grouped AS SELECT id, c, count(*) FROM zoo.serials GROUP BY id;
CREATE VIEW zoo.ahead AS SELECT 1 AS x, 'two'::text AS y;
ALTER VIEW zoo.low ALTER "Alias" SET DEFAULT 5;
CREATE MATERIALIZED VIEW zoo.kept AS SELECT id, "Alias" FROM zoo.above;
CREATE UNIQUE INDEX kept_id ON zoo.kept (id);
CREATE FUNCTION zoo.rows_of() RETURNS SETOF zoo.low LANGUAGE sql STABLE AS 'SELECT * FROM zoo.low';
CREATE VIEW zoo.of_rows AS SELECT * FROM zoo.rows_of();
CREATE TABLE zoo.with_function (a int DEFAULT zoo.add(1), b zoo.span);
CREATE INDEX with_function_i ON zoo.with_function (zoo.add(a, 1));

CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF a ON zoo.serials FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION zoo.touch();
CREATE TRIGGER off AFTER DELETE ON zoo.serials FOR EACH STATEMENT EXECUTE FUNCTION zoo.touch();
ALTER TABLE zoo.serials DISABLE TRIGGER off;
CREATE TRIGGER parts AFTER INSERT ON zoo.byrange FOR EACH ROW EXECUTE FUNCTION zoo.touch();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON zoo.child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zoo.touch();
CREATE RULE silent AS ON INSERT TO zoo.above DO INSTEAD NOTHING;
CREATE RULE loud AS ON UPDATE TO zoo.parent DO ALSO DELETE FROM zoo.child WHERE a = OLD.a;
ALTER TABLE zoo.parent DISABLE RULE loud;
ALTER TABLE zoo.serials ENABLE ROW LEVEL SECURITY;
ALTER TABLE zoo.serials FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON zoo.serials AS RESTRICTIVE FOR UPDATE TO zoo_reader, PUBLIC USING (a > 0) WITH CHECK (a > 1);

CREATE FUNCTION zoo.same(zoo.pair, zoo.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
CREATE OPERATOR zoo.=== (FUNCTION = zoo.same, LEFTARG = zoo.pair, RIGHTARG = zoo.pair, COMMUTATOR = OPERATOR(zoo.===));
CREATE FUNCTION zoo.hash_pair(zoo.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';
CREATE OPERATOR CLASS zoo.pair_ops FOR TYPE zoo.pair USING hash AS OPERATOR 1 zoo.===, FUNCTION 1 zoo.hash_pair(zoo.pair);
CREATE OPERATOR FAMILY zoo.lone USING btree;
CREATE CAST (zoo.pair AS int) WITH FUNCTION zoo.hash_pair(zoo.pair) AS ASSIGNMENT;

GRANT SELECT ON zoo.serials TO zoo_reader WITH GRANT OPTION;
GRANT UPDATE (a, b) ON zoo.serials TO zoo_reader;
GRANT USAGE ON SCHEMA zoo TO PUBLIC;
REVOKE EXECUTE ON FUNCTION zoo.add(int, int) FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE zoo.nothing(int) TO zoo_reader;
GRANT USAGE ON SEQUENCE zoo.counter TO zoo_reader;
REVOKE ALL ON TYPE zoo.mood FROM PUBLIC;
REVOKE INSERT ON zoo.parent FROM CURRENT_USER;
ALTER DEFAULT PRIVILEGES IN SCHEMA zoo GRANT SELECT ON TABLES TO zoo_reader;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, delete');
CREATE PUBLICATION chosen FOR TABLE zoo.serials, ONLY zoo.parent;
CREATE TEXT SEARCH DICTIONARY zoo.words (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION zoo.search (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION zoo.search ADD MAPPING FOR asciiword, word WITH zoo.words, simple;

COMMENT ON SCHEMA zoo IS 'all of it';
COMMENT ON SCHEMA "Zoo ""2"" 🦓" IS 'the other';
COMMENT ON TABLE zoo.serials IS E'it''s\na \\ table';
COMMENT ON COLUMN zoo.serials.a IS 'a column';
COMMENT ON COLUMN zoo.low."Alias" IS 'of a view';
COMMENT ON CONSTRAINT unchecked ON zoo.serials IS 'a constraint';
COMMENT ON CONSTRAINT has_at ON DOMAIN zoo.email IS 'of a domain';
COMMENT ON INDEX zoo.serials_a IS 'an index';
COMMENT ON INDEX zoo.serials_pkey IS 'the index of a key';
COMMENT ON SEQUENCE zoo.counter IS 'a sequence';
COMMENT ON VIEW zoo.low IS 'a view';
COMMENT ON MATERIALIZED VIEW zoo.kept IS 'kept';
COMMENT ON FUNCTION zoo.add(int, int) IS 'a function';
COMMENT ON PROCEDURE zoo.nothing(int) IS 'a procedure';
COMMENT ON AGGREGATE zoo.total(int) IS 'an aggregate';
COMMENT ON AGGREGATE zoo.hits(*) IS 'another';
COMMENT ON TYPE zoo.mood IS 'a type';
COMMENT ON DOMAIN zoo.email IS 'a domain';
COMMENT ON TRIGGER touch ON zoo.serials IS 'a trigger';
COMMENT ON RULE loud ON zoo.parent IS 'a rule';
COMMENT ON POLICY own ON zoo.serials IS 'a policy';
COMMENT ON STATISTICS zoo.serials_stat IS 'statistics';
COMMENT ON COLLATION zoo.plain IS 'a collation';
COMMENT ON OPERATOR zoo.=== (zoo.pair, zoo.pair) IS 'an operator';
COMMENT ON OPERATOR CLASS zoo.pair_ops USING hash IS 'a class';
COMMENT ON OPERATOR FAMILY zoo.lone USING btree IS 'a family';
COMMENT ON CAST (zoo.pair AS int) IS 'a cast';
COMMENT ON PUBLICATION chosen IS 'a publication';
COMMENT ON TEXT SEARCH CONFIGURATION zoo.search IS 'a configuration';
CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('DROP TABLE', 'CREATE TABLE') EXECUTE FUNCTION zoo.watch();
ALTER EVENT TRIGGER watcher DISABLE;
COMMENT ON EVENT TRIGGER watcher IS 'an event trigger';

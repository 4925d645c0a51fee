-- Nobody learns through an index, an operator or a function of ours what he may not read.

SET client_min_messages = warning;
CREATE ROLE regress_vector_owner;
CREATE ROLE regress_vector_alice;
CREATE ROLE regress_vector_bob;
CREATE SCHEMA secret AUTHORIZATION regress_vector_owner;
GRANT USAGE ON SCHEMA secret TO PUBLIC;
SET ROLE regress_vector_owner;
CREATE TABLE secret.item (id int, owner name, val vector(3), note text);
INSERT INTO secret.item SELECT i, CASE WHEN i % 2 = 0 THEN 'regress_vector_alice' ELSE 'regress_vector_bob' END,
	ARRAY[i, 0, 1], 'note ' || i FROM generate_series(1, 40) i;
CREATE INDEX item_hnsw ON secret.item USING hnsw (val vector_l2_ops);
CREATE INDEX item_ivfflat ON secret.item USING ivfflat (val vector_ip_ops) WITH (lists = 1);
CREATE INDEX item_flat ON secret.item USING flat (val vector_l1_ops);
GRANT SELECT ON secret.item TO regress_vector_alice, regress_vector_bob;
CREATE POLICY own ON secret.item USING (owner = current_user);
ALTER TABLE secret.item ENABLE ROW LEVEL SECURITY;
RESET ROLE;

-- Row-level security: rows of others do not come, whichever index gives them, nor use up places.
SET enable_seqscan = off;
SET enable_sort = off;
SET hnsw.iterative_scan = strict_order;
SET ROLE regress_vector_alice;
EXPLAIN (COSTS OFF) SELECT id FROM secret.item ORDER BY val <-> '[1,0,1]' LIMIT 3;
SELECT id FROM secret.item ORDER BY val <-> '[1,0,1]' LIMIT 3;
SELECT id FROM secret.item ORDER BY val <#> '[1,0,1]' LIMIT 3;
SELECT id FROM secret.item ORDER BY val <+> '[1,0,1]' LIMIT 3;
SELECT count(*) FROM (SELECT id FROM secret.item ORDER BY val <+> '[1,0,1]') t;
SET ROLE regress_vector_bob;
SELECT id FROM secret.item ORDER BY val <-> '[1,0,1]' LIMIT 3;

-- A function that tells its argument is not asked about rows of others: none of ours is leakproof.
CREATE FUNCTION pg_temp.tells(v vector) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
	RAISE WARNING 'sees %', v;
	RETURN true;
END $$;
SELECT id FROM secret.item WHERE pg_temp.tells(val) AND id < 6 ORDER BY val <+> '[1,0,1]' LIMIT 9;
DROP FUNCTION pg_temp.tells(vector);
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
	JOIN pg_extension e ON e.oid = d.refobjid AND d.deptype = 'e' WHERE e.extname = 'vector' AND (p.proleakproof OR p.prosecdef);
RESET ROLE;

-- Column privileges: who may not read the vectors may not order by them either.
SET ROLE regress_vector_owner;
ALTER TABLE secret.item DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON secret.item FROM regress_vector_bob;
GRANT SELECT (id, note) ON secret.item TO regress_vector_bob;
SET ROLE regress_vector_bob;
SELECT id FROM secret.item ORDER BY id LIMIT 1;
SELECT id FROM secret.item ORDER BY val <-> '[1,0,1]' LIMIT 1;
SELECT id FROM secret.item WHERE val <-> '[1,0,1]' < 1;
SELECT avg(val) FROM secret.item;
SELECT * FROM hnsw_check('secret.item_hnsw');
RESET ROLE;

\set VERBOSITY terse
-- What takes arguments of type internal cannot be called with anything.
-- (Minor versions of the server say it in different words.)
DO $$
DECLARE
  call text;
BEGIN
  FOREACH call IN ARRAY ARRAY['hnswhandler(0)', 'hnswhandler(NULL)', 'flathandler(NULL)',
      'hnsw_halfvec_support(NULL)', 'ivfflat_bit_support(NULL)', 'hnsw_halfvec_support(1)'] LOOP
    BEGIN
      EXECUTE 'SELECT ' || call;
      RAISE WARNING '% can be called', call;
    EXCEPTION WHEN undefined_function OR feature_not_supported THEN
      RAISE NOTICE '% is refused', call;
    END;
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.made_up() RETURNS internal LANGUAGE sql AS 'SELECT NULL';
SELECT amname, amhandler FROM pg_am WHERE amname IN ('hnsw', 'ivfflat', 'flat') ORDER BY 1;

-- Who is not superuser can make no function of C, so none with other argument types.
SET ROLE regress_vector_alice;
CREATE FUNCTION pg_temp.dims(int) RETURNS int AS '$libdir/vector', 'vector_dims' LANGUAGE C;
RESET ROLE;

-- Values of a type are values of that type: a binary string is no vector without its input check.
SELECT '\x00030000'::bytea::vector;
SET ROLE regress_vector_alice;
CREATE CAST (bytea AS halfvec) WITHOUT FUNCTION;
RESET ROLE;

-- A schema in front of the search path does not change what an index does.
CREATE SCHEMA trap;
CREATE FUNCTION trap.l2_distance(vector, vector) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 0.0::float8';
CREATE OPERATOR trap.<-> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = trap.l2_distance);
SET search_path = trap, public;
SET ROLE regress_vector_owner;
REINDEX INDEX secret.item_hnsw;
SELECT id FROM secret.item ORDER BY val OPERATOR(public.<->) '[4,0,1]' LIMIT 1;
RESET ROLE;
RESET search_path;

DROP SCHEMA trap CASCADE;
DROP SCHEMA secret CASCADE;
DROP ROLE regress_vector_owner, regress_vector_alice, regress_vector_bob;

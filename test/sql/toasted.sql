-- Values out of line: indexes read them by a way of their own (src/pg/index/toasted_values.h).
CREATE FUNCTION wave(seed int, dims int) RETURNS vector LANGUAGE sql IMMUTABLE AS
  $$ SELECT array_agg(sin(seed * 0.37 + i * (seed % 11 + 1) * 0.01))::vector FROM generate_series(1, dims) i $$;

CREATE TABLE wide (id int PRIMARY KEY, v vector(1200));
INSERT INTO wide SELECT i, wave(i, 1200) FROM generate_series(1, 150) i;
-- Some of them compressed out of line, some compressed inline, some plain inline.
ALTER TABLE wide ALTER v SET STORAGE EXTENDED;
INSERT INTO wide SELECT i, (wave(i, 100)::real[] || array_fill(i::real, ARRAY[1100]))::vector FROM generate_series(151, 200) i;
INSERT INTO wide SELECT i, (wave(i, 900)::real[] || array_fill(0::real, ARRAY[300]))::vector FROM generate_series(201, 220) i;
ALTER TABLE wide ALTER v SET STORAGE MAIN;
INSERT INTO wide SELECT i, wave(i, 1200) FROM generate_series(221, 240) i;
INSERT INTO wide VALUES (241, NULL);
CREATE TABLE questions AS SELECT i AS id, wave(i * 7, 1200) AS q FROM generate_series(1, 12) i;

-- How the values lie.
SELECT pg_column_compression(v) IS NOT NULL AS compressed,
       pg_column_size(v) < 2000 AS small, count(*) FROM wide GROUP BY 1, 2 ORDER BY 1, 2;
SELECT pg_relation_size(reltoastrelid) > 0 AS out_of_line FROM pg_class WHERE relname = 'wide';

CREATE FUNCTION differences(operator text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  truth text[];
  found text[];
  query text := format('SELECT array_agg(n) FROM questions, LATERAL (SELECT array_agg(id)::text AS n FROM
    (SELECT id FROM wide ORDER BY v %s q LIMIT 20) x) y', operator);
BEGIN
  SET LOCAL enable_seqscan = on;
  SET LOCAL enable_indexscan = off;
  EXECUTE query INTO truth;
  SET LOCAL enable_indexscan = on;
  SET LOCAL enable_seqscan = off;
  EXECUTE query INTO found;
  RETURN (SELECT count(*) FROM unnest(truth, found) AS x(a, b) WHERE a IS DISTINCT FROM b);
END $$;

CREATE INDEX wide_index ON wide USING flat (v vector_l2_ops);
SELECT differences('<->');
-- A question that is out of line itself, and one that is a parameter.
SET enable_seqscan = off;
SELECT id FROM wide ORDER BY v <-> (SELECT q FROM questions WHERE id = 3) LIMIT 3;
PREPARE nearest(vector) AS SELECT id FROM wide ORDER BY v <-> $1 LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE nearest(wave(21, 1200));
EXECUTE nearest(wave(21, 1200));

-- A cursor lets go of the pages between its rows, and goes on after the values were replaced.
BEGIN;
DECLARE nearby CURSOR FOR SELECT id FROM wide ORDER BY v <-> wave(21, 1200);
FETCH 2 FROM nearby;
UPDATE wide SET v = wave(id + 1000, 1200);
SAVEPOINT before;
FETCH 2 FROM nearby;
ROLLBACK TO before;
FETCH 2 FROM nearby;
COMMIT;
SELECT differences('<->');

-- Another TOAST table under the prepared statement.
VACUUM FULL wide;
EXECUTE nearest(wave(21, 1200));
-- Where values were is remembered; they have moved, and the table is shorter, or others stand there.
SELECT differences('<->');
EXECUTE nearest(wave(21, 1200));
ALTER TABLE wide ALTER v SET STORAGE EXTERNAL;
UPDATE wide SET v = wave(id + 1000, 1200) WHERE id <= 240;
INSERT INTO wide SELECT i, wave(i, 1200) FROM generate_series(401, 500) i;
SELECT differences('<->');
VACUUM FULL wide;
INSERT INTO wide SELECT i, wave(i, 1200) FROM generate_series(501, 900) i;
SELECT differences('<->');
DELETE FROM wide WHERE id > 400;
DELETE FROM wide WHERE id % 3 = 0;
VACUUM wide;
SELECT differences('<->');
DROP INDEX wide_index;

CREATE INDEX wide_index ON wide USING hnsw (v vector_cosine_ops);
SET hnsw.ef_search = 400;
SELECT differences('<=>');
DROP INDEX wide_index;
-- A build reads values in the order of the table, which is not that in which they were stored.
UPDATE wide SET v = wave(id + 500, 1200) WHERE id % 5 = 1;
UPDATE wide SET v = wave(id, 1200) WHERE id % 7 = 2;
DELETE FROM wide WHERE id % 10 = 5;
VACUUM wide;
INSERT INTO wide SELECT i, wave(i, 1200) FROM generate_series(301, 340) i;
CREATE INDEX wide_index ON wide USING flat (v vector_l2_ops);
SELECT differences('<->');
DROP INDEX wide_index;
CREATE INDEX wide_index ON wide USING ivfflat (v vector_ip_ops) WITH (lists = 1);
SELECT differences('<#>');
DROP INDEX wide_index;

-- Expressions: the value is made, not stored.
CREATE INDEX wide_index ON wide USING flat ((v::halfvec(1200)) halfvec_l2_ops);
SELECT id FROM wide ORDER BY v::halfvec(1200) <-> (SELECT q FROM questions WHERE id = 3)::halfvec(1200) LIMIT 3;
DROP INDEX wide_index;

-- Arguments that come again are kept (src/pg/repeated_arguments.h).  What is made of real[] is inline.
SET enable_seqscan = on;
CREATE VIEW wrong AS SELECT w.id, a.id AS a FROM questions a, questions b, wide w
  WHERE (w.v <-> a.q, a.q <-> w.v, a.q <-> b.q, a.q <-> a.q, b.q <=> w.v, w.v <#> w.v) IS DISTINCT FROM
    (w.v::real[]::vector <-> a.q::real[]::vector, a.q::real[]::vector <-> w.v::real[]::vector,
     a.q::real[]::vector <-> b.q::real[]::vector, 0::float8, b.q::real[]::vector <=> w.v::real[]::vector,
     w.v::real[]::vector <#> w.v::real[]::vector);
SELECT count(*) FROM wrong WHERE id <= 20;
-- More of them than are kept.
SELECT count(*) FROM wide w, (SELECT array_agg(q ORDER BY id) AS q FROM questions) a,
  (SELECT array_agg(q::real[]::vector ORDER BY id) AS q FROM questions) b, generate_series(1, 12) i
  WHERE (w.v + a.q[i]) IS DISTINCT FROM (w.v + b.q[i]) AND w.v IS NOT NULL;
SELECT count(*) FROM wide w, questions q1, questions q2, questions q3, questions q4, questions q5, questions q6
  WHERE (q1.id, q2.id, q3.id, q4.id, q5.id, q6.id) = (1, 2, 3, 4, 5, 6) AND
    (w.v <-> q1.q) + (w.v <-> q2.q) + (w.v <-> q3.q) + (w.v <-> q4.q) + (w.v <-> q5.q) + (w.v <-> q6.q) IS DISTINCT FROM
    (SELECT sum(x.q::real[]::vector <-> w.v ORDER BY x.id) FROM questions x WHERE x.id <= 6);
-- Replaced, replaced and rolled back, in one transaction; and an error while one is in use.
BEGIN;
SELECT count(*) FROM wrong WHERE id <= 10;
UPDATE questions SET q = wave(id + 3, 1200);
SELECT count(*) FROM wrong WHERE id <= 10;
SAVEPOINT before;
UPDATE questions SET q = wave(id + 5, 1200);
SELECT count(*) FROM wrong WHERE id <= 10;
ROLLBACK TO before;
UPDATE questions SET q = wave(id + 8, 1200);
SELECT count(*) FROM wrong WHERE id <= 10;
DO $$
DECLARE
  failed int := 0;
  sizes int[] := ARRAY[1200, 1200, 7, 1200];
  size int;
BEGIN
  FOREACH size IN ARRAY sizes LOOP
    BEGIN
      PERFORM a.q <-> wave(1, size) FROM questions a, questions b WHERE a.id = 1;
    EXCEPTION WHEN data_exception THEN
      failed := failed + 1;
    END;
  END LOOP;
  RAISE NOTICE '% failed', failed;
END $$;
SELECT count(*) FROM wrong WHERE id <= 10;
COMMIT;
DROP VIEW wrong;

DROP TABLE wide, questions;
DROP FUNCTION wave, differences;

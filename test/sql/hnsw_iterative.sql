-- hnsw: iterative scans.
SET enable_seqscan = off;
CREATE TABLE item (id int, val vector(3));
INSERT INTO item VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]');
CREATE INDEX ON item USING hnsw (val vector_l2_ops);

SET hnsw.ef_search = 1;
SELECT id FROM item ORDER BY val <-> '[3,3,3]';
SET hnsw.iterative_scan = strict_order;
SELECT id FROM item ORDER BY val <-> '[3,3,3]';
SET hnsw.iterative_scan = relaxed_order;
SELECT id FROM item ORDER BY val <-> '[3,3,3]';

TRUNCATE item;
SELECT id FROM item ORDER BY val <-> '[3,3,3]';

-- A filter that few rows pass.
CREATE TABLE filtered (id int, kind int, val vector(8));
INSERT INTO filtered SELECT i, i % 100, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 8) j)::vector
  FROM generate_series(1, 3000) i;
CREATE INDEX ON filtered USING hnsw (val vector_l2_ops);
RESET hnsw.ef_search;
SET hnsw.iterative_scan = off;
SELECT count(*) < 10 AS too_few FROM (SELECT * FROM filtered WHERE kind = 7 ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 20) t;
SET hnsw.iterative_scan = strict_order;
SELECT count(*) FROM (SELECT * FROM filtered WHERE kind = 7 ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 20) t;
-- In order, all of them.
SELECT bool_and(d >= before) FROM (SELECT d, lag(d, 1, 0::float8) OVER () AS before FROM
  (SELECT val <-> '[1,2,3,4,5,6,7,8]' AS d FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 500) t) u;
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT * FROM filtered WHERE kind = 7 ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 20) t;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]') t;

-- It stops looking at max_scan_tuples, but returns what it has seen.
SET hnsw.max_scan_tuples = 1;
SELECT count(*) BETWEEN 40 AND 1000 AS some FROM (SELECT id FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]') t;
RESET hnsw.max_scan_tuples;

-- Few links and a narrow search bring some rows up too late: strict order leaves these out.
DROP INDEX filtered_val_idx;
CREATE INDEX filtered_val_idx ON filtered USING hnsw (val vector_l2_ops) WITH (m = 2, ef_construction = 4);
SET hnsw.ef_search = 1;
SELECT bool_and(d >= before) AS in_order, count(*) FROM (SELECT d, lag(d, 1, 0::float8) OVER () AS before FROM
  (SELECT val <-> '[1,2,3,4,5,6,7,8]' AS d FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]') t) u;
SET hnsw.iterative_scan = strict_order;
SELECT bool_and(d >= before) AS in_order FROM (SELECT d, lag(d, 1, 0::float8) OVER () AS before FROM
  (SELECT val <-> '[1,2,3,4,5,6,7,8]' AS d FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]') t) u;

-- What has been seen comes in order, though in the index it lies a little nearer or farther than it does.
CREATE TABLE wide AS SELECT i AS id, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 64) j)::vector(64) AS val
  FROM generate_series(1, 2000) i;
CREATE INDEX ON wide USING hnsw (val vector_l2_ops);
RESET hnsw.ef_search;
SET hnsw.max_scan_tuples = 1;
SELECT count(*) AS strict FROM (SELECT id FROM wide ORDER BY val <-> array_fill(1, ARRAY[64])::vector) t \gset
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) AS relaxed FROM (SELECT id FROM wide ORDER BY val <-> array_fill(1, ARRAY[64])::vector) t \gset
SELECT :relaxed > 100 AS some, :strict > 0.9 * :relaxed AS nearly_all;

DROP TABLE item, filtered, wide;

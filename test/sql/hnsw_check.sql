-- hnsw_check(): what is wrong with the structure of an index.

CREATE TABLE t (id int PRIMARY KEY, val vector(3));
CREATE INDEX t_val ON t USING hnsw (val vector_l2_ops) WITH (m = 4, ef_construction = 10);
SELECT * FROM hnsw_check('t_val');
INSERT INTO t SELECT i, ARRAY[i % 7, i % 11, i % 13] FROM generate_series(1, 500) i;
SELECT * FROM hnsw_check('t_val');
DELETE FROM t WHERE id % 3 > 0;
VACUUM t;
SELECT * FROM hnsw_check('t_val');
REINDEX INDEX t_val;
SELECT * FROM hnsw_check('t_val');
DELETE FROM t;
VACUUM t;
SELECT * FROM hnsw_check('t_val');

SELECT * FROM hnsw_check('t_pkey');
SELECT * FROM hnsw_check('t');
SELECT * FROM hnsw_check(0);
SELECT * FROM hnsw_check(NULL);
CREATE ROLE regress_vector_reader;
SET ROLE regress_vector_reader;
SELECT * FROM hnsw_check('t_val');
RESET ROLE;
DROP ROLE regress_vector_reader;
DROP TABLE t;

-- Codes of varying length lie in places of their own.
CREATE TABLE t (id int, val sparsevec(50));
CREATE INDEX t_val ON t USING hnsw (val sparsevec_l2_ops) WITH (m = 4, ef_construction = 10);
INSERT INTO t SELECT i, (SELECT array_agg(CASE WHEN (i * j) % 7 < i % 5 THEN i + j ELSE 0 END ORDER BY j) FROM generate_series(1, 50) j)::sparsevec
	FROM generate_series(1, 200) i;
SELECT * FROM hnsw_check('t_val');
DELETE FROM t WHERE id % 3 > 0;
VACUUM t;
INSERT INTO t SELECT id + 500, val FROM t;
INSERT INTO t SELECT i, format('{%s:%s}/50', i % 50 + 1, i)::sparsevec FROM generate_series(1000, 1100) i;
SELECT * FROM hnsw_check('t_val');
DROP TABLE t;

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

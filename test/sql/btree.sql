-- The order of each type in btree indexes, sorts, grouping and statistics.

SET enable_seqscan = off;

CREATE TABLE t (val vector(3));
INSERT INTO t (val) VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[-0,0,0]');
CREATE INDEX ON t (val);
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE val = '[1,2,3]';
SELECT * FROM t WHERE val = '[1,2,3]';
SELECT * FROM t WHERE val > '[0,0,0]' AND val < '[1,2,3]';
SELECT * FROM t ORDER BY val DESC LIMIT 3;
SELECT val, count(*) FROM t GROUP BY val ORDER BY val;
DROP TABLE t;

CREATE TABLE t (val halfvec(3));
INSERT INTO t (val) VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON t (val);
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE val = '[1,2,3]';
SELECT * FROM t WHERE val = '[1,2,3]';
SELECT * FROM t ORDER BY val LIMIT 2;
DROP TABLE t;

CREATE TABLE t (val sparsevec(3));
INSERT INTO t (val) VALUES ('{}/3'), ('{1:1,2:2,3:3}/3'), ('{1:1,2:1,3:1}/3'), (NULL);
CREATE INDEX ON t (val);
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE val = '{1:1,2:2,3:3}/3';
SELECT * FROM t WHERE val = '{1:1,2:2,3:3}/3';
SELECT * FROM t ORDER BY val LIMIT 2;
DROP TABLE t;

-- mixed dimensions compare: in sorts, in unique indexes, in ANALYZE
CREATE TABLE t (id int, v vector UNIQUE, h halfvec UNIQUE, s sparsevec UNIQUE);
INSERT INTO t SELECT i, v, v::halfvec, v::sparsevec
FROM (SELECT i, (ARRAY[1 - i % 3, i / 3, i % 7])[1:1 + i % 3]::vector AS v FROM generate_series(1, 30) i) x;
INSERT INTO t (v) VALUES ('[0]');
INSERT INTO t (h) VALUES ('[-0]');
INSERT INTO t (s) VALUES ('{}/1');
TRUNCATE t;
ALTER TABLE t DROP CONSTRAINT t_v_key, DROP CONSTRAINT t_h_key, DROP CONSTRAINT t_s_key;
INSERT INTO t SELECT i, v, v::halfvec, v::sparsevec
FROM (SELECT i, (ARRAY[1 - i % 3, i / 3, i % 7])[1:1 + i % 3]::vector AS v FROM generate_series(1, 30) i) x;
ANALYZE t;
SELECT (SELECT array_agg(v ORDER BY v) FROM t) = (SELECT array_agg(v ORDER BY v::real[]) FROM t) AS vector,
       (SELECT array_agg(h ORDER BY h) FROM t) = (SELECT array_agg(h ORDER BY h::real[]) FROM t) AS halfvec,
       (SELECT array_agg(s ORDER BY s) FROM t) = (SELECT array_agg(s ORDER BY s::vector::real[]) FROM t) AS sparsevec;
SELECT count(DISTINCT v) = count(DISTINCT v::real[]), count(DISTINCT h) = count(DISTINCT v::real[]), count(DISTINCT s) = count(DISTINCT v::real[]) FROM t;
SELECT v FROM t UNION SELECT v FROM t ORDER BY 1 LIMIT 3;
CREATE INDEX ON t (v);
CREATE INDEX ON t (h);
CREATE INDEX ON t (s);
SELECT count(*) FROM t a JOIN t b ON a.v = b.v;
SELECT min(id) FROM t WHERE v >= '[1]';
DROP TABLE t;

-- values that do not lie inline: a comparison reads them and frees what it read
CREATE TABLE t (v vector(3000), h halfvec(3000), s sparsevec);
INSERT INTO t SELECT a::vector, a::vector::halfvec, a::vector::sparsevec
FROM (SELECT (SELECT array_agg((i + j) % 100) FROM generate_series(1, 3000) j) AS a FROM generate_series(1, 50) i) x;
SELECT count(DISTINCT v), count(DISTINCT h), count(DISTINCT s) FROM t;
SELECT sum(vector_cmp(a.v, b.v)), sum(halfvec_cmp(a.h, b.h)), sum(sparsevec_cmp(a.s, b.s)), sum(abs(vector_cmp(a.v, b.v))) FROM t a, t b;
ALTER TABLE t ALTER v SET STORAGE EXTENDED, ALTER h SET STORAGE EXTENDED, ALTER s SET STORAGE EXTENDED;
CREATE TABLE packed (LIKE t INCLUDING STORAGE);
INSERT INTO packed SELECT v + l2_normalize(v) - l2_normalize(v), h + h - h, s::vector::sparsevec FROM t;
SELECT min(pg_column_size(v)) < 6000 AS v, min(pg_column_size(h)) < 5000 AS h, min(pg_column_size(s)) < 12000 AS s FROM packed;
SELECT count(*), sum(l2_distance(a.h, b.h)), sum(vector_cmp(b.v, a.v)) > -2500, sum(sparsevec_cmp(a.s, b.s)), sum(l1_distance(a.s, b.s)) FROM t a, packed b;
DROP TABLE t, packed;

RESET enable_seqscan;

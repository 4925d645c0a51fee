-- hnsw: limits, options, settings and what is said about them.
CREATE TABLE plain (val vector(3), any_size vector, wide vector(2001), wide_half halfvec(4001),
                    wide_bit bit(64001), varying varbit(3), two_d vector(2), sparse sparsevec(2000));
-- Checked in this order, also on an empty table.
CREATE INDEX ON plain USING hnsw (varying bit_hamming_ops);
CREATE INDEX ON plain USING hnsw (any_size vector_l2_ops);
CREATE INDEX ON plain USING hnsw (wide vector_l2_ops);
CREATE INDEX ON plain USING hnsw (wide_half halfvec_l2_ops);
CREATE INDEX ON plain USING hnsw (wide_bit bit_hamming_ops);
CREATE INDEX ON plain USING hnsw (val);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (m = 1);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (m = 101);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (ef_construction = 3);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (ef_construction = 1001);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (m = 16, ef_construction = 31);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (m = '16', ef_construction = '32');
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) WITH (fillfactor = 50);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops, two_d vector_l2_ops);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops) INCLUDE (two_d);
CREATE UNIQUE INDEX ON plain USING hnsw (val vector_l2_ops);
CREATE INDEX ON plain USING hnsw (val vector_l2_ops DESC);

-- Sparse vectors: at most 1,000 elements, when built and when inserted.
CREATE INDEX sparse_idx ON plain USING hnsw (sparse sparsevec_l2_ops);
INSERT INTO plain (sparse) SELECT array_agg(1)::sparsevec FROM generate_series(1, 2000) WHERE false;
INSERT INTO plain (sparse) VALUES ((SELECT array_agg(CASE WHEN i <= 1001 THEN 1 ELSE 0 END) FROM generate_series(1, 2000) i)::sparsevec);
INSERT INTO plain (sparse) VALUES ((SELECT array_agg(CASE WHEN i <= 1000 THEN 1 ELSE 0 END) FROM generate_series(1, 2000) i)::sparsevec);
DROP INDEX sparse_idx;
INSERT INTO plain (sparse) VALUES ((SELECT array_agg(CASE WHEN i <= 1001 THEN 1 ELSE 0 END) FROM generate_series(1, 2000) i)::sparsevec);
CREATE INDEX ON plain USING hnsw (sparse sparsevec_l2_ops);

-- The widest that can be indexed.
CREATE TABLE widest (a vector(2000), b halfvec(4000), c bit(64000));
INSERT INTO widest SELECT array_fill(1, ARRAY[2000])::vector, array_fill(1, ARRAY[4000])::halfvec, repeat('1', 64000)::bit(64000);
CREATE INDEX ON widest USING hnsw (a vector_l2_ops);
CREATE INDEX ON widest USING hnsw (b halfvec_cosine_ops);
CREATE INDEX ON widest USING hnsw (c bit_jaccard_ops);
INSERT INTO widest SELECT array_fill(2, ARRAY[2000])::vector, array_fill(2, ARRAY[4000])::halfvec, repeat('01', 32000)::bit(64000);
SET enable_seqscan = off;
SELECT a <-> array_fill(2, ARRAY[2000])::vector AS d FROM widest ORDER BY a <-> array_fill(2, ARRAY[2000])::vector;
SELECT c <%> repeat('01', 32000)::bit(64000) AS d FROM widest ORDER BY c <%> repeat('01', 32000)::bit(64000);

-- Settings.
SHOW hnsw.ef_search;
SET hnsw.ef_search = 0;
SET hnsw.ef_search = 1001;
SHOW hnsw.iterative_scan;
SET hnsw.iterative_scan = 'on';
SHOW hnsw.max_scan_tuples;
SET hnsw.max_scan_tuples = 0;
SHOW hnsw.scan_mem_multiplier;
SET hnsw.scan_mem_multiplier = 0;
SET hnsw.scan_mem_multiplier = 1001;

-- m is what the index was built with; ef_construction may change.
CREATE TABLE changing (val vector(3));
CREATE INDEX changing_idx ON changing USING hnsw (val vector_l2_ops) WITH (m = 4, ef_construction = 10);
INSERT INTO changing SELECT ARRAY[i, i, 1]::vector FROM generate_series(1, 50) i;
ALTER INDEX changing_idx SET (m = 40, ef_construction = 100);
INSERT INTO changing SELECT ARRAY[i, i, 1]::vector FROM generate_series(51, 100) i;
SELECT val FROM changing ORDER BY val <-> '[60,60,1]' LIMIT 3;
REINDEX INDEX changing_idx;
SELECT val FROM changing ORDER BY val <-> '[60,60,1]' LIMIT 3;

-- Out of memory for the graph: a notice, and a good index all the same.
SET maintenance_work_mem = '1MB';
CREATE TABLE many (id int, val vector(64));
INSERT INTO many SELECT i, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 64) j)::vector
  FROM generate_series(1, 4000) i;
SET client_min_messages = warning;
CREATE INDEX ON many USING hnsw (val vector_l2_ops);
RESET client_min_messages;
SET hnsw.ef_search = 100;
SELECT count(*) FROM generate_series(1, 4000, 100) q
  WHERE (SELECT id FROM many ORDER BY val <-> (SELECT val FROM many WHERE id = q) LIMIT 1) = q;

DROP TABLE plain, widest, changing, many;

-- vector_needs_reindex(): false for our indexes, null for everything else.

CREATE TABLE t (id int PRIMARY KEY, val vector(3));
CREATE INDEX t_hnsw ON t USING hnsw (val vector_l2_ops);
CREATE INDEX t_flat ON t USING flat (val vector_l2_ops);
INSERT INTO t SELECT i, ARRAY[i % 7, i % 11, i % 13] FROM generate_series(1, 50) i;
CREATE INDEX t_ivfflat ON t USING ivfflat (val vector_l2_ops) WITH (lists = 1);
CREATE UNLOGGED TABLE u (val bit(8));
CREATE INDEX u_hnsw ON u USING hnsw (val bit_hamming_ops);
CREATE TABLE parted (id int, val vector(3)) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX parted_hnsw ON parted USING hnsw (val vector_l2_ops);

SELECT relname, vector_needs_reindex(oid) FROM pg_class
	WHERE vector_needs_reindex(oid) IS NOT NULL ORDER BY relname COLLATE "C";
SELECT vector_needs_reindex('t_pkey'), vector_needs_reindex('t'), vector_needs_reindex('parted_hnsw'),
	vector_needs_reindex(0), vector_needs_reindex(4000000000), vector_needs_reindex(NULL);

DROP TABLE t, u, parted;

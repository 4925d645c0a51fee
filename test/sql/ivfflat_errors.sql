-- ivfflat: limits, options, settings and what is said about them.
CREATE TABLE plain (val vector(3), any_size vector, wide vector(2001), wide_half halfvec(4001),
                    wide_bit bit(64001), varying varbit(3), one_d vector(1), one_half halfvec(1), sparse sparsevec(3));
-- Checked in this order, also on an empty table.
CREATE INDEX ON plain USING ivfflat (varying bit_hamming_ops);
CREATE INDEX ON plain USING ivfflat (any_size);
CREATE INDEX ON plain USING ivfflat (wide);
CREATE INDEX ON plain USING ivfflat (wide_half halfvec_l2_ops);
CREATE INDEX ON plain USING ivfflat (wide_bit bit_hamming_ops);
CREATE INDEX ON plain USING ivfflat (one_d vector_ip_ops);
CREATE INDEX ON plain USING ivfflat (one_d vector_cosine_ops);
CREATE INDEX ON plain USING ivfflat (one_half halfvec_cosine_ops);
CREATE INDEX ON plain USING ivfflat (one_d) WITH (lists = 1);
CREATE INDEX ON plain USING ivfflat (sparse sparsevec_l2_ops);
CREATE INDEX ON plain USING ivfflat (val vector_l1_ops);
CREATE INDEX ON plain USING ivfflat (val) WITH (lists = 0);
CREATE INDEX ON plain USING ivfflat (val) WITH (lists = 32769);
CREATE INDEX ON plain USING ivfflat (val) WITH (lists = '10');
CREATE INDEX ON plain USING ivfflat (val) WITH (fillfactor = 50);
CREATE INDEX ON plain USING ivfflat (val, one_d);
CREATE INDEX ON plain USING ivfflat (val) INCLUDE (one_d);
CREATE UNIQUE INDEX ON plain USING ivfflat (val);
CREATE INDEX ON plain USING ivfflat (val DESC);

-- The widest that can be indexed, and the memory that training takes.
CREATE TABLE widest (a vector(2000), b halfvec(4000), c bit(64000));
SET maintenance_work_mem = '1MB';
CREATE INDEX ON widest USING ivfflat (a);
CREATE INDEX ON widest USING ivfflat (b halfvec_l2_ops);
CREATE INDEX ON widest USING ivfflat (c bit_hamming_ops);
DROP TABLE widest;
CREATE TABLE widest (a vector(2000), b halfvec(4000), c bit(64000));
INSERT INTO widest SELECT array_fill(1, ARRAY[2000])::vector, array_fill(1, ARRAY[4000])::halfvec, repeat('1', 64000)::bit(64000);
CREATE INDEX ON widest USING ivfflat (a);
SET maintenance_work_mem = '5MB';
CREATE INDEX ON widest USING ivfflat (a);
CREATE INDEX ON widest USING ivfflat (b halfvec_l2_ops);
SET maintenance_work_mem = '6MB';
CREATE INDEX ON widest USING ivfflat (b halfvec_l2_ops);
CREATE INDEX ON widest USING ivfflat (c bit_hamming_ops);
SET maintenance_work_mem = '29MB';
CREATE INDEX ON widest USING ivfflat (c bit_hamming_ops);
RESET maintenance_work_mem;
INSERT INTO widest SELECT array_fill(2, ARRAY[2000])::vector, array_fill(2, ARRAY[4000])::halfvec, repeat('01', 32000)::bit(64000);
SET enable_seqscan = off;
SELECT a <-> array_fill(2, ARRAY[2000])::vector AS d FROM widest ORDER BY a <-> array_fill(2, ARRAY[2000])::vector LIMIT 1;
SELECT b <-> array_fill(2, ARRAY[4000])::halfvec AS d FROM widest ORDER BY b <-> array_fill(2, ARRAY[4000])::halfvec LIMIT 1;
SELECT c <~> repeat('01', 32000)::bit(64000) AS d FROM widest ORDER BY c <~> repeat('01', 32000)::bit(64000) LIMIT 1;

-- Settings.
SHOW ivfflat.probes;
SET ivfflat.probes = 0;
SET ivfflat.probes = 32769;
SHOW ivfflat.iterative_scan;
SET ivfflat.iterative_scan = 'on';
SET ivfflat.iterative_scan = strict_order;
SHOW ivfflat.max_probes;
SET ivfflat.max_probes = 0;
SET ivfflat.max_probes = 32769;
SET ivfflat.unknown = 1;

-- The number of lists is what the index was built with.
CREATE TABLE changing (val vector(3));
INSERT INTO changing SELECT ARRAY[i, i, 1]::vector FROM generate_series(1, 100) i;
CREATE INDEX changing_idx ON changing USING ivfflat (val) WITH (lists = 5);
ALTER INDEX changing_idx SET (lists = 50);
SET ivfflat.probes = 5;
SELECT count(*) FROM (SELECT val FROM changing ORDER BY val <-> '[60,60,1]') t;
REINDEX INDEX changing_idx;
SELECT count(*) < 100 AS some FROM (SELECT val FROM changing ORDER BY val <-> '[60,60,1]') t;
RESET ivfflat.probes;

-- More lists than can be trained with the memory at hand.
CREATE TABLE many (val vector(3));
INSERT INTO many SELECT ARRAY[i, i % 17, i % 23]::vector FROM generate_series(1, 11000) i;
CREATE INDEX ON many USING ivfflat (val) WITH (lists = 10000);

DROP TABLE plain, widest, changing, many;

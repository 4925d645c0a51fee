-- ivfflat: what a scan returns, in which order, and what it leaves out.
SET enable_seqscan = off;

-- Built from rows, then inserted into; NULL is not indexed.
CREATE TABLE item (id int, val vector(3));
INSERT INTO item VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL);
CREATE INDEX item_idx ON item USING ivfflat (val vector_l2_ops) WITH (lists = 1);
INSERT INTO item VALUES (5, '[1,2,4]'), (6, NULL);
EXPLAIN (COSTS OFF) SELECT * FROM item ORDER BY val <-> '[3,3,3]';
SELECT * FROM item ORDER BY val <-> '[3,3,3]';
SELECT count(*) FROM (SELECT * FROM item ORDER BY val <-> NULL) t;
SELECT count(*) FROM (SELECT * FROM item ORDER BY val <-> (SELECT NULL::vector)) t;

-- Another order key for each outer row.
SELECT q.id, n.id AS nearest FROM item q,
  LATERAL (SELECT id FROM item ORDER BY val <-> q.val LIMIT 1) n
  WHERE q.val IS NOT NULL ORDER BY q.id;

-- A query of another size.
SELECT * FROM item ORDER BY val <-> '[1,2]';
-- The session goes on.
SELECT id FROM item ORDER BY val <-> '[1,2,4]' LIMIT 1;

-- Without an order the index is no way to the rows.
RESET enable_seqscan;
EXPLAIN (COSTS OFF) SELECT * FROM item WHERE val <-> '[3,3,3]' < 2;
SET enable_seqscan = off;

-- Deleted rows are not returned.
DELETE FROM item WHERE id = 2;
SELECT id FROM item ORDER BY val <-> '[1,2,3]';
UPDATE item SET val = '[9,9,9]' WHERE id = 5;
SELECT id FROM item ORDER BY val <-> '[1,2,4]';
VACUUM item;
SELECT id FROM item ORDER BY val <-> '[1,2,4]';

-- Empty, and filled again.
TRUNCATE item;
SELECT id FROM item ORDER BY val <-> '[1,2,4]';
INSERT INTO item VALUES (1, '[1,0,0]');
SELECT id FROM item ORDER BY val <-> '[1,2,4]';
DELETE FROM item;
VACUUM item;
SELECT id FROM item ORDER BY val <-> '[1,2,4]';
INSERT INTO item VALUES (2, '[2,0,0]');
SELECT id FROM item ORDER BY val <-> '[1,2,4]';
REINDEX INDEX item_idx;
SELECT id FROM item ORDER BY val <-> '[1,2,4]';

-- Inner product and cosine: a vector without a direction has no cosine.
CREATE TABLE direction (val vector(3));
INSERT INTO direction VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON direction USING ivfflat (val vector_cosine_ops) WITH (lists = 1);
CREATE INDEX ON direction USING ivfflat (val vector_ip_ops) WITH (lists = 1);
INSERT INTO direction VALUES ('[1,2,4]'), ('[0,0,0]');
SELECT * FROM direction ORDER BY val <=> '[3,3,3]';
SELECT count(*) FROM (SELECT * FROM direction ORDER BY val <=> '[0,0,0]') t;
SELECT count(*) FROM (SELECT * FROM direction ORDER BY val <=> (SELECT NULL::vector)) t;
SELECT * FROM direction ORDER BY val <#> '[3,3,3]';

-- halfvec and bit.
CREATE TABLE other (id int, half halfvec(3), bits bit(3));
INSERT INTO other VALUES (1, '[0,0,0]', '000'), (2, '[1,2,3]', '100'), (3, '[1,1,1]', '111'), (4, NULL, NULL);
CREATE INDEX ON other USING ivfflat (half halfvec_l2_ops) WITH (lists = 1);
CREATE INDEX ON other USING ivfflat (half halfvec_ip_ops) WITH (lists = 1);
CREATE INDEX ON other USING ivfflat (half halfvec_cosine_ops) WITH (lists = 1);
CREATE INDEX ON other USING ivfflat (bits bit_hamming_ops) WITH (lists = 1);
INSERT INTO other VALUES (5, '[1,2,4]', '110');
SELECT half FROM other ORDER BY half <-> '[3,3,3]';
SELECT half FROM other ORDER BY half <#> '[3,3,3]';
SELECT half FROM other ORDER BY half <=> '[3,3,3]';
SELECT bits FROM other ORDER BY bits <~> '111';
SELECT * FROM other ORDER BY bits <~> '11';
SELECT count(*) FROM (SELECT * FROM other ORDER BY bits <~> (SELECT NULL::bit)) t;

-- Every value has a list of its own, and its rows are in it: built, and inserted.
CREATE TABLE three (id int, val bit(3));
INSERT INTO three SELECT i, (i % 8)::bit(3) FROM generate_series(1, 100) i;
CREATE INDEX three_idx ON three USING ivfflat (val bit_hamming_ops) WITH (lists = 100);
INSERT INTO three SELECT i, (i % 8)::bit(3) FROM generate_series(101, 200) i;
SELECT v::bit(3), (SELECT count(*) FROM (SELECT val FROM three ORDER BY val <~> v::bit(3)) t WHERE val = v::bit(3)) AS its,
  (SELECT count(*) FROM (SELECT val FROM three ORDER BY val <~> v::bit(3)) t) AS all
  FROM generate_series(0, 7) v;

-- Expression and partial indexes.
CREATE TABLE loose (id int, val vector, kind int);
INSERT INTO loose VALUES (1, '[1,2,3]', 1), (2, '[3,4,5]', 1), (3, '[3,4,4]', 2);
CREATE INDEX ON loose USING ivfflat ((val::vector(3)) vector_l2_ops) WITH (lists = 1);
SELECT id FROM loose ORDER BY val::vector(3) <-> '[3,4,4]';
CREATE INDEX ON loose USING ivfflat ((val::halfvec(3)) halfvec_l2_ops) WITH (lists = 1) WHERE kind = 1;
SELECT id FROM loose WHERE kind = 1 ORDER BY val::halfvec(3) <-> '[3,4,4]';
CREATE INDEX ON loose USING ivfflat ((binary_quantize(val)::bit(3)) bit_hamming_ops) WITH (lists = 1);
SELECT id FROM loose ORDER BY binary_quantize(val)::bit(3) <~> '111', id LIMIT 1;
-- A row of another size.
INSERT INTO loose VALUES (4, '[1,2]', 1);

-- Unlogged and temporary tables, partitions, CONCURRENTLY.
CREATE UNLOGGED TABLE short (val vector(3));
CREATE INDEX ON short USING ivfflat (val vector_l2_ops);
INSERT INTO short VALUES ('[1,2,3]');
SELECT * FROM short ORDER BY val <-> '[1,2,3]';
CREATE TEMP TABLE mine (val vector(3));
INSERT INTO mine VALUES ('[1,2,3]');
CREATE INDEX ON mine USING ivfflat (val vector_l2_ops) WITH (lists = 1);
INSERT INTO mine VALUES ('[0,1,0]');
SELECT * FROM mine ORDER BY val <-> '[0,0,0]';
CREATE TABLE part (id int, val vector(3)) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part SELECT i, ARRAY[i, i, i]::vector FROM generate_series(0, 19) i;
CREATE INDEX ON part USING ivfflat (val vector_l2_ops) WITH (lists = 1);
SELECT id FROM part ORDER BY val <-> '[10,10,10]', id LIMIT 3;
CREATE INDEX CONCURRENTLY part1_more ON part1 USING ivfflat (val vector_cosine_ops) WITH (lists = 1);
REINDEX INDEX CONCURRENTLY part1_more;
SELECT id FROM part1 WHERE id > 0 ORDER BY val <=> '[1,1,1]', id LIMIT 1;

-- A cursor sees the rows of its snapshot.
BEGIN;
DECLARE walk CURSOR FOR SELECT id FROM part1 ORDER BY val <-> '[3,3,3]';
FETCH 1 FROM walk;
DELETE FROM part1 WHERE id <> 3;
FETCH 1 FROM walk;
ROLLBACK;

-- NaN and infinite distances are no reason to lose rows.
CREATE TABLE huge (id int, val vector(40));
INSERT INTO huge SELECT i, array_fill((CASE i WHEN 1 THEN 3e38 WHEN 2 THEN -3e38 ELSE i END)::real, ARRAY[40])::vector
  FROM generate_series(1, 5) i;
CREATE INDEX ON huge USING ivfflat (val vector_l2_ops) WITH (lists = 1);
CREATE INDEX ON huge USING ivfflat (val vector_cosine_ops) WITH (lists = 2);
SET ivfflat.probes = 2;
SELECT id FROM huge ORDER BY val <-> array_fill(3::real, ARRAY[40])::vector, id LIMIT 3;
SELECT count(*) FROM (SELECT * FROM huge ORDER BY val <-> array_fill(3e38::real, ARRAY[40])::vector) t;
SELECT count(*) FROM (SELECT * FROM huge ORDER BY val <=> array_fill(3::real, ARRAY[40])::vector) t;
RESET ivfflat.probes;

-- With all lists looked at, the answer is that of the sorted table, in its order.
CREATE TABLE wide (id int, val vector(40));
INSERT INTO wide SELECT i, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 40) j)::vector
  FROM generate_series(1, 1500) i;
CREATE INDEX ON wide USING ivfflat (val vector_l2_ops) WITH (lists = 10);
CREATE INDEX ON wide USING ivfflat (val vector_ip_ops) WITH (lists = 10);
CREATE INDEX ON wide USING ivfflat (val vector_cosine_ops) WITH (lists = 10);
SET ivfflat.probes = 10;
CREATE FUNCTION differences(operator text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE by_index int[]; by_table int[]; query text;
BEGIN
  query := format('SELECT array_agg(id) FROM (SELECT id FROM wide ORDER BY val %s (SELECT val FROM wide WHERE id = 7)) t', operator);
  SET LOCAL enable_indexscan = on; SET LOCAL enable_seqscan = off;
  EXECUTE query INTO by_index;
  SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = on;
  EXECUTE query INTO by_table;
  RETURN (SELECT count(*) FROM unnest(by_index, by_table) AS t (a, b) WHERE a IS DISTINCT FROM b);
END $$;
SELECT differences('<->'), differences('<#>'), differences('<=>');

DROP FUNCTION differences;
DROP TABLE item, direction, other, three, loose, short, mine, part, huge, wide;

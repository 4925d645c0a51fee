-- flat: exact search with an index.
CREATE TABLE plain (val vector(3), any_size vector, wide vector(8001), wide_half halfvec(8001), wide_bit bit(64001),
                    varying varbit(3), sparse sparsevec(2000));
-- Limits, and what is said about them.
CREATE INDEX ON plain USING flat (varying bit_hamming_ops);
CREATE INDEX ON plain USING flat (any_size vector_l2_ops);
CREATE INDEX ON plain USING flat (wide vector_l2_ops);
CREATE INDEX ON plain USING flat (wide_half halfvec_l2_ops);
CREATE INDEX ON plain USING flat (wide_bit bit_hamming_ops);
CREATE INDEX ON plain USING flat (val);
CREATE INDEX ON plain USING flat (val vector_l2_ops) WITH (lists = 1);
CREATE UNIQUE INDEX ON plain USING flat (val vector_l2_ops);
CREATE INDEX sparse_idx ON plain USING flat (sparse sparsevec_l2_ops);
INSERT INTO plain (sparse) SELECT (SELECT array_agg(CASE WHEN i <= n THEN 1 ELSE 0 END) FROM generate_series(1, 2000) i)::sparsevec FROM generate_series(999, 1000) n;
INSERT INTO plain (sparse) SELECT (SELECT array_agg(CASE WHEN i <= 1001 THEN 1 ELSE 0 END) FROM generate_series(1, 2000) i)::sparsevec;
DROP TABLE plain;
CREATE TABLE widest (id int, a vector(8000), b halfvec(8000), c bit(64000));
INSERT INTO widest SELECT i, array_fill(i, ARRAY[8000])::vector, array_fill(i, ARRAY[8000])::halfvec, repeat('1', 64000)::bit(64000) FROM generate_series(1, 3) i;
CREATE INDEX ON widest USING flat (a vector_l2_ops);
CREATE INDEX ON widest USING flat (b halfvec_l1_ops);
CREATE INDEX ON widest USING flat (c bit_jaccard_ops);
INSERT INTO widest SELECT i, array_fill(i, ARRAY[8000])::vector, array_fill(i, ARRAY[8000])::halfvec, repeat('01', 32000)::bit(64000) FROM generate_series(4, 5) i;
SET enable_seqscan = off;
SELECT id FROM widest ORDER BY a <-> array_fill(4.2, ARRAY[8000])::vector;
SELECT id FROM widest ORDER BY b <+> array_fill(4.2, ARRAY[8000])::halfvec;
SELECT id, c <%> repeat('01', 32000)::bit(64000) AS d FROM widest ORDER BY c <%> repeat('01', 32000)::bit(64000), id;
DROP TABLE widest;

-- Every row comes, also those without a distance: NaN, then NULL.
CREATE TABLE item (id int, val vector(3));
INSERT INTO item VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL);
CREATE INDEX item_l2 ON item USING flat (val vector_l2_ops);
CREATE INDEX item_cosine ON item USING flat (val vector_cosine_ops);
CREATE INDEX item_ip ON item USING flat (val vector_ip_ops);
CREATE INDEX item_l1 ON item USING flat (val vector_l1_ops);
INSERT INTO item VALUES (5, '[1,2,4]'), (6, NULL), (7, '[0,0,0]');
EXPLAIN (COSTS OFF) SELECT id FROM item ORDER BY val <=> '[3,3,3]';
SELECT id, val <-> '[3,3,3]' AS d FROM item ORDER BY val <-> '[3,3,3]', id;
SELECT id, (val <=> '[3,3,3]')::numeric(5, 3) AS d FROM item ORDER BY val <=> '[3,3,3]', id;
SELECT id, val <#> '[3,3,3]' AS d FROM item ORDER BY val <#> '[3,3,3]', id;
SELECT id, val <+> '[3,3,3]' AS d FROM item ORDER BY val <+> '[3,3,3]', id;
SELECT count(*) FROM (SELECT id FROM item ORDER BY val <=> '[0,0,0]') t;
SELECT count(*) FROM (SELECT id FROM item ORDER BY val <-> (SELECT NULL::vector)) t;
SELECT * FROM item ORDER BY val <-> '[1,2]';
-- Whichever of them the index has first.
INSERT INTO item SELECT 10 + i, CASE i % 2 WHEN 0 THEN '[0,0,0]'::vector END FROM generate_series(1, 16) i;
SELECT string_agg(CASE WHEN val IS NULL THEN 'n' ELSE '0' END, '') FROM
  (SELECT val FROM item WHERE id > 10 ORDER BY val <=> '[3,3,3]') t;
DELETE FROM item WHERE id IN (2, 6) OR id > 10;
VACUUM item;
SELECT id FROM item ORDER BY val <-> '[1,2,3]', id;
TRUNCATE item;
SELECT id FROM item ORDER BY val <-> '[1,2,3]';
DROP TABLE item;

-- The index and the sorted table give the same: whole, with filters, in joins, with little memory.
CREATE TABLE data (id int, kind int, v vector(48), h halfvec(70), b bit(80), s sparsevec(60));
INSERT INTO data SELECT i, i % 20, CASE WHEN i % 97 <> 0 THEN (SELECT array_agg(((hashint8extended(j, i / 2) % 1000) / 100.0)::real) FROM generate_series(1, 48) j)::vector END
  FROM generate_series(1, 3000) i;
UPDATE data SET h = (v || subvector(v, 1, 22))::halfvec(70), b = binary_quantize(v || subvector(v, 1, 32))::bit(80),
  s = (SELECT array_agg(CASE WHEN hashint8extended(j, id) % 9 = 0 THEN j ELSE 0 END) FROM generate_series(1, 60) j)::sparsevec;
CREATE FUNCTION differences(source text, distance text, tail text DEFAULT '') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE by_index float8[]; by_table float8[]; plan text; query text;
BEGIN
  query := format('SELECT array_agg(d) FROM (SELECT %s AS d FROM %s ORDER BY %s %s) t', distance, source, distance, tail);
  SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_sort = off;
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  IF plan !~ 'Order By' THEN RAISE EXCEPTION 'not by index: %', plan; END IF;
  EXECUTE query INTO by_index;
  SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off; SET LOCAL enable_sort = on;
  EXECUTE query INTO by_table;
  RETURN CASE WHEN cardinality(by_index) = cardinality(by_table)
    THEN (SELECT count(*) FROM unnest(by_index, by_table) AS t (a, b) WHERE a IS DISTINCT FROM b) END;
END $$;
CREATE INDEX ON data USING flat (v vector_l2_ops);
CREATE INDEX ON data USING flat (v vector_ip_ops);
CREATE INDEX ON data USING flat (v vector_cosine_ops);
CREATE INDEX ON data USING flat (v vector_l1_ops);
CREATE INDEX ON data USING flat (h halfvec_l2_ops);
CREATE INDEX ON data USING flat (h halfvec_ip_ops);
CREATE INDEX ON data USING flat (h halfvec_cosine_ops);
CREATE INDEX ON data USING flat (h halfvec_l1_ops);
CREATE INDEX ON data USING flat (b bit_hamming_ops);
CREATE INDEX ON data USING flat (b bit_jaccard_ops);
CREATE INDEX ON data USING flat (s sparsevec_l2_ops);
CREATE INDEX ON data USING flat (s sparsevec_ip_ops);
CREATE INDEX ON data USING flat (s sparsevec_cosine_ops);
CREATE INDEX ON data USING flat (s sparsevec_l1_ops);
SELECT o, differences('data', format('v %s (SELECT v FROM data WHERE id = 7)', o)) AS vector,
  differences('data', format('h %s (SELECT h FROM data WHERE id = 7)', o)) AS halfvec,
  differences('data', format('s %s (SELECT s FROM data WHERE id = 7)', o)) AS sparsevec
  FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) o;
SELECT o, differences('data', format('b %s (SELECT b FROM data WHERE id = 7)', o)) AS bit FROM unnest(ARRAY['<~>', '<%>']) o;
SELECT n, differences('data', 'v <-> (SELECT v FROM data WHERE id = 9)', 'LIMIT ' || n) FROM unnest(ARRAY[1, 2, 10, 100, 2999, 3000, 3001]) n;
SELECT differences('data WHERE kind = 3', 'v <-> (SELECT v FROM data WHERE id = 9)', 'LIMIT 20') AS filter,
  differences('data WHERE v <-> (SELECT v FROM data WHERE id = 9) < 30', 'v <-> (SELECT v FROM data WHERE id = 9)') AS radius,
  differences('data WHERE v <-> (SELECT v FROM data WHERE id = 9) < 30', 'v <-> (SELECT v FROM data WHERE id = 9)', 'LIMIT 5') AS radius_limit,
  differences('data', 'v <-> (SELECT v FROM data WHERE id = 9)', 'OFFSET 1000') AS page;
SET work_mem = '64kB';
SELECT differences('data', 'v <-> (SELECT v FROM data WHERE id = 9)') AS little_memory,
  differences('data', 's <=> (SELECT s FROM data WHERE id = 9)') AS sparse;
RESET work_mem;
RESET enable_seqscan;
EXPLAIN (COSTS OFF) SELECT q.id, n.id FROM (SELECT * FROM data WHERE id <= 50) q, LATERAL (SELECT id FROM data ORDER BY v <-> q.v LIMIT 2) n;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*) FROM (SELECT * FROM data WHERE id BETWEEN 2 AND 51) q,
  LATERAL (SELECT array_agg(id ORDER BY id) AS ids FROM (SELECT id FROM data ORDER BY v <-> q.v LIMIT 2) t) n WHERE n.ids = ARRAY[q.id / 2 * 2, q.id / 2 * 2 + 1];
RESET enable_sort;

-- Rows that come, go and change places.
DELETE FROM data WHERE id % 3 = 0;
SELECT differences('data', 'v <-> (SELECT v FROM data WHERE id = 7)') AS deleted;
VACUUM data;
SELECT differences('data', 'v <-> (SELECT v FROM data WHERE id = 7)') AS vacuumed;
SELECT pg_relation_size('data_v_idx') AS before \gset
INSERT INTO data SELECT i, 1, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 48) j)::vector FROM generate_series(4001, 4900) i;
UPDATE data SET kind = kind + 1 WHERE id % 2 = 0;
SELECT differences('data', 'v <-> (SELECT v FROM data WHERE id = 7)') AS inserted, differences('data', 's <+> (SELECT s FROM data WHERE id = 7)') AS sparse;
REINDEX TABLE data;
SELECT differences('data', 'v <-> (SELECT v FROM data WHERE id = 7)') AS rebuilt;

-- The planner takes it for the nearest few, alone and with a filter, and leaves it for everything else.
RESET enable_seqscan;
ANALYZE data;
EXPLAIN (COSTS OFF) SELECT id FROM data ORDER BY h <=> array_fill(1, ARRAY[70])::halfvec(70) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM data WHERE kind > 3 ORDER BY b <~> repeat('01', 40)::bit(80) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM data WHERE b <~> repeat('01', 40)::bit(80) < 20 ORDER BY b <~> repeat('01', 40)::bit(80) LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM data WHERE b <~> repeat('01', 40)::bit(80) < 20;
EXPLAIN (COSTS OFF) SELECT count(*) FROM data;

-- Unlogged, temporary, partial, on an expression, CONCURRENTLY.
SET enable_seqscan = off;
CREATE UNLOGGED TABLE short (val vector(3));
CREATE INDEX ON short USING flat (val vector_l2_ops);
INSERT INTO short VALUES ('[1,2,3]'), (NULL);
SELECT * FROM short ORDER BY val <-> '[1,2,3]';
CREATE TEMP TABLE mine (id int, val vector);
INSERT INTO mine VALUES (1, '[1,2,3]'), (2, '[3,2,1]');
CREATE INDEX ON mine USING flat ((val::vector(3)) vector_cosine_ops);
CREATE INDEX ON mine USING flat ((val::halfvec(3)) halfvec_l2_ops) WHERE id > 1;
INSERT INTO mine VALUES (3, '[0,1,0]');
SELECT id FROM mine ORDER BY val::vector(3) <=> '[0,1,0]';
SELECT id FROM mine WHERE id > 1 ORDER BY val::halfvec(3) <-> '[0,1,0]';
CREATE INDEX CONCURRENTLY data_more ON data USING flat (v vector_l2_ops) WHERE kind = 1;
REINDEX INDEX CONCURRENTLY data_more;
SELECT differences('data WHERE kind = 1', 'v <-> (SELECT v FROM data WHERE id = 7)') AS concurrently;

DROP FUNCTION differences;
DROP TABLE short, mine, data;

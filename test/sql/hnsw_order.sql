-- hnsw over codes: rows leave in the exact order of the operator's own result, and with ef_search
-- as large as the table nothing is missing.
SET enable_seqscan = off;
SET hnsw.ef_search = 1000;

CREATE FUNCTION random_vector(seed int, dims int, scale float8 DEFAULT 1) RETURNS vector
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(((hashint8extended(i, seed) % 2000) / 1000.0 * scale)::real ORDER BY i)::vector
  FROM generate_series(1, dims) i
$$;

CREATE TABLE wide (id int, val vector(100));
INSERT INTO wide SELECT i, random_vector(i, 100) FROM generate_series(1, 400) i;
-- Near ones that differ in the last digits only, equal ones, and far ones.
INSERT INTO wide SELECT 400 + i, random_vector(7, 100) + random_vector(i, 100, 1e-6) FROM generate_series(1, 50) i;
INSERT INTO wide SELECT 450 + i, random_vector(7, 100) FROM generate_series(1, 25) i;
INSERT INTO wide SELECT 500 + i, random_vector(i, 100, 1e15) FROM generate_series(1, 20) i;

-- Compares what the index returns with the sorted table: same distances in the same order.  Under
-- the inner product only that they are in order: vectors much shorter than others may be missing.
CREATE FUNCTION same_order(relation text, operator text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  by_index float8[];
  by_table float8[];
BEGIN
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_indexscan = on;
  EXECUTE format('SELECT array_agg(d) FROM (SELECT val %1$s %2$s AS d FROM %3$I ORDER BY val %1$s %2$s) t',
                 operator, query, relation) INTO by_index;
  SET LOCAL enable_seqscan = on;
  SET LOCAL enable_indexscan = off;
  EXECUTE format('SELECT array_agg(d ORDER BY d) FROM (SELECT val %1$s %2$s AS d FROM %3$I) t',
                 operator, query, relation) INTO by_table;
  IF operator = '<#>' THEN
    RETURN CASE WHEN by_index = (SELECT array_agg(d ORDER BY d) FROM unnest(by_index) d)
      AND cardinality(by_index) > 0.9 * cardinality(by_table) THEN 'in order' ELSE 'not in order' END;
  END IF;
  RETURN CASE WHEN by_index = by_table THEN 'same'
    ELSE format('%s rows by index, %s by table', cardinality(by_index), cardinality(by_table)) END;
END $$;

CREATE INDEX ON wide USING hnsw (val vector_l2_ops);
CREATE INDEX ON wide USING hnsw (val vector_ip_ops);
CREATE INDEX ON wide USING hnsw (val vector_cosine_ops);
CREATE INDEX ON wide USING hnsw (val vector_l1_ops);
SELECT op, q, same_order('wide', op, format('random_vector(%s, 100, %s)', q, scale))
  FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) op,
       (VALUES (7, 1.0), (1000, 1.0), (12, 1e-8), (13, 1e12)) v(q, scale)
  ORDER BY op, q;

CREATE TABLE half (id int, val halfvec(100));
INSERT INTO half SELECT id, val::halfvec FROM wide WHERE id <= 500;
CREATE INDEX ON half USING hnsw (val halfvec_l2_ops);
CREATE INDEX ON half USING hnsw (val halfvec_ip_ops);
CREATE INDEX ON half USING hnsw (val halfvec_cosine_ops);
CREATE INDEX ON half USING hnsw (val halfvec_l1_ops);
SELECT op, same_order('half', op, 'random_vector(7, 100)::halfvec')
  FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) op ORDER BY op;

-- Codes of these are rotated and lie in halves.
CREATE TABLE long (id int, val vector(301));
INSERT INTO long SELECT i, random_vector(i, 301) FROM generate_series(1, 400) i;
INSERT INTO long SELECT 400 + i, random_vector(7, 301) + random_vector(i, 301, 1e-6) FROM generate_series(1, 50) i;
INSERT INTO long SELECT 450 + i, random_vector(7, 301) FROM generate_series(1, 25) i;
INSERT INTO long SELECT 500 + i, random_vector(i, 301, 1e15) FROM generate_series(1, 20) i;
CREATE INDEX ON long USING hnsw (val vector_l2_ops);
CREATE INDEX ON long USING hnsw (val vector_ip_ops);
CREATE INDEX ON long USING hnsw (val vector_cosine_ops);
CREATE INDEX ON long USING hnsw (val vector_l1_ops);
SELECT op, q, same_order('long', op, format('random_vector(%s, 301, %s)', q, scale))
  FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) op,
       (VALUES (7, 1.0), (1000, 1.0), (12, 1e-8), (13, 1e12)) v(q, scale)
  ORDER BY op, q;
CREATE TABLE long_half (id int, val halfvec(301));
INSERT INTO long_half SELECT id, val::halfvec FROM long WHERE id <= 500;
CREATE INDEX ON long_half USING hnsw (val halfvec_l2_ops);
CREATE INDEX ON long_half USING hnsw (val halfvec_ip_ops);
CREATE INDEX ON long_half USING hnsw (val halfvec_cosine_ops);
SELECT op, same_order('long_half', op, 'random_vector(7, 301)::halfvec')
  FROM unnest(ARRAY['<->', '<#>', '<=>']) op ORDER BY op;
-- A small ef_search, again and again: what is met in passing is known roughly at first.
DELETE FROM long WHERE id % 3 = 0;
UPDATE long SET val = random_vector(id + 5000, 301) WHERE id % 5 = 0;
VACUUM long;
INSERT INTO long SELECT 600 + i, random_vector(i, 301) FROM generate_series(1, 100) i;
SET hnsw.ef_search = 5;
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.max_scan_tuples = 1000000;
SELECT (SELECT count(*) FROM (SELECT id FROM long ORDER BY val <-> random_vector(1001, 301) LIMIT 10000) t) - count(*) AS l2,
       (SELECT count(*) FROM (SELECT id FROM long ORDER BY val <#> random_vector(1001, 301) LIMIT 10000) t) - count(*) AS ip,
       (SELECT count(*) FROM (SELECT id FROM long ORDER BY val <=> random_vector(1001, 301) LIMIT 10000) t) - count(*) AS cosine
  FROM long;
SET hnsw.iterative_scan = strict_order;
SELECT count(*) FILTER (WHERE d < before) AS not_in_order, count(*) > 20 AS some
  FROM (SELECT d, lag(d) OVER () AS before
          FROM (SELECT val <=> random_vector(1001, 301) AS d FROM long ORDER BY val <=> random_vector(1001, 301) LIMIT 10000) t) u;
SELECT 'long', index, problem FROM unnest(ARRAY['long_val_idx', 'long_val_idx1', 'long_val_idx2']) index,
  LATERAL hnsw_check(index::regclass) problem;
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
SET hnsw.ef_search = 1000;

CREATE TABLE bits (id int, val bit(100));
INSERT INTO bits SELECT id, binary_quantize(val)::bit(100) FROM wide;
CREATE INDEX ON bits USING hnsw (val bit_hamming_ops);
CREATE INDEX ON bits USING hnsw (val bit_jaccard_ops);
SELECT op, same_order('bits', op, 'binary_quantize(random_vector(8, 100))::bit(100)')
  FROM unnest(ARRAY['<~>', '<%>']) op ORDER BY op;

CREATE TABLE sparse (id int, val sparsevec(100));
INSERT INTO sparse SELECT id, (SELECT array_agg(CASE WHEN (id + i) % 7 = 0 THEN x ELSE 0 END ORDER BY i)
    FROM unnest(val::real[]) WITH ORDINALITY u(x, i))::real[]::sparsevec FROM wide WHERE id <= 500;
CREATE INDEX ON sparse USING hnsw (val sparsevec_l2_ops);
CREATE INDEX ON sparse USING hnsw (val sparsevec_ip_ops);
CREATE INDEX ON sparse USING hnsw (val sparsevec_l1_ops);
CREATE INDEX ON sparse USING hnsw (val sparsevec_cosine_ops);
SELECT op, same_order('sparse', op, '(SELECT val FROM sparse WHERE id = 9)')
  FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) op ORDER BY op;

-- After changes.
DELETE FROM wide WHERE id % 3 = 0;
UPDATE wide SET val = random_vector(id + 5000, 100) WHERE id % 5 = 0;
SELECT same_order('wide', '<->', 'random_vector(1001, 100)');
VACUUM wide;
INSERT INTO wide SELECT 600 + i, random_vector(600 + i, 100) FROM generate_series(1, 100) i;
SELECT same_order('wide', '<->', 'random_vector(1001, 100)');
DELETE FROM sparse WHERE id % 2 = 0;
VACUUM sparse;
INSERT INTO sparse SELECT id, (val::real[])[1:100]::real[]::sparsevec FROM wide WHERE id <= 300;
SELECT same_order('sparse', '<->', '(SELECT val FROM sparse WHERE id = 9 ORDER BY val LIMIT 1)');

DROP TABLE wide, half, long, long_half, bits, sparse;
DROP FUNCTION same_order, random_vector;

-- Values in every place that PostgreSQL can store them: inline with a short header, inline, out of
-- line, compressed.  What they give is the same everywhere.

CREATE TABLE places (id int, v vector, h halfvec, s sparsevec);
SELECT attname, attstorage FROM pg_attribute WHERE attrelid = 'places'::regclass AND attnum > 1 ORDER BY attnum;

-- 3 and 1000 dimensions fit into a page, 3000 do not; each is one number repeated, to compress well
CREATE VIEW some_values AS
SELECT n AS id, v, v::halfvec AS h, v::sparsevec AS s
FROM (SELECT n, array_fill(n::real / 1000, ARRAY[n])::vector AS v FROM unnest(ARRAY[3, 1000, 3000]) n) x;
CREATE VIEW answers AS
SELECT id, vector_dims(v), round(vector_norm(v)::numeric, 3) AS norm, v::text = (SELECT x.v::text FROM some_values x WHERE x.id = p.id) AS text,
       v <-> v + v AS l2, h <#> h AS ip, round((s <=> s)::numeric, 6) AS cosine, v <+> v * v AS l1, v = h::vector AS half, s::vector = v AS sparse,
       binary_quantize(v) <~> binary_quantize(h) AS hamming, v >= v AS self
FROM places p;

CREATE TABLE expected_answers AS SELECT * FROM answers;
DO $$
DECLARE
  storage text;
BEGIN
  FOREACH storage IN ARRAY ARRAY['EXTERNAL', 'EXTENDED', 'MAIN'] LOOP
    EXECUTE format('ALTER TABLE places ALTER v SET STORAGE %1$s, ALTER h SET STORAGE %1$s, ALTER s SET STORAGE %1$s', storage);
    TRUNCATE places;
    INSERT INTO places SELECT * FROM some_values;
    IF storage = 'EXTERNAL' THEN
      INSERT INTO expected_answers SELECT * FROM answers;
    ELSIF EXISTS ((SELECT * FROM answers EXCEPT ALL SELECT * FROM expected_answers) UNION ALL (SELECT * FROM expected_answers EXCEPT ALL SELECT * FROM answers)) THEN
      RAISE 'storage % gives other answers', storage;
    END IF;
    RAISE NOTICE '% keeps the 3000 dimensions of v in % bytes, compressed with %; % pages of TOAST', storage,
      (SELECT pg_column_size(v) FROM places WHERE id = 3000), (SELECT coalesce(pg_column_compression(v), 'nothing') FROM places WHERE id = 3000),
      CASE WHEN (SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE oid = 'places'::regclass) THEN 'some' ELSE 'no' END;
  END LOOP;
END $$;
SELECT * FROM expected_answers ORDER BY id;

-- PLAIN: neither compressed nor moved out of line, so a wide row does not fit
ALTER TABLE places ALTER v SET STORAGE PLAIN, ALTER h SET STORAGE PLAIN, ALTER s SET STORAGE PLAIN;
TRUNCATE places;
INSERT INTO places (id, v) SELECT id, v FROM some_values WHERE id < 3000;
INSERT INTO places (id, v) SELECT id, v FROM some_values WHERE id = 3000;
INSERT INTO places (id, h) SELECT id, h || h FROM some_values WHERE id = 3000;
INSERT INTO places (id, s) SELECT id, s FROM some_values WHERE id = 3000;
SELECT id, vector_dims(v), pg_column_size(v), v <-> v AS l2, v = (SELECT x.v FROM some_values x WHERE x.id = p.id) AS same FROM places p ORDER BY id;
-- MAIN goes out of line as a last resort, where compressing does not help
ALTER TABLE places ALTER v SET STORAGE MAIN;
INSERT INTO places (id, v) SELECT 5000, array_agg(sin(i))::vector FROM generate_series(1, 5000) i;
SELECT vector_dims(v), pg_column_size(v), v <-> v AS l2 FROM places WHERE id = 5000;

-- a column that changes its storage keeps the values that it has
ALTER TABLE places ALTER v SET STORAGE EXTENDED;
INSERT INTO places (id, v) SELECT id, v FROM some_values;
SELECT id, vector_dims(v), round(vector_norm(v)::numeric, 3) AS norm, count(*) FROM places GROUP BY v, id ORDER BY id;

-- indexes read all of them
CREATE TABLE indexed (v vector(1900));
ALTER TABLE indexed ALTER v SET STORAGE EXTENDED;
INSERT INTO indexed SELECT array_fill((i % 100)::real, ARRAY[1900])::vector FROM generate_series(1, 50) i;
ALTER TABLE indexed ALTER v SET STORAGE EXTERNAL;
INSERT INTO indexed SELECT array_fill((i % 100)::real, ARRAY[1900])::vector FROM generate_series(51, 100) i;
SELECT pg_column_compression(v) IS NULL AS whole, count(*) FROM indexed GROUP BY 1 ORDER BY 1;
CREATE INDEX ON indexed USING hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SELECT subvector(v, 1, 2) FROM indexed ORDER BY v <-> array_fill(50.4::real, ARRAY[1900])::vector LIMIT 3;
RESET enable_seqscan;
DROP TABLE indexed, expected_answers;
DROP VIEW answers, some_values;
DROP TABLE places;

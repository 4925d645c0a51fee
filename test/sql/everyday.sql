-- The types where the rest of PostgreSQL meets them: JSON, arrays, records, domains, partitions,
-- constraints, generated columns, changes of a column's type, PL/pgSQL, prepared statements,
-- statistics, resolution of operators and functions.

-- texts, JSON, records, arrays
SELECT to_json('[1,2]'::vector), to_jsonb('[1,0.5]'::halfvec), json_build_object('s', '{1:2,3:4}/5'::sparsevec), concat('[1]'::vector, 'x'), format('%s %L', '[1]'::halfvec, '{}/1'::sparsevec);
CREATE TYPE pair AS (v vector(2), s sparsevec);
SELECT '("[1,2]","{1:2,3:4}/5")'::pair, ROW('[1,2]', '{1:2}/3')::pair, to_json(ROW('[1,2]', '{1:2}/3')::pair);
SELECT '("[1,2,3]","{1:2,3:4}/5")'::pair;
SELECT * FROM json_populate_record(NULL::pair, '{"v": "[1,2]", "s": "{}/9"}');
SELECT * FROM json_populate_record(NULL::pair, '{"v": [1,2]}');
SELECT * FROM json_populate_record(NULL::pair, '{"v": "[1]"}');
SELECT * FROM jsonb_to_record('{"v": "[1,2]", "w": [3,4]}') AS x (v vector, w halfvec(2));
SELECT ROW('[1,2]'::vector) = ROW('[1,2]'::vector), ROW('[1,2]'::vector) < ROW('[1,3]'::vector), ROW('{}/1'::sparsevec) IS DISTINCT FROM ROW('{}/2'::sparsevec);
SELECT ARRAY['[1,2]'::vector, NULL], '{NULL,"[1,2,3]"}'::vector(3)[], '{{"[1]","[2]"},{"[3]","[4]"}}'::halfvec[], ARRAY['{1:2,3:4}/5'::sparsevec];
SELECT '{[1,2]}'::vector[];
SELECT '{"[1,2,3]"}'::halfvec(2)[];
SELECT '{"{}/3"}'::sparsevec(2)[];
SELECT ARRAY['[0,1]'::vector]::sparsevec[], ARRAY['{1:1}/2'::sparsevec]::vector(2)[], '{{1,2}}'::real[]::text;
SELECT ARRAY['{1:1}/2'::sparsevec]::vector(3)[];
SELECT array_position(ARRAY['[1,2]'::vector, '[3]'], '[3]'), array_remove(ARRAY['[1,2]'::vector, '[3]'], '[3]'), ARRAY['[1,2]'::vector] @> ARRAY['[1,2]'::vector], ARRAY['[1]'::halfvec] || '[2]'::halfvec;
SELECT ('[1,2,3]'::vector)[1];

-- expressions
SELECT greatest('[1,2]'::vector, '[3]'), least('[1,2]'::halfvec, '[3]'), nullif('[1]'::vector, '[1]'), coalesce(NULL, '{}/1'::sparsevec), '[1]'::vector IN ('[1]', '[2]'),
       '[1]'::vector = ANY ('{"[1]","[2]"}'::vector[]), '[1]'::vector BETWEEN '[0]' AND '[2]', '[1]'::vector IS DISTINCT FROM '[1,0]', CASE '[1]'::vector WHEN '[1.0]' THEN 'yes' END;
SELECT NULL::vector + '[1]', l2_distance(NULL, '[1]'::vector), NULL::vector || '[1]', NULL::vector::halfvec(3), NULL::real[]::vector, B'1' <%> NULL;
SELECT '[1]'::vector, '[1]'::text::vector, vector '[1,2]', halfvec(2) '[1,2]', sparsevec(2) '{}/2', cast('[1]' AS vector(1)), '[1,2]'::vector::varchar(2), '[1]'::vector::name;
SELECT vector(2) '[1,2,3]';
SELECT pg_typeof('[1,2]'::vector - '[1,2]'::halfvec), pg_typeof('[1]'::vector || '[2]'::halfvec), '[1,2]'::vector <+> '{}/2'::sparsevec, '[1,2]'::halfvec <=> '{1:1}/2'::sparsevec, '[1,2]'::vector < '{}/2'::sparsevec;
-- what there is no operator or function for
SELECT '[1,2]' <-> '[1,2]';
SELECT ARRAY[1, 2] <-> ARRAY[1, 2];
SELECT '[1,2]'::vector <-> ARRAY[1, 2]::real[];
SELECT '[1]'::vector * 2;
SELECT '[1]'::vector / '[1]';
SELECT -'[1]'::vector;
SELECT B'1' <-> B'1';
SELECT '[1]'::vector <~> '[1]';
SELECT '[1]'::vector = 1;
SELECT '[1]'::vector = '[1]'::text;
SELECT vector_dims('[1]');
SELECT l2_norm('[3,4]'::vector);
SELECT vector_norm('{1:3}/2'::sparsevec);
SELECT max('[1]'::vector);
SELECT avg('{}/3'::sparsevec);
SELECT '[1]'::vector::json;
SELECT v FROM (VALUES ('[1]'::vector)) t (v) ORDER BY v USING <->;

-- functions called directly
SELECT vector_in('[1]', 0, -1), vector_out('[1]'), vector_typmod_in('{3}'), vector('[1]'::vector, 1, false), halfvec('[1]', -1, true), sparsevec('{}/1', 1, true);
SELECT vector_in('[1]', 0, 0);
SELECT vector('[1]'::vector, 3, true);
SELECT vector_typmod_in('{}');
SELECT vector_typmod_in('{NULL}');
SELECT halfvec_typmod_in('{{1}}');

-- constraints and partitions
CREATE TABLE parent (v vector(3) PRIMARY KEY, h halfvec(3) UNIQUE, s sparsevec(3) UNIQUE, i int);
CREATE TABLE child (v vector(3) REFERENCES parent, w vector(3) DEFAULT '[1,2,3]', CHECK (vector_norm(w) < 10));
INSERT INTO parent VALUES ('[1,2,3]', '[1,2,3]', '{}/3', 1);
INSERT INTO child VALUES ('[1,2,3]');
INSERT INTO child VALUES ('[1,2,4]');
INSERT INTO child VALUES ('[1,2,3]', '[9,9,9]');
INSERT INTO parent VALUES ('[1,2,3.0]', '[4,5,6]');
INSERT INTO parent VALUES ('[1,2,3]', '[4,5,6]') ON CONFLICT (v) DO UPDATE SET i = parent.i + 1, s = EXCLUDED.h::sparsevec RETURNING i, s;
MERGE INTO parent USING (SELECT '[1,2,3]'::vector AS v) x ON parent.v = x.v WHEN MATCHED THEN UPDATE SET i = 5;
DELETE FROM parent;
CREATE TABLE by_hash (v vector(3)) PARTITION BY HASH (v);
CREATE TABLE by_range (v vector(3)) PARTITION BY RANGE (v);
CREATE TABLE by_range_1 PARTITION OF by_range FOR VALUES FROM ('[0,0,0]') TO ('[1,0,0]');
CREATE TABLE by_list (h halfvec) PARTITION BY LIST (h);
CREATE TABLE by_list_1 PARTITION OF by_list FOR VALUES IN ('[1]', '[2,3]');
CREATE TABLE by_list_2 PARTITION OF by_list DEFAULT;
INSERT INTO by_range VALUES ('[0,5,6]');
INSERT INTO by_range VALUES ('[2,0,0]');
INSERT INTO by_list VALUES ('[1]'), ('[2,3]'), ('[4]');
SELECT tableoid::regclass, * FROM by_list ORDER BY h;
EXPLAIN (COSTS OFF) SELECT * FROM by_list WHERE h = '[1]';
CREATE INDEX ON parent USING hash (v);
CREATE INDEX ON parent USING gin (v);
CREATE INDEX ON parent USING gist (v);
CREATE INDEX ON parent USING brin (v);
DROP TABLE child, parent, by_range, by_list;
CREATE DOMAIN unit_vector AS vector(2) CHECK (abs(vector_norm(VALUE) - 1) < 1e-3);
SELECT '[1,0]'::unit_vector <-> '[0,1]', l2_distance('[1,0]'::unit_vector, '[0,1]'::unit_vector);
SELECT '[1,1]'::unit_vector;
SELECT '[1,0,0]'::unit_vector;

-- generated columns, columns that change their type, views
CREATE TABLE made (v vector(3), n float8 GENERATED ALWAYS AS (vector_norm(v)) STORED, h halfvec(3) GENERATED ALWAYS AS (v::halfvec(3)) STORED,
  b bit(3) GENERATED ALWAYS AS (binary_quantize(v)::bit(3)) STORED, s sparsevec(3) GENERATED ALWAYS AS (v::sparsevec) STORED, u vector(2) GENERATED ALWAYS AS (subvector(v, 1, 2)) STORED);
INSERT INTO made VALUES ('[3,-4,0]'), (NULL);
UPDATE made SET v = '[0,0,-2]' WHERE v IS NULL;
SELECT * FROM made;
CREATE TABLE changed (a real[], b text, c int[], d float8[], e numeric[]);
INSERT INTO changed VALUES ('{1,2}', '[1,2]', '{1,2}', '{1,2}', '{1,2}');
ALTER TABLE changed ALTER a TYPE vector(2), ALTER c TYPE halfvec, ALTER d TYPE sparsevec, ALTER e TYPE vector;
ALTER TABLE changed ALTER b TYPE vector;
ALTER TABLE changed ALTER b TYPE vector USING b::vector;
ALTER TABLE changed ALTER a TYPE vector(3);
ALTER TABLE changed ALTER d TYPE real[];
ALTER TABLE changed ALTER a TYPE real[], ALTER c TYPE vector(2), ALTER d TYPE halfvec(2), ALTER e TYPE sparsevec(2);
SELECT * FROM changed;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'changed'::regclass AND attnum > 0 ORDER BY attnum;
CREATE VIEW seen AS SELECT v <-> u || '[1]' AS d, v::halfvec(3) AS h, v::real[] AS r, b <~> B'111' AS x FROM made;
SELECT * FROM seen;
DROP VIEW seen;
DROP TABLE made, changed;

-- functions, PL/pgSQL, prepared statements
CREATE FUNCTION joined(a vector(2), b anyarray DEFAULT ARRAY['[1]'::vector]) RETURNS vector LANGUAGE sql IMMUTABLE AS 'SELECT a || b[1]';
SELECT joined('[1,2,3]'), joined('[1]', ARRAY['[2]'::vector]);
CREATE FUNCTION total(VARIADIC vector[]) RETURNS vector LANGUAGE sql AS 'SELECT sum(x) FROM unnest($1) x';
SELECT total('[1,2]', '[3,4]'), total(VARIADIC '{}');
DO $$
DECLARE
  v vector := '[1,2]'; w vector(2); h halfvec; s sparsevec; r real[];
BEGIN
  w := v; h := v; r := v; v := h; v := r; v := ARRAY[1, 2]; s := h; v := s;
  RAISE NOTICE '% % % % %', v, w, h, s, r;
  w := '[1,2,3]';
END $$;
DO $$
DECLARE v vector := '[1]';
BEGIN
  FOR i IN 1 .. 5 LOOP v := v || v; END LOOP;
  RAISE NOTICE '%', vector_dims(v);
  v := v + '[1]';
END $$;
PREPARE nearest (vector) AS SELECT v FROM (VALUES ('[1,2]'::vector), ('[3,4]')) t (v) ORDER BY v <-> $1 LIMIT 1;
EXECUTE nearest ('[3,3]');
EXECUTE nearest (ARRAY[1, 2]);
EXECUTE nearest ('[3,4,5]');
EXECUTE nearest (NULL);
PREPARE apart AS SELECT $1::vector(2) <-> $2;
EXECUTE apart ('[1,2]', '[4,6]');
EXECUTE apart ('[1,2,3]', '[1]');
SELECT name, parameter_types, statement ~ 'LIMIT' AS limited FROM pg_prepared_statements ORDER BY name;
DEALLOCATE ALL;

-- sets, windows, recursion
SELECT rank() OVER w, lag(v) OVER w, first_value(v) OVER (ORDER BY v DESC), sum(v) OVER w FROM (VALUES ('[1]'::vector), ('[1]'), ('[2]')) t (v) WINDOW w AS (ORDER BY v);
SELECT mode() WITHIN GROUP (ORDER BY v), percentile_disc(0.9) WITHIN GROUP (ORDER BY v), count(DISTINCT v), array_agg(DISTINCT v) FROM (VALUES ('[1]'::vector), ('[1]'), ('[2]')) t (v);
SELECT count(*) FROM (SELECT '[0]'::vector UNION SELECT '[-0]') x;
WITH RECURSIVE r (v, n) AS (SELECT '[1]'::vector, 1 UNION SELECT v + v, n + 1 FROM r WHERE n < 4) SELECT * FROM r;
SELECT v FROM (VALUES ('[1]'::halfvec), (NULL), ('[2]')) t (v) ORDER BY v DESC NULLS LAST;

-- sorting is the only way to group and to join: there is no hash of these types
CREATE TABLE e (v vector, h halfvec, s sparsevec);
INSERT INTO e SELECT ARRAY[i % 7, i]::vector, ARRAY[i % 5]::halfvec, ARRAY[0, i % 3]::sparsevec FROM generate_series(1, 100) i;
ANALYZE e;
SELECT attname, n_distinct, null_frac, avg_width, most_common_vals IS NOT NULL AS common, left(histogram_bounds::text, 30) AS histogram FROM pg_stats WHERE tablename = 'e' ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT DISTINCT h FROM e;
EXPLAIN (COSTS OFF) SELECT * FROM e a JOIN e b ON a.h = b.h;
DROP TABLE e;

-- the extension once more
SELECT to_regtype('vector(3)')::oid = 'vector'::regtype AS regtype, format_type('halfvec[]'::regtype, 3);
CREATE EXTENSION vector;
CREATE EXTENSION IF NOT EXISTS vector;
DROP DOMAIN unit_vector;
DROP FUNCTION joined, total;
DROP TYPE pair;

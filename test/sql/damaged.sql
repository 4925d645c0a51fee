-- Stored values that no function of ours has made: whatever is asked of them gives an error or an
-- answer, and the session goes on.
--
-- A cast without a function makes any bytes a value.  Numbers in it are in the order of the
-- machine; little-endian is assumed here, as on every machine that the kernels are written for.
CREATE CAST (bytea AS vector) WITHOUT FUNCTION;
CREATE CAST (bytea AS halfvec) WITHOUT FUNCTION;
CREATE CAST (bytea AS sparsevec) WITHOUT FUNCTION;
CREATE CAST (bytea AS bit varying) WITHOUT FUNCTION;

CREATE TABLE damaged (type text, what text, bytes bytea);
INSERT INTO damaged SELECT type, what, decode(replace(hex, ' ', ''), 'hex') FROM (VALUES
  ('vector', 'nothing', ''),
  ('vector', 'half a header', '0100'),
  ('vector', 'header only', '0100 0000'),
  ('vector', 'no dimensions', '0000 0000'),
  ('vector', 'no dimensions, but bytes', '0000 0000 0000803f'),
  ('vector', 'negative dimensions', 'ffff 0000 0000803f'),
  ('vector', 'more dimensions than elements', '0300 0000 0000803f 0000803f'),
  ('vector', 'more elements than dimensions', '0100 0000 0000803f 0000803f'),
  ('vector', 'half an element', '0200 0000 0000803f 0000'),
  ('vector', '16001 dimensions', '813e 0000' || repeat('0000803f', 16001)),
  ('halfvec', 'nothing', ''),
  ('halfvec', 'half a header', '0100'),
  ('halfvec', 'header only', '0100 0000'),
  ('halfvec', 'no dimensions, but bytes', '0000 0000 003c'),
  ('halfvec', 'negative dimensions', '0080 0000 003c'),
  ('halfvec', 'more dimensions than elements', '0300 0000 003c 003c'),
  ('halfvec', 'more elements than dimensions', '0100 0000 003c 003c'),
  ('halfvec', 'half an element', '0200 0000 003c 00'),
  ('halfvec', '16001 dimensions', '813e 0000' || repeat('003c', 16001)),
  ('sparsevec', 'nothing', ''),
  ('sparsevec', 'half a header', '01000000 0000'),
  ('sparsevec', 'no dimensions', '00000000 00000000 00000000'),
  ('sparsevec', 'negative dimensions', 'ffffffff 00000000 00000000'),
  ('sparsevec', 'too many dimensions', '01ca9a3b 00000000 00000000'),
  ('sparsevec', 'negative count', '05000000 ffffffff 00000000'),
  ('sparsevec', 'huge count', '05000000 ffffff7f 00000000'),
  ('sparsevec', 'more counted than there', '05000000 02000000 00000000 00000000 0000803f'),
  ('sparsevec', 'more there than counted', '05000000 00000000 00000000 00000000 0000803f'),
  ('sparsevec', 'half an element', '05000000 01000000 00000000 00000000 0000'),
  ('sparsevec', '16001 elements', 'ffff0000 813e0000 00000000' || repeat('00000000 0000803f', 16001)),
  ('varbit', 'nothing', ''),
  ('varbit', 'half a header', '0800'),
  ('varbit', 'negative length', 'ffffffff ff'),
  ('varbit', 'more bits than bytes', '11000000 ffff'),
  ('varbit', 'more bytes than bits', '08000000 ffff')) AS _ (type, what, hex);

-- What a statement ends with; the values come from tables, so that nothing is known at plan time.
CREATE FUNCTION ends(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN 'an answer';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE sound (v vector(3), h halfvec(3), s sparsevec(3), b bit varying);
INSERT INTO sound VALUES ('[1,2,3]', '[1,2,3]', '{1:1,2:2,3:3}/3', B'101');

-- Every function of the extension that takes such a type, the damaged value in each place in turn,
-- sound ones in the others.
CREATE VIEW calls AS
SELECT p.oid::regprocedure AS function, t.type, place,
       format('SELECT %I(%s) FROM damaged d, sound WHERE d.type = %L AND d.what = %%L', p.proname,
              (SELECT string_agg(CASE WHEN i = place THEN format('d.bytes::%s', t.type)
                                      WHEN arg = 'vector'::regtype THEN 'sound.v' WHEN arg = 'halfvec'::regtype THEN 'sound.h' WHEN arg = 'sparsevec'::regtype THEN 'sound.s'
                                      WHEN arg = 'bit'::regtype THEN 'sound.b::bit(3)' WHEN arg = 'integer'::regtype THEN '3' WHEN arg = 'boolean'::regtype THEN 'false'
                                      WHEN arg = 'double precision[]'::regtype THEN '''{0}''' END, ', ' ORDER BY i)
               FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (arg, i)), t.type) AS query
FROM pg_proc p JOIN pg_depend m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e'
     JOIN pg_extension e ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND e.extname = 'vector',
     unnest(p.proargtypes::oid[]) WITH ORDINALITY a (arg, place)
     JOIN LATERAL (SELECT CASE WHEN arg = 'bit'::regtype THEN 'varbit' ELSE arg::regtype::text END AS type) t ON true
WHERE p.prokind = 'f' AND t.type IN ('vector', 'halfvec', 'sparsevec', 'varbit');
SELECT type, count(*) AS calls FROM calls GROUP BY type ORDER BY type;
SELECT type, outcome, count(*) FROM (SELECT c.type, ends(format(query, what)) AS outcome FROM calls c JOIN damaged USING (type)) x GROUP BY type, outcome ORDER BY type, outcome COLLATE "C";
-- Those that have nothing to say against a damaged value.
SELECT function, place, string_agg(what, ', ') FROM calls JOIN damaged USING (type) WHERE ends(format(query, what)) = 'an answer' GROUP BY function, place ORDER BY function::text COLLATE "C", place;

-- Aggregates, sorts, indexes.
SELECT type, e, ends(format(e, type)) FROM (VALUES ('vector'), ('halfvec'), ('sparsevec')) t (type),
  unnest(ARRAY['SELECT avg(bytes::%1$s) FROM damaged WHERE type = ''%1$s''', 'SELECT sum(bytes::%1$s) FROM damaged WHERE type = ''%1$s''', 'SELECT bytes::%1$s FROM damaged WHERE type = ''%1$s'' ORDER BY 1',
               'SELECT DISTINCT bytes::%1$s FROM damaged WHERE type = ''%1$s''', 'COPY (SELECT bytes::%1$s FROM damaged WHERE type = ''%1$s'') TO PROGRAM ''cat >/dev/null'' (FORMAT binary)']) e
WHERE type <> 'sparsevec' OR e !~ 'avg|sum' ORDER BY type, e COLLATE "C";
CREATE TABLE indexed AS SELECT v::vector(3) FROM sound, generate_series(1, 20);
CREATE INDEX ON indexed USING hnsw (v vector_l2_ops);
INSERT INTO indexed SELECT bytes::vector FROM damaged WHERE type = 'vector' AND what = 'more dimensions than elements';
CREATE INDEX ON indexed (v);
SELECT count(*) FROM (SELECT FROM indexed ORDER BY v <-> '[1,2,4]' LIMIT 5) x;
DROP TABLE indexed;

-- The size is right, the elements are such as no input makes: NaN, infinity, and in a sparsevec
-- indices out of bounds, unsorted or repeated, and zeros.  These may have answers.
TRUNCATE damaged;
INSERT INTO damaged SELECT type, what, decode(replace(hex, ' ', ''), 'hex') FROM (VALUES
  ('vector', 'NaN', '0300 0000 0000c07f 0000803f 0000803f'),
  ('vector', 'infinity', '0300 0000 0000807f 000080ff 0000803f'),
  ('halfvec', 'NaN', '0300 0000 007e 003c 003c'),
  ('halfvec', 'infinity', '0300 0000 007c 00fc 003c'),
  ('sparsevec', 'NaN', '03000000 01000000 00000000 00000000 0000c07f'),
  ('sparsevec', 'zero', '03000000 01000000 00000000 00000000 00000000'),
  ('sparsevec', 'index past the end', '03000000 01000000 00000000 03000000 0000803f'),
  ('sparsevec', 'index far past the end', '03000000 01000000 00000000 ffffff7f 0000803f'),
  ('sparsevec', 'negative index', '03000000 01000000 00000000 ffffffff 0000803f'),
  ('sparsevec', 'descending indices', '03000000 02000000 00000000 02000000 00000000 0000803f 0000803f'),
  ('sparsevec', 'repeated index', '03000000 02000000 00000000 01000000 01000000 0000803f 0000803f'),
  ('sparsevec', 'more elements than dimensions', '01000000 02000000 00000000 00000000 01000000 0000803f 0000803f')) AS _ (type, what, hex);
SELECT type, what, outcome, count(*) FROM (SELECT type, what, ends(format(query, what)) AS outcome FROM calls JOIN damaged USING (type)) x GROUP BY 1, 2, 3 ORDER BY type, what, outcome COLLATE "C";
SELECT type, what, ends(format('SELECT bytes::%s::%s FROM damaged WHERE type = %L AND what = %L', type, target, type, what)) AS outcome, target FROM damaged, unnest(ARRAY['vector', 'halfvec', 'sparsevec']) target
WHERE type = 'sparsevec' AND target <> 'sparsevec' ORDER BY what, target;

SELECT 'still here', v + v FROM sound;
DROP VIEW calls;
DROP TABLE damaged, sound;
DROP FUNCTION ends;
DROP CAST (bytea AS vector);
DROP CAST (bytea AS halfvec);
DROP CAST (bytea AS sparsevec);
DROP CAST (bytea AS bit varying);

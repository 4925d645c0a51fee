-- ivfflat: when the planner takes the index.
CREATE TABLE tst (i int, v vector(3), c int, t text);
INSERT INTO tst SELECT i, ARRAY[hashint4(i) % 1000, hashint4(i + 1) % 1000, hashint4(i + 2) % 1000]::vector, i % 50, 'test ' || i FROM generate_series(1, 10000) i;
CREATE INDEX idx ON tst USING ivfflat (v vector_l2_ops) WITH (lists = 100);
ANALYZE tst;
CREATE FUNCTION plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Scan' THEN RETURN trim(regexp_replace(line, '->', '')); END IF;
  END LOOP;
END $$;
\set order 'ORDER BY v <-> ''[1,2,3]'' LIMIT 20'
SELECT plan('SELECT i FROM tst WHERE c = 7 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE c < 1 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE c != 7 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE c >= 1 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE t LIKE ''%test%'' ' || :'order');
SELECT plan('SELECT i FROM tst WHERE t LIKE ''%other%'' ' || :'order');
SELECT plan('SELECT i FROM tst WHERE v <-> ''[1,2,3]'' < 1 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE v <-> ''[1,2,3]'' > 1 ' || :'order');
SELECT plan('SELECT i FROM tst WHERE v <-> ''[1,2,3]'' < 1');
SELECT plan('SELECT i FROM tst WHERE v <-> ''[1,2,3]'' < 1 ORDER BY v <-> ''[1,2,3]''');
CREATE INDEX attribute_idx ON tst (c);
SELECT plan('SELECT i FROM tst WHERE c = 7 ' || :'order');
CREATE INDEX partial_idx ON tst USING ivfflat (v vector_l2_ops) WITH (lists = 5) WHERE c = 7;
SELECT plan('SELECT i FROM tst WHERE c = 7 ' || :'order');

-- More lists, fewer rows to look at.
DROP INDEX attribute_idx, partial_idx, idx;
CREATE INDEX lists50 ON tst USING ivfflat (v vector_l2_ops) WITH (lists = 50);
CREATE INDEX lists100 ON tst USING ivfflat (v vector_l2_ops) WITH (lists = 100);
SELECT plan('SELECT i FROM tst ' || :'order');

-- Vectors out of line.
CREATE TABLE toasted (i int, v vector(1536));
INSERT INTO toasted SELECT i, array_fill(i, ARRAY[1536])::vector FROM generate_series(1, 3000) i;
CREATE INDEX toasted_idx ON toasted USING ivfflat (v vector_l2_ops) WITH (lists = 5);
ANALYZE toasted;
SELECT plan(format('SELECT i FROM toasted ORDER BY v <-> %1$L LIMIT 10', array_fill(1, ARRAY[1536])::vector));
SELECT plan(format('SELECT i FROM toasted WHERE v <-> %1$L < 1 ORDER BY v <-> %1$L LIMIT 10', array_fill(1, ARRAY[1536])::vector));
DROP FUNCTION plan;
DROP TABLE tst, toasted;

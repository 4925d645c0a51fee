-- hnsw: what a scan returns, in which order, and what it leaves out.
SET enable_seqscan = off;

-- Built from rows, then inserted into; NULL is not indexed.
CREATE TABLE item (id int, val vector(3));
INSERT INTO item VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL);
CREATE INDEX item_idx ON item USING hnsw (val vector_l2_ops);
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

-- Without an order the index is no way to the rows.  From version 18 on the plan says that it is a
-- disabled one, in a line more.
DO $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT * FROM item WHERE val <-> ''[3,3,3]'' < 2' LOOP
    IF line !~ 'Disabled' THEN RAISE NOTICE '%', line; END IF;
  END LOOP;
END $$;

-- Deleted rows are not returned and use up no place.
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

-- Inner product and cosine: a vector without a direction has no cosine.
CREATE TABLE direction (val vector(3));
INSERT INTO direction VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON direction USING hnsw (val vector_cosine_ops);
CREATE INDEX ON direction USING hnsw (val vector_ip_ops);
CREATE INDEX ON direction USING hnsw (val vector_l1_ops);
INSERT INTO direction VALUES ('[1,2,4]'), ('[0,0,0]');
SELECT * FROM direction ORDER BY val <=> '[3,3,3]';
SELECT count(*) FROM (SELECT * FROM direction ORDER BY val <=> '[0,0,0]') t;
SELECT count(*) FROM (SELECT * FROM direction ORDER BY val <=> (SELECT NULL::vector)) t;
SELECT * FROM direction ORDER BY val <#> '[3,3,3]';
SELECT * FROM direction ORDER BY val <+> '[3,3,3]';

-- Ten rows with equal values share an element, and ef_search counts elements.
CREATE TABLE same (id int, val vector(3));
INSERT INTO same SELECT i, '[1,1,1]' FROM generate_series(1, 20) i;
CREATE INDEX ON same USING hnsw (val vector_l2_ops);
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT * FROM same ORDER BY val <-> '[1,1,1]') t;
SET hnsw.ef_search = 2;
SELECT count(*) FROM (SELECT * FROM same ORDER BY val <-> '[1,1,1]') t;
TRUNCATE same;
INSERT INTO same SELECT i, '[1,1,1]' FROM generate_series(1, 20) i;
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT * FROM same ORDER BY val <-> '[1,1,1]') t;
RESET hnsw.ef_search;

-- A row whose other column changes keeps its element.
CREATE TABLE note (id int, text text, val vector(3));
INSERT INTO note SELECT i, 'x', ARRAY[i, 0, 0]::vector FROM generate_series(1, 5) i;
CREATE INDEX note_idx ON note USING hnsw (val vector_l2_ops);
CREATE INDEX ON note (text);
UPDATE note SET text = 'y';
UPDATE note SET text = 'z';
SELECT id, text FROM note ORDER BY val <-> '[1,0,0]';

-- Expression and partial indexes.
CREATE TABLE loose (id int, val vector, kind int);
INSERT INTO loose VALUES (1, '[1,2,3]', 1), (2, '[3,4,5]', 1), (3, '[3,4,4]', 2);
CREATE INDEX ON loose USING hnsw ((val::vector(3)) vector_l2_ops);
SELECT id FROM loose ORDER BY val::vector(3) <-> '[3,4,4]';
CREATE INDEX ON loose USING hnsw ((val::halfvec(3)) halfvec_l2_ops) WHERE kind = 1;
SELECT id FROM loose WHERE kind = 1 ORDER BY val::halfvec(3) <-> '[3,4,4]';
CREATE INDEX ON loose USING hnsw ((binary_quantize(val)::bit(3)) bit_hamming_ops);
SELECT id FROM loose ORDER BY binary_quantize(val)::bit(3) <~> '111', id LIMIT 1;
CREATE INDEX ON loose USING hnsw ((subvector(val, 1, 2)::vector(2)) vector_cosine_ops);
SELECT id FROM loose ORDER BY subvector(val, 1, 2)::vector(2) <=> '[1,2]' LIMIT 1;

-- Unlogged and temporary tables, partitions, CONCURRENTLY.
CREATE UNLOGGED TABLE short (val vector(3));
CREATE INDEX ON short USING hnsw (val vector_l2_ops);
INSERT INTO short VALUES ('[1,2,3]');
SELECT * FROM short ORDER BY val <-> '[0,0,0]';
CREATE TEMP TABLE mine (val vector(3));
INSERT INTO mine VALUES ('[1,2,3]');
CREATE INDEX ON mine USING hnsw (val vector_l2_ops);
INSERT INTO mine VALUES ('[0,1,0]');
SELECT * FROM mine ORDER BY val <-> '[0,0,0]';
CREATE TABLE part (id int, val vector(3)) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20);
INSERT INTO part SELECT i, ARRAY[i, i, i]::vector FROM generate_series(0, 19) i;
CREATE INDEX ON part USING hnsw (val vector_l2_ops);
SELECT id FROM part ORDER BY val <-> '[10,10,10]', id LIMIT 3;
CREATE INDEX CONCURRENTLY part1_more ON part1 USING hnsw (val vector_cosine_ops);
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
CREATE INDEX ON huge USING hnsw (val vector_l2_ops);
CREATE INDEX ON huge USING hnsw (val vector_cosine_ops);
SELECT id FROM huge ORDER BY val <-> array_fill(3::real, ARRAY[40])::vector, id LIMIT 3;
SELECT count(*) FROM (SELECT * FROM huge ORDER BY val <-> array_fill(3e38::real, ARRAY[40])::vector) t;
SELECT count(*) FROM (SELECT * FROM huge ORDER BY val <=> array_fill(3::real, ARRAY[40])::vector) t;

DROP TABLE item, direction, same, note, loose, short, mine, part, huge;

-- Rows that the snapshot does not see do not count as found.
CREATE TABLE hidden (id int, val vector(3));
INSERT INTO hidden SELECT i, ARRAY[i, i % 7, i % 3]::vector FROM generate_series(1, 300) i;
CREATE INDEX ON hidden USING hnsw (val vector_l2_ops);
BEGIN;
DELETE FROM hidden WHERE id <= 150;
SELECT count(*), min(id) > 150 AS seen FROM (SELECT id FROM hidden ORDER BY val <-> '[0,0,0]' LIMIT 10) t;
ROLLBACK;
DROP TABLE hidden;

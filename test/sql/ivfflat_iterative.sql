-- ivfflat: scans that look at more lists while rows are wanted.
SET enable_seqscan = off;
CREATE TABLE item (id int, val vector(3));
INSERT INTO item VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL);
CREATE INDEX ON item USING ivfflat (val vector_l2_ops) WITH (lists = 3);
SELECT count(*) FROM (SELECT * FROM item ORDER BY val <-> '[3,3,3]') t;
SET ivfflat.iterative_scan = relaxed_order;
SELECT * FROM item ORDER BY val <-> '[3,3,3]';
SET ivfflat.max_probes = 1;
SELECT * FROM item ORDER BY val <-> '[3,3,3]';
SET ivfflat.max_probes = 2;
SELECT * FROM item ORDER BY val <-> '[3,3,3]';
-- probes counts if it is more.
SET ivfflat.probes = 3;
SELECT * FROM item ORDER BY val <-> '[3,3,3]';
RESET ivfflat.probes;
RESET ivfflat.max_probes;
TRUNCATE item;
SELECT * FROM item ORDER BY val <-> '[3,3,3]';

-- A filter that few rows pass.
CREATE TABLE filtered (id int, kind int, val vector(8));
INSERT INTO filtered SELECT i, i % 100, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 100.0)::real) FROM generate_series(1, 8) j)::vector
  FROM generate_series(1, 3000) i;
CREATE INDEX ON filtered USING ivfflat (val vector_l2_ops) WITH (lists = 30);
SET ivfflat.iterative_scan = off;
SELECT count(*) < 10 AS too_few FROM (SELECT * FROM filtered WHERE kind = 7 ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 20) t;
SET ivfflat.iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT * FROM filtered WHERE kind = 7 ORDER BY val <-> '[1,2,3,4,5,6,7,8]' LIMIT 20) t;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM filtered ORDER BY val <-> '[1,2,3,4,5,6,7,8]') t;

-- With little memory rows are gone over more than once; none is lost or comes twice.
SET work_mem = '64kB';
SET ivfflat.probes = 30;
CREATE TABLE big (id int, val vector(2));
INSERT INTO big SELECT i, ARRAY[i % 173, i % 191]::vector FROM generate_series(1, 20000) i;
CREATE INDEX ON big USING ivfflat (val vector_l2_ops) WITH (lists = 5);
SELECT count(*), count(DISTINCT id), bool_and(d >= before) FROM
  (SELECT id, d, lag(d, 1, 0::float8) OVER () AS before FROM
    (SELECT id, val <-> '[50,50]' AS d FROM big ORDER BY val <-> '[50,50]') t) u;

DROP TABLE item, filtered, big;

-- avg and sum of vector and halfvec.

SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]']) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]', NULL]) v;
SELECT avg(v) FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v) FROM unnest(ARRAY[NULL]::vector[]) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) v;
SELECT avg(v) FROM unnest(ARRAY['[3]'::vector, '[1,2]']) v;
SELECT avg(v) FROM unnest(ARRAY['[3e38]'::vector, '[3e38]']) v;
SELECT avg(v) FROM unnest(ARRAY['[-0]'::vector]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]']) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]', NULL]) v;
SELECT sum(v) FROM unnest(ARRAY[]::vector[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) v;
SELECT sum(v) FROM unnest(ARRAY['[3e38]'::vector, '[3e38]']) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::vector]) v;

SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::halfvec, '[3,5,7]']) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::halfvec, '[3,5,7]', NULL]) v;
SELECT avg(v) FROM unnest(ARRAY[]::halfvec[]) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2]'::halfvec, '[3]']) v;
SELECT avg(v) FROM unnest(ARRAY['[65504]'::halfvec, '[65504]']) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::halfvec, '[3,5,7]']) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::halfvec, '[3,5,7]', NULL]) v;
SELECT sum(v) FROM unnest(ARRAY[]::halfvec[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]'::halfvec, '[3]']) v;
SELECT sum(v) FROM unnest(ARRAY['[65504]'::halfvec, '[65504]']) v;
-- each addition rounds: 2048 + 1 is 2048
SELECT sum(v) FROM (SELECT '[1,2,3]'::halfvec AS v FROM generate_series(1, 5000)) x;
SELECT sum(v) FROM (SELECT '[1,0.1]'::vector AS v FROM generate_series(1, 1000)) x;
SELECT avg(v::sparsevec) FROM unnest(ARRAY['[1]'::vector]) v;

-- the state is {count, sums}
SELECT vector_accum('{0}', '[1,2,3]'), vector_accum('{0,0,0,0}', '[1,2,3]'), vector_accum('{2,1,1}', '[1,2]'), halfvec_accum('{0}', '[1,2,3]');
SELECT vector_accum('{1,1}', '[1,2]');
SELECT halfvec_accum('{1,1}', '[1,2]');
SELECT vector_accum('{1,1e308}', '[3e38]'), vector_accum('{1,-0}', '[-0]');
SELECT vector_accum('{1,Infinity}', '[1]');
SELECT vector_accum('{}', '[1]');
SELECT vector_accum('{{0}}', '[1]');
SELECT vector_accum('{0,NULL}', '[1]');
SELECT vector_accum('[0:1]={1,2}', '[1]');
SELECT halfvec_accum('{}', '[1]');
SELECT vector_avg('{0}'), vector_avg('{0,1,2}'), vector_avg('{2,4,6}'), vector_avg('{2,1e-46,-1e-46}');
SELECT vector_avg('{1}');
SELECT vector_avg('{}');
SELECT vector_avg('{{1,1}}');
SELECT vector_avg('{NULL,1}');
SELECT vector_avg('{1,1e40}');
SELECT vector_avg('{1,NaN}');
SELECT vector_avg('{NaN,1}');
SELECT vector_avg(array_agg(1::float8)) IS NOT NULL FROM generate_series(1, 16001);
SELECT vector_avg(array_agg(1::float8)) FROM generate_series(1, 16002);
SELECT halfvec_avg('{0}'), halfvec_avg('{2,4,6}'), halfvec_avg('{1,65519}');
SELECT halfvec_avg('{1}');
SELECT halfvec_avg('{}');
SELECT halfvec_avg('{1,65520}');
SELECT halfvec_avg('{1,1e40}');
SELECT halfvec_avg('{1,NaN}');
SELECT halfvec_avg(array_agg(1::float8)) FROM generate_series(1, 16002);
SELECT vector_combine('{0}', '{0}'), vector_combine('{0}', '{2,3}'), vector_combine('{2,3}', '{0}'), vector_combine('{2,3}', '{4,5}'),
       vector_combine('{0,0,0}', '{1,2}'), vector_combine('{1,2}', '{0,0,0}');
SELECT vector_combine('{1,2}', '{1,2,3}');
SELECT vector_combine('{1,1e308}', '{1,1e308}');
SELECT vector_combine('{}', '{0}');
SELECT vector_combine('{0}', '{{0}}');
SELECT halfvec_combine('{0}', '{0}'), halfvec_combine('{2,3}', '{4,5}');
SELECT halfvec_combine('{0}', '{}');

-- a state that is a constant or a column is not written to
CREATE TABLE states (s float8[], v vector);
INSERT INTO states VALUES ('{1,1,1}', '[2,3]'), ('{1,5,5}', '[2,3]');
SELECT vector_accum(s, v), vector_combine(s, s), s FROM states;
SELECT vector_accum(a.s, b.v) FROM states a, states b ORDER BY 1;
PREPARE twice AS SELECT vector_accum('{1,1,1}', v) FROM states;
EXECUTE twice;
EXECUTE twice;
DROP TABLE states;

-- groups, windows, DISTINCT, FILTER, and avg beside avg
CREATE TABLE g (k int, v vector(3), h halfvec(3), x real);
INSERT INTO g SELECT i % 3, ARRAY[i, i * 2, -i], ARRAY[i, i * 2, -i], i FROM generate_series(1, 20) i;
SELECT k, avg(v), sum(v), avg(h), sum(h), avg(v) FILTER (WHERE x > 15) FROM g GROUP BY k ORDER BY k;
SELECT k, sum(v), avg(v) FROM g GROUP BY ROLLUP (k) ORDER BY k;
SELECT avg(DISTINCT v) FROM (SELECT v FROM g UNION ALL SELECT v FROM g) y;
SELECT x, sum(v) OVER w, avg(v) OVER w, sum(h) OVER w, avg(h) OVER w FROM g WHERE x < 6 WINDOW w AS (ORDER BY x);
SELECT x, sum(v) OVER w, avg(v) OVER w FROM g WHERE x < 6 WINDOW w AS (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
SELECT array_agg(s) FROM (SELECT sum(v) OVER (ORDER BY x) AS s FROM g WHERE x < 4) y;
DROP TABLE g;

-- values out of line, in parallel
CREATE TABLE p (v vector(1000), h halfvec(1000), x real) WITH (parallel_workers = 2);
ALTER TABLE p ALTER v SET STORAGE EXTERNAL;
INSERT INTO p SELECT a::vector, a::vector::halfvec, i
FROM (SELECT i, (SELECT array_agg((i + j) % 10) FROM generate_series(1, 1000) j) AS a FROM generate_series(1, 300) i) y;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(v), sum(v) FROM p;
EXPLAIN (COSTS OFF) SELECT avg(h), sum(h) FROM p;
SELECT subvector(avg(v), 1, 3), subvector(sum(v), 1, 3), subvector(avg(h), 998, 3), subvector(sum(h), 998, 3), count(*) FROM p;
SELECT avg(v) FROM p WHERE x < 0;
SELECT sum(h) FROM p WHERE x < 0;
SET max_parallel_workers_per_gather = 0;
SELECT subvector(avg(v), 1, 3), subvector(sum(v), 1, 3), subvector(avg(h), 998, 3), subvector(sum(h), 998, 3), count(*) FROM p;
DROP TABLE p;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- the average is that of real, to the last digit
SELECT bool_and((avg(v)::real[])[1] = avg(x)::real) FROM (SELECT ARRAY[x]::vector AS v, x, i % 7 AS k FROM (SELECT i, (i * 7919 % 10007)::real / 10007 AS x FROM generate_series(1, 20000) i) y) z GROUP BY true;

-- states that no aggregate makes
SELECT vector_combine('{0,0,0}', '{1,2,3}'), vector_combine('{1}', '{2,3}'), vector_combine('{2,3}', '{1}'), vector_combine('{1}', '{0}'),
       vector_combine('{3}', '{4}'), vector_combine('{1,2,3}', '{0,7,7}'), vector_combine('{5}', '{0,7}'), vector_accum('{5}', '[1]');
SELECT vector_combine('{0,Infinity}', '{1,2}');
SELECT vector_combine('{0,Infinity}', '{1}'), vector_accum('{0}', '[-0]'), vector_accum('{0,0}', '[-0]'), vector_combine('{0}', '{1,-0}');

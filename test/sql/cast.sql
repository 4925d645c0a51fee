-- Casts among the types, arrays and bits, and which operator a mixed expression takes.

SELECT ARRAY[1,2,3]::vector, ARRAY[1.0,2.0,3.0]::vector, ARRAY[1,2,3]::float4[]::vector, ARRAY[1,2,3]::float8[]::vector, ARRAY[1,2,3]::numeric[]::vector;
SELECT '{NULL}'::real[]::vector;
SELECT '{NaN}'::real[]::vector;
SELECT '{Infinity}'::real[]::vector;
SELECT '{-Infinity}'::real[]::vector;
SELECT '{}'::real[]::vector;
SELECT '{{1}}'::real[]::vector;
SELECT '{{1,2},{3,4}}'::int[]::vector;
SELECT '{{NULL}}'::real[]::vector, 'dimensions come first';
SELECT '[5:7]={1,2,3}'::int[]::vector;
SELECT '{2147483647,-2147483648,16777217}'::int[]::vector;
SELECT '{1e-46,-1e-46,1e-45,3.4028235e38,0.1}'::float8[]::vector;
SELECT '{4e38}'::float8[]::vector;
SELECT '{NaN}'::float8[]::vector;
SELECT '{1e-46,0.1,3.4e38,12345678901234567890}'::numeric[]::vector;
SELECT '{4e38}'::numeric[]::vector;
SELECT '{NaN}'::numeric[]::vector;
SELECT '{1,2,3}'::real[]::vector(3);
SELECT '{1,2,3}'::real[]::vector(2);
SELECT '{1,NaN}'::real[]::vector(3), 'the modifier comes first';
SELECT '{1,2,3}'::real[]::vector(3)::vector(3);
SELECT array_agg(1)::vector IS NOT NULL FROM generate_series(1, 16000);
SELECT array_agg(1)::vector FROM generate_series(1, 16001);
SELECT array_agg(1)::real[]::vector FROM generate_series(1, 16001);
SELECT array_to_vector('{1,2}'::int[], -1, false), array_to_vector('{1,2}'::real[], 2, true);

SELECT '[1,2,3]'::vector::real[], '[1e-45,-0]'::vector::real[], array_to_string('[0.1,1e38]'::vector::real[], ';');
SELECT '[1,2,3]'::halfvec::real[], '[0.1,65504]'::halfvec::real[];
SELECT vector_to_float4('[1,2]', 5, true), halfvec_to_float4('[1,2]', 5, true), 'the modifier is not looked at';
SELECT ('[1,2,3]'::vector::real[])[2], array_length('[1,2,3]'::vector::real[], 1), array_lower('[1,2,3]'::vector::real[], 1);

SELECT ARRAY[1,2,3]::halfvec, ARRAY[1.0,2.0,3.0]::halfvec, ARRAY[1,2,3]::float4[]::halfvec, ARRAY[1,2,3]::float8[]::halfvec, ARRAY[1,2,3]::numeric[]::halfvec;
SELECT '{NULL}'::real[]::halfvec;
SELECT '{NaN}'::real[]::halfvec;
SELECT '{Infinity}'::real[]::halfvec;
SELECT '{-Infinity}'::float8[]::halfvec;
SELECT '{}'::real[]::halfvec;
SELECT '{{1}}'::real[]::halfvec;
SELECT '{65519,-65519,1e-8,-1e-8}'::real[]::halfvec;
SELECT '{65520}'::real[]::halfvec;
SELECT '{-65520}'::int[]::halfvec;
SELECT '{1e10}'::float8[]::halfvec;
SELECT '{123456789}'::int[]::halfvec;
SELECT '{4e38}'::float8[]::halfvec;
SELECT '{65520}'::numeric[]::halfvec;
SELECT '{1,2,3}'::real[]::halfvec(2);
SELECT array_agg(1)::halfvec FROM generate_series(1, 16001);

SELECT '[1,2,3]'::vector::halfvec, '[65519,1e-8,-1e-8,0.6]'::vector::halfvec;
SELECT '[65520]'::vector::halfvec;
SELECT '[-3e38]'::vector::halfvec;
SELECT '[1,2,3]'::vector::halfvec(2);
SELECT '[1,2,3]'::halfvec::vector, '[0.6,65504,6e-8]'::halfvec::vector;
SELECT '[1,2,3]'::halfvec::vector(2);

SELECT ARRAY[1,0,2,0]::sparsevec, ARRAY[1.5,0]::sparsevec, '{0,1.5}'::real[]::sparsevec, '{0,-0,1e-46,2}'::float8[]::sparsevec, '{0,3}'::numeric[]::sparsevec;
SELECT '{NULL}'::real[]::sparsevec;
SELECT '{NaN}'::real[]::sparsevec;
SELECT '{Infinity}'::real[]::sparsevec;
SELECT '{0,-Infinity}'::real[]::sparsevec;
SELECT '{4e38}'::float8[]::sparsevec;
SELECT '{}'::real[]::sparsevec;
SELECT '{{1}}'::real[]::sparsevec;
SELECT '{1,2,3}'::real[]::sparsevec(2);
SELECT array_agg(CASE WHEN i = 20000 THEN 1 ELSE 0 END)::sparsevec FROM generate_series(1, 20000) i;
SELECT length(array_agg(CASE WHEN i <= 16000 THEN 1 ELSE 0 END)::sparsevec::text) FROM generate_series(1, 20000) i;
SELECT array_agg(1)::sparsevec FROM generate_series(1, 16001) i;

SELECT '[0,1.5,0,3.5,-0]'::vector::sparsevec, '[0,1.5,0,3.5,-0]'::halfvec::sparsevec, '[0,0]'::vector::sparsevec;
SELECT '[0,1.5,0,3.5,0]'::vector::sparsevec(4);
SELECT '[0,1.5,0,3.5,0]'::halfvec::sparsevec(4);
SELECT '{2:1.5,4:3.5}/5'::sparsevec::vector, '{2:1.5,4:3.5}/5'::sparsevec::halfvec, '{}/2'::sparsevec::vector;
SELECT '{2:1.5,4:3.5}/5'::sparsevec::vector(4);
SELECT '{2:1.5,4:3.5}/5'::sparsevec::halfvec(4);
SELECT vector_dims('{}/16000'::sparsevec::vector), vector_dims('{}/16000'::sparsevec::halfvec);
SELECT '{}/16001'::sparsevec::vector;
SELECT '{}/16001'::sparsevec::halfvec;
SELECT '{1:65519}/1'::sparsevec::halfvec;
SELECT '{1:65520}/1'::sparsevec::halfvec;
SELECT '{1:1}/3'::sparsevec::sparsevec(3), '[1]'::halfvec::halfvec(1);
SELECT '[1]'::halfvec::halfvec::halfvec(2);
SELECT '{1:1}/3'::sparsevec::real[];
SELECT '[1]'::vector::text::vector, '[1]'::vector::varchar;
SELECT '[1,2,3]'::vector::bit;

-- assignment takes what ASSIGNMENT and IMPLICIT casts give; nothing else
CREATE TABLE assigned (v vector(3), h halfvec(3), s sparsevec(3), r real[]);
INSERT INTO assigned VALUES (ARRAY[1,2,3], ARRAY[1,2,3], ARRAY[1,0,3], '[1,2,3]'::vector), ('[4,5,6]'::halfvec, '[4,5,6]'::vector, '[4,0,6]'::vector, '[4,5,6]'::halfvec),
  ('{1:7}/3'::sparsevec, '{1:7}/3'::sparsevec, '[7,0,0]'::halfvec, NULL);
INSERT INTO assigned (r) VALUES ('{1:7}/3'::sparsevec);
INSERT INTO assigned (v) VALUES (ARRAY[1,2]);
INSERT INTO assigned (h) VALUES ('[1,2]'::vector);
INSERT INTO assigned (s) VALUES ('[1,2]'::vector);
SELECT * FROM assigned;
DROP TABLE assigned;

-- operator resolution
SELECT ARRAY[1,2,3] = ARRAY[1,2,3], ARRAY[1.0,2] = ARRAY[1,2.0];
SELECT pg_typeof('[1,2]'::vector || '[3]'), pg_typeof('[1,2]'::vector + '[3,4]'::halfvec), '[1,2]'::vector + '[3,4]'::halfvec;
SELECT '[0,0]'::vector <-> '[3,4]'::halfvec, '[0,0]'::vector <-> '{1:3,2:4}/2'::sparsevec, '[3,4]'::halfvec <-> '{}/2'::sparsevec;
SELECT '[1,2,3]'::vector = ARRAY[1,2,3];
SELECT l2_distance('[1,2]', '[1,2]');
SELECT vector_norm('[3,4]'), vector_cmp('[1]', '[1]'), halfvec_cmp('[1]', '[1]'), sparsevec_cmp('{}/1', '{}/1'), vector_avg('{2,4}'), vector_accum('{0}', '[1]'),
       vector_combine('{0}', '{1,2}'), hamming_distance('1', '0'), jaccard_distance('1', '1');

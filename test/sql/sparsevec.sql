-- The type sparsevec: text form, type modifier, functions, operators.

SELECT '{1:1.5,3:-3.5}/5'::sparsevec;
SELECT '{1:-2,3:-4}/5'::sparsevec;
SELECT '{ 1 : 1.5 ,  3  :  3.5  } / 5 '::sparsevec;
SELECT E'\t{\n1\x0b:\f1\r,3 :2\t}\n/\x0b5\f'::sparsevec;
SELECT '{1:1.23456,2:0x10,3:.5,4:1.,5:+2,6:1e2,+7:1,008:2}/9'::sparsevec;
SELECT '{}/5'::sparsevec, '{ }/5'::sparsevec, ' { } / 5 '::sparsevec;

-- any order of indices; zeros are dropped before their index matters
SELECT '{3:3,1:1,2:2}/5'::sparsevec;
SELECT '{1:0,2:1,3:0}/3'::sparsevec, '{1:-0,9:0,0:0,1:0,2:5}/2'::sparsevec, '{7:0}/1'::sparsevec;

-- a number too small is an error here
SELECT '{1:1e-45,2:-1.4e-45}/2'::sparsevec;
SELECT '{1:1e-46}/1'::sparsevec;
SELECT '{1:-1e-46}/1'::sparsevec;
SELECT '{1:4e38}/1'::sparsevec;
SELECT '{1:-4e38 }/1'::sparsevec;
SELECT '{1:0e-99}/1'::sparsevec;
SET extra_float_digits = -15;
SELECT '{1:1.5e38,2:-1.5e-38,3:0.1,4:1234567}/4'::sparsevec;
RESET extra_float_digits;

SELECT '{1:NaN}/1'::sparsevec;
SELECT '{1:Infinity}/1'::sparsevec;
SELECT '{1:-inf}/1'::sparsevec;
SELECT ''::sparsevec;
SELECT '{'::sparsevec;
SELECT '{ '::sparsevec;
SELECT '{:'::sparsevec;
SELECT '{,'::sparsevec;
SELECT '{}'::sparsevec;
SELECT '{} '::sparsevec;
SELECT '{}/'::sparsevec;
SELECT '{}/ '::sparsevec;
SELECT '{}/1a'::sparsevec;
SELECT '{}/1.5'::sparsevec;
SELECT '{}/x'::sparsevec;
SELECT '{}x/1'::sparsevec;
SELECT '{a:1}/1'::sparsevec;
SELECT '{1.5:1}/1'::sparsevec;
SELECT '{1:a}/1'::sparsevec;
SELECT '{1:}/1'::sparsevec;
SELECT '{1:1a}/1'::sparsevec;
SELECT '{1:1,}/1'::sparsevec;
SELECT '{1:1,,2:2}/2'::sparsevec;
SELECT '{1 2:1}/2'::sparsevec;
SELECT '{1}/1'::sparsevec;
SELECT '{1:1}'::sparsevec;
SELECT '{1:1'::sparsevec;
SELECT '{1:1 2:2}/2'::sparsevec;
SELECT '{1:1}/1/1'::sparsevec;
SELECT '[1]'::sparsevec;
SELECT '1:1}/1'::sparsevec;
SELECT '{- 1:1}/1'::sparsevec;

-- indices
SELECT '{0:1}/1'::sparsevec;
SELECT '{2:1}/1'::sparsevec;
SELECT '{-1:1}/1'::sparsevec;
SELECT '{1:1,1:1}/2'::sparsevec;
SELECT '{2:1,1:5,2:3}/2'::sparsevec;
SELECT '{3:1,1:5,1:3}/2'::sparsevec, 'the duplicate comes first';
SELECT '{0:1,2:5,2:3}/2'::sparsevec, 'out of bounds comes first';
SELECT '{2147483647:1}/1000000000'::sparsevec;
SELECT '{2147483648:1}/1000000000'::sparsevec;
SELECT '{9223372036854775808:1}/1000000000'::sparsevec;
SELECT '{-2147483648:1}/1'::sparsevec;
SELECT '{-2147483649:1}/1'::sparsevec;
SELECT '{-9223372036854775809:1}/1'::sparsevec;
SELECT '{1000000000:1}/1000000000'::sparsevec;

-- dimensions
SELECT '{}/0'::sparsevec;
SELECT '{}/-1'::sparsevec;
SELECT '{1:1}/0'::sparsevec;
SELECT '{}/1000000000'::sparsevec;
SELECT '{}/1000000001'::sparsevec;
SELECT '{}/2147483648'::sparsevec;
SELECT '{}/-9223372036854775809'::sparsevec;
SELECT '{1:1}/3'::sparsevec(3);
SELECT '{1:1}/3'::sparsevec(2);
SELECT '{5:1}/3'::sparsevec(2), 'the index comes first: the cast checks the modifier';
SELECT '{}/3'::sparsevec(3, 2);
SELECT '{}/3'::sparsevec('a');
SELECT '{}/3'::sparsevec(0);
SELECT '{}/3'::sparsevec(-1);
SELECT '{}/3'::sparsevec(1000000001);
SELECT '{}/1000000000'::sparsevec(1000000000);
SELECT unnest('{"{1:1.5,3:3.5}/5","{2:2}/3"}'::sparsevec[]);
SELECT '{"{1:1.5}/5"}'::sparsevec(4)[];
CREATE TABLE dims (v sparsevec(3));
INSERT INTO dims VALUES ('{4:1}/4');
INSERT INTO dims VALUES ('{9:1}/4');
COPY dims FROM stdin;
{9:1}/4
\.
DROP TABLE dims;

-- number of elements, counted by commas before anything else is looked at
SELECT length((SELECT '{' || string_agg(i || ':1', ',') || '}/16000' FROM generate_series(1, 16000) i)::sparsevec::text);
SELECT (SELECT '{' || string_agg(i || ':1', ',') || '}/16001' FROM generate_series(1, 16001) i)::sparsevec;
SELECT ('[' || repeat(',', 16000))::sparsevec;
SELECT '{' || left(repeat('1:0,', 16000), -1) || '}/1' <> '', length(('{' || left(repeat('1:0,', 16000), -1) || '}/1')::sparsevec::text);

SELECT '{1:1,2:2,3:3}/3'::sparsevec < '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec < '{1:1,2:2}/2', '{1:1,2:2}/2'::sparsevec < '{1:1,2:2,3:3}/3';
SELECT '{1:1,2:2,3:3}/3'::sparsevec <= '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec <= '{1:1,2:2}/2', '{1:1,2:2}/2'::sparsevec <= '{1:1,2:2,3:3}/3';
SELECT '{1:1,2:2,3:3}/3'::sparsevec = '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec = '{1:1,2:2}/2';
SELECT '{1:1,2:2,3:3}/3'::sparsevec != '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec != '{1:1,2:2}/2';
SELECT '{1:1,2:2,3:3}/3'::sparsevec >= '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec >= '{1:1,2:2}/2', '{1:1,2:2}/2'::sparsevec >= '{1:1,2:2,3:3}/3';
SELECT '{1:1,2:2,3:3}/3'::sparsevec > '{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3'::sparsevec > '{1:1,2:2}/2', '{1:1,2:2}/2'::sparsevec > '{1:1,2:2,3:3}/3';
SELECT sparsevec_cmp('{1:1}/3', '{1:1}/3'), sparsevec_cmp('{1:1}/3', '{}/3'), sparsevec_cmp('{}/3', '{1:1}/3'),
       sparsevec_cmp('{}/3', '{1:-1}/3'), sparsevec_cmp('{2:1}/3', '{1:1}/3'), sparsevec_cmp('{1:-1}/3', '{2:-1}/3');
SELECT sparsevec_cmp('{}/2', '{}/3'), sparsevec_cmp('{}/3', '{}/2'), sparsevec_cmp('{3:-5}/3', '{}/2'), sparsevec_cmp('{3:5}/3', '{2:1}/2'),
       sparsevec_cmp('{}/2', '{3:-5}/3'), sparsevec_cmp('{1:2}/2', '{1:1,2:2}/3');

SELECT l2_norm('{1:3,2:4}/2'::sparsevec), l2_norm('{2:1}/2'::sparsevec), l2_norm('{}/2'::sparsevec), l2_norm('{1:3e37,2:4e37}/2'::sparsevec)::real;

SELECT l2_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), l2_distance('{1:3}/2'::sparsevec, '{2:4}/2'), l2_distance('{1:3,2:4}/2'::sparsevec, '{}/2');
SELECT l2_distance('{1:3}/2'::sparsevec, '{1:3}/1');
SELECT l2_distance('{1:3e38}/1'::sparsevec, '{1:-3e38}/1');
SELECT '{}/2'::sparsevec <-> '{1:3,2:4}/2', sparsevec_l2_squared_distance('{}/2', '{1:3,2:4}/2');
SELECT inner_product('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'), inner_product('{1:1}/2'::sparsevec, '{2:2}/2'), inner_product('{1:1,3:3}/4'::sparsevec, '{2:2,3:5,4:7}/4');
SELECT inner_product('{1:1}/2'::sparsevec, '{1:1}/3');
SELECT inner_product('{1:3e38}/1'::sparsevec, '{1:3e38}/1');
SELECT '{1:1,2:2}/2'::sparsevec <#> '{1:3,2:4}/2', sparsevec_negative_inner_product('{1:1,2:2}/2', '{1:3,2:4}/2');
SELECT cosine_distance('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'), cosine_distance('{1:1,2:2}/2'::sparsevec, '{}/2'),
       cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:1,2:1}/2'), cosine_distance('{1:1}/2'::sparsevec, '{2:2}/2'),
       cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1,2:-1}/2');
SELECT cosine_distance('{1:1}/2'::sparsevec, '{1:1}/3');
SELECT cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:1.1,2:1.1}/2'), cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1.1,2:-1.1}/2');
SELECT cosine_distance('{1:3e38}/1'::sparsevec, '{1:3e38}/1');
SELECT cosine_distance('{1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8,9:9}/9'::sparsevec, '{1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8,9:9}/9'), cosine_distance('{1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8,9:9}/9'::sparsevec, '{1:-1,2:-2,3:-3,4:-4,5:-5,6:-6,7:-7,8:-8,9:-9}/9');
SELECT '{1:1,2:2}/2'::sparsevec <=> '{1:2,2:4}/2';
SELECT l1_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), l1_distance('{1:3}/2'::sparsevec, '{2:4}/2'), l1_distance('{1:3,2:4,4:-1}/4'::sparsevec, '{2:1,3:2}/4');
SELECT l1_distance('{1:3}/2'::sparsevec, '{1:3}/3');
SELECT l1_distance('{1:3e38}/1'::sparsevec, '{1:-3e38}/1'), '{}/2'::sparsevec <+> '{1:3,2:4}/2';

SELECT l2_normalize('{1:3,2:4}/2'::sparsevec), l2_normalize('{1:3}/2'::sparsevec), l2_normalize('{2:0.1}/2'::sparsevec), l2_normalize('{}/2'::sparsevec);
SELECT l2_normalize('{1:3e38}/1'::sparsevec), l2_normalize('{1:3e38,2:1e-37}/2'::sparsevec), l2_normalize('{2:3e37,4:3e-37,6:4e37,8:4e-37}/9'::sparsevec);

-- what the dense types give for the same small integers
SELECT bool_and(a.v <-> b.v = a.v::sparsevec <-> b.v::sparsevec AND a.v <-> b.v = a.v::halfvec <-> b.v::halfvec) AS l2,
       bool_and(a.v <#> b.v = a.v::sparsevec <#> b.v::sparsevec AND a.v <#> b.v = a.v::halfvec <#> b.v::halfvec) AS ip,
       bool_and(a.v <=> b.v = a.v::sparsevec <=> b.v::sparsevec AND a.v <=> b.v = a.v::halfvec <=> b.v::halfvec) AS cosine,
       bool_and(a.v <+> b.v = a.v::sparsevec <+> b.v::sparsevec AND a.v <+> b.v = a.v::halfvec <+> b.v::halfvec) AS l1,
       bool_and(vector_cmp(a.v, b.v) = sparsevec_cmp(a.v::sparsevec, b.v::sparsevec) AND vector_cmp(a.v, b.v) = halfvec_cmp(a.v::halfvec, b.v::halfvec)
                AND vector_cmp(a.v, b.v) = btarraycmp(a.v::real[], b.v::real[])) AS cmp,
       count(*)
FROM (SELECT ARRAY[i, i * 7 % 5 - 2, i * 11 % 3 - 1, i % 4, i * 3 % 7 - 3]::vector AS v FROM generate_series(1, 60) i) a,
     (SELECT ARRAY[i, i * 5 % 3 - 1, i * 13 % 5 - 2, i % 3, i * 2 % 9 - 4]::vector AS v FROM generate_series(1, 60) i) b;

-- The type vector: text form, type modifier, functions, operators.

-- white space is space, tab, line feed, carriage return, vertical tab and form feed
SELECT '[1,2,3]'::vector;
SELECT '[-1,-2,-3]'::vector;
SELECT '[1.,2.,3.]'::vector;
SELECT ' [ 1,  2 ,    3  ] '::vector;
SELECT E'\t\n\r\x0b\f[\t\n\r\x0b\f1\t\n\r\x0b\f,\t\n\r\x0b\f2\t\n\r\x0b\f]\t\n\r\x0b\f'::vector;

-- numbers are what strtof takes
SELECT '[1.23456]'::vector;
SELECT '[.5,+1,1.,-.5,1e3,1E-3,+1.5e+2,0x10,0x1.8p1,00012,-0,+0]'::vector;
SELECT '[16777217,16777216.5,16777219,0.1,0.2,0.30000001192092896]'::vector;
SELECT '[123456789012345678901234567890,0.000000000000000000000000000001]'::vector;
SELECT '[0.1234567890123456789012345678901234567890]'::vector;
SELECT '[3.4028235e38,-3.4028235e38,1.17549435e-38,1e-45,1.4e-45]'::vector;
SELECT '[3.4028235677973366e38]'::vector;
SELECT '[3.4028235677973365e38]'::vector;

-- underflow is taken as zero, with its sign; overflow is not taken
SELECT '[1e-46,1]'::vector;
SELECT '[-1e-46,1]'::vector;
SELECT '[7e-46,8e-46]'::vector;
SELECT '[4e38,1]'::vector;
SELECT '[-4e38,1]'::vector;
SELECT '[1, 1e400 ]'::vector;
SELECT '[1.5e38,-1.5e38]'::vector;
SELECT '[1.5e+38,-1.5e+38]'::vector;
SELECT '[1.5e-38,-1.5e-38]'::vector;
SELECT '[0x1p200]'::vector;

-- the shortest text that reads back, whatever extra_float_digits says
SET extra_float_digits = -15;
SELECT '[0.1,1234567,0.33333334,1e6,1e5,0.0001,0.00001,-0]'::vector;
RESET extra_float_digits;

-- syntax
SELECT '[hello,1]'::vector;
SELECT '[NaN,1]'::vector;
SELECT '[nan(123),1]'::vector;
SELECT '[-NaN]'::vector;
SELECT '[Infinity,1]'::vector;
SELECT '[-Infinity,1]'::vector;
SELECT '[inf]'::vector;
SELECT '[infin]'::vector;
SELECT '[1,2,3'::vector;
SELECT '[1,2,3]9'::vector;
SELECT '[1,2,3]]'::vector;
SELECT '1,2,3'::vector;
SELECT ''::vector;
SELECT ' '::vector;
SELECT '['::vector;
SELECT '[ '::vector;
SELECT '[,'::vector;
SELECT '[]'::vector;
SELECT '[ ]'::vector;
SELECT '[] x'::vector;
SELECT '[,]'::vector;
SELECT '[1,]'::vector;
SELECT '[1,, ]'::vector;
SELECT '[1a]'::vector;
SELECT '[1e]'::vector;
SELECT '[0x]'::vector;
SELECT '[1.5.2]'::vector;
SELECT '[--1]'::vector;
SELECT '[+-1]'::vector;
SELECT '[- 1]'::vector;
SELECT '[1 2]'::vector;
SELECT '[1,,3]'::vector;
SELECT '[1;2]'::vector;
SELECT '[1_000]'::vector;
SELECT '(1,2)'::vector;
SELECT '{1,2}'::vector;

-- dimensions
SELECT '[1, 2,3]'::vector(3);
SELECT '[1,2,3]'::vector(2);
SELECT '[1,2,3]'::vector(3, 2);
SELECT '[1,2,3]'::vector('a');
SELECT '[1,2,3]'::vector(0);
SELECT '[1,2,3]'::vector(-1);
SELECT '[1,2,3]'::vector(16001);
SELECT vector_dims(('[' || repeat('1,', 15999) || '1]')::vector(16000));
SELECT ('[' || repeat('1,', 16000) || '1]')::vector;
SELECT ('[' || repeat('1,', 16000) || 'x')::vector;
SELECT unnest('{"[1,2,3]","[4,5,6]"}'::vector[]);
SELECT '{"[1,2,3]"}'::vector(2)[];
SELECT '[1,2,3]'::vector::vector::vector(3)::vector;
CREATE TABLE dims (v vector(3), w vector);
INSERT INTO dims VALUES ('[1,2,3]', '[1]'), (NULL, '[1,2]');
INSERT INTO dims VALUES ('[1,2]', NULL);
INSERT INTO dims (v) SELECT w FROM dims WHERE vector_dims(w) = 2;
SELECT v, w, vector_dims(w) FROM dims ORDER BY w;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'dims'::regclass AND attnum > 0;
ALTER TABLE dims ALTER w TYPE vector(2);
DROP TABLE dims;

-- arithmetic
SELECT '[1,2,3]'::vector + '[4,5,6]';
SELECT '[3e38]'::vector + '[3e38]';
SELECT '[-3e38]'::vector + '[-3e38]';
SELECT '[1,2]'::vector + '[3]';
SELECT '[1,2,3]'::vector - '[4,5,6]';
SELECT '[-3e38]'::vector - '[3e38]';
SELECT '[1,2]'::vector - '[3]';
SELECT '[1,2,3]'::vector * '[4,5,6]';
SELECT '[1e37]'::vector * '[1e37]';
SELECT '[1e-37]'::vector * '[1e-37]';
SELECT '[0,1e-37,-0]'::vector * '[1e-37,0,5]';
SELECT '[1e-37,1e37]'::vector * '[1e-37,1e37]', 'underflow comes first';
SELECT '[1e37,1e-37]'::vector * '[1e37,1e-37]', 'overflow comes first';
SELECT '[1,2]'::vector * '[3]';
SELECT '[1,2,3]'::vector || '[4,5]';
SELECT vector_dims(('[' || repeat('1,', 15998) || '1]')::vector || '[2]');
SELECT ('[' || repeat('1,', 15999) || '1]')::vector || '[2]';
-- more elements than one block of the computation
SELECT a.v + b.v = c.v, c.v - b.v = a.v, a.v * a.v = d.v
FROM (SELECT array_agg(i ORDER BY i)::vector AS v FROM generate_series(1, 1000) i) a,
     (SELECT array_agg(i * 2 ORDER BY i)::vector AS v FROM generate_series(1, 1000) i) b,
     (SELECT array_agg(i * 3 ORDER BY i)::vector AS v FROM generate_series(1, 1000) i) c,
     (SELECT array_agg(i * i ORDER BY i)::vector AS v FROM generate_series(1, 1000) i) d;

-- comparison: by element, then the shorter one first
SELECT '[1,2,3]'::vector < '[1,2,3]', '[1,2,3]'::vector < '[1,2]', '[1,2]'::vector < '[1,2,3]';
SELECT '[1,2,3]'::vector <= '[1,2,3]', '[1,2,3]'::vector <= '[1,2]', '[1,2]'::vector <= '[1,2,3]';
SELECT '[1,2,3]'::vector = '[1,2,3]', '[1,2,3]'::vector = '[1,2]', '[0]'::vector = '[-0]';
SELECT '[1,2,3]'::vector != '[1,2,3]', '[1,2,3]'::vector != '[1,2]', '[0]'::vector <> '[-0]';
SELECT '[1,2,3]'::vector >= '[1,2,3]', '[1,2,3]'::vector >= '[1,2]', '[1,2]'::vector >= '[1,2,3]';
SELECT '[1,2,3]'::vector > '[1,2,3]', '[1,2,3]'::vector > '[1,2]', '[1,2]'::vector > '[1,2,3]';
SELECT vector_cmp('[1,2,3]', '[1,2,3]'), vector_cmp('[1,2,3]', '[0,0,0]'), vector_cmp('[0,0,0]', '[1,2,3]');
SELECT vector_cmp('[1,2]', '[1,2,3]'), vector_cmp('[1,2,3]', '[1,2]'), vector_cmp('[1,2]', '[2,3,4]'), vector_cmp('[2,3]', '[1,2,3]');
SELECT vector_cmp('[-0]', '[0]'), vector_cmp('[-1]', '[1]'), vector_cmp('[-1]', '[-2]');

-- dimensions and norm
SELECT vector_dims('[1,2,3]'::vector);
SELECT round(vector_norm('[1,1]')::numeric, 5);
SELECT vector_norm('[3,4]'), vector_norm('[0,1]'), vector_norm('[0,0]'), vector_norm('[2]');
SELECT vector_norm('[3e37,4e37]')::real;
SELECT vector_norm('[3e38,3e38]'::vector) > 4e38, vector_norm('[1e-40]') > 0;

-- distances
SELECT l2_distance('[0,0]'::vector, '[3,4]'), l2_distance('[0,0]'::vector, '[0,1]');
SELECT l2_distance('[1,2]'::vector, '[3]');
SELECT l2_distance('[3e38]'::vector, '[-3e38]');
SELECT l2_distance('[1,1,1,1,1,1,1,1,1]'::vector, '[1,1,1,1,1,1,1,4,5]');
SELECT '[0,0]'::vector <-> '[3,4]';
SELECT vector_l2_squared_distance('[0,0]', '[3,4]'), vector_l2_squared_distance('[3e38]', '[-3e38]');
SELECT inner_product('[1,2]'::vector, '[3,4]');
SELECT inner_product('[1,2]'::vector, '[3]');
SELECT inner_product('[3e38]'::vector, '[3e38]'), inner_product('[-3e38]'::vector, '[3e38]');
SELECT inner_product('[1,1,1,1,1,1,1,1,1]'::vector, '[1,2,3,4,5,6,7,8,9]');
SELECT '[1,2]'::vector <#> '[3,4]', '[0]'::vector <#> '[1]', vector_negative_inner_product('[1,2]', '[3,4]');
SELECT cosine_distance('[1,2]'::vector, '[2,4]'), cosine_distance('[1,2]'::vector, '[0,0]'),
       cosine_distance('[1,1]'::vector, '[1,1]'), cosine_distance('[1,0]'::vector, '[0,2]'),
       cosine_distance('[1,1]'::vector, '[-1,-1]');
SELECT cosine_distance('[1,2]'::vector, '[3]');
SELECT cosine_distance('[1,1]'::vector, '[1.1,1.1]'), cosine_distance('[1,1]'::vector, '[-1.1,-1.1]');
SELECT cosine_distance('[3e38]'::vector, '[3e38]');
SELECT cosine_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[1,2,3,4,5,6,7,8,9]');
SELECT cosine_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[-1,-2,-3,-4,-5,-6,-7,-8,-9]');
SELECT '[1,2]'::vector <=> '[2,4]';
SELECT l1_distance('[0,0]'::vector, '[3,4]'), l1_distance('[0,0]'::vector, '[0,1]');
SELECT l1_distance('[1,2]'::vector, '[3]');
SELECT l1_distance('[3e38]'::vector, '[-3e38]');
SELECT l1_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[1,2,3,4,5,6,7,8,9]'), l1_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[0,3,2,5,4,7,6,9,8]');
SELECT '[0,0]'::vector <+> '[3,4]';
SELECT vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,0]', '[1,0]'),
       vector_spherical_distance('[1,0]', '[-1,0]'), vector_spherical_distance('[2,0]', '[2,0]');
SELECT vector_spherical_distance('[1,2]', '[3]');

-- l2_normalize
SELECT l2_normalize('[3,4]'::vector), l2_normalize('[3,0]'::vector), l2_normalize('[0,0.1]'::vector),
       l2_normalize('[0,0]'::vector);
SELECT l2_normalize('[3e38]'::vector), l2_normalize('[3e38,1e-37]'::vector), l2_normalize('[2e-45]'::vector);

-- binary_quantize
SELECT binary_quantize('[1,0,-1]'::vector), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::vector);
SELECT binary_quantize('[-0,1e-45,-1e-45]'::vector), length(binary_quantize('[1,1,1,1,1,1,1,1,1]'::vector));
SELECT binary_quantize('[1,1]'::vector) = B'11', binary_quantize('[1,1,1,1,1,1,1,1,1]'::vector) = B'111111111';

-- subvector counts from 1 and takes what exists
SELECT subvector('[1,2,3,4,5]'::vector, 1, 3), subvector('[1,2,3,4,5]'::vector, 3, 2);
SELECT subvector('[1,2,3,4,5]'::vector, -1, 3), subvector('[1,2,3,4,5]'::vector, 3, 9);
SELECT subvector('[1,2,3,4,5]'::vector, 1, 0);
SELECT subvector('[1,2,3,4,5]'::vector, 3, -1);
SELECT subvector('[1,2,3,4,5]'::vector, -1, 2);
SELECT subvector('[1,2,3,4,5]'::vector, 6, 1);
SELECT subvector('[1,2,3,4,5]'::vector, 2147483647, 10);
SELECT subvector('[1,2,3,4,5]'::vector, 2147483647, 2147483647);
SELECT subvector('[1,2,3,4,5]'::vector, 3, 2147483647), subvector('[1,2,3,4,5]'::vector, -2147483644, 2147483647);
SELECT subvector('[1,2,3,4,5]'::vector, -2147483648, 2147483647);
SELECT subvector('[1,2,3,4,5]'::vector, -2147483648, -2147483648);

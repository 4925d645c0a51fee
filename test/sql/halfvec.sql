-- The type halfvec: text form, type modifier, functions, operators.

SELECT '[1,2,3]'::halfvec;
SELECT E' [\t1 ,\n 2\x0b,\f3 ]\r'::halfvec;
SELECT '[0.6,0.8]'::halfvec;
SELECT '[1.23456,0x10,.5,1.,+2,1e2]'::halfvec;

-- rounding to nearest, ties to even; subnormal numbers; underflow to zero; overflow
SELECT '[2049,2051,2050,2049.0001,4098,4100,4102]'::halfvec;
SELECT '[65504,-65504,65519,65519.99]'::halfvec;
SELECT '[65520]'::halfvec;
SELECT '[-65520]'::halfvec;
SELECT '[65519.9999]'::halfvec;
SELECT '[1, 65536 ]'::halfvec;
SELECT '[4e38]'::halfvec;
SELECT '[-1e400]'::halfvec;
SELECT '[6.1035156e-05,6.0976e-05,5.9604645e-08,2.9802322e-08,2.9802326e-08,8.940697e-08]'::halfvec;
SELECT '[1e-8,-1e-8,1e-46,-1e-46,1e-400]'::halfvec;
SET extra_float_digits = -15;
SELECT '[0.1,0.3333,1234,40000,-0]'::halfvec;
RESET extra_float_digits;

SELECT '[hello,1]'::halfvec;
SELECT '[NaN,1]'::halfvec;
SELECT '[Infinity,1]'::halfvec;
SELECT '[-Infinity,1]'::halfvec;
SELECT '[1,2,3'::halfvec;
SELECT '[1,2,3]9'::halfvec;
SELECT '1,2,3'::halfvec;
SELECT ''::halfvec;
SELECT '['::halfvec;
SELECT '[,'::halfvec;
SELECT '[]'::halfvec;
SELECT '[ ]'::halfvec;
SELECT '[1,]'::halfvec;
SELECT '[1a]'::halfvec;
SELECT '[1,,3]'::halfvec;

SELECT '[1, 2,3]'::halfvec(3);
SELECT '[1,2,3]'::halfvec(2);
SELECT '[1,2,3]'::halfvec(3, 2);
SELECT '[1,2,3]'::halfvec('a');
SELECT '[1,2,3]'::halfvec(0);
SELECT '[1,2,3]'::halfvec(-1);
SELECT '[1,2,3]'::halfvec(16001);
SELECT vector_dims(('[' || repeat('1,', 15999) || '1]')::halfvec(16000));
SELECT ('[' || repeat('1,', 16000) || '1]')::halfvec;
SELECT unnest('{"[1,2,3]","[4,5,6]"}'::halfvec[]);
SELECT '{"[1,2,3]"}'::halfvec(2)[];

-- arithmetic is done in float and rounded once
SELECT '[1,2,3]'::halfvec + '[4,5,6]', '[2048]'::halfvec + '[1]', '[2048]'::halfvec + '[3]';
SELECT '[65504]'::halfvec + '[15]', '[65504]'::halfvec + '[-16]';
SELECT '[65504]'::halfvec + '[16]';
SELECT '[65519]'::halfvec + '[65519]';
SELECT '[1,2]'::halfvec + '[3]';
SELECT '[1,2,3]'::halfvec - '[4,5,6]';
SELECT '[-65519]'::halfvec - '[65519]';
SELECT '[1,2]'::halfvec - '[3]';
SELECT '[1,2,3]'::halfvec * '[4,5,6]', '[0.1]'::halfvec * '[0.1]';
SELECT '[65519]'::halfvec * '[65519]';
SELECT '[1e-7]'::halfvec * '[1e-7]';
SELECT '[6e-8]'::halfvec * '[0.5]';
SELECT '[6e-8]'::halfvec * '[0.5005]', '[0,6e-8]'::halfvec * '[6e-8,0]';
SELECT '[1e-7,60000]'::halfvec * '[1e-7,60000]', 'underflow comes first';
SELECT '[1,2]'::halfvec * '[3]';
SELECT '[1,2,3]'::halfvec || '[4,5]';
SELECT ('[' || repeat('1,', 15999) || '1]')::halfvec || '[2]';
SELECT a.v + a.v = b.v, b.v - a.v = a.v, a.v * a.v = c.v
FROM (SELECT array_agg(i % 200 ORDER BY i)::halfvec AS v FROM generate_series(1, 1000) i) a,
     (SELECT array_agg(2 * (i % 200) ORDER BY i)::halfvec AS v FROM generate_series(1, 1000) i) b,
     (SELECT array_agg((i % 200) * (i % 200) ORDER BY i)::halfvec AS v FROM generate_series(1, 1000) i) c;

SELECT '[1,2,3]'::halfvec < '[1,2,3]', '[1,2,3]'::halfvec < '[1,2]', '[1,2]'::halfvec < '[1,2,3]';
SELECT '[1,2,3]'::halfvec <= '[1,2,3]', '[1,2,3]'::halfvec <= '[1,2]', '[1,2]'::halfvec <= '[1,2,3]';
SELECT '[1,2,3]'::halfvec = '[1,2,3]', '[1,2,3]'::halfvec = '[1,2]', '[0]'::halfvec = '[-0]';
SELECT '[1,2,3]'::halfvec != '[1,2,3]', '[1,2,3]'::halfvec != '[1,2]', '[0]'::halfvec != '[-0]';
SELECT '[1,2,3]'::halfvec >= '[1,2,3]', '[1,2,3]'::halfvec >= '[1,2]', '[1,2]'::halfvec >= '[1,2,3]';
SELECT '[1,2,3]'::halfvec > '[1,2,3]', '[1,2,3]'::halfvec > '[1,2]', '[1,2]'::halfvec > '[1,2,3]';
SELECT halfvec_cmp('[1,2,3]', '[1,2,3]'), halfvec_cmp('[1,2,3]', '[0,0,0]'), halfvec_cmp('[0,0,0]', '[1,2,3]');
SELECT halfvec_cmp('[1,2]', '[1,2,3]'), halfvec_cmp('[1,2,3]', '[1,2]'), halfvec_cmp('[1,2]', '[2,3,4]'), halfvec_cmp('[2,3]', '[1,2,3]');
SELECT halfvec_cmp('[-0]', '[0]'), halfvec_cmp('[-1]', '[1]'), halfvec_cmp('[-1]', '[-2]'), halfvec_cmp('[-6e-8]', '[0]');

SELECT vector_dims('[1,2,3]'::halfvec);
SELECT l2_norm('[3,4]'::halfvec), l2_norm('[0,1]'::halfvec), l2_norm('[0,0]'::halfvec), l2_norm('[65504,65504]'::halfvec);

SELECT l2_distance('[0,0]'::halfvec, '[3,4]'), l2_distance('[0,0]'::halfvec, '[0,1]');
SELECT l2_distance('[1,2]'::halfvec, '[3]');
SELECT l2_distance('[1,1,1,1,1,1,1,1,1]'::halfvec, '[1,1,1,1,1,1,1,4,5]'), l2_distance('[65504]'::halfvec, '[-65504]');
SELECT '[0,0]'::halfvec <-> '[3,4]', halfvec_l2_squared_distance('[0,0]', '[3,4]');
SELECT inner_product('[1,2]'::halfvec, '[3,4]');
SELECT inner_product('[1,2]'::halfvec, '[3]');
SELECT inner_product('[65504]'::halfvec, '[65504]');
SELECT inner_product('[1,1,1,1,1,1,1,1,1]'::halfvec, '[1,2,3,4,5,6,7,8,9]');
SELECT '[1,2]'::halfvec <#> '[3,4]', halfvec_negative_inner_product('[1,2]', '[3,4]');
SELECT cosine_distance('[1,2]'::halfvec, '[2,4]'), cosine_distance('[1,2]'::halfvec, '[0,0]'),
       cosine_distance('[1,1]'::halfvec, '[1,1]'), cosine_distance('[1,0]'::halfvec, '[0,2]'),
       cosine_distance('[1,1]'::halfvec, '[-1,-1]');
SELECT cosine_distance('[1,2]'::halfvec, '[3]');
SELECT cosine_distance('[1,1]'::halfvec, '[1.1,1.1]'), cosine_distance('[1,1]'::halfvec, '[-1.1,-1.1]');
SELECT cosine_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[1,2,3,4,5,6,7,8,9]'), cosine_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[-1,-2,-3,-4,-5,-6,-7,-8,-9]');
SELECT '[1,2]'::halfvec <=> '[2,4]';
SELECT l1_distance('[0,0]'::halfvec, '[3,4]'), l1_distance('[0,0]'::halfvec, '[0,1]');
SELECT l1_distance('[1,2]'::halfvec, '[3]');
SELECT l1_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[0,3,2,5,4,7,6,9,8]'), '[0,0]'::halfvec <+> '[3,4]';
SELECT halfvec_spherical_distance('[1,0]', '[0,1]'), halfvec_spherical_distance('[1,0]', '[-1,0]'), halfvec_spherical_distance('[2,0]', '[2,0]');

SELECT l2_normalize('[3,4]'::halfvec), l2_normalize('[3,0]'::halfvec), l2_normalize('[0,0.1]'::halfvec), l2_normalize('[0,0]'::halfvec);
SELECT l2_normalize('[65504]'::halfvec), l2_normalize('[6e-8,6e-8]'::halfvec), l2_normalize('[65504,6e-8]'::halfvec);

SELECT binary_quantize('[1,0,-1]'::halfvec), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::halfvec), binary_quantize('[-0,6e-8]'::halfvec);

SELECT subvector('[1,2,3,4,5]'::halfvec, 1, 3), subvector('[1,2,3,4,5]'::halfvec, 3, 2), subvector('[1,2,3,4,5]'::halfvec, -1, 3), subvector('[1,2,3,4,5]'::halfvec, 3, 9);
SELECT subvector('[1,2,3,4,5]'::halfvec, 1, 0);
SELECT subvector('[1,2,3,4,5]'::halfvec, 3, -1);
SELECT subvector('[1,2,3,4,5]'::halfvec, -1, 2);
SELECT subvector('[1,2,3,4,5]'::halfvec, 2147483647, 10);
SELECT subvector('[1,2,3,4,5]'::halfvec, 3, 2147483647), subvector('[1,2,3,4,5]'::halfvec, -2147483644, 2147483647);

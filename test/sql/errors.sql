-- Every error of the types with its SQLSTATE.  Each is caught, and the session goes on.

CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || left(SQLERRM, 120) || coalesce(' (' || nullif(detail, '') || ')', '') || coalesce(' [' || nullif(hint, '') || ']', '');
END $$;

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' -> '

-- text input
SELECT l, try(format('SELECT %L::vector', l)), try(format('SELECT %L::halfvec', l)) FROM unnest(ARRAY[
  'x', '', '[', '[]', '[1', '[1,', '[1,]', '[1,,2]', '[1a]', '[1]x', '[4e38]', '[-4e38]', '[65520]', '[NaN]', '[Infinity]', '[-Infinity]', '{1}']) l;
SELECT l, try(format('SELECT %L::sparsevec', l)) FROM unnest(ARRAY[
  'x', '', '{', '{}', '{}x', '{}/', '{}/x', '{}/1x', '{}/0', '{}/1000000001', '{1', '{1:', '{1:1', '{1:1,', '{1:1,}/1', '{1:x}/1', '{x:1}/1', '{1:1;2:1}/2',
  '{1:4e38}/1', '{1:1e-46}/1', '{1:NaN}/1', '{1:Infinity}/1', '{0:1}/1', '{2:1}/1', '{1:1,1:1}/1']) l;
SELECT try($$SELECT ('[' || repeat('1,', 16000) || '1]')::vector$$), try($$SELECT ('[' || repeat('1,', 16000) || '1]')::halfvec$$), try($$SELECT repeat(',', 16000)::sparsevec$$);
-- a literal of 20 MB is quoted in the message, whole
SELECT try($$SELECT (repeat(' ', 20000000) || 'x')::vector$$), length(try($$SELECT ('{' || repeat('y', 20000000))::sparsevec$$));

-- type modifiers
SELECT t, m, try(format('SELECT NULL::%s(%s)', t, m)) FROM unnest(ARRAY['vector', 'halfvec', 'sparsevec']) t, unnest(ARRAY['0', '-1', '16001', '1000000001', '1,2', '''a''', '99999999999']) m;
SELECT l, try('SELECT ' || l) FROM unnest(ARRAY['''[1,2]''::vector(3)', '''[1,2]''::halfvec(3)', '''{}/2''::sparsevec(3)', '''[1,2]''::vector::vector(1)',
  'vector_in(''[1,2]'', 0, 1)', 'halfvec_in(''[1,2]'', 0, 1)', 'sparsevec_in(''{9:1}/2'', 0, 1)', 'vector_in(''[1]x'', 0, 5)']) l;

-- operators and functions of two values
SELECT f, try(format('SELECT %s(''[1,2]''::vector, ''[1]'')', f)) FROM unnest(ARRAY['l2_distance', 'inner_product', 'cosine_distance', 'l1_distance', 'vector_add', 'vector_sub', 'vector_mul',
  'vector_l2_squared_distance', 'vector_negative_inner_product', 'vector_spherical_distance', 'vector_cmp', 'vector_eq', 'vector_concat']) f;
SELECT f, try(format('SELECT %s(''[1,2]''::halfvec, ''[1]'')', f)) FROM unnest(ARRAY['l2_distance', 'inner_product', 'cosine_distance', 'l1_distance', 'halfvec_add', 'halfvec_sub', 'halfvec_mul',
  'halfvec_l2_squared_distance', 'halfvec_negative_inner_product', 'halfvec_spherical_distance', 'halfvec_cmp', 'halfvec_eq', 'halfvec_concat']) f;
SELECT f, try(format('SELECT %s(''{}/2''::sparsevec, ''{}/1'')', f)) FROM unnest(ARRAY['l2_distance', 'inner_product', 'cosine_distance', 'l1_distance',
  'sparsevec_l2_squared_distance', 'sparsevec_negative_inner_product', 'sparsevec_cmp', 'sparsevec_eq']) f;
SELECT f, try(format('SELECT %s(B''11'', B''1'')', f)) FROM unnest(ARRAY['hamming_distance', 'jaccard_distance']) f;
SELECT e, try('SELECT ' || e) FROM unnest(ARRAY['''[3e38]''::vector + ''[3e38]''', '''[3e38]''::vector - ''[-3e38]''', '''[3e38]''::vector * ''[3e38]''', '''[3e-38]''::vector * ''[3e-38]''',
  '''[65504]''::halfvec + ''[65504]''', '''[65504]''::halfvec - ''[-65504]''', '''[65504]''::halfvec * ''[65504]''', '''[1e-7]''::halfvec * ''[1e-7]''',
  'subvector(''[1,2]''::vector, 1, 0)', 'subvector(''[1,2]''::vector, 3, 1)', 'subvector(''[1,2]''::halfvec, 1, -1)', 'subvector(''[1,2]''::halfvec, -5, 3)']) e;
SELECT try($$SELECT ('[' || repeat('1,', 15999) || '1]')::vector || '[1]'$$), try($$SELECT ('[' || repeat('1,', 15999) || '1]')::halfvec || '[1]'$$);

-- casts
SELECT a, t, try(format('SELECT %s::%s', a, t))
FROM unnest(ARRAY['''{}''::real[]', '''{{1}}''::int[]', '''{NULL}''::real[]', '''{NaN}''::real[]', '''{Infinity}''::real[]', '''{4e38}''::float8[]', '''{4e38}''::numeric[]', '''{70000}''::int[]']) a,
     unnest(ARRAY['vector', 'halfvec', 'sparsevec', 'vector(2)', 'sparsevec(2)']) t;
SELECT e, try('SELECT ' || e) FROM unnest(ARRAY['''[70000]''::vector::halfvec', '''{1:70000}/1''::sparsevec::halfvec', '''{}/16001''::sparsevec::vector', '''{}/16001''::sparsevec::halfvec',
  '''[1]''::vector::halfvec(2)', '''[1]''::vector::sparsevec(2)', '''[1]''::halfvec::vector(2)', '''[1]''::halfvec::sparsevec(2)', '''{}/1''::sparsevec::vector(2)', '''{}/1''::sparsevec::halfvec(2)']) e;
SELECT try('SELECT array_agg(1)::vector FROM generate_series(1, 16001)'), try('SELECT array_agg(1)::halfvec FROM generate_series(1, 16001)'), try('SELECT array_agg(1)::sparsevec FROM generate_series(1, 16001)');

-- a wrong element type, which only a direct call can bring
CREATE FUNCTION from_bigints(bigint[], integer, boolean) RETURNS vector AS '$libdir/vector', 'array_to_vector' LANGUAGE C IMMUTABLE STRICT;
CREATE FUNCTION half_from_bigints(bigint[], integer, boolean) RETURNS halfvec AS '$libdir/vector', 'array_to_halfvec' LANGUAGE C IMMUTABLE STRICT;
CREATE FUNCTION sparse_from_bigints(bigint[], integer, boolean) RETURNS sparsevec AS '$libdir/vector', 'array_to_sparsevec' LANGUAGE C IMMUTABLE STRICT;
SELECT try('SELECT from_bigints(''{1}'', -1, false)'), try('SELECT half_from_bigints(''{1}'', -1, false)'), try('SELECT sparse_from_bigints(''{1}'', -1, false)');

-- aggregates
SELECT e, try('SELECT ' || e) FROM unnest(ARRAY['vector_accum(''{}'', ''[1]'')', 'halfvec_accum(''{}'', ''[1]'')', 'vector_avg(''{}'')', 'halfvec_avg(''{}'')', 'vector_combine(''{}'', ''{0}'')', 'halfvec_combine(''{0}'', ''{}'')',
  'vector_accum(''{1,1}'', ''[1,2]'')', 'halfvec_accum(''{1,1}'', ''[1,2]'')', 'vector_combine(''{1,1}'', ''{1,1,1}'')', 'vector_combine(''{1,1e308}'', ''{1,1e308}'')', 'vector_avg(''{1}'')', 'halfvec_avg(''{1}'')',
  'vector_avg(''{1,1e39}'')', 'vector_avg(''{1,NaN}'')', 'halfvec_avg(''{1,65520}'')', 'halfvec_avg(''{1,NaN}'')', 'halfvec_avg(''{1,1e39}'')']) e;
SELECT try('SELECT avg(v) FROM unnest(''{"[1,2]","[1]"}''::vector[]) v'), try('SELECT sum(v) FROM unnest(''{"[1,2]","[1]"}''::vector[]) v');

-- an error in the middle of a transaction that goes on
BEGIN;
SAVEPOINT s;
SELECT '[1,2]'::vector + '[1]';
ROLLBACK TO s;
SELECT '[1,2]'::vector + '[3,4]';
COMMIT;
DO $$
BEGIN
  FOR i IN 1 .. 2000 LOOP
    PERFORM try('SELECT ''[1''::vector');
    PERFORM try('SELECT ''[1,2]''::vector <-> ''[1]''');
    PERFORM try('SELECT ''{4e38}''::numeric[]::vector');
  END LOOP;
END $$;
SELECT 'still here';
DROP FUNCTION from_bigints, half_from_bigints, sparse_from_bigints, try;

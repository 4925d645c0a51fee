\echo Use "ALTER EXTENSION vector UPDATE TO '1.0.0'" to load this file. \quit

-- The objects of 1.0.0 are those of 0.8.7 and the access method flat; every one gets the comment,
-- and the slow ones the cost, that vector--1.0.0.sql gives them.  Released scripts do not change:
-- what comes later belongs into a later step.

--------------------------------------------------------------------------------------------------
-- Costs
--------------------------------------------------------------------------------------------------

-- vector: distances
ALTER FUNCTION l2_distance(vector, vector) COST 5;
ALTER FUNCTION inner_product(vector, vector) COST 5;
ALTER FUNCTION cosine_distance(vector, vector) COST 5;
ALTER FUNCTION l1_distance(vector, vector) COST 5;
ALTER FUNCTION vector_l2_squared_distance(vector, vector) COST 5;
ALTER FUNCTION vector_negative_inner_product(vector, vector) COST 5;
ALTER FUNCTION vector_spherical_distance(vector, vector) COST 5;

-- vector: arithmetic
ALTER FUNCTION vector_add(vector, vector) COST 5;

-- vector: aggregates
ALTER FUNCTION vector_accum(float8[], vector) COST 5;

-- halfvec: distances
ALTER FUNCTION l2_distance(halfvec, halfvec) COST 5;
ALTER FUNCTION inner_product(halfvec, halfvec) COST 5;
ALTER FUNCTION cosine_distance(halfvec, halfvec) COST 5;
ALTER FUNCTION l1_distance(halfvec, halfvec) COST 5;
ALTER FUNCTION halfvec_l2_squared_distance(halfvec, halfvec) COST 5;
ALTER FUNCTION halfvec_negative_inner_product(halfvec, halfvec) COST 5;
ALTER FUNCTION halfvec_spherical_distance(halfvec, halfvec) COST 5;

-- halfvec: arithmetic
ALTER FUNCTION halfvec_add(halfvec, halfvec) COST 5;

-- halfvec: aggregates
ALTER FUNCTION halfvec_accum(float8[], halfvec) COST 5;

-- sparsevec: distances
ALTER FUNCTION l2_distance(sparsevec, sparsevec) COST 5;
ALTER FUNCTION inner_product(sparsevec, sparsevec) COST 5;
ALTER FUNCTION cosine_distance(sparsevec, sparsevec) COST 5;
ALTER FUNCTION l1_distance(sparsevec, sparsevec) COST 5;
ALTER FUNCTION sparsevec_l2_squared_distance(sparsevec, sparsevec) COST 5;
ALTER FUNCTION sparsevec_negative_inner_product(sparsevec, sparsevec) COST 5;

-- bit
ALTER FUNCTION hamming_distance(bit, bit) COST 5;
ALTER FUNCTION jaccard_distance(bit, bit) COST 5;

--------------------------------------------------------------------------------------------------
-- Comments
--------------------------------------------------------------------------------------------------

-- vector: type
COMMENT ON FUNCTION vector_in(cstring, oid, integer) IS 'input of vector';
COMMENT ON FUNCTION vector_out(vector) IS 'output of vector';
COMMENT ON FUNCTION vector_typmod_in(cstring[]) IS 'dimensions of vector(n)';
COMMENT ON FUNCTION vector_recv(internal, oid, integer) IS 'binary input of vector';
COMMENT ON FUNCTION vector_send(vector) IS 'binary output of vector';
COMMENT ON TYPE vector IS 'vector of 4-byte floating-point numbers';

-- vector: distances
COMMENT ON FUNCTION l2_distance(vector, vector) IS 'Euclidean distance';
COMMENT ON FUNCTION inner_product(vector, vector) IS 'inner product';
COMMENT ON FUNCTION cosine_distance(vector, vector) IS 'cosine distance: 1 - cosine similarity';
COMMENT ON FUNCTION l1_distance(vector, vector) IS 'taxicab distance';
COMMENT ON FUNCTION vector_l2_squared_distance(vector, vector) IS
	'squared Euclidean distance, for indexes';
COMMENT ON FUNCTION vector_negative_inner_product(vector, vector) IS 'inner product times -1';
COMMENT ON FUNCTION vector_spherical_distance(vector, vector) IS
	'angle between unit vectors divided by pi, for indexes';

-- vector: functions
COMMENT ON FUNCTION vector_dims(vector) IS 'number of dimensions';
COMMENT ON FUNCTION vector_norm(vector) IS 'Euclidean norm';
COMMENT ON FUNCTION l2_normalize(vector) IS 'vector divided by its Euclidean norm';
COMMENT ON FUNCTION binary_quantize(vector) IS 'one bit for each element: is it positive?';
COMMENT ON FUNCTION subvector(vector, integer, integer) IS
	'elements from a 1-based start, so many of them';

-- vector: arithmetic
COMMENT ON FUNCTION vector_add(vector, vector) IS 'implementation of the + operator';
COMMENT ON FUNCTION vector_sub(vector, vector) IS 'implementation of the - operator';
COMMENT ON FUNCTION vector_mul(vector, vector) IS 'implementation of the * operator';
COMMENT ON FUNCTION vector_concat(vector, vector) IS 'implementation of the || operator';

-- vector: comparison
COMMENT ON FUNCTION vector_lt(vector, vector) IS 'implementation of the < operator';
COMMENT ON FUNCTION vector_le(vector, vector) IS 'implementation of the <= operator';
COMMENT ON FUNCTION vector_eq(vector, vector) IS 'implementation of the = operator';
COMMENT ON FUNCTION vector_ne(vector, vector) IS 'implementation of the <> operator';
COMMENT ON FUNCTION vector_ge(vector, vector) IS 'implementation of the >= operator';
COMMENT ON FUNCTION vector_gt(vector, vector) IS 'implementation of the > operator';
COMMENT ON FUNCTION vector_cmp(vector, vector) IS 'three-way comparison, element by element';

-- vector: operators
COMMENT ON OPERATOR <-> (vector, vector) IS 'Euclidean distance';
COMMENT ON OPERATOR <#> (vector, vector) IS 'inner product times -1';
COMMENT ON OPERATOR <=> (vector, vector) IS 'cosine distance';
COMMENT ON OPERATOR <+> (vector, vector) IS 'taxicab distance';
COMMENT ON OPERATOR + (vector, vector) IS 'sum, element by element';
COMMENT ON OPERATOR - (vector, vector) IS 'difference, element by element';
COMMENT ON OPERATOR * (vector, vector) IS 'product, element by element';
COMMENT ON OPERATOR || (vector, vector) IS 'concatenation';
COMMENT ON OPERATOR < (vector, vector) IS 'less than';
COMMENT ON OPERATOR <= (vector, vector) IS 'less than or equal to';
COMMENT ON OPERATOR = (vector, vector) IS 'equal to';
COMMENT ON OPERATOR <> (vector, vector) IS 'not equal to';
COMMENT ON OPERATOR >= (vector, vector) IS 'greater than or equal to';
COMMENT ON OPERATOR > (vector, vector) IS 'greater than';

-- vector: aggregates
COMMENT ON FUNCTION vector_accum(float8[], vector) IS 'transition function of avg(vector)';
COMMENT ON FUNCTION vector_combine(float8[], float8[]) IS 'combine function of avg(vector)';
COMMENT ON FUNCTION vector_avg(float8[]) IS 'final function of avg(vector)';
COMMENT ON AGGREGATE avg(vector) IS 'average, element by element';
COMMENT ON AGGREGATE sum(vector) IS 'sum, element by element';

-- vector: casts
COMMENT ON FUNCTION vector(vector, integer, boolean) IS 'check of the number of dimensions';
COMMENT ON FUNCTION array_to_vector(integer[], integer, boolean) IS
	'conversion of integer[] to vector';
COMMENT ON FUNCTION array_to_vector(real[], integer, boolean) IS 'conversion of real[] to vector';
COMMENT ON FUNCTION array_to_vector(float8[], integer, boolean) IS
	'conversion of float8[] to vector';
COMMENT ON FUNCTION array_to_vector(numeric[], integer, boolean) IS
	'conversion of numeric[] to vector';
COMMENT ON FUNCTION vector_to_float4(vector, integer, boolean) IS
	'conversion of vector to real[]';
COMMENT ON CAST (vector AS vector) IS 'vector to vector(n): checks the number of dimensions';
COMMENT ON CAST (vector AS real[]) IS 'vector to real[]';
COMMENT ON CAST (integer[] AS vector) IS 'integer[] to vector';
COMMENT ON CAST (real[] AS vector) IS 'real[] to vector';
COMMENT ON CAST (float8[] AS vector) IS 'float8[] to vector';
COMMENT ON CAST (numeric[] AS vector) IS 'numeric[] to vector';

-- halfvec: type
COMMENT ON FUNCTION halfvec_in(cstring, oid, integer) IS 'input of halfvec';
COMMENT ON FUNCTION halfvec_out(halfvec) IS 'output of halfvec';
COMMENT ON FUNCTION halfvec_typmod_in(cstring[]) IS 'dimensions of halfvec(n)';
COMMENT ON FUNCTION halfvec_recv(internal, oid, integer) IS 'binary input of halfvec';
COMMENT ON FUNCTION halfvec_send(halfvec) IS 'binary output of halfvec';
COMMENT ON TYPE halfvec IS 'vector of 2-byte floating-point numbers';

-- halfvec: distances
COMMENT ON FUNCTION l2_distance(halfvec, halfvec) IS 'Euclidean distance';
COMMENT ON FUNCTION inner_product(halfvec, halfvec) IS 'inner product';
COMMENT ON FUNCTION cosine_distance(halfvec, halfvec) IS 'cosine distance: 1 - cosine similarity';
COMMENT ON FUNCTION l1_distance(halfvec, halfvec) IS 'taxicab distance';
COMMENT ON FUNCTION halfvec_l2_squared_distance(halfvec, halfvec) IS
	'squared Euclidean distance, for indexes';
COMMENT ON FUNCTION halfvec_negative_inner_product(halfvec, halfvec) IS 'inner product times -1';
COMMENT ON FUNCTION halfvec_spherical_distance(halfvec, halfvec) IS
	'angle between unit vectors divided by pi, for indexes';

-- halfvec: functions
COMMENT ON FUNCTION vector_dims(halfvec) IS 'number of dimensions';
COMMENT ON FUNCTION l2_norm(halfvec) IS 'Euclidean norm';
COMMENT ON FUNCTION l2_normalize(halfvec) IS 'vector divided by its Euclidean norm';
COMMENT ON FUNCTION binary_quantize(halfvec) IS 'one bit for each element: is it positive?';
COMMENT ON FUNCTION subvector(halfvec, integer, integer) IS
	'elements from a 1-based start, so many of them';

-- halfvec: arithmetic
COMMENT ON FUNCTION halfvec_add(halfvec, halfvec) IS 'implementation of the + operator';
COMMENT ON FUNCTION halfvec_sub(halfvec, halfvec) IS 'implementation of the - operator';
COMMENT ON FUNCTION halfvec_mul(halfvec, halfvec) IS 'implementation of the * operator';
COMMENT ON FUNCTION halfvec_concat(halfvec, halfvec) IS 'implementation of the || operator';

-- halfvec: comparison
COMMENT ON FUNCTION halfvec_lt(halfvec, halfvec) IS 'implementation of the < operator';
COMMENT ON FUNCTION halfvec_le(halfvec, halfvec) IS 'implementation of the <= operator';
COMMENT ON FUNCTION halfvec_eq(halfvec, halfvec) IS 'implementation of the = operator';
COMMENT ON FUNCTION halfvec_ne(halfvec, halfvec) IS 'implementation of the <> operator';
COMMENT ON FUNCTION halfvec_ge(halfvec, halfvec) IS 'implementation of the >= operator';
COMMENT ON FUNCTION halfvec_gt(halfvec, halfvec) IS 'implementation of the > operator';
COMMENT ON FUNCTION halfvec_cmp(halfvec, halfvec) IS 'three-way comparison, element by element';

-- halfvec: operators
COMMENT ON OPERATOR <-> (halfvec, halfvec) IS 'Euclidean distance';
COMMENT ON OPERATOR <#> (halfvec, halfvec) IS 'inner product times -1';
COMMENT ON OPERATOR <=> (halfvec, halfvec) IS 'cosine distance';
COMMENT ON OPERATOR <+> (halfvec, halfvec) IS 'taxicab distance';
COMMENT ON OPERATOR + (halfvec, halfvec) IS 'sum, element by element';
COMMENT ON OPERATOR - (halfvec, halfvec) IS 'difference, element by element';
COMMENT ON OPERATOR * (halfvec, halfvec) IS 'product, element by element';
COMMENT ON OPERATOR || (halfvec, halfvec) IS 'concatenation';
COMMENT ON OPERATOR < (halfvec, halfvec) IS 'less than';
COMMENT ON OPERATOR <= (halfvec, halfvec) IS 'less than or equal to';
COMMENT ON OPERATOR = (halfvec, halfvec) IS 'equal to';
COMMENT ON OPERATOR <> (halfvec, halfvec) IS 'not equal to';
COMMENT ON OPERATOR >= (halfvec, halfvec) IS 'greater than or equal to';
COMMENT ON OPERATOR > (halfvec, halfvec) IS 'greater than';

-- halfvec: aggregates
COMMENT ON FUNCTION halfvec_accum(float8[], halfvec) IS 'transition function of avg(halfvec)';
COMMENT ON FUNCTION halfvec_combine(float8[], float8[]) IS 'combine function of avg(halfvec)';
COMMENT ON FUNCTION halfvec_avg(float8[]) IS 'final function of avg(halfvec)';
COMMENT ON AGGREGATE avg(halfvec) IS 'average, element by element';
COMMENT ON AGGREGATE sum(halfvec) IS 'sum, element by element';

-- halfvec: casts
COMMENT ON FUNCTION halfvec(halfvec, integer, boolean) IS 'check of the number of dimensions';
COMMENT ON FUNCTION halfvec_to_vector(halfvec, integer, boolean) IS
	'conversion of halfvec to vector';
COMMENT ON FUNCTION vector_to_halfvec(vector, integer, boolean) IS
	'conversion of vector to halfvec';
COMMENT ON FUNCTION array_to_halfvec(integer[], integer, boolean) IS
	'conversion of integer[] to halfvec';
COMMENT ON FUNCTION array_to_halfvec(real[], integer, boolean) IS
	'conversion of real[] to halfvec';
COMMENT ON FUNCTION array_to_halfvec(float8[], integer, boolean) IS
	'conversion of float8[] to halfvec';
COMMENT ON FUNCTION array_to_halfvec(numeric[], integer, boolean) IS
	'conversion of numeric[] to halfvec';
COMMENT ON FUNCTION halfvec_to_float4(halfvec, integer, boolean) IS
	'conversion of halfvec to real[]';
COMMENT ON CAST (halfvec AS halfvec) IS 'halfvec to halfvec(n): checks the number of dimensions';
COMMENT ON CAST (halfvec AS vector) IS 'halfvec to vector';
COMMENT ON CAST (vector AS halfvec) IS 'vector to halfvec';
COMMENT ON CAST (halfvec AS real[]) IS 'halfvec to real[]';
COMMENT ON CAST (integer[] AS halfvec) IS 'integer[] to halfvec';
COMMENT ON CAST (real[] AS halfvec) IS 'real[] to halfvec';
COMMENT ON CAST (float8[] AS halfvec) IS 'float8[] to halfvec';
COMMENT ON CAST (numeric[] AS halfvec) IS 'numeric[] to halfvec';

-- sparsevec: type
COMMENT ON FUNCTION sparsevec_in(cstring, oid, integer) IS 'input of sparsevec';
COMMENT ON FUNCTION sparsevec_out(sparsevec) IS 'output of sparsevec';
COMMENT ON FUNCTION sparsevec_typmod_in(cstring[]) IS 'dimensions of sparsevec(n)';
COMMENT ON FUNCTION sparsevec_recv(internal, oid, integer) IS 'binary input of sparsevec';
COMMENT ON FUNCTION sparsevec_send(sparsevec) IS 'binary output of sparsevec';
COMMENT ON TYPE sparsevec IS 'vector of which only the elements other than zero are stored';

-- sparsevec: distances
COMMENT ON FUNCTION l2_distance(sparsevec, sparsevec) IS 'Euclidean distance';
COMMENT ON FUNCTION inner_product(sparsevec, sparsevec) IS 'inner product';
COMMENT ON FUNCTION cosine_distance(sparsevec, sparsevec) IS
	'cosine distance: 1 - cosine similarity';
COMMENT ON FUNCTION l1_distance(sparsevec, sparsevec) IS 'taxicab distance';
COMMENT ON FUNCTION sparsevec_l2_squared_distance(sparsevec, sparsevec) IS
	'squared Euclidean distance, for indexes';
COMMENT ON FUNCTION sparsevec_negative_inner_product(sparsevec, sparsevec) IS
	'inner product times -1';

-- sparsevec: functions
COMMENT ON FUNCTION l2_norm(sparsevec) IS 'Euclidean norm';
COMMENT ON FUNCTION l2_normalize(sparsevec) IS 'vector divided by its Euclidean norm';

-- sparsevec: comparison
COMMENT ON FUNCTION sparsevec_lt(sparsevec, sparsevec) IS 'implementation of the < operator';
COMMENT ON FUNCTION sparsevec_le(sparsevec, sparsevec) IS 'implementation of the <= operator';
COMMENT ON FUNCTION sparsevec_eq(sparsevec, sparsevec) IS 'implementation of the = operator';
COMMENT ON FUNCTION sparsevec_ne(sparsevec, sparsevec) IS 'implementation of the <> operator';
COMMENT ON FUNCTION sparsevec_ge(sparsevec, sparsevec) IS 'implementation of the >= operator';
COMMENT ON FUNCTION sparsevec_gt(sparsevec, sparsevec) IS 'implementation of the > operator';
COMMENT ON FUNCTION sparsevec_cmp(sparsevec, sparsevec) IS
	'three-way comparison, element by element';

-- sparsevec: operators
COMMENT ON OPERATOR <-> (sparsevec, sparsevec) IS 'Euclidean distance';
COMMENT ON OPERATOR <#> (sparsevec, sparsevec) IS 'inner product times -1';
COMMENT ON OPERATOR <=> (sparsevec, sparsevec) IS 'cosine distance';
COMMENT ON OPERATOR <+> (sparsevec, sparsevec) IS 'taxicab distance';
COMMENT ON OPERATOR < (sparsevec, sparsevec) IS 'less than';
COMMENT ON OPERATOR <= (sparsevec, sparsevec) IS 'less than or equal to';
COMMENT ON OPERATOR = (sparsevec, sparsevec) IS 'equal to';
COMMENT ON OPERATOR <> (sparsevec, sparsevec) IS 'not equal to';
COMMENT ON OPERATOR >= (sparsevec, sparsevec) IS 'greater than or equal to';
COMMENT ON OPERATOR > (sparsevec, sparsevec) IS 'greater than';

-- sparsevec: casts
COMMENT ON FUNCTION sparsevec(sparsevec, integer, boolean) IS 'check of the number of dimensions';
COMMENT ON FUNCTION vector_to_sparsevec(vector, integer, boolean) IS
	'conversion of vector to sparsevec';
COMMENT ON FUNCTION sparsevec_to_vector(sparsevec, integer, boolean) IS
	'conversion of sparsevec to vector';
COMMENT ON FUNCTION halfvec_to_sparsevec(halfvec, integer, boolean) IS
	'conversion of halfvec to sparsevec';
COMMENT ON FUNCTION sparsevec_to_halfvec(sparsevec, integer, boolean) IS
	'conversion of sparsevec to halfvec';
COMMENT ON FUNCTION array_to_sparsevec(integer[], integer, boolean) IS
	'conversion of integer[] to sparsevec';
COMMENT ON FUNCTION array_to_sparsevec(real[], integer, boolean) IS
	'conversion of real[] to sparsevec';
COMMENT ON FUNCTION array_to_sparsevec(float8[], integer, boolean) IS
	'conversion of float8[] to sparsevec';
COMMENT ON FUNCTION array_to_sparsevec(numeric[], integer, boolean) IS
	'conversion of numeric[] to sparsevec';
COMMENT ON CAST (sparsevec AS sparsevec) IS
	'sparsevec to sparsevec(n): checks the number of dimensions';
COMMENT ON CAST (sparsevec AS vector) IS 'sparsevec to vector';
COMMENT ON CAST (vector AS sparsevec) IS 'vector to sparsevec';
COMMENT ON CAST (sparsevec AS halfvec) IS 'sparsevec to halfvec';
COMMENT ON CAST (halfvec AS sparsevec) IS 'halfvec to sparsevec';
COMMENT ON CAST (integer[] AS sparsevec) IS 'integer[] to sparsevec';
COMMENT ON CAST (real[] AS sparsevec) IS 'real[] to sparsevec';
COMMENT ON CAST (float8[] AS sparsevec) IS 'float8[] to sparsevec';
COMMENT ON CAST (numeric[] AS sparsevec) IS 'numeric[] to sparsevec';

-- bit
COMMENT ON FUNCTION hamming_distance(bit, bit) IS 'number of bits that differ';
COMMENT ON FUNCTION jaccard_distance(bit, bit) IS '1 - bits set in both / bits set in either';
COMMENT ON OPERATOR <~> (bit, bit) IS 'Hamming distance';
COMMENT ON OPERATOR <%> (bit, bit) IS 'Jaccard distance';

-- btree: operator classes
COMMENT ON OPERATOR FAMILY vector_ops USING btree IS 'sort order of vector';
COMMENT ON OPERATOR CLASS vector_ops USING btree IS 'sort order of vector';
COMMENT ON OPERATOR FAMILY halfvec_ops USING btree IS 'sort order of halfvec';
COMMENT ON OPERATOR CLASS halfvec_ops USING btree IS 'sort order of halfvec';
COMMENT ON OPERATOR FAMILY sparsevec_ops USING btree IS 'sort order of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_ops USING btree IS 'sort order of sparsevec';

-- ivfflat: access method
COMMENT ON FUNCTION ivfflathandler(internal) IS 'handler of the ivfflat access method';
COMMENT ON ACCESS METHOD ivfflat IS 'nearest neighbours by inverted lists';
COMMENT ON FUNCTION ivfflat_halfvec_support(internal) IS
	'what an ivfflat index needs to know about halfvec';
COMMENT ON FUNCTION ivfflat_bit_support(internal) IS
	'what an ivfflat index needs to know about bit';

-- ivfflat: operator classes
COMMENT ON OPERATOR FAMILY vector_l2_ops USING ivfflat IS 'Euclidean distance of vector';
COMMENT ON OPERATOR CLASS vector_l2_ops USING ivfflat IS 'Euclidean distance of vector';
COMMENT ON OPERATOR FAMILY vector_ip_ops USING ivfflat IS 'inner product of vector';
COMMENT ON OPERATOR CLASS vector_ip_ops USING ivfflat IS 'inner product of vector';
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING ivfflat IS 'cosine distance of vector';
COMMENT ON OPERATOR CLASS vector_cosine_ops USING ivfflat IS 'cosine distance of vector';
COMMENT ON OPERATOR FAMILY halfvec_l2_ops USING ivfflat IS 'Euclidean distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_l2_ops USING ivfflat IS 'Euclidean distance of halfvec';
COMMENT ON OPERATOR FAMILY halfvec_ip_ops USING ivfflat IS 'inner product of halfvec';
COMMENT ON OPERATOR CLASS halfvec_ip_ops USING ivfflat IS 'inner product of halfvec';
COMMENT ON OPERATOR FAMILY halfvec_cosine_ops USING ivfflat IS 'cosine distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_cosine_ops USING ivfflat IS 'cosine distance of halfvec';
COMMENT ON OPERATOR FAMILY bit_hamming_ops USING ivfflat IS 'Hamming distance of bit';
COMMENT ON OPERATOR CLASS bit_hamming_ops USING ivfflat IS 'Hamming distance of bit';

-- hnsw: access method
COMMENT ON FUNCTION hnswhandler(internal) IS 'handler of the hnsw access method';
COMMENT ON ACCESS METHOD hnsw IS 'nearest neighbours by a graph of small worlds';
COMMENT ON FUNCTION hnsw_halfvec_support(internal) IS
	'what an hnsw index needs to know about halfvec';
COMMENT ON FUNCTION hnsw_bit_support(internal) IS 'what an hnsw index needs to know about bit';
COMMENT ON FUNCTION hnsw_sparsevec_support(internal) IS
	'what an hnsw index needs to know about sparsevec';

-- hnsw: operator classes
COMMENT ON OPERATOR FAMILY vector_l2_ops USING hnsw IS 'Euclidean distance of vector';
COMMENT ON OPERATOR CLASS vector_l2_ops USING hnsw IS 'Euclidean distance of vector';
COMMENT ON OPERATOR FAMILY vector_ip_ops USING hnsw IS 'inner product of vector';
COMMENT ON OPERATOR CLASS vector_ip_ops USING hnsw IS 'inner product of vector';
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING hnsw IS 'cosine distance of vector';
COMMENT ON OPERATOR CLASS vector_cosine_ops USING hnsw IS 'cosine distance of vector';
COMMENT ON OPERATOR FAMILY vector_l1_ops USING hnsw IS 'taxicab distance of vector';
COMMENT ON OPERATOR CLASS vector_l1_ops USING hnsw IS 'taxicab distance of vector';
COMMENT ON OPERATOR FAMILY halfvec_l2_ops USING hnsw IS 'Euclidean distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_l2_ops USING hnsw IS 'Euclidean distance of halfvec';
COMMENT ON OPERATOR FAMILY halfvec_ip_ops USING hnsw IS 'inner product of halfvec';
COMMENT ON OPERATOR CLASS halfvec_ip_ops USING hnsw IS 'inner product of halfvec';
COMMENT ON OPERATOR FAMILY halfvec_cosine_ops USING hnsw IS 'cosine distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_cosine_ops USING hnsw IS 'cosine distance of halfvec';
COMMENT ON OPERATOR FAMILY halfvec_l1_ops USING hnsw IS 'taxicab distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_l1_ops USING hnsw IS 'taxicab distance of halfvec';
COMMENT ON OPERATOR FAMILY bit_hamming_ops USING hnsw IS 'Hamming distance of bit';
COMMENT ON OPERATOR CLASS bit_hamming_ops USING hnsw IS 'Hamming distance of bit';
COMMENT ON OPERATOR FAMILY bit_jaccard_ops USING hnsw IS 'Jaccard distance of bit';
COMMENT ON OPERATOR CLASS bit_jaccard_ops USING hnsw IS 'Jaccard distance of bit';
COMMENT ON OPERATOR FAMILY sparsevec_l2_ops USING hnsw IS 'Euclidean distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_l2_ops USING hnsw IS 'Euclidean distance of sparsevec';
COMMENT ON OPERATOR FAMILY sparsevec_ip_ops USING hnsw IS 'inner product of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_ip_ops USING hnsw IS 'inner product of sparsevec';
COMMENT ON OPERATOR FAMILY sparsevec_cosine_ops USING hnsw IS 'cosine distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_cosine_ops USING hnsw IS 'cosine distance of sparsevec';
COMMENT ON OPERATOR FAMILY sparsevec_l1_ops USING hnsw IS 'taxicab distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_l1_ops USING hnsw IS 'taxicab distance of sparsevec';

-- flat: access method
CREATE FUNCTION flathandler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION flathandler(internal) IS 'handler of the flat access method';

CREATE ACCESS METHOD flat TYPE INDEX HANDLER flathandler;
COMMENT ON ACCESS METHOD flat IS 'nearest neighbours, exactly';

-- flat: operator classes
CREATE OPERATOR CLASS vector_l2_ops FOR TYPE vector USING flat AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_l2_squared_distance(vector, vector);
COMMENT ON OPERATOR FAMILY vector_l2_ops USING flat IS 'Euclidean distance of vector';
COMMENT ON OPERATOR CLASS vector_l2_ops USING flat IS 'Euclidean distance of vector';

CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING flat AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector);
COMMENT ON OPERATOR FAMILY vector_ip_ops USING flat IS 'inner product of vector';
COMMENT ON OPERATOR CLASS vector_ip_ops USING flat IS 'inner product of vector';

CREATE OPERATOR CLASS vector_cosine_ops FOR TYPE vector USING flat AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector),
	FUNCTION 2 vector_norm(vector);
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING flat IS 'cosine distance of vector';
COMMENT ON OPERATOR CLASS vector_cosine_ops USING flat IS 'cosine distance of vector';

CREATE OPERATOR CLASS vector_l1_ops FOR TYPE vector USING flat AS
	OPERATOR 1 <+> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 l1_distance(vector, vector);
COMMENT ON OPERATOR FAMILY vector_l1_ops USING flat IS 'taxicab distance of vector';
COMMENT ON OPERATOR CLASS vector_l1_ops USING flat IS 'taxicab distance of vector';

CREATE OPERATOR CLASS halfvec_l2_ops FOR TYPE halfvec USING flat AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_l2_squared_distance(halfvec, halfvec);
COMMENT ON OPERATOR FAMILY halfvec_l2_ops USING flat IS 'Euclidean distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_l2_ops USING flat IS 'Euclidean distance of halfvec';

CREATE OPERATOR CLASS halfvec_ip_ops FOR TYPE halfvec USING flat AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_negative_inner_product(halfvec, halfvec);
COMMENT ON OPERATOR FAMILY halfvec_ip_ops USING flat IS 'inner product of halfvec';
COMMENT ON OPERATOR CLASS halfvec_ip_ops USING flat IS 'inner product of halfvec';

CREATE OPERATOR CLASS halfvec_cosine_ops FOR TYPE halfvec USING flat AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_negative_inner_product(halfvec, halfvec),
	FUNCTION 2 l2_norm(halfvec);
COMMENT ON OPERATOR FAMILY halfvec_cosine_ops USING flat IS 'cosine distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_cosine_ops USING flat IS 'cosine distance of halfvec';

CREATE OPERATOR CLASS halfvec_l1_ops FOR TYPE halfvec USING flat AS
	OPERATOR 1 <+> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 l1_distance(halfvec, halfvec);
COMMENT ON OPERATOR FAMILY halfvec_l1_ops USING flat IS 'taxicab distance of halfvec';
COMMENT ON OPERATOR CLASS halfvec_l1_ops USING flat IS 'taxicab distance of halfvec';

CREATE OPERATOR CLASS bit_hamming_ops FOR TYPE bit USING flat AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY float_ops,
	FUNCTION 1 hamming_distance(bit, bit);
COMMENT ON OPERATOR FAMILY bit_hamming_ops USING flat IS 'Hamming distance of bit';
COMMENT ON OPERATOR CLASS bit_hamming_ops USING flat IS 'Hamming distance of bit';

CREATE OPERATOR CLASS bit_jaccard_ops FOR TYPE bit USING flat AS
	OPERATOR 1 <%> (bit, bit) FOR ORDER BY float_ops,
	FUNCTION 1 jaccard_distance(bit, bit);
COMMENT ON OPERATOR FAMILY bit_jaccard_ops USING flat IS 'Jaccard distance of bit';
COMMENT ON OPERATOR CLASS bit_jaccard_ops USING flat IS 'Jaccard distance of bit';

CREATE OPERATOR CLASS sparsevec_l2_ops FOR TYPE sparsevec USING flat AS
	OPERATOR 1 <-> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 sparsevec_l2_squared_distance(sparsevec, sparsevec);
COMMENT ON OPERATOR FAMILY sparsevec_l2_ops USING flat IS 'Euclidean distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_l2_ops USING flat IS 'Euclidean distance of sparsevec';

CREATE OPERATOR CLASS sparsevec_ip_ops FOR TYPE sparsevec USING flat AS
	OPERATOR 1 <#> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 sparsevec_negative_inner_product(sparsevec, sparsevec);
COMMENT ON OPERATOR FAMILY sparsevec_ip_ops USING flat IS 'inner product of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_ip_ops USING flat IS 'inner product of sparsevec';

CREATE OPERATOR CLASS sparsevec_cosine_ops FOR TYPE sparsevec USING flat AS
	OPERATOR 1 <=> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 sparsevec_negative_inner_product(sparsevec, sparsevec),
	FUNCTION 2 l2_norm(sparsevec);
COMMENT ON OPERATOR FAMILY sparsevec_cosine_ops USING flat IS 'cosine distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_cosine_ops USING flat IS 'cosine distance of sparsevec';

CREATE OPERATOR CLASS sparsevec_l1_ops FOR TYPE sparsevec USING flat AS
	OPERATOR 1 <+> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 l1_distance(sparsevec, sparsevec);
COMMENT ON OPERATOR FAMILY sparsevec_l1_ops USING flat IS 'taxicab distance of sparsevec';
COMMENT ON OPERATOR CLASS sparsevec_l1_ops USING flat IS 'taxicab distance of sparsevec';

-- Checks of indexes, for administrators

CREATE FUNCTION hnsw_check(index regclass) RETURNS SETOF text
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION hnsw_check(regclass) IS 'what is wrong with the structure of an hnsw index; no rows if it is sound';
REVOKE ALL ON FUNCTION hnsw_check(regclass) FROM PUBLIC;

CREATE FUNCTION vector_needs_reindex(index regclass) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vector_needs_reindex(regclass) IS 'whether another extension or version wrote the file of an hnsw, ivfflat or flat index; null for other relations';

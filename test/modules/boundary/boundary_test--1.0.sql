CREATE FUNCTION fail(kind text) RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_fail' LANGUAGE C STRICT;
CREATE FUNCTION fail_deep(kind text, depth integer) RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_fail_deep' LANGUAGE C STRICT;
CREATE FUNCTION fail_in_callback(kind text) RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_fail_in_callback' LANGUAGE C STRICT;
CREATE FUNCTION fail_in_sql(kind text) RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_fail_in_sql' LANGUAGE C STRICT;
CREATE FUNCTION live_objects() RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_live_objects' LANGUAGE C;
CREATE FUNCTION disturbed_frames() RETURNS integer
  AS 'MODULE_PATHNAME', 'boundary_disturbed_frames' LANGUAGE C;
CREATE FUNCTION interrupt_holdoff() RETURNS bigint
  AS 'MODULE_PATHNAME', 'boundary_interrupt_holdoff' LANGUAGE C;
CREATE FUNCTION heap_bytes() RETURNS bigint
  AS 'MODULE_PATHNAME', 'boundary_heap_bytes' LANGUAGE C;

CREATE TYPE even;
CREATE FUNCTION even_in(cstring) RETURNS even
  AS 'MODULE_PATHNAME', 'boundary_even_in' LANGUAGE C IMMUTABLE STRICT;
CREATE FUNCTION even_out(even) RETURNS cstring
  AS 'int4out' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE even (INPUT = even_in, OUTPUT = even_out, LIKE = integer);

CREATE EXTENSION boundary_test;

-- Nothing fails: the value comes back through every kind of call.
SELECT fail('nothing'), fail_deep('nothing', 5), fail_in_callback('nothing'), fail_in_sql('nothing');

-- Texts and SQLSTATE.
\set SHOW_CONTEXT never
SELECT fail('error');
SELECT fail('bad_alloc');
SELECT fail('exception');
SELECT fail('unknown');
SELECT fail('postgres');
SELECT fail('no such kind');

CREATE FUNCTION outcome(call text, OUT state text, OUT message text, OUT detail text,
  OUT hint text, OUT context text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
    detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
END $$;

SELECT kind, state, message, detail, hint
FROM unnest(ARRAY['data exception', 'invalid text representation', 'numeric value out of range',
  'null value not allowed', 'invalid parameter value', 'program limit exceeded',
  'feature not supported', 'protocol violation', 'data corrupted', 'index corrupted', 'internal',
  'error', 'bad_alloc', 'exception', 'unknown', 'postgres', 'context', 'memory context',
  'lock, postgres', 'lock, exception'])
  WITH ORDINALITY AS k (kind, n), outcome(format('SELECT fail(%L)', kind))
ORDER BY n;

-- A message longer than any fixed buffer arrives whole.
SELECT length(message) FROM outcome('SELECT fail(''long error'')');

-- The context is that of the place of the error, and nothing of it stays for the next one.
SELECT context FROM outcome('SELECT fail(''context'')');
SELECT context FROM outcome('SELECT fail(''postgres'')');
SELECT context FROM outcome('SELECT fail(''error'')');
SELECT context FROM outcome('SELECT fail(''stale context'')');
SELECT context FROM outcome('SELECT fail_in_sql(''error'')');

-- C++ -> PostgreSQL -> C++ and so on: the same texts from the deepest place.
SELECT call, state, message, detail, hint
FROM unnest(ARRAY['SELECT fail_deep(''error'', 10)', 'SELECT fail_deep(''postgres'', 10)',
  'SELECT fail_in_callback(''error'')', 'SELECT fail_in_callback(''postgres'')',
  'SELECT fail_in_callback(''unknown'')', 'SELECT fail_in_sql(''bad_alloc'')'])
  WITH ORDINALITY AS c (call, n), outcome(call)
ORDER BY n;

SELECT live_objects(), disturbed_frames(), interrupt_holdoff();

-- 20,000 times each, in subtransactions.  What is left: no object, no memory, no held interrupt.
CREATE FUNCTION fail_often(call text, times integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  caught integer := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      EXECUTE call;
    EXCEPTION WHEN OTHERS THEN
      caught := caught + 1;
    END;
  END LOOP;
  RETURN caught;
END $$;

CREATE TABLE calls (id serial, call text);
INSERT INTO calls (call)
SELECT format('SELECT fail(%L)', kind)
FROM unnest(ARRAY['error', 'bad_alloc', 'exception', 'unknown', 'postgres', 'context',
  'memory context', 'stale context', 'lock, postgres', 'lock, exception']) AS kind;
INSERT INTO calls (call)
VALUES ('SELECT fail_deep(''error'', 3)'), ('SELECT fail_deep(''postgres'', 3)'),
  ('SELECT fail_in_callback(''error'')'), ('SELECT fail_in_callback(''postgres'')'),
  ('SELECT fail_in_sql(''unknown'')');

-- Once before measuring, for what the first failure sets up for good.
SELECT sum(fail_often(call, 100)) FROM calls;
CREATE TABLE heap (bytes bigint);
INSERT INTO heap SELECT heap_bytes();
SELECT call, fail_often(call, 20000) AS caught, live_objects() AS live,
  disturbed_frames() AS disturbed, interrupt_holdoff() AS holdoff FROM calls ORDER BY id;
SELECT CASE WHEN heap_bytes() - bytes < 4 * 1024 * 1024 THEN 'no leak'
  ELSE format('%s bytes more than before', heap_bytes() - bytes) END AS memory FROM heap;

-- Errors which are caught and raised again, several levels up.
DO $$
BEGIN
  BEGIN
    BEGIN
      PERFORM fail_deep('postgres', 2);
    EXCEPTION WHEN exclusion_violation THEN
      PERFORM fail('error');
    END;
  EXCEPTION WHEN program_limit_exceeded THEN
    PERFORM fail('bad_alloc');
  END;
EXCEPTION WHEN out_of_memory THEN
  RAISE NOTICE 'caught %', SQLERRM;
END $$;

-- Interrupts are alive after all that: inside our own loop, and elsewhere.
SET statement_timeout = '100ms';
SELECT fail('cancel');
SELECT pg_sleep(60);
RESET statement_timeout;
SELECT live_objects(), disturbed_frames(), interrupt_holdoff();

-- Input functions: a hard error, and from PostgreSQL 16 on a soft one where it is asked for.
SELECT '4'::even;
SELECT '5'::even;
CREATE FUNCTION try_even(input text, OUT valid boolean, OUT message text, OUT detail text,
  OUT hint text, OUT state text) LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    EXECUTE 'SELECT pg_input_is_valid($1, $2)' INTO valid USING input, 'even';
    EXECUTE 'SELECT * FROM pg_input_error_info($1, $2)' INTO message, detail, hint, state
      USING input, 'even';
  ELSE
    PERFORM even_in(input::cstring);
    valid := true;
  END IF;
EXCEPTION WHEN invalid_text_representation THEN
  ASSERT current_setting('server_version_num')::integer < 160000, 'not a soft error';
  valid := false;
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
    hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
END $$;
SELECT input, t.* FROM unnest(ARRAY['4', '5']) AS input, try_even(input) AS t ORDER BY input;
SELECT live_objects(), disturbed_frames(), interrupt_holdoff();

DROP TABLE calls, heap;
DROP FUNCTION outcome, fail_often, try_even;
DROP EXTENSION boundary_test;

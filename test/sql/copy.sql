-- Round trips through COPY, as text and binary, and what binary input rejects.

CREATE TABLE source (id int, v vector, h halfvec, s sparsevec);
INSERT INTO source VALUES
  (1, '[0,0,0]', '[0,0,0]', '{}/3'),
  (2, '[1,2,3]', '[1,2,3]', '{1:1,2:2,3:3}/3'),
  (3, '[-0,1e-45,3.4028235e38]', '[-0,6e-8,65504]', '{1:1e-45,1000000000:-3.4028235e38}/1000000000'),
  (4, NULL, NULL, NULL),
  (5, '[0.1]', '[0.1]', '{7:0.1}/16000');
INSERT INTO source SELECT 6, array_agg(i::real / 3)::vector, array_agg(i::real / 3)::vector::halfvec, array_agg(i::real / 3)::vector::sparsevec
FROM generate_series(1, 16000) i;
CREATE TABLE target (LIKE source);

\copy source TO 'results/types.bin' WITH (FORMAT binary)
\copy target FROM 'results/types.bin' WITH (FORMAT binary)
SELECT bool_and(s.v::text IS NOT DISTINCT FROM t.v::text AND s.h::text IS NOT DISTINCT FROM t.h::text AND s.s::text IS NOT DISTINCT FROM t.s::text), count(*)
FROM source s JOIN target t USING (id);
SELECT v, h, s FROM target WHERE id < 6 ORDER BY id;
TRUNCATE target;

\copy source TO 'results/types.txt'
\copy target FROM 'results/types.txt'
SELECT bool_and(s.v::text IS NOT DISTINCT FROM t.v::text AND s.h::text IS NOT DISTINCT FROM t.h::text AND s.s::text IS NOT DISTINCT FROM t.s::text), count(*)
FROM source s JOIN target t USING (id);
TRUNCATE target;

\copy source TO 'results/types.csv' WITH (FORMAT csv)
\copy target FROM 'results/types.csv' WITH (FORMAT csv)
SELECT bool_and(s.v = t.v AND s.h = t.h AND s.s = t.s), count(*) FROM source s JOIN target t USING (id);

-- the bytes
SELECT vector_send('[1,-2.5]'), halfvec_send('[1,-2.5]'), sparsevec_send('{1:1,3:-2.5}/5'), sparsevec_send('{}/5');

-- A message of one row and one column goes to COPY, which calls the receive function.
CREATE FUNCTION receive(type text, message text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  bytes bytea := decode(replace(message, ' ', ''), 'hex');
  file bytea := decode('5047434f50590aff0d0a00' || '00000000' || '00000000' || '0001', 'hex') || int4send(length(bytes)) || bytes || decode('ffff', 'hex');
  result text;
BEGIN
  EXECUTE format('CREATE TEMPORARY TABLE received (c %s)', type);
  EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', 'echo ' || translate(encode(file, 'base64'), E'\n', '') || ' | base64 -d');
  SELECT c::text INTO result FROM received;
  DROP TABLE received;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ': ' || SQLERRM;
END $$;

SELECT m, receive('vector', m) FROM (VALUES
  ('0002 0000 3f800000 c0200000'),
  ('0001 0000 80000000'),
  ('0001 0000 00000001'),
  ('0000 0000'),
  ('3e81 0000'),
  ('ffff 0000'),
  ('0000 0001'),
  ('0001 0001 3f800000'),
  ('0001 ffff 3f800000'),
  ('0001 0000 7fc00000'),
  ('0001 0000 7f800000'),
  ('0001 0000 ff800000'),
  ('0002 0000 7f800000'),
  ('0002 0000 3f800000'),
  ('0002 0000 3f800000 3f80'),
  ('0002 00'),
  (''),
  ('0001 0000 3f800000 00')) AS _ (m);
SELECT m, receive('vector(2)', m) FROM (VALUES ('0002 0000 3f800000 c0200000'), ('0001 0000 3f800000'), ('0001 0001 3f800000'), ('0000 0001')) AS _ (m);
SELECT m, receive('halfvec', m) FROM (VALUES
  ('0002 0000 3c00 c100'),
  ('0001 0000 8000'),
  ('0001 0000 0001'),
  ('0001 0000 7bff'),
  ('0000 0000'),
  ('3e81 0000'),
  ('ffff 0000'),
  ('0001 0001 3c00'),
  ('0001 0000 7e00'),
  ('0001 0000 7c01'),
  ('0001 0000 7c00'),
  ('0001 0000 fc00'),
  ('0002 0000 3c00'),
  ('0002 0000 3c00 3c'),
  ('0001 0000 3c00 00')) AS _ (m);
SELECT m, receive('halfvec(2)', m) FROM (VALUES ('0002 0000 3c00 c100'), ('0001 0001 3c00')) AS _ (m);
SELECT m, receive('sparsevec', m) FROM (VALUES
  ('00000005 00000002 00000000 00000000 00000002 3f800000 c0200000'),
  ('00000005 00000000 00000000'),
  ('00000000 00000000 00000000'),
  ('ffffffff 00000000 00000000'),
  ('3b9aca01 00000000 00000000'),
  ('3b9aca00 00000001 00000000 3b9ac9ff 3f800000'),
  ('00000005 ffffffff 00000000'),
  ('0000ffff 00003e81 00000000'),
  ('00000001 00000002 00000000 00000000 00000001 3f800000 3f800000'),
  ('00000005 00000000 00000001'),
  ('00000005 00000001 00000000 ffffffff 3f800000'),
  ('00000005 00000001 00000000 00000005 3f800000'),
  ('00000005 00000002 00000000 00000002 00000001 3f800000 3f800000'),
  ('00000005 00000002 00000000 00000002 00000002 3f800000 3f800000'),
  ('00000005 00000001 00000000 00000002 00000000'),
  ('00000005 00000001 00000000 00000002 80000000'),
  ('00000005 00000001 00000000 00000002 7fc00000'),
  ('00000005 00000001 00000000 00000002 ff800000'),
  ('00000005 00000001 00000000 00000002'),
  ('00000005 00000001 00000000 0000'),
  ('00000005 00000001'),
  ('00000005 00000000 00000000 00')) AS _ (m);
SELECT m, receive('sparsevec(5)', m) FROM (VALUES ('00000005 00000000 00000000'), ('00000004 00000000 00000001'), ('00000004 00000005 00000001')) AS _ (m);

-- what is sent is received
SELECT bool_and(receive('vector', encode(vector_send(v), 'hex')) = v::text AND receive('halfvec', encode(halfvec_send(h), 'hex')) = h::text
                AND receive('sparsevec', encode(sparsevec_send(s), 'hex')) = s::text)
FROM source WHERE id < 6;
DROP TABLE source, target;
DROP FUNCTION receive;

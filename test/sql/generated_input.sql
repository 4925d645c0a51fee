-- Thousands of literals, valid and broken, made from a fixed seed.  Whatever the input functions
-- say must be said the same way on every server; whatever they take must come back the same
-- through text and through binary.

CREATE TABLE literals (id int PRIMARY KEY, l text);
CREATE TABLE taken (id int, v vector, h halfvec, s sparsevec);

DO $$
DECLARE
  -- pieces that numbers and lists are made of; more of the usual ones
  numbers text[] := ARRAY['0', '1', '-1', '0.5', '-2.25', '3', '10', '1e1', '1.5e-3', '65504', '0.1', '123456789', '16777217', '-0', '+3', '.5', '5.', '1e-46', '1e-8', '0x1f', '3.4028235e38',
                          '65519', '65520', '1e39', '1e400', '-1e39', 'NaN', 'inf', '-Infinity', '', ' ', 'x', '1e', '--1', '1 2', '0x', '1_0', '1e+5', '0000001', '0.00000000000000000000000000000000001'];
  separators text[] := ARRAY[',', ',', ',', ',', ',', ',', ',', ',', ' , ', E'\t,\n', ',,', ';', ' ', ''];
  opens text[] := ARRAY['[', '[', '[', '[', '[', '[', '[', '[', ' [ ', '{', '', '[['];
  closes text[] := ARRAY[']', ']', ']', ']', ']', ']', ']', ']', ' ] ', '}', '', ']]', ']x', '] ]'];
  tails text[] := ARRAY['/3', '/5', '/5', '/5', '/9', '/100', '/1000000000', ' / 7 ', '/0', '/-1', '', '/', '/x', '/5x', '/1000000001', '/99999999999'];
  indices text[] := ARRAY['1', '2', '3', '4', '5', '1', '2', '3', '6', '7', ' 2 ', '0', '-1', '9', '+3', '100', '2147483648', '', 'x', '1.5'];
  state bigint := 20240229;
  text_so_far text;
  sparse boolean;
BEGIN
  FOR i IN 1 .. 6000 LOOP
    sparse := i % 2 = 0;
    state := (state * 1103515245 + 12345) % 2147483648;
    text_so_far := CASE WHEN sparse THEN translate(opens[1 + state / 65536 % 12], '[', '{') ELSE opens[1 + state / 65536 % 12] END;
    FOR j IN 0 .. (state / 4096 % 5)::int LOOP
      IF j > 0 THEN
        state := (state * 1103515245 + 12345) % 2147483648;
        text_so_far := text_so_far || separators[1 + state / 65536 % 14];
      END IF;
      IF sparse THEN
        state := (state * 1103515245 + 12345) % 2147483648;
        text_so_far := text_so_far || indices[1 + (state / 65536 % 20) * (state / 2048 % 3) / 2] || CASE WHEN state / 1024 % 40 = 0 THEN '' ELSE ':' END;
      END IF;
      state := (state * 1103515245 + 12345) % 2147483648;
      text_so_far := text_so_far || numbers[1 + (state / 65536 % 40) * (state / 2048 % 3) / 2];
    END LOOP;
    state := (state * 1103515245 + 12345) % 2147483648;
    text_so_far := text_so_far || CASE WHEN sparse THEN translate(closes[1 + state / 65536 % 14], ']', '}') || tails[1 + state / 2048 % 16] ELSE closes[1 + state / 65536 % 14] END;
    INSERT INTO literals VALUES (i, text_so_far);
  END LOOP;
END $$;

CREATE TABLE outcomes (id int, type text, taken boolean, outcome text);
DO $$
DECLARE
  r record;
  type text;
  outcome text;
  detail text;
BEGIN
  FOR r IN SELECT * FROM literals LOOP
    FOREACH type IN ARRAY CASE WHEN r.id % 2 = 0 THEN ARRAY['sparsevec'] ELSE ARRAY['vector', 'halfvec'] END LOOP
      BEGIN
        EXECUTE format('SELECT %L::%s::text', r.l, type) INTO outcome;
        INSERT INTO outcomes VALUES (r.id, type, true, outcome);
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        INSERT INTO outcomes VALUES (r.id, type, false, SQLSTATE || ' ' || SQLERRM || ' ' || detail);
      END;
    END LOOP;
  END LOOP;
END $$;

SELECT type, taken, CASE WHEN NOT taken THEN left(outcome, 5) END AS sqlstate, count(*) FROM outcomes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT type, md5(string_agg(outcome, E'\n' ORDER BY id)) FROM outcomes GROUP BY type ORDER BY type;

-- text, once more
SELECT count(*) FROM outcomes
WHERE taken AND CASE type WHEN 'vector' THEN outcome::vector::text WHEN 'halfvec' THEN outcome::halfvec::text ELSE outcome::sparsevec::text END <> outcome;

-- binary
INSERT INTO taken SELECT id, CASE WHEN type = 'vector' THEN outcome::vector END, CASE WHEN type = 'halfvec' THEN outcome::halfvec END, CASE WHEN type = 'sparsevec' THEN outcome::sparsevec END
FROM outcomes WHERE taken;
CREATE TABLE again (LIKE taken);
\copy taken TO 'results/generated.bin' WITH (FORMAT binary)
\copy again FROM 'results/generated.bin' WITH (FORMAT binary)
SELECT count(*) = (SELECT count(*) FROM taken) FROM (SELECT id, v::text, h::text, s::text FROM taken INTERSECT ALL SELECT id, v::text, h::text, s::text FROM again) x;

DROP TABLE literals, taken, outcomes, again;

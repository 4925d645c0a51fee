-- A stand-in for PostgresML's pgml.embed(): the same name and arguments, run in the database as
-- well, but no transformer.  The embedding of a text is the sum of the vectors of its words, at
-- length 1; the words' vectors come from a transformer (see words.py).  It knows that "bread" is
-- near "bake", and nothing about the order of words.

CREATE SCHEMA pgml;

CREATE TABLE pgml.words (word text PRIMARY KEY, embedding halfvec(384) NOT NULL);

-- A generated column needs an IMMUTABLE function.  This one is, as long as the table of words stays
-- as it is; so restore that table before the ones whose columns are computed from it.
CREATE FUNCTION pgml.embed(transformer text, inputs text) RETURNS real[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF transformer <> 'word-vectors' THEN
    RAISE EXCEPTION 'unknown model: "%"', transformer
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The only one is "word-vectors".';
  END IF;
  -- NULL if no word is known: such a text has no direction.
  RETURN (
    SELECT l2_normalize(sum(words.embedding::vector))::real[]
    FROM regexp_split_to_table(lower(inputs), '[^a-z0-9]+') AS used (word)
    JOIN pgml.words USING (word)
  );
END
$$ SET search_path FROM CURRENT;

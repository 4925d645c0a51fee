-- 400 to-dos and notes, 20 questions about them, and the words they are made of.
-- Run it in this directory: \copy reads the files beside it.

CREATE EXTENSION IF NOT EXISTS vector;
DROP TABLE IF EXISTS notes, queries, terms;

-- The files have each embedding once, as halfvec; the database derives the other forms of it.
CREATE TABLE notes (
  id integer PRIMARY KEY,
  topic text NOT NULL,
  body text NOT NULL,
  half halfvec(384) NOT NULL,
  terms sparsevec(3003) NOT NULL,
  embedding vector(384) GENERATED ALWAYS AS (half::vector(384)) STORED,
  bits bit(384) GENERATED ALWAYS AS (binary_quantize(half)::bit(384)) STORED
);
CREATE TABLE queries (
  id integer PRIMARY KEY,
  body text NOT NULL,
  half halfvec(384) NOT NULL,
  terms sparsevec(3003) NOT NULL,
  embedding vector(384) GENERATED ALWAYS AS (half::vector(384)) STORED,
  bits bit(384) GENERATED ALWAYS AS (binary_quantize(half)::bit(384)) STORED
);
CREATE TABLE terms (id integer PRIMARY KEY, term text UNIQUE NOT NULL, idf real NOT NULL);

\copy notes (id, topic, body, half, terms) from 'notes.copy' (format binary)
\copy queries (id, body, half, terms) from 'queries.copy' (format binary)
\copy terms from 'terms.copy' (format binary)
ANALYZE notes, queries, terms;

SELECT count(*) AS notes, count(DISTINCT topic) AS topics,
  pg_size_pretty(pg_total_relation_size('notes')) AS size FROM notes;

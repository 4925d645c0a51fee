-- Approximate search with an hnsw index: a few hundred notes need none, a million do.

CREATE INDEX IF NOT EXISTS notes_embedding_idx ON notes USING hnsw (embedding vector_cosine_ops);

-- The planner would rightly read so small a table as a whole.
SET enable_seqscan = off;

\echo 'The three notes nearest in meaning to: make sure we do not lose data if a machine fails'
SELECT body, topic, round((1 - (embedding <=> (SELECT embedding FROM queries WHERE id = 12)))::numeric, 3)
  AS similarity
FROM notes
ORDER BY embedding <=> (SELECT embedding FROM queries WHERE id = 12)
LIMIT 3;

\echo 'With a condition that few rows meet: the index searches on until there are enough'
SET hnsw.iterative_scan = strict_order;
SELECT body, round((embedding <=> (SELECT embedding FROM queries WHERE id = 8))::numeric, 3)
  AS distance
FROM notes
WHERE topic = 'travel'
ORDER BY embedding <=> (SELECT embedding FROM queries WHERE id = 8)
LIMIT 3;

\echo 'The plan'
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT body FROM notes
ORDER BY embedding <=> (SELECT embedding FROM queries WHERE id = 12)
LIMIT 3;

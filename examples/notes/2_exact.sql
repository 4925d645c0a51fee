-- Exact search with dense vectors: every row is looked at, and the answer is the true one.

\echo 'The three notes nearest in meaning to: make sure we do not lose data if a machine fails'
SELECT body, topic, round((1 - (embedding <=> q.it))::numeric, 3) AS similarity
FROM notes, (SELECT embedding AS it FROM queries WHERE id = 12) AS q
ORDER BY embedding <=> q.it
LIMIT 3;

\echo 'The nearest note to each of the questions'
SELECT q.body AS question, n.body AS nearest_note, round(n.similarity::numeric, 3) AS similarity
FROM queries AS q CROSS JOIN LATERAL (
  SELECT body, 1 - (embedding <=> q.embedding) AS similarity
  FROM notes
  ORDER BY embedding <=> q.embedding
  LIMIT 1
) AS n
ORDER BY q.id;

\echo 'With an ordinary condition: about money, but among the notes on travel'
SELECT body, round((embedding <=> (SELECT embedding FROM queries WHERE id = 8))::numeric, 3)
  AS distance
FROM notes
WHERE topic = 'travel'
ORDER BY embedding <=> (SELECT embedding FROM queries WHERE id = 8)
LIMIT 3;

\echo 'Notes that say nearly the same'
SELECT a.body, b.body, round((a.embedding <=> b.embedding)::numeric, 3) AS distance
FROM notes AS a JOIN notes AS b ON a.id < b.id
ORDER BY a.embedding <=> b.embedding
LIMIT 5;

\echo 'The plan of the first search'
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT body FROM notes
ORDER BY embedding <=> (SELECT embedding FROM queries WHERE id = 12)
LIMIT 3;

-- One bit a dimension: a 24th of the bytes.  Bits choose the candidates, full vectors rank them.

\echo 'Nearest by the number of bits that differ'
SELECT body, topic, bits <~> q.it AS different_bits
FROM notes, (SELECT bits AS it FROM queries WHERE id = 20) AS q
ORDER BY bits <~> q.it, id
LIMIT 5;

\echo 'The 40 nearest of those, ranked by their exact distance'
SELECT body, topic, round((embedding <=> q.it)::numeric, 3) AS distance
FROM (
  SELECT body, topic, embedding
  FROM notes
  ORDER BY bits <~> (SELECT bits FROM queries WHERE id = 20)
  LIMIT 40
) AS candidates, (SELECT embedding AS it FROM queries WHERE id = 20) AS q
ORDER BY embedding <=> q.it
LIMIT 5;

\echo 'How many of the 10 true nearest notes this finds, over all questions'
WITH truth AS (
  SELECT q.id AS question, n.id
  FROM queries AS q CROSS JOIN LATERAL (
    SELECT id FROM notes ORDER BY embedding <=> q.embedding, id LIMIT 10) AS n
), found AS (
  SELECT q.id AS question, n.id
  FROM queries AS q CROSS JOIN LATERAL (
    SELECT c.id FROM (
      SELECT id, embedding FROM notes ORDER BY bits <~> q.bits, id LIMIT 40) AS c
    ORDER BY c.embedding <=> q.embedding, c.id LIMIT 10) AS n
)
SELECT round(count(found.id)::numeric / count(*), 3) AS recall
FROM truth LEFT JOIN found USING (question, id);

-- Two other kinds of vector: half precision, and sparse.

\echo 'Half precision needs half the room, and finds the same notes'
SELECT pg_column_size(embedding) AS vector_bytes, pg_column_size(half) AS halfvec_bytes,
  pg_column_size(bits) AS bit_bytes, pg_column_size(terms) AS sparsevec_bytes
FROM notes WHERE id = 1;

SELECT body, topic, round((half <=> q.it)::numeric, 3) AS distance
FROM notes, (SELECT half AS it FROM queries WHERE id = 5) AS q
ORDER BY half <=> q.it
LIMIT 3;

\echo 'Sparse vectors find words rather than meaning (tf-idf; 3,003 dimensions, few of them not zero)'
SELECT terms FROM queries WHERE id = 5;

SELECT body, topic, round((-(terms <#> q.it))::numeric, 3) AS similarity
FROM notes, (SELECT terms AS it FROM queries WHERE id = 5) AS q
ORDER BY terms <#> q.it
LIMIT 3;

\echo 'A sparse vector made of words, in SQL'
WITH words AS (
  SELECT id, idf FROM terms WHERE term IN ('renew', 'passport')
), question AS (
  SELECT ('{' || string_agg(id || ':' || idf, ',') || '}/3003')::sparsevec AS it FROM words
)
SELECT body, topic, round((-(terms <#> it))::numeric, 3) AS score
FROM notes, question
WHERE terms <#> it < 0
ORDER BY terms <#> it
LIMIT 5;

\echo 'Words and meaning together: the ranks of both searches, fused'
WITH meaning AS (
  SELECT id, row_number() OVER (ORDER BY distance) AS place
  FROM (SELECT n.id, n.embedding <=> q.embedding AS distance
    FROM notes AS n, queries AS q WHERE q.id = 5 ORDER BY distance LIMIT 20) AS nearest
), words AS (
  SELECT id, row_number() OVER (ORDER BY distance) AS place
  FROM (SELECT n.id, n.terms <#> q.terms AS distance
    FROM notes AS n, queries AS q WHERE q.id = 5 ORDER BY distance LIMIT 20) AS nearest
  WHERE distance < 0
)
SELECT body, round(coalesce(1.0 / (60 + meaning.place), 0)
  + coalesce(1.0 / (60 + words.place), 0), 4) AS score
FROM meaning FULL JOIN words USING (id) JOIN notes USING (id)
ORDER BY score DESC, id
LIMIT 5;

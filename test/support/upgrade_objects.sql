-- What a database built on pgvector 0.8 holds: every type in a table, stored generated columns,
-- views, a btree index, a default and a check that call the extension's functions.

CREATE TABLE items (
	id int PRIMARY KEY,
	v vector(3) DEFAULT subvector('[1,2,3,4]'::vector, 1, 3),
	h halfvec(3),
	s sparsevec(5),
	b bit(3),
	free vector,
	list vector(2)[],
	long vector(1000),
	norm float8 GENERATED ALWAYS AS (vector_norm(v)) STORED,
	half halfvec(3) GENERATED ALWAYS AS (v::halfvec(3)) STORED,
	signs bit(3) GENERATED ALWAYS AS (binary_quantize(v)::bit(3)) STORED,
	CHECK (vector_dims(free) < 5)
);
INSERT INTO items (id, v, h, s, b, free, list, long)
	SELECT i, ARRAY[i, i * i - 5, 1.5 / i], ARRAY[i, -i, 0.1], format('{%s:%s,5:-2}/5', i % 4 + 1, i)::sparsevec,
		(i % 8)::bit(3), array_fill(i::real, ARRAY[i % 4 + 1]),
		ARRAY['[1,2]', format('[%s,0]', i)]::vector(2)[],
		(SELECT array_agg(sin(i * j)::real ORDER BY j) FROM generate_series(1, 1000) AS j)
	FROM generate_series(1, 20) AS i;
INSERT INTO items (id) VALUES (100);
INSERT INTO items (id, v) VALUES (101, NULL);
CREATE INDEX ON items (v);
CREATE INDEX ON items (h);
CREATE INDEX ON items (s);
CREATE VIEW nearest AS
	SELECT id, v <-> '[1,1,1]' AS l2, v <#> '[1,1,1]' AS ip, v <=> '[1,1,1]' AS cosine,
		v <+> '[1,1,1]' AS l1, b <~> '101' AS hamming, b <%> '101' AS jaccard
	FROM items ORDER BY v <-> '[1,1,1]', id;
CREATE MATERIALIZED VIEW totals AS
	SELECT avg(v) AS v_avg, sum(v) AS v_sum, avg(h) AS h_avg, sum(h) AS h_sum FROM items;
CREATE FUNCTION similar_to(vector) RETURNS SETOF int LANGUAGE sql STABLE
	AS 'SELECT id FROM items WHERE v IS NOT NULL ORDER BY v <=> $1, id LIMIT 5';

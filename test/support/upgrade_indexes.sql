-- Indexes of every access method and operator class of the extension as it is installed, and a
-- table `searches` of queries that they answer.  Settings under which searches look at every row
-- make approximate indexes exact; elements are small integers, so that sums are exact, too, and
-- two libraries give the same distances to the last bit but one.

CREATE TABLE searches (index_name text PRIMARY KEY, query text NOT NULL);

CREATE TABLE source AS
	SELECT i AS id, i % 5 AS category,
		ARRAY(SELECT (i * i * j + 31 * i * j * j + i % (j + 2)) % 41 - 20 FROM generate_series(1, 24) j) AS val
	FROM generate_series(1, 500) AS i;
CREATE FUNCTION fill(target regclass, first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO %s (id, category, v) SELECT id + $1 - 1, category, val FROM source
		WHERE id <= $2 - $1 + 1', target) USING first, last;
END $$;

CREATE FUNCTION question() RETURNS text LANGUAGE sql AS $$
	SELECT '[-12,16,-16,-4,-13,11,8,10,4,-7,-14,11,-19,4,7,18,-20,8,-3,-6,17,-14,0,-19]' $$;

-- search(table, column or expression, operator, question, condition): the nearest ten.
CREATE FUNCTION search(target text, expression text, operator text, question text, condition text)
	RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT (%1$s %2$s %3$s)::real FROM %4$s WHERE %5$s ORDER BY %1$s %2$s %3$s LIMIT 10',
		expression, operator, question, target, condition) $$;

-- A table for each method: where two methods index one column, the planner has a choice.
DO $$
DECLARE
	am record;
	class record;
	target text;
	name text;
	question constant text := quote_literal(question());
BEGIN
	FOR am IN SELECT * FROM pg_am WHERE amname IN ('hnsw', 'ivfflat', 'flat') ORDER BY amname LOOP
		target := 'by_' || am.amname;
		EXECUTE format($sql$
			CREATE TABLE %I (
				id int PRIMARY KEY,
				category int,
				v vector(24),
				h halfvec(24) GENERATED ALWAYS AS (v::halfvec(24)) STORED,
				s sparsevec(24) GENERATED ALWAYS AS (v::sparsevec(24)) STORED,
				b bit(24) GENERATED ALWAYS AS (binary_quantize(v)::bit(24)) STORED
			)$sql$, target);
		PERFORM fill(target::regclass, 1, 500);
		FOR class IN
			SELECT opcname, typname, oprname,
				CASE typname WHEN 'vector' THEN 'v' WHEN 'halfvec' THEN 'h' WHEN 'sparsevec' THEN 's'
					ELSE 'b' END AS attribute,
				CASE typname WHEN 'bit' THEN quote_literal('000101001101001101001011') || '::bit(24)'
					ELSE format('%s::vector(24)::%s(24)', question, typname) END AS asked
			FROM pg_opclass
				JOIN pg_type ON pg_type.oid = opcintype
				JOIN pg_amop ON amopfamily = opcfamily AND amoppurpose = 'o'
				JOIN pg_operator ON pg_operator.oid = amopopr
			WHERE opcmethod = am.oid ORDER BY opcname
		LOOP
			name := format('%s_%s', am.amname, class.opcname);
			EXECUTE format('CREATE INDEX %I ON %I USING %I (%I %I)%s', name, target, am.amname,
				class.attribute, class.opcname, CASE am.amname WHEN 'ivfflat' THEN ' WITH (lists = 7)' ELSE '' END);
			INSERT INTO searches
				VALUES (name, search(target, class.attribute, class.oprname, class.asked, 'true'));
		END LOOP;
		-- Expressions and conditions.
		EXECUTE format('CREATE INDEX %I ON %I USING %I ((subvector(v, 1, 4)::vector(4)) vector_l2_ops)%s',
			am.amname || '_expression', target, am.amname,
			CASE am.amname WHEN 'ivfflat' THEN ' WITH (lists = 3)' ELSE '' END);
		INSERT INTO searches VALUES (am.amname || '_expression', search(target,
			'subvector(v, 1, 4)::vector(4)', '<->', quote_literal('[1,2,3,4]'), 'true'));
		EXECUTE format('CREATE INDEX %I ON %I USING %I ((l2_normalize(v)::vector(24)) vector_l2_ops)%s
			WHERE category = 3',
			am.amname || '_partial', target, am.amname,
			CASE am.amname WHEN 'ivfflat' THEN ' WITH (lists = 3)' ELSE '' END);
		INSERT INTO searches VALUES (am.amname || '_partial', search(target,
			'l2_normalize(v)::vector(24)', '<->', 'l2_normalize(' || question || '::vector)', 'category = 3'));
	END LOOP;
END $$;

CREATE TABLE parted (id int, category int, v vector(24)) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (1) TO (200);
CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (200) TO (100000);
SELECT fill('parted', 1, 500);
CREATE INDEX parted_v ON parted USING hnsw (v vector_cosine_ops);
CREATE UNLOGGED TABLE "un logged" (id int, category int, v vector(24));
SELECT fill('"un logged"', 1, 500);
CREATE INDEX "Un Logged" ON "un logged" USING hnsw (v vector_l1_ops) WITH (m = 8, ef_construction = 40);
CREATE MATERIALIZED VIEW normalized AS SELECT id, l2_normalize(v)::vector(24) AS v FROM parted;
CREATE INDEX normalized_v ON normalized USING ivfflat (v vector_ip_ops) WITH (lists = 4);
INSERT INTO searches VALUES
	('parted_low_v_idx', search('parted', 'v', '<=>', quote_literal(question()), 'id < 200')),
	('parted_high_v_idx', search('parted', 'v', '<=>', quote_literal(question()), 'true')),
	('Un Logged', search('"un logged"', 'v', '<+>', quote_literal(question()), 'true')),
	('normalized_v', search('normalized', 'v', '<#>', quote_literal(question()), 'true'));

-- The indexes that the plan of a query has, of all that searches.sql allows it.
CREATE FUNCTION indexes_of_plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	names text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		names := names || coalesce(substring(line FROM 'Index Scan using (.*) on ') || ' ', '');
	END LOOP;
	RETURN replace(names, '"', '');
END $$;

# What leaves a database arrives in another: dumps, COPY, logical replication, foreign tables; with
# every type and every index method.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = PostgreSQL::Test::Cluster->new('source');
$source->init(allows_streaming => 'logical');
my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
for my $node ($source, $target)
{
	$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nhnsw.ef_search = 200\nivfflat.probes = 5\n");
	$node->start;
}

# The extension in a schema of its own: dumps must name it wherever they mean it.
my $path = 'SET search_path = public, ext; SET client_min_messages = warning;';
$source->safe_psql('postgres', 'CREATE DATABASE app');
$source->safe_psql('app', qq{
	CREATE SCHEMA ext;
	CREATE EXTENSION vector SCHEMA ext;
	$path
	CREATE FUNCTION row_of(n int, dims int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
		'SELECT array_agg(((hashint8extended(i, n) % 1000) / 10.0)::real ORDER BY i) FROM generate_series(1, dims) i';
	CREATE DOMAIN direction AS vector(8) CHECK (abs(vector_norm(VALUE) - 1) < 0.001);
	CREATE TABLE item (
		id int PRIMARY KEY,
		v vector(8), h halfvec(8), s sparsevec(24), b bit(8),
		loose vector, list vector(2)[], towards direction DEFAULT '[1,0,0,0,0,0,0,0]',
		unit vector(8) GENERATED ALWAYS AS (l2_normalize(v)) STORED,
		bits bit(8) GENERATED ALWAYS AS (binary_quantize(v)::bit(8)) STORED);
	INSERT INTO item (id, v, h, s, b, loose, list)
	SELECT n, a::vector, a::halfvec, (a || array_fill(0::real, ARRAY[8]) || a)::sparsevec, binary_quantize(a::vector),
		subvector(a::vector, 1, 1 + n % 8), ARRAY[subvector(a::vector, 1, 2), NULL]
	FROM (SELECT n, row_of(n, 8) AS a FROM generate_series(1, 300) n) t;
	INSERT INTO item (id, v, s) VALUES (301, NULL, NULL), (302, '[0,0,0,0,0,0,0,0]', '{}/24');
	CREATE INDEX ON item (v);
	CREATE INDEX ON item USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 40);
	CREATE INDEX ON item USING ivfflat (v vector_cosine_ops) WITH (lists = 5);
	CREATE INDEX ON item USING flat (v vector_ip_ops);
	CREATE INDEX ON item USING hnsw (h halfvec_l1_ops);
	CREATE INDEX ON item USING ivfflat (h halfvec_l2_ops) WITH (lists = 5);
	CREATE INDEX ON item USING flat (h halfvec_cosine_ops);
	CREATE INDEX ON item USING hnsw (s sparsevec_l2_ops);
	CREATE INDEX ON item USING flat (s sparsevec_ip_ops);
	CREATE INDEX ON item USING hnsw (b bit_hamming_ops);
	CREATE INDEX ON item USING flat (b bit_jaccard_ops);
	CREATE INDEX ON item USING hnsw ((v::halfvec(8)) halfvec_l2_ops);
	CREATE INDEX ON item USING ivfflat ((binary_quantize(v)::bit(8)) bit_hamming_ops) WITH (lists = 3);
	CREATE INDEX ON item USING flat ((subvector(v, 1, 4)::vector(4)) vector_l2_ops) WHERE id % 2 = 0;
	CREATE TABLE event (region text, id int, v vector(8)) PARTITION BY LIST (region);
	CREATE TABLE event_a PARTITION OF event FOR VALUES IN ('a');
	CREATE TABLE event_b PARTITION OF event DEFAULT;
	CREATE INDEX ON event USING hnsw (v vector_l2_ops);
	INSERT INTO event SELECT CASE WHEN id % 2 = 0 THEN 'a' ELSE 'b' END, id, v FROM item;
	CREATE VIEW nearest AS SELECT id, round((v <-> row_of(1000, 8)::vector(8))::numeric, 3) AS distance FROM item;
	CREATE MATERIALIZED VIEW middle AS SELECT id % 3 AS part, avg(v) AS v FROM item GROUP BY 1});

# Each in the order of an index, ties by id.
my @orders = (
	'v <-> (SELECT v FROM item WHERE id = 7)', 'v <=> (SELECT v FROM item WHERE id = 7)', 'v <#> (SELECT v FROM item WHERE id = 7)',
	'h <+> (SELECT h FROM item WHERE id = 7)', 'h <-> (SELECT h FROM item WHERE id = 7)', 'h <=> (SELECT h FROM item WHERE id = 7)',
	's <-> (SELECT s FROM item WHERE id = 7)', 's <#> (SELECT s FROM item WHERE id = 7)',
	'b <~> (SELECT b FROM item WHERE id = 7)', 'b <%> (SELECT b FROM item WHERE id = 7)',
	'v::halfvec(8) <-> (SELECT h FROM item WHERE id = 7)', 'binary_quantize(v)::bit(8) <~> (SELECT b FROM item WHERE id = 7)');
my $questions = join ";\n", $path,
	'SELECT * FROM item ORDER BY id', 'SELECT * FROM event ORDER BY id', 'SELECT * FROM nearest ORDER BY id',
	'SELECT * FROM middle ORDER BY part', 'SET enable_seqscan = off',
	(map { "SELECT id FROM item ORDER BY $_, id LIMIT 12" } @orders),
	'SELECT id FROM item WHERE id % 2 = 0 ORDER BY subvector(v, 1, 4)::vector(4) <-> (SELECT subvector(v, 1, 4) FROM item WHERE id = 7), id LIMIT 12',
	q{SELECT id FROM event ORDER BY v <-> (SELECT v FROM item WHERE id = 7), id LIMIT 12};
my $catalog = q{SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
	SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attstorage FROM pg_attribute
	WHERE attrelid IN ('item'::regclass, 'event'::regclass) AND attnum > 0 ORDER BY 1, attnum;
	SELECT extversion, extnamespace::regnamespace FROM pg_extension WHERE extname = 'vector'};

# What plans the answers come from: one with a sort would not ask the index.
for my $order (@orders)
{
	like($source->safe_psql('app', "$path SET enable_seqscan = off; EXPLAIN SELECT id FROM item ORDER BY $order LIMIT 12"),
		qr/Index Scan using item_.*\n +Order By/, "an index answers $order");
}
my ($answers, $objects) = map { $source->safe_psql('app', $_) } $questions, $catalog;

# ---- pg_dump and pg_restore --------------------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir;
for my $format (qw(plain custom))
{
	$source->command_ok([ 'pg_dump', "--format=$format", '--file', "$dir/$format", 'app' ], "$format: dumped");
	$target->safe_psql('postgres', "CREATE DATABASE from_$format");
	$target->command_ok(
		$format eq 'plain'
		? [ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', "from_$format", '-f', "$dir/$format" ]
		: [ 'pg_restore', '--exit-on-error', '--jobs=2', '-d', "from_$format", "$dir/$format" ],
		"$format: restored");
	is($target->safe_psql("from_$format", $questions), $answers, "$format: every query has the same answer");
	is($target->safe_psql("from_$format", $catalog), $objects, "$format: columns and indexes are the same");
}
my ($plain, $again) = map { slurp_file("$dir/$_") =~ s/^(?:--|\\(?:un)?restrict).*\n//mgr } 'plain', do {
	$target->command_ok([ 'pg_dump', '--file', "$dir/again", 'from_plain' ], 'the copy is dumped');
	'again';
};
is($again, $plain, 'its dump is that of the original');

# ---- COPY --------------------------------------------------------------------------------------

$target->safe_psql('postgres', "CREATE EXTENSION vector");
my $same = 'id, v, h, s, b, loose';
my $kept = "$same, list";
my $content = "SELECT $kept, vector_send(v), halfvec_send(h), sparsevec_send(s) FROM item ORDER BY id";
my $expected = $source->safe_psql('app', "$path $content");
for my $format (qw(text csv binary))
{
	$source->safe_psql('app', "$path COPY item ($kept) TO '$dir/item.$format' (FORMAT $format)");
	$target->safe_psql('postgres', qq{
		DROP TABLE IF EXISTS item;
		CREATE TABLE item (id int, v vector(8), h halfvec(8), s sparsevec(24), b bit(8), loose vector, list vector(2)[]);
		CREATE INDEX ON item USING hnsw (v vector_l2_ops);
		COPY item FROM '$dir/item.$format' (FORMAT $format)});
	is($target->safe_psql('postgres', $content), $expected, "COPY $format: all values arrive");
	# Without the array: its binary format has the type's OID, another one in each database.
	$source->safe_psql('app', "$path COPY item ($same) TO '$dir/item.$format' (FORMAT $format)");
	$target->safe_psql('postgres', "COPY item ($same) TO '$dir/back.$format' (FORMAT $format)");
	ok(slurp_file("$dir/item.$format") eq slurp_file("$dir/back.$format"), "COPY $format: and leave as they came");
}

# ---- logical replication -----------------------------------------------------------------------

$source->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE TABLE with_key (id int PRIMARY KEY, v vector(8), h halfvec(8), s sparsevec(24), b bit(8));
	CREATE TABLE without_key (LIKE with_key);
	ALTER TABLE without_key REPLICA IDENTITY FULL;
	CREATE FUNCTION fill(name regclass, first int, last int) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE format('INSERT INTO %s SELECT n, a::vector, a::halfvec, (a || a || a)::sparsevec, binary_quantize(a::vector)
				FROM (SELECT n, (SELECT array_agg(((hashint8extended(i, n) %% 1000) / 10.0)::real) FROM generate_series(1, 8) i) AS a
				FROM generate_series($1, $2) n) t', name) USING first, last;
		END $$;
	SELECT fill('with_key', 1, 200), fill('without_key', 1, 50);
	CREATE PUBLICATION keyed FOR TABLE with_key;
	CREATE PUBLICATION keyless FOR TABLE without_key});
# The subscriber's indexes are its own affair.
$target->safe_psql('postgres', q{
	CREATE TABLE with_key (id int PRIMARY KEY, v vector(8), h halfvec(8), s sparsevec(24), b bit(8));
	CREATE TABLE without_key (LIKE with_key);
	CREATE INDEX ON with_key USING hnsw (v vector_l2_ops);
	CREATE INDEX ON with_key USING flat (h halfvec_cosine_ops);
	CREATE INDEX ON with_key USING hnsw (s sparsevec_l2_ops);
	CREATE INDEX ON with_key USING flat (b bit_hamming_ops)});
my $publisher = sprintf 'host=%s port=%d dbname=postgres', $source->host, $source->port;
$target->safe_psql('postgres', "CREATE SUBSCRIPTION $_->[0] CONNECTION '$publisher' PUBLICATION $_->[0] WITH (binary = $_->[1])")
	for [ 'keyed', 'true' ], [ 'keyless', 'false' ];
$target->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_subscription_rel WHERE srsubstate = 'r'})
	or die 'the tables were not copied';

sub replicated
{
	my ($when) = @_;
	$source->wait_for_catchup($_) for qw(keyed keyless);
	for my $query (
		'SELECT * FROM with_key ORDER BY id', 'SELECT * FROM without_key ORDER BY id',
		(map { "SELECT id FROM with_key ORDER BY $_, id LIMIT 10" }
			q{v <-> '[1,2,3,4,5,6,7,8]'}, q{h <=> '[1,2,3,4,5,6,7,8]'}, q{s <-> '{1:50,9:50}/24'}, q{b <~> B'01010101'}))
	{
		is($target->safe_psql('postgres', "SET enable_seqscan = off; $query"), $source->safe_psql('postgres', $query), "$when: $query");
	}
	return;
}

replicated('copied');
$source->safe_psql('postgres', q{
	SELECT fill('with_key', 201, 300), fill('without_key', 51, 80);
	UPDATE with_key SET v = l2_normalize(v), s = NULL, b = ~b WHERE id % 3 = 0;
	UPDATE with_key SET id = id + 1000 WHERE id % 50 = 0;
	UPDATE without_key SET h = h + h, b = NULL WHERE id % 3 = 0;
	DELETE FROM with_key WHERE id % 4 = 1;
	DELETE FROM without_key WHERE id % 4 = 1});
replicated('inserted, updated and deleted');
$target->safe_psql('postgres', "DROP SUBSCRIPTION $_") for qw(keyed keyless);

# ---- foreign tables ----------------------------------------------------------------------------

SKIP:
{
	skip 'this server has no postgres_fdw', 10
		if !$target->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'");
	my ($host, $port) = ($source->host, $source->port);
	$target->safe_psql('postgres', qq{
		CREATE EXTENSION postgres_fdw;
		CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw
			OPTIONS (host '$host', port '$port', dbname 'postgres', extensions 'vector');
		CREATE USER MAPPING FOR CURRENT_USER SERVER there;
		CREATE SCHEMA far;
		IMPORT FOREIGN SCHEMA public LIMIT TO (with_key) FROM SERVER there INTO far});
	is( $target->safe_psql('postgres', 'SELECT * FROM far.with_key ORDER BY id'),
		$source->safe_psql('postgres', 'SELECT * FROM with_key ORDER BY id'), 'a foreign table has the rows');
	for my $order (q{v <=> '[1,2,3,4,5,6,7,8]'}, q{h <+> '[1,2,3,4,5,6,7,8]'}, q{s <#> '{1:50,9:50}/24'}, q{b <%> B'01010101'})
	{
		my ($local, $foreign) = map { "SELECT id FROM $_ WHERE b IS NOT NULL AND s IS NOT NULL ORDER BY $order, id LIMIT 10" }
			'with_key', 'far.with_key';
		like($target->safe_psql('postgres', "EXPLAIN (VERBOSE) $foreign"), qr/Remote SQL: .* ORDER BY .*OPERATOR\(public\.<.*LIMIT/,
			"$order is worked out there");
		is($target->safe_psql('postgres', $foreign), $source->safe_psql('postgres', $local), "$order: the same rows");
	}
	$target->safe_psql('postgres', q{
		INSERT INTO far.with_key VALUES (5000, '[1,2,3,4,5,6,7,8]', '[0.1,2,3,4,5,6,7,8]', '{24:0.5}/24', B'10000001');
		UPDATE far.with_key SET v = v + '[1,1,1,1,1,1,1,1]' WHERE id = 5000});
	is($source->safe_psql('postgres', 'SELECT * FROM with_key WHERE id = 5000'),
		'5000|[2,3,4,5,6,7,8,9]|[0.099975586,2,3,4,5,6,7,8]|{24:0.5}/24|10000001', 'a row written there has arrived');
}

$_->stop for $target, $source;
done_testing();

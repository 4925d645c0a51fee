# hnsw finds what is there: built at once, filled by ten writers at a time, and after most of it was
# deleted and vacuumed.  VECTOR_RECALL_ROWS says of how many rows, 2,500 if unset.

use strict;
use warnings FATAL => 'all';

use lib 'test/support';
use NearestNeighbors qw(exact_neighbors recall);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('recall');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION vector');

srand(7);
my $rows = $ENV{VECTOR_RECALL_ROWS} // 2500;
my $each = int($rows / 10);
my $random = 'ARRAY[random(), random(), random()]';
my $bits = "(SELECT string_agg((random() < 0.5)::int::text, '') FROM generate_series(1, 52) WHERE i > 0)::bit(52)";
my $ten = '(SELECT array_agg(random()) FROM generate_series(1, 10) WHERE i > 0)';

my @cases = (
	# type, expression for row i, operator, class, floor, ef_search, queries
	[ 'vector(3)', "${random}::vector", '<->', 'vector_l2_ops', 0.99, 40 ],
	[ 'vector(3)', "${random}::vector", '<#>', 'vector_ip_ops', 0.94, 40 ],
	[ 'vector(3)', "${random}::vector", '<=>', 'vector_cosine_ops', 0.99, 40 ],
	[ 'vector(3)', "${random}::vector", '<+>', 'vector_l1_ops', 0.99, 40 ],
	[ 'sparsevec(3)', "${random}::vector::sparsevec", '<->', 'sparsevec_l2_ops', 0.99, 40 ],
	[ 'halfvec(10)', "${ten}::halfvec", '<->', 'halfvec_l2_ops', 0.98, 40 ],
	[ 'bit(52)', $bits, '<~>', 'bit_hamming_ops', 0.98, 100 ],
	[ 'bit(52)', $bits, '<%>', 'bit_jaccard_ops', 0.95, 100 ],
);

for my $case (@cases)
{
	my ($type, $row, $operator, $class, $floor, $ef) = @$case;
	$node->safe_psql('postgres', qq{
		DROP TABLE IF EXISTS item;
		CREATE TABLE item (id int, val $type);
		SELECT setseed(0.4);
		INSERT INTO item SELECT i, $row FROM generate_series(1, $rows) i});
	my @queries = map { "'$_'::$type" } split /\n/,
	  $node->safe_psql('postgres', 'SELECT val FROM item ORDER BY id LIMIT 20 OFFSET 500');
	my $exact = exact_neighbors($node, table => 'item', column => 'val', operator => $operator,
		queries => \@queries, limit => 20);

	$node->safe_psql('postgres', "CREATE INDEX item_idx ON item USING hnsw (val $class)");
	my $built = recall($node, $exact, "SET hnsw.ef_search = $ef");
	cmp_ok($built, '>=', $floor, "$class, built");

	$node->safe_psql('postgres', qq{
		DROP INDEX item_idx;
		CREATE TABLE source AS SELECT * FROM item;
		CREATE INDEX ON source (id);
		TRUNCATE item;
		CREATE INDEX item_idx ON item USING hnsw (val $class);
		DROP SEQUENCE IF EXISTS next_row;
		CREATE SEQUENCE next_row});
	$node->pgbench("--no-vacuum --client=10 --transactions=$each", 0, [qr/actually processed/], [qr/^$/],
		"$class, ten writers",
		{ "050_insert_$class" => q{INSERT INTO item SELECT id, val FROM source WHERE id = nextval('next_row')::int} });
	# nextval is called for every row that the index on id is asked for: rows may repeat or miss.
	$node->safe_psql('postgres', 'INSERT INTO item SELECT * FROM source s
		WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = s.id); DROP TABLE source');
	$exact = exact_neighbors($node, table => 'item', column => 'val', operator => $operator,
		queries => \@queries, limit => 20);
	cmp_ok(recall($node, $exact, "SET hnsw.ef_search = $ef"), '>=', $floor, "$class, inserted");
}

# Three quarters deleted, with a sparse graph.
$node->safe_psql('postgres', qq{
	DROP TABLE item;
	CREATE TABLE item (id int, val vector(3));
	SELECT setseed(0.2);
	INSERT INTO item SELECT i, ${random}::vector FROM generate_series(1, 4000) i;
	CREATE INDEX ON item USING hnsw (val vector_l2_ops) WITH (m = 4, ef_construction = 8);
	DELETE FROM item WHERE id > 1000});
my @queries = map { "'[0.$_,0.5,0.4]'" } 11 .. 30;
my $exact = exact_neighbors($node, table => 'item', column => 'val', operator => '<->',
	queries => \@queries, limit => 20);
cmp_ok(recall($node, $exact, 'SET hnsw.ef_search = 20'), '>=', 0.18, 'before vacuum, ef 20');
cmp_ok(recall($node, $exact, 'SET hnsw.ef_search = 100'), '>=', 0.93, 'before vacuum, ef 100');
$node->safe_psql('postgres', 'VACUUM item');
cmp_ok(recall($node, $exact, 'SET hnsw.ef_search = 20'), '>=', 0.95, 'after vacuum, ef 20');

# Every row updated: half of what a search finds is dead, in iterative scans, too.
$node->safe_psql('postgres', q{
	CREATE TABLE updated (id int, val vector(60));
	SELECT setseed(0.3);
	INSERT INTO updated SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 60) WHERE i > 0)::vector
		FROM generate_series(1, 2000) i;
	CREATE INDEX ON updated USING hnsw (val vector_l2_ops);
	UPDATE updated SET val = (SELECT array_agg(random()) FROM generate_series(1, 60) WHERE id > 0)::vector});
my @updated = map { "'$_'::vector" } split /\n/,
  $node->safe_psql('postgres', 'SELECT val FROM updated ORDER BY id LIMIT 40');
my $new = exact_neighbors($node, table => 'updated', column => 'val', operator => '<->',
	queries => \@updated, limit => 20);
for my $mode (qw(off relaxed_order strict_order))
{
	cmp_ok(recall($node, $new, "SET hnsw.ef_search = 40; SET hnsw.iterative_scan = $mode"), '>=', 0.985,
		"all updated, iterative_scan = $mode");
}

# A vacuum that has room for a third of the codes.
$node->safe_psql('postgres', q{
	CREATE TABLE large (id int, val vector(500));
	SELECT setseed(0.4);
	INSERT INTO large SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 500) WHERE i > 0)::vector
		FROM generate_series(1, 6000) i;
	CREATE INDEX large_val ON large USING hnsw (val vector_l2_ops) WITH (m = 8, ef_construction = 32);
	DELETE FROM large WHERE id % 10 = 0});
$node->safe_psql('postgres', q{SET maintenance_work_mem = '1MB'; VACUUM large});
is($node->safe_psql('postgres', q{SELECT string_agg(hnsw_check, '; ') FROM hnsw_check('large_val')}), '',
	'a vacuum with little memory leaves a sound index');
my @large = map { "(SELECT val FROM large WHERE id = $_)" } map { 100 * $_ + 7 } 1 .. 30;
my $large_exact = exact_neighbors($node, table => 'large', column => 'val', operator => '<->',
	queries => \@large, limit => 10);
cmp_ok(recall($node, $large_exact, 'SET hnsw.ef_search = 200'), '>=', 0.85, 'and finds what is there');

# All deleted: the space is used again.
my $size = $node->safe_psql('postgres', q{SELECT pg_total_relation_size('item')});
$node->safe_psql('postgres', q{
	CREATE TABLE kept AS SELECT * FROM item;
	DELETE FROM item});
$node->safe_psql('postgres', 'VACUUM item');
$node->safe_psql('postgres', 'INSERT INTO item SELECT * FROM kept');
cmp_ok($node->safe_psql('postgres', q{SELECT pg_total_relation_size('item')}), '<=', 1.02 * $size,
	'vacuumed space is used again');
# Whatever levels are drawn.
$node->safe_psql('postgres', q{
	CREATE TABLE again (val vector(3));
	INSERT INTO again SELECT ARRAY[i, i * 7 % 1000, i * 13 % 777] FROM generate_series(1, 3000) i;
	CREATE INDEX again_idx ON again USING hnsw (val vector_l2_ops) WITH (m = 2, ef_construction = 8)});
my %sizes;
for my $round (0 .. 10)
{
	$node->safe_psql('postgres', $_) for 'DELETE FROM again', 'VACUUM again', q{
		INSERT INTO again SELECT ARRAY[i, i * 7 % 1000, i * 13 % 777] FROM generate_series(1, 3000) i};
	$sizes{$node->safe_psql('postgres', q{SELECT pg_relation_size('again_idx')})}++;
}
is(keys %sizes, 1, 'an index that is filled again is as large as before')
	or diag(join ' ', %sizes);
$node->safe_psql('postgres', 'DELETE FROM item WHERE id <> 123');
$node->safe_psql('postgres', 'VACUUM item');
is( $node->safe_psql('postgres', q{SET enable_seqscan = off;
	SELECT id FROM item ORDER BY val <-> '[9,9,9]' LIMIT 10}),
	'123', 'the one row that is left is found');

# Ten first inserts at once are all found.
for my $round (1 .. 3)
{
	$node->safe_psql('postgres', q{
		DROP TABLE IF EXISTS fresh;
		CREATE TABLE fresh (val vector(1900));
		CREATE INDEX ON fresh USING hnsw (val vector_l2_ops)});
	$node->pgbench('--no-vacuum --client=10 --transactions=1', 0, [qr/actually processed/], [qr/^$/],
		"first inserts, round $round",
		{ "050_first_$round" => 'INSERT INTO fresh SELECT array_agg(random() + :client_id)::vector FROM generate_series(1, 1900)' });
	is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM
		(SELECT * FROM fresh ORDER BY val <-> array_fill(0, ARRAY[1900])::vector) t}),
		'10', "all ten are found, round $round");
}

$node->stop;
done_testing();

# ivfflat finds what is there: built by one process and by several, filled by ten writers at a time,
# and after everything was deleted and inserted again.  VECTOR_RECALL_ROWS says of how many rows,
# 20,000 if unset.

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

my $rows = $ENV{VECTOR_RECALL_ROWS} // 20000;
my $each = int($rows / 10);
my $three = 'ARRAY[random(), random(), random()]';
my $ten = '(SELECT array_agg(random()) FROM generate_series(1, 10) WHERE i > 0)';
my $bits = "(SELECT string_agg((random() < 0.5)::int::text, '') FROM generate_series(1, 52) WHERE i > 0)::bit(52)";
my $topic = '(SELECT array_agg(hashint8extended(d, i % 60) % 100 / 10.0 + random()) FROM generate_series(1, 64) d WHERE i > 0)';

# Probes and the recall that is wanted of them, of 100 lists.  Uniform data have nearly the same inner
# products everywhere: only all lists together are asked for these.
my @cases = (
	[ 'vector(3)', "${three}::vector", '<->', 'vector_l2_ops', { 1 => 0.71, 10 => 0.95, 100 => 1 } ],
	[ 'vector(3)', "${three}::vector", '<#>', 'vector_ip_ops', { 100 => 1 } ],
	[ 'vector(3)', "${three}::vector", '<=>', 'vector_cosine_ops', { 1 => 0.71, 10 => 0.95, 100 => 0.9925 } ],
	[ 'halfvec(10)', "${ten}::halfvec", '<->', 'halfvec_l2_ops', { 1 => 0.33, 10 => 0.93, 100 => 1 } ],
	[ 'bit(52)', $bits, '<~>', 'bit_hamming_ops', { 1 => 0.08, 10 => 0.50, 100 => 1 } ],
	[ 'vector(64)', "${topic}::vector", '<=>', 'vector_cosine_ops', { 10 => 0.95, 100 => 1 } ],
);

sub check
{
	my ($exact, $floors, $what) = @_;
	for my $probes (sort { $a <=> $b } keys %$floors)
	{
		my $found = recall($node, $exact, "SET ivfflat.probes = $probes");
		cmp_ok($found, '>=', $floors->{$probes}, "$what, $probes probes ($found)");
	}
}

for my $case (@cases)
{
	my ($type, $row, $operator, $class, $floors) = @$case;
	$node->safe_psql('postgres', qq{
		DROP TABLE IF EXISTS item;
		CREATE TABLE item (id int, val $type);
		SELECT setseed(0.4);
		INSERT INTO item SELECT i, $row FROM generate_series(1, $rows) i});
	my @queries = map { "'$_'::$type" } split /\n/,
	  $node->safe_psql('postgres', 'SELECT val FROM item ORDER BY id LIMIT 20 OFFSET 500');
	my $exact = exact_neighbors($node, table => 'item', column => 'val', operator => $operator,
		queries => \@queries, limit => 20);

	my $create = "CREATE INDEX item_idx ON item USING ivfflat (val $class) WITH (lists = 100)";
	$node->safe_psql('postgres', "SET max_parallel_maintenance_workers = 0; $create");
	check($exact, $floors, "$type $class, built");
	my $size = $node->safe_psql('postgres', q{SELECT pg_relation_size('item_idx')});

	my ($status, $out, $messages) = $node->psql('postgres', qq{
		DROP INDEX item_idx;
		SET client_min_messages = debug1;
		SET min_parallel_table_scan_size = 1;
		$create});
	is($status, 0, "$type $class, built by several");
	like($messages, qr/using \d+ parallel workers/, 'there are workers');
	my $done = 0;
	$done += $1 while $messages =~ /(?:leader|worker) processed (\d+) tuples/g;
	is($done, $rows, 'each row was read once');
	check($exact, $floors, "$type $class, built by several");
	is( $node->safe_psql('postgres', q{SET enable_seqscan = off; SET ivfflat.probes = 100;
		SELECT count(DISTINCT id) FROM (SELECT id FROM item ORDER BY val } . "$operator $queries[0]) t"),
		$rows, 'no row is missing');

	$node->safe_psql('postgres', qq{
		DROP INDEX item_idx;
		CREATE TABLE source AS SELECT * FROM item;
		CREATE INDEX ON source (id);
		DELETE FROM item WHERE id > 10000;
		$create;
		DROP SEQUENCE IF EXISTS next_row;
		CREATE SEQUENCE next_row START 10001});
	my $clients = $rows > 10000 ? 10 : 0;
	my $rest = int(($rows - 10000) / 10);
	(my $label = "060_$type$class") =~ s/\W/_/g;
	$node->pgbench("--no-vacuum --client=10 --transactions=$rest", 0, [qr/actually processed/], [qr/^$/],
		"$type $class, ten writers",
		{ $label => q{INSERT INTO item SELECT id, val FROM source WHERE id = (SELECT nextval('next_row')::int)} })
	  if $clients;
	is($node->safe_psql('postgres', 'SELECT count(DISTINCT id) FROM item'), $rows, 'all are inserted');
	check($exact, $floors, "$type $class, inserted");
	$node->safe_psql('postgres', 'DROP TABLE source');
}

# A row is found by its own value with one probe.
my $lost = $node->safe_psql('postgres', q{
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT * FROM item ORDER BY id LIMIT 300) r
	WHERE NOT EXISTS (SELECT FROM (SELECT id FROM item ORDER BY val <=> r.val LIMIT 3) n WHERE n.id = r.id)});
is($lost, 0, 'a row is in the list that its value leads to');

# All deleted, vacuumed and inserted again: not a page more.
$node->safe_psql('postgres', q{
	CREATE TABLE kept AS SELECT * FROM item;
	REINDEX INDEX item_idx});
my $size = $node->safe_psql('postgres', q{SELECT pg_total_relation_size('item_idx')});
$node->safe_psql('postgres', 'DELETE FROM item');
$node->safe_psql('postgres', 'VACUUM item');
$node->safe_psql('postgres', 'INSERT INTO item SELECT * FROM kept');
is($node->safe_psql('postgres', q{SELECT pg_total_relation_size('item_idx')}), $size,
	'vacuumed space is used again');

# Spilling: less memory than the entries need.
my $small = $node->safe_psql('postgres', q{
	SET maintenance_work_mem = '2MB';
	DROP TABLE item;
	CREATE TABLE item (id int, val vector(40));
	INSERT INTO item SELECT i, (SELECT array_agg((hashint8extended(d, i) % 100)::real) FROM generate_series(1, 40) d)::vector
		FROM generate_series(1, 60000) i;
	SET max_parallel_maintenance_workers = 0;
	CREATE INDEX item_idx ON item USING ivfflat (val) WITH (lists = 3);
	SET enable_seqscan = off; SET ivfflat.probes = 3;
	SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM item ORDER BY val <-> (SELECT val FROM item WHERE id = 5)) t});
is($small, '60000|60000', 'a build that does not fit into its memory');

$node->stop;
done_testing();

# A standby gives the rows that its primary gives, without anything being preloaded there.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_consistency_checking = 'all'\nautovacuum = off\nwal_keep_size = 1GB\n");
$primary->start;
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE TABLE item (id int, val vector(40), s sparsevec(200), b bit(40));
	CREATE FUNCTION row_of(n int) RETURNS real[] LANGUAGE sql AS $$
		SELECT array_agg(((hashint8extended(i, n) % 1000) / 10.0)::real ORDER BY i) FROM generate_series(1, 40) i $$;
	CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
		INSERT INTO item SELECT n, v::vector, (v || v || v || v || v)::sparsevec, binary_quantize(v::vector)
		FROM (SELECT n, row_of(n) v FROM generate_series(first, last) n) t $$;
	SELECT fill(1, 1000);
	CREATE INDEX ON item USING hnsw (val vector_l2_ops);
	CREATE INDEX ON item USING hnsw (s sparsevec_cosine_ops);
	CREATE INDEX ON item USING hnsw (b bit_hamming_ops)});

sub compare
{
	my ($when) = @_;
	$primary->wait_for_catchup($standby);
	for my $query ('val <-> row_of(QUERY)::vector', 'b <~> binary_quantize(row_of(QUERY)::vector)',
		's <=> (SELECT s FROM item WHERE id = QUERY)')
	{
		my $sql = "SET enable_seqscan = off;\n";
		for my $n (1003, 1010, 1020, 1031, 1044)
		{
			(my $order = $query) =~ s/QUERY/$n/;
			$sql .= "SELECT id, val FROM item ORDER BY $order LIMIT 10;\n";
		}
		my $there = $primary->safe_psql('postgres', $sql);
		my $here = $standby->safe_psql('postgres', $sql);
		ok($there eq $here && length($there) > 0, "$when: the same for $query");
	}
}

$primary->safe_psql('postgres', 'SELECT fill(1001, 1100)');
compare('after the build and inserts');
for my $round (1 .. 3)
{
	$primary->safe_psql('postgres', "DELETE FROM item WHERE id % 5 = $round AND id < 1000");
	compare("round $round, deleted");
	$primary->safe_psql('postgres', 'VACUUM item');
	compare("round $round, vacuumed");
	$primary->safe_psql('postgres', "SELECT fill(2000 + 100 * $round, 2099 + 100 * $round)");
	compare("round $round, inserted");
}

# There, an unlogged table's indexes have no files that could be asked.
$primary->safe_psql('postgres', 'CREATE UNLOGGED TABLE u (val vector(2));
	CREATE INDEX ON u USING hnsw (val vector_l2_ops)');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT vector_needs_reindex(oid), count(*) FROM pg_class
	WHERE relam = (SELECT oid FROM pg_am WHERE amname = $$hnsw$$) GROUP BY 1 ORDER BY 1'),
	"f|3\n|1", 'vector_needs_reindex() on a standby');

$standby->promote;
is($standby->safe_psql('postgres', q{SELECT fill(5000, 5010); SET enable_seqscan = off;
	SELECT id FROM item ORDER BY val <-> row_of(5005)::vector LIMIT 1}) =~ /5005/ ? 1 : 0, 1,
	'a promoted standby takes inserts');
done_testing();

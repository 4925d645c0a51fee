# Clients that insert into a small graph with long lists: all of them change the links of the same
# nodes, each after long thought about which to keep.  None may take away what another has just
# given: every node stays reachable.  VECTOR_CROWD_ROUNDS says how often, 3 if unset.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{VECTOR_CROWD_ROUNDS} // 3;
my $node = PostgreSQL::Test::Cluster->new('crowd');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE SEQUENCE ids;
	CREATE TABLE item (val vector(500));
	CREATE FUNCTION row_of(n bigint) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
		SELECT array_agg(((hashint8extended(i, n) % 1000) / 10.0)::real ORDER BY i)::vector FROM generate_series(1, 500) i $$;
	CREATE INDEX item_val_idx ON item USING hnsw (val vector_l2_ops) WITH (m = 32, ef_construction = 64)});

for my $round (1 .. $rounds)
{
	$node->safe_psql('postgres', 'TRUNCATE item');
	$node->pgbench('--no-vacuum --client=8 --transactions=40', 0, [qr/actually processed/], [qr/^$/],
		"round $round: no error",
		{ "059_insert_$round" => q{INSERT INTO item SELECT row_of(nextval('ids')) FROM generate_series(1, 3);} });
	is($node->safe_psql('postgres', q{SELECT * FROM hnsw_check('item_val_idx') LIMIT 5}), '',
		"round $round: the structure is sound");
}
$node->stop;
done_testing();

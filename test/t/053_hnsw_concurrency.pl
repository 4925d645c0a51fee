# Clients that insert, delete, update, query and vacuum at once: no error, and a query
# never returns a row that is not there.  VECTOR_BUSY_SECONDS says how long, 10 if unset.

use strict;
use warnings FATAL => 'all';

use lib 'test/support';
use NearestNeighbors qw(lost_rows);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{VECTOR_BUSY_SECONDS} // 10;
my $node = PostgreSQL::Test::Cluster->new('busy');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE SEQUENCE ids;
	CREATE TABLE item (id int, note int, val vector(50));
	CREATE FUNCTION row_of(n bigint) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
		SELECT array_agg(((hashint8extended(i, n) % 1000) / 10.0)::real ORDER BY i)::vector FROM generate_series(1, 50) i $$;
	INSERT INTO item SELECT n, 0, row_of(n) FROM generate_series(1, 2000) n, nextval('ids');
	SELECT setval('ids', 5000);
	CREATE INDEX ON item USING hnsw (val vector_l2_ops) WITH (m = 8, ef_construction = 32)});

my %scripts = (
	'053_insert@4' => q{INSERT INTO item SELECT n, 0, row_of(n) FROM nextval('ids') n;},
	'053_delete@2' => q{
		\set pick random(1, 100000)
		DELETE FROM item WHERE id IN (SELECT id FROM item WHERE id % 100 = :pick % 100 LIMIT 3 FOR UPDATE SKIP LOCKED);},
	'053_update@2' => q{
		\set pick random(1, 100000)
		UPDATE item SET note = note + 1 WHERE id IN (SELECT id FROM item WHERE id % 200 = :pick % 200 LIMIT 3 FOR UPDATE SKIP LOCKED);},
	'053_query@6' => q{
		\set pick random(1, 100000)
		SET enable_seqscan = off;
		SELECT 1 / (count(*) = count(DISTINCT id) AND count(*) = 10)::int FROM (SELECT id FROM item ORDER BY val <-> row_of(:pick) LIMIT 10) t;},
	'053_vacuum@1' => q{
		SELECT pg_try_advisory_lock(1) AS mine \gset
		\if :mine
		VACUUM item;
		SELECT pg_advisory_unlock(1);
		\endif},
);
$node->pgbench("--no-vacuum --client=8 --time=$seconds", 0, [qr/actually processed/], [qr/^$/],
	'a busy table gives no error', \%scripts);

# Every row has its place in the index.  Among values that have no structure at all, with m = 8, one
# in ten thousand that came by insertion has so few links to it, until the next vacuum, that a search
# with ef_search = 200 for its own value misses it.
sub check_rows
{
	my ($when) = @_;
	my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM item');
	is( $node->safe_psql('postgres', q{
		SET enable_seqscan = off; SET enable_sort = off; SET hnsw.iterative_scan = relaxed_order;
		SET hnsw.max_scan_tuples = 2147483647; SET hnsw.scan_mem_multiplier = 1000;
		SELECT count(*) FROM item r JOIN (SELECT id FROM item ORDER BY val <-> row_of(7)) n USING (id)}),
		$rows, "$when: each of $rows rows comes out of a scan for all of them");
	cmp_ok(lost_rows($node, 'item', '<->', 'SET hnsw.ef_search = 200'), '<=', 1,
		"$when: its own value leads to it");
}
check_rows('when the clients have ended');
$node->safe_psql('postgres', 'DELETE FROM item WHERE id % 100 = 1');
$node->safe_psql('postgres', 'VACUUM item');
check_rows('after a vacuum');
is($node->safe_psql('postgres', q{SELECT * FROM hnsw_check('item_val_idx')}), '',
	'and the structure is sound');
$node->stop;
done_testing();

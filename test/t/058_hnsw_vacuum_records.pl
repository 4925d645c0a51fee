# A vacuum of an hnsw index may end at any of its WAL records: recovery stops at one after the other,
# rows are inserted before the next vacuum, and the index is sound after it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(has_archiving => 1, allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\nwal_keep_size = 1GB\n");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE TABLE items (id int, val sparsevec(500));
	CREATE INDEX items_val_idx ON items USING hnsw (val sparsevec_l2_ops) WITH (m = 4, ef_construction = 16);
	-- Codes of different lengths, one to three cells.
	CREATE FUNCTION value_of(n int) RETURNS sparsevec LANGUAGE sql AS $$
		SELECT (array_agg(CASE WHEN i % 10 = 0 AND i <= 100 + n % 4 * 100
			THEN 1 + abs(hashint8extended(i, n) % 8)::real ELSE 0 END ORDER BY i))::sparsevec
		FROM generate_series(1, 500) i $$;
	INSERT INTO items SELECT n, value_of(n) FROM generate_series(1, 60) n;
});
$primary->backup('base');
my $first = $primary->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
$primary->safe_psql('postgres', 'DELETE FROM items WHERE id IN (7, 44)');
$primary->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) items');
my $last = $primary->safe_psql('postgres',
	"SELECT pg_logical_emit_message(false, 'end', ''); SELECT pg_current_wal_insert_lsn()");
$last =~ s/.*\n//s;
$primary->safe_psql('postgres', 'SELECT pg_switch_wal()');

my ($dump, $errors) = run_command(
	[ 'pg_waldump', '-p', $primary->data_dir . '/pg_wal', '-s', $first, '-e', $last ]);
my @places = map { /rmgr: Generic.* lsn: ([0-9A-F]+\/[0-9A-F]+),/ ? ($1) : () } split /\n/, $dump;
cmp_ok(scalar @places, '>=', 3, 'the vacuum wrote some records: ' . @places);

my $number = 0;
for my $place (@places)
{
	my $restored = PostgreSQL::Test::Cluster->new('restored' . ++$number);
	$restored->init_from_backup($primary, 'base', has_restoring => 1, standby => 0);
	$restored->append_conf('postgresql.conf', "recovery_target_lsn = '$place'\n"
		. "recovery_target_action = promote\nrecovery_target_timeline = current\n");
	$restored->start;
	$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	# They take what the vacuum has given back.
	$restored->safe_psql('postgres',
		'INSERT INTO items SELECT n, value_of(n) FROM generate_series(101, 112) n');
	$restored->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) items');
	is($restored->safe_psql('postgres', "SELECT * FROM hnsw_check('items_val_idx')"), '',
		"the index is sound after recovery to $place");
	is( $restored->safe_psql('postgres', q{
			SET enable_seqscan = off; SET hnsw.iterative_scan = strict_order;
			SELECT string_agg(id::text, ' ' ORDER BY id) FROM
				(SELECT id FROM items ORDER BY val <-> value_of(1)) t}),
		join(' ', grep { $_ != 7 && $_ != 44 } 1 .. 60, 101 .. 112),
		'and gives every row');
	$restored->stop('immediate');
	$restored->clean_node;
}

$primary->stop;
done_testing();

# ivfflat survives crashes: the server is killed at a random moment of a write workload, and after
# recovery every row is found by its own value.  Then everything is asked again of a standby.
# VECTOR_CRASH_ROUNDS says how often, 3 if unset.

use strict;
use warnings FATAL => 'all';

use lib 'test/support';
use NearestNeighbors qw(lost_rows);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{VECTOR_CRASH_ROUNDS} // 3;
srand($ENV{VECTOR_SEED} // 12);

my $node = PostgreSQL::Test::Cluster->new('primary');
# Checksums would notice damage first.
$node->init(allows_streaming => 1, no_data_checksums => 1);
# What the standby had not received at a crash must not go with the checkpoint after it.
$node->append_conf('postgresql.conf',
	"wal_consistency_checking = 'generic'\nautovacuum = off\nwal_keep_size = 1GB\n");
$node->start;
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE SEQUENCE ids;
	CREATE FUNCTION row_of(n bigint) RETURNS real[] LANGUAGE sql IMMUTABLE AS $$
		SELECT array_agg(((hashint8extended(i, n) % 1000) / 10.0)::real ORDER BY i) FROM generate_series(1, 64) i $$;
	CREATE TABLE wide (id int, note int, val vector(64));
	INSERT INTO wide SELECT n, 0, row_of(n)::vector FROM generate_series(100001, 100500) n;
	CREATE INDEX ON wide USING ivfflat (val) WITH (lists = 10);
	CREATE UNLOGGED TABLE passing (id int, val vector(64));
	INSERT INTO passing SELECT id, val FROM wide;
	CREATE INDEX ON passing USING ivfflat (val) WITH (lists = 10);
});

my $script = $node->basedir . '/work.sql';
PostgreSQL::Test::Utils::append_to_file($script, <<'SQL');
\set pick random(1, 1000000)
INSERT INTO wide SELECT n, 0, row_of(n)::vector FROM nextval('ids') n;
DELETE FROM wide WHERE id % 7 = :pick % 7 AND id % 31 = :pick % 31;
UPDATE wide SET note = note + 1 WHERE id % 50 = :pick % 50;
SQL

my $sql = 'SET enable_seqscan = off; SET ivfflat.probes = 3;';
$sql .= "SELECT id FROM wide ORDER BY val <-> row_of($_)::vector LIMIT 10;" for 100003, 100010, 3, 5;

for my $round (1 .. $rounds)
{
	my @work = (
		IPC::Run::start([ 'pgbench', '-n', '-c', '4', '-T', '600', '-f', $script, '-h', $node->host,
			'-p', $node->port, 'postgres' ], '>', '/dev/null', '2>', '/dev/null'),
		IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', 'VACUUM wide', '-c',
			'SELECT pg_sleep(0.2)', '-c', 'VACUUM wide', '-c', 'REINDEX TABLE wide' ],
			'>', '/dev/null', '2>', '/dev/null'));
	usleep(400_000 + rand(1_500_000));
	$node->stop('immediate');
	$_->finish for @work;
	$node->start;

	my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM wide');
	cmp_ok($count, '>', 0, "round $round: there are rows ($count)");
	is(lost_rows($node, 'wide', '<->', 'SET ivfflat.probes = 1'), 0, "round $round: all are found");
	$node->safe_psql('postgres', 'DELETE FROM wide WHERE id % 4 = 0');
	$node->safe_psql('postgres', 'VACUUM wide');
	is(lost_rows($node, 'wide', '<->', 'SET ivfflat.probes = 1'), 0, "round $round: after a vacuum");
	is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM
		(SELECT * FROM passing ORDER BY val <-> row_of(1)::vector) t}), 0, 'the unlogged index is empty');
	$node->safe_psql('postgres', 'INSERT INTO passing SELECT id, val FROM wide');
	is(lost_rows($node, 'passing', '<->', 'SET ivfflat.probes = 1'), 0, "round $round: unlogged, filled again");
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $sql), $node->safe_psql('postgres', $sql), 'the standby gives the same');
	is(lost_rows($standby, 'wide', '<->', 'SET ivfflat.probes = 1'), 0, "round $round: all are found there");
}
$standby->promote;
is($standby->safe_psql('postgres', q{INSERT INTO wide SELECT 7, 0, row_of(777777)::vector;
	SET enable_seqscan = off; SELECT id FROM wide ORDER BY val <-> row_of(777777)::vector LIMIT 1}),
	7, 'a promoted standby takes inserts');
for my $server ($node, $standby)
{
	unlike(slurp_file($server->logfile), qr/PANIC|terminated by signal (?!9)|contains an unexpected/,
		'nothing alarming in the log');
}

# A page that is damaged is an error, not a crash.  Built anew, so that the last page is in use: a crash
# may have left one behind that no list had yet.
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', q{REINDEX INDEX wide_val_idx; CHECKPOINT; SELECT pg_relation_filepath('wide_val_idx')});
my $size = -s $path;
my %damage = (
	'the meta page' => [ 30, 'x' x 8 ],
	'a pointer of the directory' => [ 8192 + 24, "\xff\xff\xff\x7f" ],
	'an entry' => [ $size - 8192 + 24, "\0" x 300 ],
	'the end of a page' => [ $size - 8, 'x' x 8 ],
	'the length of a page' => [ $size - 8192 + 12, "\xff\xff" ]);
for my $what (sort keys %damage)
{
	my ($at, $bytes) = @{ $damage{$what} };
	$node->stop;
	my $whole = slurp_file($path);
	open my $file, '+<', $path or die;
	binmode $file;
	seek $file, $at, 0;
	print $file $bytes;
	close $file;
	$node->start;
	my ($status, $out, $error) = $node->psql('postgres',
		'SET enable_seqscan = off; SET ivfflat.probes = 10; SELECT id FROM wide ORDER BY val <-> row_of(1)::vector');
	if ($what eq 'the meta page')
	{
		is($status, 0, "$what: the planner takes another way");
		($status, $out, $error) = $node->psql('postgres', 'INSERT INTO wide SELECT 1, 0, row_of(1)::vector');
		like($error, qr/ivfflat index "wide_val_idx" is not valid.*REINDEX/s, "$what: said clearly");
	}
	else
	{
		like($error, qr/unexpected .* at block .*REINDEX|invalid page in block/s, "$what: said clearly");
	}
	my ($vacuum, undef, $said) = $node->psql('postgres', 'DELETE FROM wide WHERE id % 9 = 1; VACUUM wide');
	isnt($said, '', "$what: vacuum says so, too");
	is($node->safe_psql('postgres', 'SELECT 1'), 1, 'the server is up');
	$node->stop;
	open $file, '>', $path or die;
	binmode $file;
	print $file $whole;
	close $file;
	$node->start;
}
$node->safe_psql('postgres', 'REINDEX TABLE wide');
is(lost_rows($node, 'wide', '<->', 'SET ivfflat.probes = 1'), 0, 'REINDEX mends it');
$node->stop;
done_testing();

# Builds of hnsw indexes: parallel workers, memory, builds that do not end, and that what comes out is
# whole.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_worker_processes = 8\n");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION vector;
  CREATE TABLE t (id int, v vector(40), h halfvec(40), b bit(64));
  INSERT INTO t SELECT i, a::vector, a::halfvec, (SELECT string_agg((x > 3.5)::int::text, '') FROM unnest(a || a[1:24]) x)::bit(64)
    FROM (SELECT i, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 1000.0 + (i + j) % 37 / 5.0)::real ORDER BY j) FROM generate_series(1, 40) j) a
            FROM generate_series(1, 20000) i) s;
  INSERT INTO t (id) SELECT 0 FROM generate_series(1, 100);
  ALTER TABLE t SET (parallel_workers = 2);
  VACUUM ANALYZE t;
});

# Builds an index and returns what the server said.
sub build
{
	my ($settings, $using) = @_;
	my ($out, $messages) = ('', '');
	$node->psql('postgres', "SET client_min_messages = debug1; $settings; DROP INDEX IF EXISTS i; CREATE INDEX i ON t USING hnsw ($using)",
		stdout => \$out, stderr => \$messages, on_error_die => 1);
	return $messages;
}

# The share of the ten nearest of some rows that the index finds.
sub recall
{
	my ($column, $operator) = @_;
	return $node->safe_psql('postgres', qq{
	  SET hnsw.ef_search = 40;
	  CREATE TEMP TABLE q AS SELECT $column AS q FROM t WHERE id BETWEEN 1 AND 50;
	  SET enable_seqscan = off;
	  CREATE TEMP TABLE found AS SELECT q, d FROM q, LATERAL (SELECT $column $operator q AS d FROM t ORDER BY $column $operator q LIMIT 10) s;
	  SET enable_seqscan = on; SET enable_indexscan = off;
	  SELECT avg((SELECT count(*) FROM found f WHERE f.q = q.q AND f.d <=
	      (SELECT max(d) FROM (SELECT $column $operator q.q AS d FROM t ORDER BY $column $operator q.q LIMIT 10) s)) / 10.0) FROM q;
	});
}

sub is_sound
{
	my ($name) = @_;
	is($node->safe_psql('postgres', q{SELECT count(*) FROM hnsw_check('i')}), '0', "$name: nothing wrong in the index");
	is($node->safe_psql('postgres', q{SELECT reltuples FROM pg_class WHERE relname = 'i'}), '20000', "$name: every row is counted");
}

for my $case ([ 'v vector_l2_ops', 'v', '<->' ], [ 'h halfvec_cosine_ops', 'h', '<=>' ],
	[ 'v vector_l1_ops', 'v', '<+>' ])
{
	my ($using, $column, $operator) = @$case;
	unlike(build('SET max_parallel_maintenance_workers = 0', $using), qr/parallel workers/, "$using: alone");
	is_sound("$using alone");
	my $alone = recall($column, $operator);
	cmp_ok($alone, '>=', 0.9, "$using: recall alone");

	my $said = build('SET max_parallel_maintenance_workers = 2', $using);
	like($said, qr/using 2 parallel workers/, "$using: with workers");
	unlike($said, qr/WARNING|NOTICE:  hnsw/, "$using: nothing leaks, nothing overflows");
	is_sound("$using with workers");
	# The rows lie in 37 groups far apart.  That every group is found a unit test says, for fixed levels
	# (FindsEveryGroupOfGroupsFarApart); here they are chance.
	cmp_ok(recall($column, $operator), '>=', 0.9, "$using: recall with workers");
}

# Bit strings are linked in bulk, too; NULLs are left out.
build('SET max_parallel_maintenance_workers = 2', 'b bit_hamming_ops');
is_sound('bits');

# Memory: told once, and the build goes on with temporary files; L1 inserts the rest.
for my $case ([ '8MB', 0, 'v vector_l2_ops', '<->' ], [ '8MB', 2, 'v vector_l2_ops', '<->' ],
	[ '1MB', 2, 'v vector_l2_ops', '<->' ], [ '4MB', 0, 'v vector_l1_ops', '<+>' ])
{
	my ($memory, $workers, $using, $operator) = @$case;
	my $name = "$memory, $workers workers, $using";
	my $said = build("SET log_temp_files = 0; SET maintenance_work_mem = '$memory'; SET max_parallel_maintenance_workers = $workers", $using);
	like($said, qr/hnsw graph no longer fits into maintenance_work_mem after \d+ tuples.*Building will take significantly more time.*Increase maintenance_work_mem to speed up builds/s,
		"$name: told that memory is short");
	is(() = $said =~ /no longer fits/g, 1, "$name: told once");
	my $files = () = $said =~ /LOG:  temporary file/g;
	cmp_ok($files, $using =~ /l1/ ? '==' : '>=', $using =~ /l1/ ? 0 : 20, "$name: temporary files");
	unlike($said, qr/WARNING/, "$name: nothing leaks");
	is_sound($name);
	cmp_ok(recall('v', $operator), '>=', 0.9, "$name: recall");
}
$node->safe_psql('postgres', 'DROP INDEX i');

# Where temporary files may not grow, a build ends with PostgreSQL's own error.
isnt($node->psql('postgres', "SET temp_file_limit = '500kB'; SET maintenance_work_mem = '1MB'; CREATE INDEX i ON t USING hnsw (v vector_l2_ops)",
		stderr => \my $limited), 0, 'temporary files have a limit');
like($limited, qr/temporary file size exceeds "?temp_file_limit"?/, 'and a build says so');

# Nothing of a build that did not end is left: files, workers, the index.
sub is_clean
{
	my ($name) = @_;
	return ok($node->poll_query_until('postgres', q{
	  SELECT (SELECT count(*) FROM pg_ls_tmpdir()) = 0
	     AND (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker') = 0
	     AND (SELECT count(*) FROM pg_class WHERE relname = 'i') = 0
	     AND (SELECT count(*) FROM t) = 20100;
	}), "$name: nothing is left");
}
is_clean('a limit');

# Stopped anywhere: cancelled by the user, or the server's process killed.  HNSW_BUILD_STOPS is how
# often; more for a longer look.
my $stops = $ENV{HNSW_BUILD_STOPS} // 12;
my @memory = ('64MB', '8MB', '1MB');
my $start = time();
build('SET max_parallel_maintenance_workers = 2; ' . "SET maintenance_work_mem = '1MB'", 'v vector_l2_ops');
my $whole = time() - $start;
$node->safe_psql('postgres', 'DROP INDEX i');
srand(5);
my $slowest = 0;
my $cancelled = 0;
for my $i (1 .. $stops)
{
	my $ms = 1 + int(rand($whole * 1000));
	my $settings = "SET statement_timeout = $ms; SET max_parallel_maintenance_workers = 2; SET maintenance_work_mem = '$memory[$i % 3]'";
	$start = time();
	my $status = $node->psql('postgres', "$settings; CREATE INDEX i ON t USING hnsw (v vector_l2_ops)", stderr => \my $error);
	my $late = time() - $start - $ms / 1000;
	if ($status != 0)
	{
		$slowest = $late if $late > $slowest;
		$cancelled++;
		like($error, qr/canceling statement due to statement timeout/, "$i: cancelled after $ms ms");
	}
	else
	{
		$node->safe_psql('postgres', 'DROP INDEX i');
	}
	is_clean("$i: stopped after $ms ms");
}
cmp_ok($cancelled, '>', 0, 'some builds were cancelled');
cmp_ok($slowest, '<', 2, 'a build ends within a second or so of being cancelled');

$node->append_conf('postgresql.conf', 'restart_after_crash = on');
$node->reload;
for my $i (1 .. int(($stops + 5) / 6))
{
	my $ms = 50 + int(rand($whole * 900));
	my ($in, $out, $err) = ('', '', '');
	my $client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()', '-c',
			"SET max_parallel_maintenance_workers = 2", '-c', "SET maintenance_work_mem = '$memory[$i % 3]'",
			'-c', 'CREATE INDEX i ON t USING hnsw (v vector_l2_ops)' ], '<', \$in, '>', \$out, '2>', \$err);
	$client->pump until $out =~ /(\d+)\n/;
	my $pid = $1;
	Time::HiRes::usleep($ms * 1000);
	my $killed = kill('KILL', $pid);
	$client->finish;
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS i') if $err !~ /server closed the connection/;
	is_clean("killed after $ms ms");
}

build('SET max_parallel_maintenance_workers = 2', 'v vector_l2_ops');
is_sound('after builds that did not end');

# The other ways to an index.
for my $statement ('REINDEX INDEX i', 'REINDEX INDEX CONCURRENTLY i',
	'DROP INDEX i; CREATE INDEX i ON t USING hnsw (((v + v)::vector(40)) vector_l2_ops)')
{
	$node->safe_psql('postgres', $_) for split /; /, $statement;
	is_sound($statement);
}
$node->safe_psql('postgres', 'DROP INDEX i');
$node->safe_psql('postgres', 'CREATE INDEX i ON t USING hnsw (v vector_l2_ops) WHERE id > 10000');
is($node->safe_psql('postgres', q{SELECT count(*) FROM hnsw_check('i')}), '0', 'partial index');

done_testing();

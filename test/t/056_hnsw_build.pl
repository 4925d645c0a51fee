# Builds of hnsw indexes: parallel workers, memory, cancelling, and that what comes out is whole.

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
	cmp_ok(recall($column, $operator), '>=', $alone - 0.02, "$using: recall with workers");
}

# Bit strings are linked in bulk, too; NULLs are left out.
build('SET max_parallel_maintenance_workers = 2', 'b bit_hamming_ops');
is_sound('bits');

# Memory: told once, and the rest is inserted.
for my $workers (0, 2)
{
	my $said = build("SET maintenance_work_mem = '8MB'; SET max_parallel_maintenance_workers = $workers", 'v vector_l2_ops');
	like($said, qr/hnsw graph no longer fits into maintenance_work_mem after \d+ tuples.*Building will take significantly more time.*Increase maintenance_work_mem to speed up builds/s,
		"$workers workers: told that memory is short");
	is(() = $said =~ /no longer fits/g, 1, "$workers workers: told once");
	is_sound("$workers workers, little memory");
	cmp_ok(recall('v', '<->'), '>=', 0.9, "$workers workers, little memory: recall");
}

# Cancelled anywhere, a build leaves nothing behind, and ends soon.
$node->safe_psql('postgres', 'DROP INDEX i');
my $slowest = 0;
my $cancelled = 0;
for my $ms (map { $_ * 30 } 1 .. 12)
{
	my $start = time();
	my $status = $node->psql('postgres', "SET statement_timeout = $ms; SET max_parallel_maintenance_workers = 2; CREATE INDEX i ON t USING hnsw (v vector_l2_ops)",
		stderr => \my $error);
	my $late = time() - $start - $ms / 1000;
	$slowest = $late if $status != 0 && $late > $slowest;
	$cancelled++ if $status != 0;
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS i');
}
cmp_ok($cancelled, '>', 0, 'some builds were cancelled');
cmp_ok($slowest, '<', 2, 'a build ends within a second or so of being cancelled');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}), '0', 'no worker is left');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');

build('SET max_parallel_maintenance_workers = 2', 'v vector_l2_ops');
is_sound('after cancelled builds');

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

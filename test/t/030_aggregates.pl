# Aggregates over a million rows: avg is avg(real) to the last digit, and sum rounds after every
# addition, in each of the processes that take part.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('aggregates');
$node->init;
$node->append_conf(
	'postgresql.conf', q(
fsync = off
max_parallel_workers_per_gather = 2
parallel_setup_cost = 0
parallel_tuple_cost = 0
jit = off
));
$node->start;

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION vector;
CREATE TABLE t (r1 real, r2 real, r3 real, v vector(3), h halfvec(3)) WITH (parallel_workers = 2);
SELECT setseed(0.3);
INSERT INTO t SELECT r1, r2, r3, ARRAY[r1, r2, r3]::vector, ARRAY[r1, r2, r3]::halfvec
	FROM (SELECT random() + 1.01 AS r1, random() + 2.01 AS r2, random() + 3.01 AS r3
		FROM generate_series(1, 1000000)) s;
ANALYZE t;
SQL

for my $aggregate (qw(avg sum))
{
	for my $column (qw(v h))
	{
		my $plan = $node->safe_psql('postgres', "EXPLAIN SELECT $aggregate($column) FROM t");
		like($plan, qr/Partial Aggregate/, "$aggregate($column) runs in parallel");
	}
}

# Sums in double precision, whose order no process can choose, agree with those of real within
# what a digit of the result is worth.
for my $workers (0, 2)
{
	my ($vector, $real, $half, $rounded) = split /\n/, $node->safe_psql(
		'postgres', <<SQL);
SET max_parallel_workers_per_gather = $workers;
SELECT avg(v) FROM t;
SELECT ARRAY[avg(r1)::real, avg(r2)::real, avg(r3)::real]::vector FROM t;
SELECT avg(h) FROM t;
SELECT ARRAY[avg(r1)::real, avg(r2)::real, avg(r3)::real]::halfvec FROM t;
SQL
	is($vector, $real, "avg(vector) with $workers workers is that of real");
	is($half, $rounded, "avg(halfvec) with $workers workers is that of real, rounded");
}

# A sum of halfvec stands still where an element is less than half a step.  Numbers up to 2.01
# take it to 8192, those up to 3.01 as well, and those up to 4.01 to 16384.
is( $node->safe_psql('postgres', 'SET max_parallel_workers_per_gather = 0; SELECT sum(h) FROM t'),
	'[8192,8192,16384]', 'the sum of halfvec in one process');
my $explained =
  $node->safe_psql('postgres', 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT sum(h) FROM t');
SKIP:
{
	skip 'no two workers to be had', 1 if $explained !~ /Workers Launched: 2/;
	is($node->safe_psql('postgres', 'SELECT sum(h) FROM t'),
		'[24576,24576,49152]', 'the sum of halfvec in three');
}

# vector adds in single precision.
my $ratio = $node->safe_psql('postgres',
	'SELECT (sum(v)::real[])[1] / sum(r1::float8) FROM t');
cmp_ok(abs($ratio - 1), '<', 1e-3, 'the sum of vector is near that of double precision');

$node->stop;
done_testing();

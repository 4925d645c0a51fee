# A database of any pgvector version from 0.5.0 on, under this library, becomes by
# ALTER EXTENSION vector UPDATE what a new installation is, and what was built on it stays.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../support";
use PgvectorCatalog qw(versions turn_into);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $catalog_dump = slurp_file("$FindBin::RealBin/../support/catalog_dump.sql");

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
$node->append_conf('postgresql.conf', 'client_min_messages = warning');
$node->start;

# Fails with both texts being long; show the first lines that differ instead.
sub same_catalog
{
	my ($got, $expected, $name) = @_;
	return pass($name) if $got eq $expected;
	my %got = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;
	my @differences = (
		(map { "missing: $_" } grep { !$got{$_} } sort keys %expected),
		(map { "surplus: $_" } grep { !$expected{$_} } sort keys %got));
	fail($name);
	return diag(join("\n", grep { defined } @differences[ 0 .. 9 ]));
}

sub create_database
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION vector');
	return;
}

create_database('fresh');
my $fresh = $node->safe_psql('fresh', $catalog_dump);
like($fresh, qr/^operator \| -\(vector,vector\) \| .* \| 0 \| 0 \|/m, 'the dump sees operators');

for my $version (versions())
{
	(my $database = "old_$version") =~ s/\./_/g;
	create_database($database);
	$node->safe_psql($database, turn_into($version));

	my $old = $node->safe_psql($database, $catalog_dump);
	isnt($old, $fresh, "$version: has another catalog");

	$node->safe_psql($database, <<'SQL');
CREATE TABLE items (
	id int PRIMARY KEY,
	v vector(3),
	list vector(3)[],
	norm float8 GENERATED ALWAYS AS (l2_distance(v, '[0,0,0]')) STORED
);
INSERT INTO items VALUES (1, '[3,4,0]', '{"[1,2,3]","[4,5,6]"}'), (2, '[0,0,1]', '{}');
INSERT INTO items (id) VALUES (3);
CREATE INDEX ON items (v);
CREATE VIEW nearest AS
	SELECT id, v <-> '[0,0,2]' AS distance FROM items ORDER BY v <-> '[0,0,2]';
SQL
	my $questions = <<'SQL';
SELECT * FROM items ORDER BY id;
SELECT * FROM nearest;
SELECT v - '[1,1,1]', v <= '[0,0,1]', avg(v) OVER () FROM items ORDER BY v;
SQL
	my $answers = $node->safe_psql($database, $questions);

	$node->safe_psql($database, 'ALTER EXTENSION vector UPDATE');
	same_catalog($node->safe_psql($database, $catalog_dump),
		$fresh, "$version: the catalog is that of a new installation");

	is($node->safe_psql($database, $questions), $answers, "$version: data and view are as before");
	is( $node->safe_psql(
			$database,
			"INSERT INTO items VALUES (4, '[0,6,8]') RETURNING norm"),
		'10', "$version: the generated column is computed");
	is( $node->safe_psql(
			$database,
			"SELECT attstorage FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'v'"),
		$version lt '0.6.0' ? 'x' : 'e',
		"$version: a column that exists keeps its storage");
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

$node->stop;
done_testing();

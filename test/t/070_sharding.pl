# Shards: partitions that lie on other servers, reached by postgres_fdw.  Order and limit are worked
# out where the rows are, and the answer is that of one table.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $front = PostgreSQL::Test::Cluster->new('front');
$front->init;
$front->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$front->start;
plan skip_all => 'this server has no postgres_fdw'
	if !$front->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'");

my @shards = map { PostgreSQL::Test::Cluster->new("shard$_") } 1, 2;
my $columns = 'tenant int NOT NULL, id bigint NOT NULL, embedding vector(16)';
for my $shard (@shards)
{
	$shard->init;
	$shard->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
	$shard->start;
	$shard->safe_psql('postgres', qq{
		CREATE EXTENSION vector;
		CREATE TABLE documents ($columns, PRIMARY KEY (tenant, id));
		CREATE INDEX by_position ON documents USING flat (embedding vector_l2_ops);
		CREATE INDEX by_direction ON documents USING hnsw (embedding vector_cosine_ops)});
}

$front->safe_psql('postgres', qq{
	CREATE EXTENSION vector;
	CREATE EXTENSION postgres_fdw;
	CREATE TABLE documents ($columns) PARTITION BY HASH (tenant);
	CREATE TABLE single ($columns);});
# The shards' planners would rightly read tables so small as a whole.
for my $i (0, 1)
{
	my $name = 'shard' . ($i + 1);
	my ($host, $port) = ($shards[$i]->host, $shards[$i]->port);
	$front->safe_psql('postgres', qq{
		CREATE SERVER $name FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
			host '$host', port '$port', dbname 'postgres', extensions 'vector',
			options '-c hnsw.ef_search=200 -c enable_seqscan=off');
		CREATE USER MAPPING FOR CURRENT_USER SERVER $name;
		CREATE FOREIGN TABLE documents_$name PARTITION OF documents
			FOR VALUES WITH (MODULUS 2, REMAINDER $i) SERVER $name OPTIONS (table_name 'documents')});
}
$front->safe_psql('postgres', q{
	INSERT INTO single SELECT i % 7, i, (SELECT array_agg(((hashint8extended(j, i) % 1000) / 10.0)::real)
		FROM generate_series(1, 16) j)::vector FROM generate_series(1, 2000) i;
	INSERT INTO documents SELECT * FROM single;
	ANALYZE single, documents});

my @counts = map { $_->safe_psql('postgres', 'ANALYZE documents; SELECT count(*) FROM documents') } @shards;
ok($counts[0] > 0 && $counts[1] > 0 && $counts[0] + $counts[1] == 2000, "rows are on both shards: @counts");

my $query = '(SELECT embedding FROM single WHERE id = 77)';
my $literal = $front->safe_psql('postgres', 'SELECT embedding FROM single WHERE id = 77');

sub plan_of
{
	my ($sql) = @_;
	return $front->safe_psql('postgres', "EXPLAIN (VERBOSE, COSTS OFF) $sql");
}

# ---- what is sent to the shards ----------------------------------------------------------------

my $order = qr/ORDER BY \(embedding OPERATOR\(public\.<->\) '\[/;
my $plan = plan_of("SELECT id FROM documents ORDER BY embedding <-> '$literal' LIMIT 10");
like($plan, qr/Merge Append/, 'the shards\' orders are merged');
is(() = $plan =~ /Remote SQL: [^\n]*$order/g, 2, 'each shard orders its rows');
unlike($plan, qr/-> *Sort/, 'nothing is sorted in front');

$plan = plan_of("SELECT id FROM documents WHERE tenant = 3 ORDER BY embedding <-> '$literal' LIMIT 10");
is(() = $plan =~ /Remote SQL/g, 1, 'a tenant\'s query goes to one shard');
like($plan, qr/Remote SQL: [^\n]*WHERE \(\(tenant = 3\)\)[^\n]*$order/, 'with its condition and order');

$plan = plan_of("SELECT id FROM documents_shard1 ORDER BY embedding <-> '$literal' LIMIT 10");
like($plan, qr/$order.* LIMIT 10::bigint/, 'a shard named in the query gets the limit as well');

my $of_each = join ' UNION ALL ',
	map { "(SELECT id, embedding <-> '$literal' AS d FROM documents_$_ ORDER BY d LIMIT 10)" } qw(shard1 shard2);
$plan = plan_of("SELECT id FROM ($of_each) t ORDER BY d LIMIT 10");
is(() = $plan =~ /$order.* LIMIT 10::bigint/g, 2, 'and so do all in a UNION ALL');

$plan = plan_of("SELECT id FROM documents WHERE embedding <-> '$literal' < 50");
is(() = $plan =~ /Remote SQL: [^\n]*WHERE \(\(\(embedding OPERATOR\(public\.<->\)/g, 2, 'radius conditions are sent');

# ---- what comes back ---------------------------------------------------------------------------

for my $operator ('<->', '<#>', '<=>', '<+>')
{
	for my $tail ('', 'WHERE tenant = 3')
	{
		my ($here, $there) = map {
			$front->safe_psql('postgres', "SELECT id, tenant FROM $_ $tail ORDER BY embedding $operator '$literal' LIMIT 15")
		} 'single', 'documents';
		is($there, $here, "the same for $operator $tail");
	}
}
is( $front->safe_psql('postgres', "SELECT id FROM ($of_each) t ORDER BY d LIMIT 10"),
	$front->safe_psql('postgres', "SELECT id FROM single ORDER BY embedding <-> '$literal' LIMIT 10"),
	'the same by UNION ALL');
is( $front->safe_psql('postgres', qq{
		SELECT q.id, n.ids FROM (SELECT * FROM single WHERE id % 400 = 0) q, LATERAL (SELECT array_agg(id) AS ids FROM
			(SELECT id FROM documents ORDER BY embedding <-> q.embedding LIMIT 3) t) n ORDER BY 1}),
	$front->safe_psql('postgres', qq{
		SELECT q.id, n.ids FROM (SELECT * FROM single WHERE id % 400 = 0) q, LATERAL (SELECT array_agg(id) AS ids FROM
			(SELECT id FROM single ORDER BY embedding <-> q.embedding LIMIT 3) t) n ORDER BY 1}),
	'the same for several queries in one');
is( $front->safe_psql('postgres', "SELECT count(*) FROM (SELECT 1 FROM documents_shard1 ORDER BY embedding <=> '$literal' LIMIT 150) t"),
	150, 'settings in the server\'s options reach the shard');
for my $index (qw(by_position by_direction))
{
	ok($shards[0]->poll_query_until('postgres', "SELECT idx_scan > 0 FROM pg_stat_user_indexes WHERE indexrelname = '$index'"),
		"a shard has used its index $index");
}

$front->safe_psql('postgres', q{
	UPDATE documents SET embedding = l2_normalize(embedding) WHERE id % 5 = 0;
	UPDATE single SET embedding = l2_normalize(embedding) WHERE id % 5 = 0;
	DELETE FROM documents WHERE id % 7 = 0;
	DELETE FROM single WHERE id % 7 = 0});
is( $front->safe_psql('postgres', "SELECT id FROM documents ORDER BY embedding <-> '$literal' LIMIT 20"),
	$front->safe_psql('postgres', "SELECT id FROM single ORDER BY embedding <-> '$literal' LIMIT 20"),
	'the same after updates and deletes');

# ---- without the option ------------------------------------------------------------------------

my $nearest = "SELECT id FROM documents ORDER BY embedding <-> '$literal' LIMIT 10";
my $answer = $front->safe_psql('postgres', $nearest);
$front->safe_psql('postgres', "ALTER SERVER shard$_ OPTIONS (DROP extensions)") for 1, 2;
$plan = plan_of($nearest);
unlike($plan, qr/Remote SQL: [^\n]*ORDER BY/, 'without the option extensions, rows are sorted in front');
is($front->safe_psql('postgres', $nearest), $answer, 'with the same answer');
$front->safe_psql('postgres', "ALTER SERVER shard$_ OPTIONS (ADD extensions 'vector')") for 1, 2;

# ---- a shard that is away ----------------------------------------------------------------------

my %shard_of = split /[|\n]/, $front->safe_psql('postgres', 'SELECT DISTINCT ON (tenant) tenant, tableoid::regclass FROM documents');
my ($there) = grep { $shard_of{$_} eq 'documents_shard1' } sort keys %shard_of;
$shards[1]->stop;
is( $front->safe_psql('postgres', "SELECT id FROM documents WHERE tenant = $there ORDER BY embedding <-> '$literal' LIMIT 5"),
	$front->safe_psql('postgres', "SELECT id FROM single WHERE tenant = $there ORDER BY embedding <-> '$literal' LIMIT 5"),
	'tenants of the other shard do not notice');
my (undef, undef, $err) = $front->psql('postgres', $nearest);
like($err, qr/could not connect to server "shard2"/, 'a query to all shards says which is away');

$_->stop for $front, $shards[0];
done_testing();

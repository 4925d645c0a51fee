# Index files that another extension of the same name wrote: the planner leaves them alone, whoever
# must touch them is told to REINDEX, and REINDEX mends it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('foreign');
# Checksums would notice first.
$node->init(no_data_checksums => 1);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nenable_seqscan = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION vector');

# Block 0 as pgvector writes it: page header, magic number and version, dimensions, and a special
# space of eight bytes with the page's id.
my %foreign = (hnsw => [ 0xA953A953, 0xFF90 ], ivfflat => [ 0x14FF1A7, 0xFF84 ]);
my $listed = 'SELECT oid::regclass FROM pg_class WHERE vector_needs_reindex(oid)';
for my $method (sort keys %foreign)
{
	my ($magic, $page_id) = @{ $foreign{$method} };
	$node->safe_psql('postgres', qq{
		CREATE TABLE $method (id int, val vector(3));
		INSERT INTO $method SELECT i, ARRAY[i, i % 7, i % 11] FROM generate_series(1, 100) i;
		SET client_min_messages = error;
		CREATE INDEX ${method}_val ON $method USING $method (val vector_l2_ops)});
	my $query = "SELECT id FROM $method ORDER BY val <-> '[50,1,6]' LIMIT 1";
	like($node->safe_psql('postgres', "EXPLAIN $query"), qr/Index Scan using ${method}_val/,
		"$method: ours is used");
	my $file = $node->data_dir . '/'
		. $node->safe_psql('postgres', "SELECT pg_relation_filepath('${method}_val')");
	$node->stop;
	my $page = pack('x8 S S S S S S x4', 0, 0, 24 + 32, 8192 - 8, 8192 - 8, 8192 | 4)
		. pack('L L L x20', $magic, 1, 3);
	$page .= "\0" x (8184 - length $page) . pack('L S S', 0xFFFFFFFF, 0, $page_id);
	open my $handle, '+<:raw', $file or die "$file: $!";
	syswrite $handle, $page;
	close $handle;
	$node->start;

	unlike($node->safe_psql('postgres', "EXPLAIN $query"), qr/${method}_val/,
		"$method: another's is not chosen");
	is($node->safe_psql('postgres', $query), '50', "$method: the table answers");
	is($node->safe_psql('postgres', $listed), "${method}_val", "$method: is listed");
	for my $statement ("INSERT INTO $method VALUES (101, '[1,2,3]')",
		"DELETE FROM $method WHERE id = 9; VACUUM $method")
	{
		my (undef, undef, $err) = $node->psql('postgres', $statement);
		like($err, qr/$method index "${method}_val" is not valid.*REINDEX/s,
			"$method: " . substr($statement, 0, 6) . ' says what to do');
	}
	$node->safe_psql('postgres', "SET client_min_messages = error; REINDEX INDEX ${method}_val");
	like($node->safe_psql('postgres', "EXPLAIN $query"), qr/Index Scan using ${method}_val/,
		"$method: used again");
	is($node->safe_psql('postgres', $listed), '', "$method: no longer listed");
	is($node->safe_psql('postgres', $query), '50', "$method: and answers");
	$node->safe_psql('postgres', "INSERT INTO $method VALUES (101, '[1,2,3]')");
	$node->safe_psql('postgres', "VACUUM $method");
}
$node->stop;
done_testing();

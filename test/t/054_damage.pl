# Damaged index files: whatever bytes a page holds, the server answers or raises an error.  It does
# not crash, hang, or return a row that the table does not have.
#
# VECTOR_DAMAGE_TRIALS says how many indexes are damaged, 60 if unset; VECTOR_SEED where to begin.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $trials = $ENV{VECTOR_DAMAGE_TRIALS} // 60;
my $seed = $ENV{VECTOR_SEED} // 5;
srand($seed);

# What is damaged: access method, operator class, type, value of row i.
my @kinds = (
	[ 'hnsw', 'vector_l2_ops', 'vector(3)', 'ARRAY[i % 17, i % 13, i]' ],
	[ 'hnsw', 'vector_cosine_ops', 'vector(100)', '(SELECT array_agg((i * j) % 31 + 1) FROM generate_series(1, 100) j)' ],
	[ 'hnsw', 'halfvec_ip_ops', 'halfvec(40)', '(SELECT array_agg((i * j) % 31) FROM generate_series(1, 40) j)' ],
	[ 'hnsw', 'sparsevec_l2_ops', 'sparsevec(90)', '(SELECT array_agg(CASE WHEN (i * j) % 7 = 0 THEN j ELSE 0 END) FROM generate_series(1, 90) j)' ],
	[ 'hnsw', 'bit_hamming_ops', 'bit(64)', 'hashint8extended(i, 0)::bit(64)' ],
	[ 'ivfflat', 'vector_l2_ops', 'vector(3)', 'ARRAY[i % 17, i % 13, i]' ],
	[ 'ivfflat', 'bit_hamming_ops', 'bit(64)', 'hashint8extended(i, 0)::bit(64)' ],
	[ 'flat', 'vector_cosine_ops', 'vector(100)', '(SELECT array_agg((i * j) % 31 + 1) FROM generate_series(1, 100) j)' ],
	[ 'flat', 'sparsevec_l2_ops', 'sparsevec(90)', '(SELECT array_agg(CASE WHEN (i * j) % 7 = 0 THEN j ELSE 0 END) FROM generate_series(1, 90) j)' ],
	[ 'hnsw', 'vector_l2_ops', 'vector(301)', '(SELECT array_agg((i * j) % 37) FROM generate_series(1, 301) j)' ],
);
my %operator = (l2 => '<->', cosine => '<=>', ip => '<#>', hamming => '<~>');
my $batch = 60;

my $node = PostgreSQL::Test::Cluster->new('damage');
# Checksums would notice first.
$node->init(no_data_checksums => 1);
# Pages must be read from the files, and a wait that has no end must be seen.
$node->append_conf('postgresql.conf', q{
	fsync = off
	autovacuum = off
	shared_buffers = 16MB
	restart_after_crash = off
	log_error_verbosity = verbose
	jit = off
	enable_seqscan = off});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION vector');
for my $n (0 .. $batch - 1)
{
	my ($method, $class, $type, $value) = @{ $kinds[ $n % @kinds ] };
	$node->safe_psql('postgres', qq{
		CREATE TABLE t$n (id int, val $type);
		INSERT INTO t$n SELECT i, $value FROM generate_series(1, 300) i;
		SET client_min_messages = error;
		CREATE INDEX i$n ON t$n USING $method (val $class)});
}
my $data = $node->data_dir;

# Overwrites some bytes of a file: one bit, some bytes, or what other places of the file hold.
sub damage
{
	my ($file) = @_;
	open my $handle, '+<:raw', $file or die "$file: $!";
	my $size = -s $handle;
	for (0 .. int(rand(3)))
	{
		my $length = 1 + int(rand(rand() < 0.5 ? 4 : 64));
		my $at = int(rand($size - $length));
		# Where pages have something to say: near their ends, and the first page.
		$at = 8192 * int(rand($size / 8192)) + 8192 - $length - int(rand(12)) if rand() < 0.15;
		$at = 24 + int(rand(100)) if rand() < 0.15;
		my $bytes = join '', map { chr int rand 256 } 1 .. $length;
		if (rand() < 0.3)
		{
			sysseek $handle, int(rand($size - $length)), 0;
			sysread $handle, $bytes, $length;
		}
		$bytes = ("\xff" x $length) if rand() < 0.15;
		$bytes = ("\0" x $length) if rand() < 0.15;
		sysseek $handle, $at, 0;
		syswrite $handle, $bytes;
	}
	truncate $handle, 8192 * int(rand($size / 8192)) if rand() < 0.03;
	close $handle;
}

my ($answered, $refused, @bad) = (0, 0);
for (my $done = 0; $done < $trials; $done += $batch)
{
	my %file = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
		"SELECT relname, pg_relation_filepath(oid) FROM pg_class WHERE relname ~ '^i[0-9]+\$'");
	$node->stop;
	damage("$data/$file{$_}") for sort keys %file;
	$node->start;

	my $log = -s $node->logfile;
	for my $n (0 .. $batch - 1)
	{
		my ($method, $class) = @{ $kinds[ $n % @kinds ] };
		my $operator = $operator{ ($class =~ /_(l2|cosine|ip|hamming)_/)[0] };
		my $order = "ORDER BY val $operator (SELECT val FROM t$n WHERE id = 77)";
		my $check = $method eq 'hnsw' ? "SELECT count(*) FROM hnsw_check('i$n');" : '';
		my ($status, $out, $err) = $node->psql('postgres', qq{
			SET statement_timeout = '20s';
			SELECT 'rows ' || count(*) || ' ' || count(DISTINCT id) || ' ' || max(id)
				FROM (SELECT id FROM t$n $order LIMIT 40) r;
			$check
			INSERT INTO t$n SELECT 300 + id, val FROM t$n WHERE id < 6;
			DELETE FROM t$n WHERE id % 5 = 0 OR id > 300;
			VACUUM t$n;
			SELECT 'rows ' || count(*) || ' ' || count(DISTINCT id) || ' ' || max(id)
				FROM (SELECT id FROM t$n $order LIMIT 40) r;}, on_error_stop => 0);
		die "trial $done, $method $class: the server is gone (seed $seed)\n"
			if $err =~ /server closed|could not connect|terminating connection/;
		$err =~ /ERROR/ ? $refused++ : $answered++;
		for my $line (split /\n/, $err)
		{
			next unless $line =~ /ERROR/;
			# Ours, and PostgreSQL's own words about row ids of blocks that the table does not have.
			push @bad, "$method $class: $line"
				unless $line =~ /is not valid|contains an unexpected|contains two entries for row|contains another value for row|hnsw graph not repaired|could not read block|invalid page in block|could not open file|unexpected data beyond EOF/;
		}
		for my $line (split /\n/, $out)
		{
			push @bad, "$method $class: $line"
				if $line =~ /^rows (\d+) (\d+) (\d*)$/ and ($1 != $2 or ($3 || 0) > 305);
		}
	}
	push @bad, grep { /PANIC|terminated by signal|XX000/ and not /could not open file/ } split /\n/,
		slurp_file($node->logfile, $log);
	$node->safe_psql('postgres', "SET client_min_messages = error; " . join '', map {
		my ($method, $class, $type, $value) = @{ $kinds[ $_ % @kinds ] };
		qq{TRUNCATE t$_; DROP INDEX i$_; INSERT INTO t$_ SELECT i, $value FROM generate_series(1, 300) i;
			CREATE INDEX i$_ ON t$_ USING $method (val $class);}
	} 0 .. $batch - 1);
}

# Codes that would lie beyond the end of their page: nothing there is read.
{
	my $path = "$data/" . $node->safe_psql('postgres', "SELECT pg_relation_filepath('i3')");
	$node->stop;
	my $bytes = slurp_file($path);
	my ($page_size, $header, $trailer, $slot, $codes_page) = (8192, 24, 8, 12, 3);
	my $places = 0;
	for (my $page = 0; $page < length $bytes; $page += $page_size)
	{
		next if unpack('S', substr($bytes, $page + $page_size - $trailer, 2)) != $codes_page;
		for (my $at = $header; $at + $slot <= $page_size - $trailer; $at += $slot)
		{
			# state, generation, number of the page; then the first cell and the length
			next if substr($bytes, $page + $at + 8, 4) eq "\0" x 4;
			substr($bytes, $page + $at + 8, 2) = "\xff" x 2;
			$places++;
		}
	}
	cmp_ok($places, '>', 0, 'every code is moved');
	open my $handle, '>:raw', $path or die "$path: $!";
	print $handle $bytes;
	close $handle;
	$node->start;
	for my $statement ('SELECT id FROM t3 ORDER BY val <-> (SELECT val FROM t3 LIMIT 1) LIMIT 3',
		'INSERT INTO t3 SELECT 400, val FROM t3 LIMIT 1')
	{
		my ($status, $out, $err) = $node->psql('postgres', $statement);
		like($err, qr/ERROR:.* contains an unexpected item/, "refused: $statement");
	}
}

# An entry that names another entry's row: it is not returned twice.
for my $method ('hnsw', 'ivfflat', 'flat')
{
	# Positions on the table's first page, and no numbers of nodes.
	my ($kept, $lost) = (133, 140);
	$node->safe_psql('postgres', qq{
		CREATE TABLE $method (id int, val vector(3));
		INSERT INTO $method SELECT i, ARRAY[i, i % 7, 1] FROM generate_series(1, 150) i;
		DELETE FROM $method WHERE id <= 50;
		SET client_min_messages = error;
		CREATE INDEX ${method}_idx ON $method USING $method (val vector_l2_ops)});
	my $path = "$data/" . $node->safe_psql('postgres', "SELECT pg_relation_filepath('${method}_idx')");
	$node->stop;
	my $bytes = slurp_file($path);
	my $row_id = sub { pack('SSS', 0, 0, $_[0]) };
	my $named = () = $bytes =~ /\Q${\ $row_id->($lost)}\E/g;
	is($named, 1, "$method: one entry for the row");
	substr($bytes, index($bytes, $row_id->($lost)), 6) = $row_id->($kept);
	open my $handle, '>:raw', $path or die "$path: $!";
	print $handle $bytes;
	close $handle;
	$node->start;
	my $near = sub {
		my ($id) = @_;
		my ($status, $out, $err) = $node->psql('postgres', qq{
			SET hnsw.ef_search = 200;
			SET ivfflat.probes = 100;
			SELECT id FROM $method ORDER BY val <-> (SELECT val FROM $method WHERE id = $id)});
		return ($out, $err);
	};
	my ($out, $err) = $near->($lost);
	like($err, qr/ERROR:.* contains two entries for row \(0,$kept\)/, "$method: refused");
	($out, $err) = $near->($kept);
	if ($method eq 'hnsw')
	{
		# What comes too late is left out.
		my %ids = map { $_ => 1 } split /\n/, $out;
		is(scalar(keys %ids), scalar(split /\n/, $out), "$method: no row twice");
	}
	else
	{
		like($err, qr/ERROR:.* contains another value for row \(0,$kept\)/, "$method: refused by its bound");
	}
}

is(scalar(@bad), 0, "answered $answered times, refused $refused times, both properly")
	or diag(join "\n", @bad[ 0 .. ($#bad < 20 ? $#bad : 20) ]);
cmp_ok($refused, '>', $trials / 50, 'damage is noticed');
$node->stop;
done_testing();

# The examples run, in the order of their numbers, and find what they say they find.

use strict;
use warnings FATAL => 'all';

use Cwd qw(getcwd);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('examples');
$node->init;
$node->start;

my $here = getcwd();
for my $file (sort glob('examples/*/[0-9]*.sql'))
{
	my ($directory, $name) = $file =~ m{^(.*)/([^/]*)$};

	# \copy reads files relative to the directory that psql runs in.
	chdir $directory or die "$directory: $!";
	my ($out, $err) = ('', '');
	my $result = IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
			'-f', $name ],
		'<', \undef, '>', \$out, '2>', \$err);
	chdir $here or die "$here: $!";

	ok($result, "$file succeeds") or diag($err);
	unlike($err, qr/ERROR|WARNING/, "$file says nothing alarming");
	unlike($out, qr/\(0 rows\)/, "$file finds something everywhere");
}

is($node->safe_psql('postgres', 'SELECT count(*) FROM notes'), 400, 'all notes are loaded');
is($node->safe_psql('postgres', 'SELECT count(*) FROM queries'), 20, 'all questions are loaded');

# The questions are one about each topic, in the order in which notes.txt has the topics.
my $right = q{
	WITH topics AS (SELECT topic, row_number() OVER (ORDER BY min(id)) AS question
		FROM notes GROUP BY topic)
	SELECT count(*) FROM queries q JOIN topics t ON t.question = q.id
	WHERE t.topic = (SELECT topic FROM notes n ORDER BY %s, n.id LIMIT 1)};
cmp_ok($node->safe_psql('postgres', sprintf($right, 'n.embedding <=> q.embedding')), '>=', 18,
	'the nearest note is nearly always of the topic that was asked about');
cmp_ok($node->safe_psql('postgres', sprintf($right, 'n.half <-> q.half')), '>=', 18,
	'in half precision as well');

# Unit vectors: the three metrics agree.
is( $node->safe_psql('postgres', q{
	SELECT count(*) FROM queries q JOIN notes n ON
		abs((n.embedding <=> q.embedding) - (1 + (n.embedding <#> q.embedding))) > 0.002
		OR abs((n.embedding <=> q.embedding) - (n.embedding <-> q.embedding) ^ 2 / 2) > 0.002}),
	0, 'cosine, inner product and L2 distance agree on unit vectors');
is( $node->safe_psql('postgres', q{
	SELECT count(*) FROM notes WHERE abs(l2_norm(terms) - 1) > 1e-5}),
	0, 'the tf-idf vectors have length 1');

$node->stop;
done_testing();

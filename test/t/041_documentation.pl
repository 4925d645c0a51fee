# What the documentation shows is so.  README.md and every page of docs/ is run from top to bottom by
# psql, each in a database of its own:
#
#   ```sql    is run
#   ```text   directly after it is what psql -q prints then: messages, then rows.  `...` stands for
#             anything within a line; on a line of its own, for any lines.
#
# A block fails exactly if its text shows an ERROR, and warns only if it shows a WARNING.
#
# docs/errors.md lists the messages of the source: all of them, no others, with their SQLSTATE.

use strict;
use warnings FATAL => 'all';

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib "$FindBin::RealBin/../support";
use SourceMessages qw(source_messages documented_messages);

my $node = PostgreSQL::Test::Cluster->new('documentation');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nwal_level = logical\n");
$node->start;

# A line that tells where a block's output begins; no page prints the like.
my $marker = '@@block';

# The blocks of a page: {line, sql, text}; text is undef if none is shown.
sub blocks_of
{
	my ($page) = @_;
	my (@blocks, $open, $fence, $gap);
	my $number = 0;
	for my $line (split /\n/, slurp_file($page), -1)
	{
		$number++;
		if (defined $open)
		{
			if ($line =~ /^\s*```\s*$/) { ($open, $gap) = (undef, 0); }
			elsif (ref $open) { $line =~ s/^\Q$fence\E//; $$open .= "$line\n"; }
		}
		elsif ($line =~ /^(\s*)```(\w*)/)
		{
			$fence = $1;
			$open = 'other';
			if ($2 eq 'sql')
			{
				push @blocks, { line => $number, sql => '' };
				$open = \$blocks[-1]{sql};
			}
			elsif ($2 eq 'text' && @blocks && defined $gap && !$gap)
			{
				$blocks[-1]{text} = '';
				$open = \$blocks[-1]{text};
			}
			$gap = 1;
		}
		elsif ($line =~ /\S/) { $gap = 1; }
	}
	return @blocks;
}

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n{2,}/\n/g;
	# How wide a plan is depends on the version of the server.
	$text =~ s/^ *QUERY PLAN\n-+$/QUERY PLAN\n---/mg;
	$text =~ s/\A\n+|\n+\z//g;
	return $text;
}

# What `...` stands for, as a pattern of the whole.
sub pattern_of
{
	my $pattern = quotemeta(tidy($_[0])) =~ s/\\\n/\n/gr;
	$pattern =~ s/^(?:\\ )*(?:\\\.){3}$/(?s:.*)/mg;
	$pattern =~ s/(?:\\\.){3}/.*/g;
	return qr/\A$pattern\z/;
}

sub run_page
{
	my ($page, $database) = @_;
	my @blocks = blocks_of($page);
	return if !@blocks;
	my $available = "SELECT count(*) FROM pg_available_extensions WHERE name = ";
	my @missing = grep { !$node->safe_psql('postgres', "$available'$_'") }
		map { $_->{sql} =~ /CREATE EXTENSION (\w+);/g } @blocks;
	if (@missing)
	{
	  SKIP:
		{
			skip "$page: this server has no @missing", 1;
		}
		return;
	}
	$node->safe_psql('postgres', "CREATE DATABASE $database");

	my $script = '';
	for my $i (0 .. $#blocks)
	{
		my $fails = ($blocks[$i]{text} // '') =~ /^ERROR/m;
		$script .= "\\set ON_ERROR_STOP " . ($fails ? 'off' : 'on') . "\n"
			. "\\echo $marker $i\n\\warn $marker $i\n$blocks[$i]{sql}";
	}
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr($database) ],
		'<', \"$script\n\\echo $marker end\n", '>', \$out, '2>', \$err);
	my (@out, @err);
	$out[$1] = $2 while $out =~ /^$marker (\d+)\n(.*?)(?=^$marker|\z)/msg;
	$err[$1] = $2 while $err =~ /^$marker (\d+)\n(.*?)(?=^$marker|\z)/msg;

	for my $i (0 .. $#blocks)
	{
		my ($line, $text) = @{ $blocks[$i] }{qw(line text)};
		my $got = tidy(($err[$i] // '') . ($out[$i] // ''));
		like($blocks[$i]{sql}, qr/;[^\n;]*\n\z|^\\[^\n]*\n\z/m, "$page:$line ends with its statement");
		if (!defined $err[$i]) { fail("$page:$line is reached"); }
		elsif (defined $text)
		{
			ok($got =~ pattern_of($text), "$page:$line prints what is shown")
				or diag("shown:\n" . tidy($text) . "\nprinted:\n$got");
		}
		else
		{
			ok($err[$i] !~ /^(?:ERROR|WARNING|FATAL)/m, "$page:$line runs") or diag($err[$i]);
		}
	}
	return;
}

my $number = 0;
run_page($_, 'page_' . $number++) for 'README.md', sort glob('docs/*.md');
cmp_ok($number, '>', 1, 'there are pages');

my ($said, $listed) = (source_messages(), documented_messages('docs/errors.md'));
cmp_ok(keys %$said, '>', 50, 'messages are found in the source');
my %rows = map { $_ => 1 } map { "$_ $listed->{$_}" } keys %$listed;
my %facts = map { $_ => 1 } map { "$_ $said->{$_}" } keys %$said;
is(join("\n", grep { !$rows{$_} } sort keys %facts), '', 'docs/errors.md lists every message of the source');
is(join("\n", grep { !$facts{$_} } sort keys %rows), '', 'and no others');

$node->stop;
done_testing();

# test/support/NearestNeighbors.pm
#
# What the TAP tests of indexes ask of a server: recall against the sorted table, and whether every
# row can be found.

package NearestNeighbors;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
our @EXPORT_OK = qw(exact_neighbors recall lost_rows unreached_rows);

# Queries and their true neighbours' distance, once for all that is compared with them.
# %of: table, column, operator, queries (list of SQL expressions), limit
sub exact_neighbors
{
	my ($node, %of) = @_;
	my @farthest;
	for my $query (@{ $of{queries} })
	{
		push @farthest, $node->safe_psql('postgres', qq{
			SET enable_indexscan = off;
			SELECT max(d) FROM (SELECT $of{column} $of{operator} $query AS d FROM $of{table}
				ORDER BY d LIMIT $of{limit}) t});
	}
	return { %of, farthest => \@farthest };
}

# The share of true neighbours that the index finds; ties count as found.
sub recall
{
	my ($node, $exact, $settings) = @_;
	my ($found, $all) = (0, 0);
	my $sql = "SET enable_seqscan = off;\n$settings;\n";
	for my $i (0 .. $#{ $exact->{queries} })
	{
		my ($query, $farthest) = ($exact->{queries}[$i], $exact->{farthest}[$i]);
		$sql .= qq{SELECT count(*) FROM (SELECT $exact->{column} $exact->{operator} $query AS d
			FROM $exact->{table} ORDER BY $exact->{column} $exact->{operator} $query
			LIMIT $exact->{limit}) t WHERE d <= $farthest;\n};
		$all += $exact->{limit};
	}
	$found += $_ for grep { /^\d+$/ } split /\n/, $node->safe_psql('postgres', $sql);
	return $found / $all;
}

# How many rows of a table with columns id and val are not found by their own value.
sub lost_rows
{
	my ($node, $table, $operator, $settings) = @_;
	return $node->safe_psql('postgres', qq{
		SET enable_seqscan = off; SET jit = off; $settings;
		SELECT count(*) FROM $table r WHERE NOT EXISTS (
			SELECT 1 FROM (SELECT id FROM $table ORDER BY val $operator r.val LIMIT 20) n
			WHERE n.id = r.id)});
}

# How many rows of such a table an iterative hnsw scan that nobody ends does not return.
sub unreached_rows
{
	my ($node, $table, $operator) = @_;
	return $node->safe_psql('postgres', qq{
		SET enable_seqscan = off; SET jit = off; SET hnsw.iterative_scan = relaxed_order;
		SET hnsw.max_scan_tuples = 1000000; SET hnsw.scan_mem_multiplier = 1000;
		SELECT count(*) FROM $table WHERE id NOT IN (
			SELECT id FROM $table ORDER BY val $operator (SELECT val FROM $table LIMIT 1) OFFSET 0)});
}

1;

# test/support/SourceMessages.pm
#
# The messages that users can see, as the source has them, and as docs/errors.md lists them.  A
# number in a message is written N, any other text NAME.

package SourceMessages;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
our @EXPORT_OK = qw(source_messages documented_messages);

use File::Find qw(find);
use PostgreSQL::Test::Utils;

# Those which the source uses; a new one must be added here.
my %sqlstate = (
	kDataException => '22000',
	kInvalidTextRepresentation => '22P02',
	kNumericValueOutOfRange => '22003',
	kNullValueNotAllowed => '22004',
	kInvalidParameterValue => '22023',
	kProgramLimitExceeded => '54000',
	kFeatureNotSupported => '0A000',
	kProtocolViolation => '08P01',
	kDataCorrupted => 'XX001',
	kIndexCorrupted => 'XX002',
	kInternal => 'XX000',
	ERRCODE_FEATURE_NOT_SUPPORTED => '0A000',
	ERRCODE_INDEX_CORRUPTED => 'XX002',
	ERRCODE_INTERNAL_ERROR => 'XX000',
	ERRCODE_INVALID_PARAMETER_VALUE => '22023',
	ERRCODE_PROGRAM_LIMIT_EXCEEDED => '54000',
	ERRCODE_UNDEFINED_TABLE => '42P01',
	ERRCODE_WRONG_OBJECT_TYPE => '42809');

my $literal = qr/"(?:[^"\\]|\\.)*"/;
my $literals = qr/$literal(?:\s*$literal)*/;

# The text of adjacent literals, with slots instead of printf's.
sub text_of
{
	my ($source) = @_;
	my $text = join '', map { substr $_, 1, -1 } $source =~ /$literal/g;
	$text =~ s/\\(.)/$1/g;
	$text =~ s/%(?:ll|z)?[du]/N/g;
	$text =~ s/%s/NAME/g;
	$text =~ s/ for hnsw index$/ for NAME index/;
	return $text;
}

# Message => SQLSTATE; NOTICE and WARNING instead of one for what is not an error.
sub source_messages
{
	my %messages;
	my $note = sub {
		my ($source, $state, $file) = @_;
		die "$file: no SQLSTATE known for a message: $source" if !defined $state;
		$messages{ text_of($source) } = $state;
	};
	find(
		sub {
			return if !/\.(?:cpp|h)$/;
			my $file = $File::Find::name;
			my $code = slurp_file($_);
			while ($code =~ /\bError\(ErrorCode::(\w+),\s*([^;]*)/g)
			{
				my ($name, $arguments) = ($1, $2);
				# Of a choice between two literals, either.
				my @choices = $arguments =~ /^[^"]*\?\s*($literals)\s*:\s*($literals)/ ? ($1, $2)
					: $arguments =~ /^($literals)/ ? ($1)
					: die "$file: a message that is no literal: $arguments";
				$note->($_, $sqlstate{$name}, $file) for @choices;
			}
			while ($code =~ /\bereport\(\s*(\w+),((?:[^;"]|$literal)*);/g)
			{
				my ($level, $arguments) = ($1, $2);
				next if $level eq 'DEBUG1' || $arguments !~ /\berrmsg\(\s*($literals)/;
				my $message = $1;
				next if $arguments =~ /errcode_for_file_access/;
				my ($code) = $arguments =~ /\berrcode\((\w+)\)/;
				$note->($message, $level eq 'ERROR' ? $sqlstate{$code} : $level, $file);
			}
			$note->($1, 'XX000', $file) while $code =~ /\belog\((?:ERROR|FATAL),\s*($literals)/g;
		},
		'src');
	return \%messages;
}

# The rows of the page's tables: | `message` | SQLSTATE | ... |, or several messages with <br> between.
sub documented_messages
{
	my ($page) = @_;
	my %messages;
	for my $row (grep { /^\| `/ } split /\n/, slurp_file($page))
	{
		my (undef, $texts, $state) = split / *\| */, $row;
		$messages{$_} = $state for $texts =~ /`([^`]*)`/g;
	}
	return \%messages;
}

1;

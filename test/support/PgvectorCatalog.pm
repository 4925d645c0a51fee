# The catalog of each pgvector version that can be upgraded from, written as facts: which object
# exists, since when, and what differed in its properties.  Independent of the scripts in sql/,
# which are tested with it.

package PgvectorCatalog;

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(versions turn_into);

my @versions = (
	'0.5.0', '0.5.1', '0.6.0', '0.6.1', '0.6.2', (map { "0.7.$_" } 0 .. 4),
	(map { "0.8.$_" } 0 .. 7));

# Version numbers of one digit each compare as text.
my %type_since = (vector => '0.5.0', halfvec => '0.7.0', sparsevec => '0.7.0', bit => '0.7.0');
my %letter = (v => 'vector', h => 'halfvec', s => 'sparsevec', b => 'bit');

# since, types, signature, result, "+" if the C symbol of halfvec and sparsevec has the type's name
# in front; T stands for the type.
my $functions = <<'END';
0.5.0 vhs T_in(cstring,oid,int) T
0.5.0 vhs T_out(T) cstring
0.5.0 vhs T_typmod_in(cstring[]) int
0.5.0 vhs T_recv(internal,oid,int) T
0.5.0 vhs T_send(T) bytea
0.5.0 vhs l2_distance(T,T) float8 +
0.5.0 vhs inner_product(T,T) float8 +
0.5.0 vhs cosine_distance(T,T) float8 +
0.5.0 vhs l1_distance(T,T) float8 +
0.5.0 vhs T_l2_squared_distance(T,T) float8
0.5.0 vhs T_negative_inner_product(T,T) float8
0.5.0 vh  T_spherical_distance(T,T) float8
0.5.0 vh  vector_dims(T) int +
0.5.0 v   vector_norm(T) float8
0.5.0 hs  l2_norm(T) float8 +
0.7.0 vhs l2_normalize(T) T +
0.7.0 vh  binary_quantize(T) bit +
0.7.0 vh  subvector(T,int,int) T +
0.5.0 vh  T_add(T,T) T
0.5.0 vh  T_sub(T,T) T
0.5.0 vh  T_mul(T,T) T
0.7.0 vh  T_concat(T,T) T
0.5.0 vhs T_lt(T,T) bool
0.5.0 vhs T_le(T,T) bool
0.5.0 vhs T_eq(T,T) bool
0.5.0 vhs T_ne(T,T) bool
0.5.0 vhs T_ge(T,T) bool
0.5.0 vhs T_gt(T,T) bool
0.5.0 vhs T_cmp(T,T) int
0.5.0 vh  T_accum(float8[],T) float8[]
0.5.0 vh  T_avg(float8[]) T
0.5.0 vh  T_combine(float8[],float8[]) float8[]
0.5.0 vhs T(T,int,bool) T
0.5.0 vh  array_to_T(int[],int,bool) T
0.5.0 vh  array_to_T(real[],int,bool) T
0.5.0 vh  array_to_T(float8[],int,bool) T
0.5.0 vh  array_to_T(numeric[],int,bool) T
0.8.0 s   array_to_T(int[],int,bool) T
0.8.0 s   array_to_T(real[],int,bool) T
0.8.0 s   array_to_T(float8[],int,bool) T
0.8.0 s   array_to_T(numeric[],int,bool) T
0.5.0 vh  T_to_float4(T,int,bool) real[]
0.7.0 v   vector_to_halfvec(vector,int,bool) halfvec
0.7.0 v   vector_to_sparsevec(vector,int,bool) sparsevec
0.7.0 h   halfvec_to_vector(halfvec,int,bool) vector
0.7.0 h   halfvec_to_sparsevec(halfvec,int,bool) sparsevec
0.7.0 s   sparsevec_to_vector(sparsevec,int,bool) vector
0.7.0 s   sparsevec_to_halfvec(sparsevec,int,bool) halfvec
0.7.0 b   hamming_distance(T,T) float8
0.7.0 b   jaccard_distance(T,T) float8
END

# since, context, source, target, function
my $casts = <<'END';
0.5.0 IMPLICIT   vector    vector    vector
0.5.0 IMPLICIT   vector    real[]    vector_to_float4
0.7.0 IMPLICIT   vector    halfvec   vector_to_halfvec
0.7.0 IMPLICIT   vector    sparsevec vector_to_sparsevec
0.7.0 IMPLICIT   halfvec   halfvec   halfvec
0.7.0 ASSIGNMENT halfvec   vector    halfvec_to_vector
0.7.0 ASSIGNMENT halfvec   real[]    halfvec_to_float4
0.7.0 IMPLICIT   halfvec   sparsevec halfvec_to_sparsevec
0.7.0 IMPLICIT   sparsevec sparsevec sparsevec
0.7.0 ASSIGNMENT sparsevec vector    sparsevec_to_vector
0.7.0 ASSIGNMENT sparsevec halfvec   sparsevec_to_halfvec
END
for my $target ([ '0.5.0', 'vector' ], [ '0.7.0', 'halfvec' ], [ '0.8.0', 'sparsevec' ])
{
	my ($since, $type) = @$target;
	$casts .= "$since ASSIGNMENT $_ $type array_to_$type\n"
	  for qw(int[] real[] float8[] numeric[]);
}

# since, types, operator, function, properties
my $operators = <<'END';
0.5.0 vhs <-> l2_distance COMMUTATOR = <->
0.5.0 vhs <#> T_negative_inner_product COMMUTATOR = <#>
0.5.0 vhs <=> cosine_distance COMMUTATOR = <=>
0.7.0 vhs <+> l1_distance COMMUTATOR = <+>
0.7.0 b <~> hamming_distance COMMUTATOR = <~>
0.7.0 b <%> jaccard_distance COMMUTATOR = <%>
0.5.0 vh + T_add COMMUTATOR = +
0.5.0 vh - T_sub MINUS
0.5.0 vh * T_mul COMMUTATOR = *
0.7.0 vh || T_concat
0.5.0 vhs < T_lt COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
0.5.0 vhs <= T_le COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarLEsel, JOIN = scalarLEjoinsel
0.5.0 vhs = T_eq COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel
0.5.0 vhs <> T_ne COMMUTATOR = <>, NEGATOR = =, RESTRICT = eqsel, JOIN = eqjoinsel
0.5.0 vhs >= T_ge COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalarGEsel, JOIN = scalarGEjoinsel
0.5.0 vhs > T_gt COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
END

# since, access method, class, operator, functions by number; every type T has class T_<class>_ops
my $classes = <<'END';
0.5.0 v ivfflat l2 <-> 1 vector_l2_squared_distance 3 l2_distance
0.5.0 v ivfflat ip <#> 1 vector_negative_inner_product 3 vector_spherical_distance 4 vector_norm
0.5.0 v ivfflat cosine <=> 1 vector_negative_inner_product 2 vector_norm 3 vector_spherical_distance 4 vector_norm
0.7.0 h ivfflat l2 <-> 1 halfvec_l2_squared_distance 3 l2_distance 5 ivfflat_halfvec_support
0.7.0 h ivfflat ip <#> 1 halfvec_negative_inner_product 3 halfvec_spherical_distance 4 l2_norm 5 ivfflat_halfvec_support
0.7.0 h ivfflat cosine <=> 1 halfvec_negative_inner_product 2 l2_norm 3 halfvec_spherical_distance 4 l2_norm 5 ivfflat_halfvec_support
0.7.0 b ivfflat hamming <~> 1 hamming_distance 3 hamming_distance 5 ivfflat_bit_support
0.5.0 v hnsw l2 <-> 1 vector_l2_squared_distance
0.5.0 v hnsw ip <#> 1 vector_negative_inner_product
0.5.0 v hnsw cosine <=> 1 vector_negative_inner_product 2 vector_norm
0.7.0 v hnsw l1 <+> 1 l1_distance
0.7.0 hs hnsw l2 <-> 1 T_l2_squared_distance 3 hnsw_T_support
0.7.0 hs hnsw ip <#> 1 T_negative_inner_product 3 hnsw_T_support
0.7.0 hs hnsw cosine <=> 1 T_negative_inner_product 2 l2_norm 3 hnsw_T_support
0.7.0 hs hnsw l1 <+> 1 l1_distance 3 hnsw_T_support
0.7.0 b hnsw hamming <~> 1 hamming_distance 3 hnsw_bit_support
0.7.0 b hnsw jaccard <%> 1 jaccard_distance 3 hnsw_bit_support
END

sub versions { return @versions; }

# The types of a row "since types ..." that exist at the version.
sub types_at
{
	my ($version, $since, $letters) = @_;
	return if $since gt $version;
	return grep { $type_since{$_} le $version } map { $letter{$_} } split //, $letters;
}

sub create_functions
{
	my ($version, $only_io) = @_;
	my @sql;
	for (split /\n/, $functions)
	{
		my ($since, $letters, $signature, $result, $prefixed) = split;
		for my $type (types_at($version, $since, $letters))
		{
			(my $name = "$signature $result") =~ s/T(?=[_(,) ]|$)/$type/g;
			my $io = $signature =~ /^T_(in|out|typmod_in|recv|send)\(/;
			next if ($io xor $only_io);
			my ($call, $returns) = split / /, $name;
			my ($symbol) = $call =~ /^(\w+)/;
			$symbol = "${type}_$symbol" if $prefixed && $type ne 'vector';
			$symbol = 'vector_combine' if $symbol eq 'halfvec_combine';
			push @sql, "CREATE FUNCTION $call RETURNS $returns AS '\$libdir/vector', '$symbol' "
			  . "LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE";
		}
	}
	return @sql;
}

# The statements that create the objects of a version outside of an extension.
sub create_statements
{
	my ($version) = @_;
	my @types = grep { $_ ne 'bit' && $type_since{$_} le $version } qw(vector halfvec sparsevec);
	my $storage = $version lt '0.6.0' ? 'extended' : 'external';
	my @sql = map { "CREATE TYPE $_" } @types;

	push @sql, create_functions($version, 1);
	push @sql,
	  "CREATE TYPE $_ (INPUT = ${_}_in, OUTPUT = ${_}_out, TYPMOD_IN = ${_}_typmod_in, "
	  . "RECEIVE = ${_}_recv, SEND = ${_}_send, STORAGE = $storage)"
	  for @types;
	push @sql, create_functions($version, 0);

	for (split /\n/, $casts)
	{
		my ($since, $context, $source, $target, $function) = split;
		push @sql, "CREATE CAST ($source AS $target) "
		  . "WITH FUNCTION $function($source, int, bool) AS $context"
		  if $since le $version;
	}

	for (split /\n/, $operators)
	{
		my ($since, $letters, $operator, $function, $properties) = split ' ', $_, 5;
		for my $type (types_at($version, $since, $letters))
		{
			(my $code = $function) =~ s/T_/${type}_/;
			my $more = $properties ? ", $properties" : '';
			my $minus = $version lt '0.6.1' ? ', COMMUTATOR = -' : '';
			$more =~ s/, MINUS/$minus/;
			$more =~ s/LE/$version lt '0.6.1' ? 'lt' : 'le'/ge;
			$more =~ s/GE/$version lt '0.6.1' ? 'gt' : 'ge'/ge;
			push @sql, "CREATE OPERATOR $operator "
			  . "(LEFTARG = $type, RIGHTARG = $type, FUNCTION = $code$more)";
		}
	}

	for my $type (@types)
	{
		next if $type eq 'sparsevec';
		push @sql,
		  "CREATE AGGREGATE avg($type) (SFUNC = ${type}_accum, STYPE = float8[], "
		  . "FINALFUNC = ${type}_avg, COMBINEFUNC = ${type}_combine, INITCOND = '{0}', "
		  . "PARALLEL = safe)",
		  "CREATE AGGREGATE sum($type) (SFUNC = ${type}_add, STYPE = $type, "
		  . "COMBINEFUNC = ${type}_add, PARALLEL = safe)";
	}

	my @support = qw(ivfflat_halfvec ivfflat_bit hnsw_halfvec hnsw_bit hnsw_sparsevec);
	push @sql, map {
		"CREATE FUNCTION ${_}_support(internal) RETURNS internal AS '\$libdir/vector' LANGUAGE C"
	} $version ge '0.7.0' ? @support : ();
	for my $method (qw(ivfflat hnsw))
	{
		push @sql,
		  "CREATE FUNCTION ${method}handler(internal) RETURNS index_am_handler "
		  . "AS '\$libdir/vector' LANGUAGE C",
		  "CREATE ACCESS METHOD $method TYPE INDEX HANDLER ${method}handler";
	}

	push @sql,
	  "CREATE OPERATOR CLASS ${_}_ops DEFAULT FOR TYPE $_ USING btree AS OPERATOR 1 <, "
	  . "OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ${_}_cmp($_, $_)"
	  for @types;
	for (split /\n/, $classes)
	{
		my ($since, $letters, $method, $class, $operator, %function) = split;
		for my $type (types_at($version, $since, $letters))
		{
			my $default = "$method $type $class" eq 'ivfflat vector l2' ? 'DEFAULT' : '';
			my $parts = "OPERATOR 1 $operator ($type, $type) FOR ORDER BY float_ops";
			for my $number (sort keys %function)
			{
				(my $name = $function{$number}) =~ s/T_/${type}_/;
				my $arguments =
				    $name =~ /_support$/ ? 'internal'
				  : $name =~ /_norm$/    ? $type
				  :                        "$type, $type";
				$parts .= ", FUNCTION $number $name($arguments)";
			}
			push @sql, "CREATE OPERATOR CLASS ${type}_${class}_ops $default FOR TYPE $type "
			  . "USING $method AS $parts";
		}
	}

	if ($version ge '0.8.7')
	{
		push @sql, map { "COMMENT ON TYPE $_ IS 'another text'" } @types;
		push @sql, "COMMENT ON FUNCTION vector_dims(vector) IS 'another text'",
		  "COMMENT ON ACCESS METHOD hnsw IS 'another text'",
		  "COMMENT ON OPERATOR CLASS vector_l2_ops USING hnsw IS 'another text'";
	}
	return @sql;
}

# SQL that empties the extension "vector" of the current database, fills it with the objects of an
# old version, and says that it is of that version.  Needs no file in the server's directories,
# which a test may not write to.
sub turn_into
{
	my ($version) = @_;
	my $create = join(";\n", create_statements($version));
	return <<"SQL";
BEGIN;
DO \$\$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT (pg_identify_object(classid, objid, 0)).* FROM pg_depend
		WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector')
			-- Where array types are members, they follow their element types.
			AND NOT EXISTS (SELECT FROM pg_type
				WHERE classid = 'pg_type'::regclass AND oid = objid AND typelem <> 0)
	LOOP
		EXECUTE format('ALTER EXTENSION vector DROP %s %s', member.type, member.identity);
	END LOOP;
	DROP ACCESS METHOD hnsw CASCADE;
	DROP ACCESS METHOD ivfflat CASCADE;
	DROP TYPE vector, halfvec, sparsevec CASCADE;
	FOR member IN SELECT oid::regprocedure AS name FROM pg_proc
		WHERE pronamespace = 'public'::regnamespace
	LOOP
		EXECUTE format('DROP ROUTINE %s CASCADE', member.name);
	END LOOP;
END
\$\$;
$create;
DO \$\$
DECLARE
	object record;
BEGIN
	FOR object IN
		SELECT (pg_identify_object(classid, objid, 0)).* FROM (
			SELECT 'pg_type'::regclass, oid FROM pg_type
				WHERE typnamespace = 'public'::regnamespace AND typelem = 0
			UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
				WHERE pronamespace = 'public'::regnamespace
			UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
				WHERE oprnamespace = 'public'::regnamespace
			UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast WHERE oid >= 16384
			UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am WHERE oid >= 16384
			UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily WHERE oid >= 16384
			UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass WHERE oid >= 16384
		) AS created (classid, objid)
	LOOP
		EXECUTE format('ALTER EXTENSION vector ADD %s %s', object.type, object.identity);
	END LOOP;
END
\$\$;
UPDATE pg_extension SET extversion = '$version' WHERE extname = 'vector';
COMMIT;
SQL
}

1;

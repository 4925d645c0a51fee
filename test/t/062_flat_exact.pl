# flat gives what the sorted table gives: random queries over all metrics and types, with values
# from subnormal to 1e30, copies, ties and NULLs, while rows are deleted, updated and vacuumed, and
# after crashes.  VECTOR_FLAT_QUERIES says how many, 3,000 if unset.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $queries = $ENV{VECTOR_FLAT_QUERIES} // 3000;

my $node = PostgreSQL::Test::Cluster->new('flat');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nwal_consistency_checking = 'generic'\nfull_page_writes = on\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION vector;
	CREATE TABLE item (id int, v vector(40), w vector(5), h halfvec(72), b bit(45), s sparsevec(50));
	-- Elements of about one size in a row, or of all sizes; every fourth row is a copy.
	CREATE FUNCTION element(size float8, spread float8) RETURNS real LANGUAGE sql VOLATILE AS $$
		SELECT (sign(random() - 0.5) * power(10, greatest(-45, least(30, size + spread * (random() - 0.5)))))::real $$;
	CREATE FUNCTION dense(n int, highest float8) RETURNS real[] LANGUAGE plpgsql VOLATILE AS $$
	DECLARE size float8 := -45 + (highest + 45) * random(); spread float8 := CASE WHEN random() < 0.3 THEN 15 ELSE 0.5 END;
		result real[];
	BEGIN
		IF random() < 0.6 THEN size := 0; END IF;
		IF random() < 0.03 THEN RETURN array_fill(0::real, ARRAY[n]); END IF;
		SELECT array_agg(greatest(-power(10, highest), least(power(10, highest), element(size, spread)))::real) INTO result FROM generate_series(1, n);
		RETURN result;
	END $$;
	CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql VOLATILE AS $$
		INSERT INTO item SELECT i, dense(40, 30)::vector, dense(5, 30)::vector, dense(72, 4)::halfvec,
			(SELECT string_agg((random() < 0.4)::int::text, '') FROM generate_series(1, 45) WHERE i > 0)::bit(45),
			(SELECT array_agg(CASE WHEN random() < 0.2 THEN x ELSE 0 END) FROM unnest(dense(50, 30)) x WHERE i > 0)::sparsevec
			FROM generate_series(first, last) i;
		INSERT INTO item SELECT id, v, w, h, b, s FROM item WHERE id BETWEEN first AND last AND id % 4 = 0;
		INSERT INTO item (id) SELECT first FROM generate_series(1, 3) $$;
	-- The distances in order, with the rows at each: equal for the index and the sorted table.
	CREATE FUNCTION answer(distance text, tail text, by_index bool) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE result text;
	BEGIN
		PERFORM set_config('enable_indexscan', by_index::text, true), set_config('enable_seqscan', (NOT by_index)::text, true);
		EXECUTE format('SELECT string_agg(d::text, %L) FROM (SELECT coalesce(%s, NULL)::text AS d FROM item ORDER BY %s %s) t',
			' ', distance, distance, tail) INTO result;
		RETURN result;
	END $$;
	CREATE FUNCTION check_some(many int) RETURNS TABLE (asked bigint, distance text) LANGUAGE plpgsql AS $$
	DECLARE col text; op text; q text; tail text; wrong text; counter bigint := 0;
	BEGIN
		WHILE counter < many LOOP
			SELECT c, o INTO col, op FROM (VALUES ('v', '<->'), ('v', '<#>'), ('v', '<=>'), ('v', '<+>'), ('w', '<->'), ('w', '<#>'),
				('w', '<=>'), ('w', '<+>'), ('h', '<->'), ('h', '<#>'), ('h', '<=>'), ('h', '<+>'), ('b', '<~>'), ('b', '<%>'),
				('s', '<->'), ('s', '<#>'), ('s', '<=>'), ('s', '<+>')) x (c, o) ORDER BY random() LIMIT 1;
			-- A row's own value, or a new one.
			EXECUTE format('SELECT %I::text FROM item WHERE %I IS NOT NULL ORDER BY random() LIMIT 1', col, col) INTO q;
			IF random() < 0.5 AND col IN ('v', 'w', 'h') THEN
				q := (CASE col WHEN 'v' THEN dense(40, 30)::vector::text WHEN 'w' THEN dense(5, 30)::vector::text ELSE dense(72, 4)::halfvec::text END);
			END IF;
			tail := CASE WHEN random() < 0.7 THEN 'LIMIT ' || (1 + floor(random() * 40))::text ELSE '' END;
			distance := format('%I %s %L', col, op, q);
			counter := counter + 1;
			IF answer(distance, tail, true) IS DISTINCT FROM answer(distance, tail, false) THEN
				asked := counter;
				distance := distance || ' ' || tail;
				RETURN NEXT;
				RETURN;
			END IF;
		END LOOP;
		asked := counter;
		distance := 'equal';
		RETURN NEXT;
	END $$;
	SELECT setseed(0.7), fill(1, 100);
} . join '', map { my ($column, $classes) = @$_; map { "CREATE INDEX ON item USING flat ($column $_);\n" } @$classes }
	[ v => [ map { "vector_${_}_ops" } qw(l2 ip cosine l1) ] ], [ w => [ map { "vector_${_}_ops" } qw(l2 ip cosine l1) ] ],
	[ h => [ map { "halfvec_${_}_ops" } qw(l2 ip cosine l1) ] ], [ s => [ map { "sparsevec_${_}_ops" } qw(l2 ip cosine l1) ] ],
	[ b => [ map { "bit_${_}_ops" } qw(hamming jaccard) ] ]);

like($node->safe_psql('postgres', q{SET enable_seqscan = off; EXPLAIN SELECT coalesce(v <-> (SELECT v FROM item LIMIT 1), NULL)
	FROM item ORDER BY v <-> (SELECT v FROM item LIMIT 1)}), qr/Index Scan using item_v_idx/, 'the index is asked');
my $rounds = 10;
for my $round (1 .. $rounds)
{
	my $each = int($queries / $rounds);
	is($node->safe_psql('postgres', "SELECT setseed(0.0$round); SELECT * FROM check_some($each)"),
		"\n$each|equal", "round $round, $each queries");
	my $first = $round * 1000;
	$node->safe_psql('postgres', "SELECT fill($first, $first + 20); DELETE FROM item WHERE (id + $round) % 7 = 0;
		UPDATE item SET id = id + 1 WHERE id % 11 = 0; UPDATE item SET v = dense(40, 30)::vector, h = NULL WHERE id % 13 = 0");
	$node->safe_psql('postgres', 'VACUUM item') if $round % 2 == 0;
	if ($round % 4 == 0)
	{
		my $work = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'),
			map { ('-c', "SELECT fill($_, $_ + 5)", '-c', "DELETE FROM item WHERE id = $_", '-c', 'VACUUM item') } 50000 .. 50100 ],
			'>', '/dev/null', '2>', '/dev/null');
		usleep(300_000 + rand(300_000));
		$node->stop('immediate');
		$work->finish;
		$node->start;
		$node->safe_psql('postgres', 'DELETE FROM item WHERE id > 50000');
	}
}

# Many writers at once lose nothing.
$node->safe_psql('postgres', 'CREATE TABLE busy (id int, v vector(48)); CREATE INDEX ON busy USING flat (v vector_l2_ops)');
$node->pgbench('--no-vacuum --client=8 --transactions=150', 0, [qr/actually processed/], [qr/^$/], 'eight writers',
	{ '062_busy' => q{
		INSERT INTO busy SELECT :client_id, array_agg(random())::vector FROM generate_series(1, 48);
		DELETE FROM busy WHERE ctid IN (SELECT ctid FROM busy WHERE id = :client_id AND random() < 0.1 LIMIT 1) }});
my $vacuum = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), map { ('-c', 'VACUUM busy') } 1 .. 20 ]);
$node->pgbench('--no-vacuum --client=4 --transactions=100', 0, [qr/actually processed/], [qr/^$/], 'with vacuum',
	{ '062_vacuum' => q{
		INSERT INTO busy SELECT :client_id, array_agg(random())::vector FROM generate_series(1, 48);
		DELETE FROM busy WHERE ctid IN (SELECT ctid FROM busy WHERE id = :client_id AND random() < 0.1 LIMIT 1);
		SET enable_seqscan = off;
		SELECT count(*) FROM (SELECT id FROM busy ORDER BY v <-> (SELECT v FROM busy LIMIT 1) LIMIT 30) t }});
$vacuum->finish;
is($node->safe_psql('postgres', q{SET enable_seqscan = off;
	SELECT (SELECT count(*) FROM (SELECT v FROM busy ORDER BY v <-> array_fill(0.5, ARRAY[48])::vector) t) = (SELECT count(*) FROM busy)}),
	't', 'the index has all rows');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal (?!9)|contains an unexpected/, 'nothing alarming in the log');
$node->stop;
done_testing();

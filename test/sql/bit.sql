-- Distances of bit strings.

SELECT hamming_distance('111', '111'), hamming_distance('111', '110'), hamming_distance('111', '100'), hamming_distance('111', '000');
SELECT hamming_distance('10101010101010101010', '01010101010101010101'), hamming_distance('', '');
SELECT hamming_distance('111', '00');
SELECT hamming_distance('', '1');
SELECT B'111' <~> B'010', '1011'::varbit::bit(4) <~> '0011';
SELECT jaccard_distance('1111', '1111'), jaccard_distance('1111', '1110'), jaccard_distance('1111', '1100'), jaccard_distance('1111', '1000');
SELECT jaccard_distance('1111', '0000'), jaccard_distance('1100', '1000'), jaccard_distance('1100', '0011'), jaccard_distance('0000', '0000'), jaccard_distance('', '');
SELECT jaccard_distance('1111', '000');
SELECT B'1100' <%> B'0111';

-- every length over several words, against counts taken bit by bit
SELECT bool_and(a <~> b = (SELECT count(*) FROM generate_series(0, n - 1) i WHERE get_bit(a, i) <> get_bit(b, i))) AS hamming,
       bool_and(a <%> b = (SELECT CASE WHEN count(*) FILTER (WHERE get_bit(a, i) + get_bit(b, i) = 2) = 0 THEN 1
                                  ELSE 1 - count(*) FILTER (WHERE get_bit(a, i) + get_bit(b, i) = 2)::float8
                                         / count(*) FILTER (WHERE get_bit(a, i) + get_bit(b, i) > 0) END
                           FROM generate_series(0, n - 1) i)) AS jaccard,
       count(*)
FROM (SELECT n, left(x, n)::varbit AS a, left(y, n)::varbit AS b
      FROM generate_series(1, 700, 3) n,
           (SELECT string_agg(('x' || md5('a' || i))::bit(128)::text, '') AS x, string_agg(('x' || md5('b' || i))::bit(128)::text, '') AS y
            FROM generate_series(1, 6) i) s) t;

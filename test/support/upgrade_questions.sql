-- Asked of upgrade_objects.sql under both libraries; the answers must be the same.

SET extra_float_digits = 0;
SELECT id, v, h, s, b, free, list, norm, half, signs, long FROM items ORDER BY id;
SELECT id, vector_send(v), halfvec_send(h), sparsevec_send(s) FROM items ORDER BY id;
SELECT id, l2::real, ip::real, cosine::real, l1::real, hamming, jaccard FROM nearest;
SELECT id, (h <-> '[1,2,3]')::real, (h <#> '[1,2,3]')::real, (h <=> '[1,2,3]')::real,
	(h <+> '[1,2,3]')::real, (s <-> '{1:1}/5')::real, (s <#> '{1:1}/5')::real,
	(s <=> '{1:1}/5')::real, (s <+> '{1:1}/5')::real FROM items ORDER BY id;
SELECT * FROM totals;
SELECT avg(v), sum(v), avg(h), sum(h) FROM items;
SELECT similar_to('[3,2,1]');
SELECT id FROM items ORDER BY v, id;
SELECT id FROM items ORDER BY h DESC, id;
SELECT id FROM items ORDER BY s, id;
SELECT id FROM items WHERE v > '[5,0,0]' AND v <= '[9,76,1]' ORDER BY id;
SELECT v + v, v - '[1,1,1]', v * v, v || free, h + h, h - h, h * h, h || h FROM items ORDER BY id;
SELECT l2_normalize(v), l2_normalize(h), l2_normalize(s), l2_norm(h), l2_norm(s), v::real[],
	h::vector, s::vector, v::sparsevec, h::sparsevec, s::halfvec, ARRAY[1, 0, 2]::sparsevec,
	subvector(h, 2, 2), binary_quantize(h) FROM items ORDER BY id;
SET enable_seqscan = off;
SELECT id FROM items WHERE v = (SELECT v FROM items WHERE id = 7);

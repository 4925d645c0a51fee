-- The queries of upgrade_indexes.sql, by indexes where there are any.  The distances of the nearest
-- ten, not the rows: several may be equally near.

SET extra_float_digits = 0;
SET enable_seqscan = off;
SET enable_sort = off;
SET hnsw.ef_search = 1000;
SET ivfflat.probes = 100;
SELECT format('SELECT %L, ARRAY(%s)', index_name, query) FROM searches
	ORDER BY index_name COLLATE "C" \gexec

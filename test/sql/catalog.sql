-- What CREATE EXTENSION creates: the catalog that pgvector's clients know, line by line, and what
-- this extension adds to it.  Run in a database that has the extension.
SET client_min_messages = warning;

CREATE TEMP VIEW member AS
	SELECT classid, objid FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector');

CREATE TEMP VIEW inventory (line) AS
	SELECT concat_ws(' ', 'type', t.typname, t.typlen, t.typalign, t.typstorage, t.typcategory,
		t.typdelim)
	FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	WHERE t.typelem = 0
	UNION ALL
	SELECT concat_ws(' ', 'proc', p.oid::regprocedure, '->', pg_get_function_result(p.oid),
		p.prokind, p.provolatile, p.proisstrict, p.proparallel, p.prosrc)
	FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	WHERE p.prokind = 'f'
	UNION ALL
	SELECT concat_ws(' ', 'agg', a.aggfnoid::regprocedure, a.aggtransfn, a.aggfinalfn,
		a.aggcombinefn, a.aggtranstype::regtype, coalesce(a.agginitval, '-'), p.proparallel)
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
		JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL
	SELECT concat_ws(' ', 'oper', o.oid::regoperator, o.oprcode, o.oprcom::regoperator,
		o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge::text || o.oprcanhash::text)
	FROM pg_operator o JOIN member m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
	UNION ALL
	SELECT concat_ws(' ', 'cast', c.castsource::regtype, c.casttarget::regtype,
		c.castfunc::regprocedure, c.castcontext)
	FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
	UNION ALL
	SELECT concat_ws(' ', 'opclass', a.amname, o.opcname, o.opcintype::regtype, o.opcdefault)
	FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod
		JOIN member m ON m.classid = 'pg_opclass'::regclass AND m.objid = o.oid
	UNION ALL
	SELECT concat_ws(' ', 'amop', a.amname, f.opfname, x.amopstrategy, x.amoppurpose,
		x.amopopr::regoperator)
	FROM pg_amop x JOIN pg_opfamily f ON f.oid = x.amopfamily JOIN pg_am a ON a.oid = f.opfmethod
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid
	UNION ALL
	SELECT concat_ws(' ', 'amproc', a.amname, f.opfname, x.amprocnum, x.amproc::regprocedure)
	FROM pg_amproc x JOIN pg_opfamily f ON f.oid = x.amprocfamily
		JOIN pg_am a ON a.oid = f.opfmethod
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid;

-- Our additions, as LIKE patterns of the lines above.  None may match a line of pgvector's.
CREATE TEMP TABLE addition (pattern text);
INSERT INTO addition VALUES ('% flathandler(internal) %'), ('opclass flat %'), ('amop flat %'),
	('amproc flat %'), ('% hnsw_check(regclass) %'),
	('% vector_needs_reindex(regclass) %');

-- pgvector's catalog.
\pset format unaligned
SELECT line FROM inventory
	WHERE NOT EXISTS (SELECT FROM addition WHERE line LIKE pattern) ORDER BY line COLLATE "C";

SELECT split_part(line, ' ', 1) COLLATE "C" AS kind, count(*) FROM inventory
	WHERE NOT EXISTS (SELECT FROM addition WHERE line LIKE pattern)
	GROUP BY 1 ORDER BY 1;

SELECT a.amname, a.amhandler, a.amtype
	FROM pg_am a JOIN member m ON m.classid = 'pg_am'::regclass AND m.objid = a.oid
	ORDER BY a.amname;

-- Ours.
SELECT line FROM inventory
	WHERE EXISTS (SELECT FROM addition WHERE line LIKE pattern) ORDER BY line COLLATE "C";

\pset format aligned
-- Members that the inventory has no line for: kinds of objects, with families beside their classes.
SELECT classid::regclass, count(*) FROM member
	WHERE classid NOT IN ('pg_type'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass,
		'pg_cast'::regclass, 'pg_am'::regclass, 'pg_opclass'::regclass)
	GROUP BY 1 ORDER BY 1;

-- Objects without a comment; array types are made by the server and have none.
SELECT pg_describe_object(classid, objid, 0) FROM member
	WHERE obj_description(objid, classid::regclass::name) IS NULL
		AND NOT EXISTS (SELECT FROM pg_type
			WHERE classid = 'pg_type'::regclass AND oid = objid AND typelem <> 0)
	ORDER BY 1;

-- Every C symbol is in the library: the validator looks it up, and its info record.
SELECT count(DISTINCT p.prosrc) AS symbols, count(fmgr_c_validator(p.oid)) AS functions
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	WHERE l.lanname = 'c' AND p.probin = '$libdir/vector';

-- Functions that cost more than a plain operator.
SELECT procost, p.oid::regprocedure FROM pg_proc p
		JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	WHERE procost <> 1 ORDER BY procost, p.oid::regprocedure::text COLLATE "C";

-- Relocatable: everything works from a schema that is not searched.
BEGIN;
CREATE SCHEMA catalog_elsewhere;
ALTER EXTENSION vector SET SCHEMA catalog_elsewhere;
SELECT 1 FROM inventory WHERE line LIKE '%public.%';
SELECT '[1,2,3]'::catalog_elsewhere.vector(3)
	OPERATOR(catalog_elsewhere.<->) '[1,2,5]'::catalog_elsewhere.halfvec(3) AS distance,
	catalog_elsewhere.sum(v) FROM (SELECT ARRAY[1, 2]::catalog_elsewhere.vector AS v) s;
ROLLBACK;

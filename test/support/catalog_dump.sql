-- Everything the catalog says about the extension "vector", one fact a line, without row ids, so
-- that two databases can be compared.  The version is left out.

WITH extension AS (
	SELECT oid FROM pg_extension WHERE extname = 'vector'
), member AS (
	SELECT classid, objid FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM extension)
		AND deptype = 'e'
), family_part (classid, objid) AS (
	SELECT 'pg_amop'::regclass, o.oid FROM pg_amop o
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = o.amopfamily
	UNION ALL
	SELECT 'pg_amproc'::regclass, p.oid FROM pg_amproc p
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = p.amprocfamily
), fact (line) AS (
	SELECT concat_ws(' | ', 'member', pg_describe_object(classid, objid, 0),
		obj_description(objid, classid::regclass::name))
	FROM member
	UNION ALL
	SELECT concat_ws(' | ', 'depends', pg_describe_object(d.classid, d.objid, d.objsubid),
		pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), d.deptype)
	FROM pg_depend d
	WHERE (d.classid, d.objid) IN (SELECT classid, objid FROM member
		UNION ALL SELECT classid, objid FROM family_part)
	UNION ALL
	SELECT concat_ws(' | ', 'type', t.oid::regtype, t.typlen, t.typbyval, t.typtype,
		t.typcategory, t.typispreferred, t.typisdefined, t.typdelim, t.typelem::regtype,
		t.typarray::regtype, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
		t.typmodout, t.typanalyze, t.typalign, t.typstorage, t.typcollation, t.typowner::regrole,
		t.typacl)
	FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	UNION ALL
	SELECT concat_ws(' | ', 'function', p.oid::regprocedure,
		replace(pg_get_functiondef(p.oid), E'\n', ' '), p.procost, p.prorows, p.proleakproof,
		p.prosupport, p.proconfig, p.proowner::regrole, p.proacl)
	FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	WHERE p.prokind = 'f'
	UNION ALL
	SELECT concat_ws(' | ', 'aggregate', p.oid::regprocedure, p.prorettype::regtype, p.provolatile,
		p.proisstrict, p.proparallel, p.procost, p.proowner::regrole, p.proacl,
		to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggsortop' - 'aggmtranstype',
		a.aggtranstype::regtype, a.aggsortop::regoper)
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
		JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL
	SELECT concat_ws(' | ', 'operator', o.oid::regoperator, o.oprkind, o.oprcanmerge, o.oprcanhash,
		o.oprresult::regtype, o.oprcom::regoperator, o.oprnegate::regoperator,
		o.oprcode::regprocedure, o.oprrest, o.oprjoin, o.oprowner::regrole)
	FROM pg_operator o JOIN member m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
	UNION ALL
	SELECT concat_ws(' | ', 'cast', c.castsource::regtype, c.casttarget::regtype,
		c.castfunc::regprocedure, c.castcontext, c.castmethod)
	FROM pg_cast c JOIN member m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
	UNION ALL
	SELECT concat_ws(' | ', 'access method', a.amname, a.amhandler::regprocedure, a.amtype)
	FROM pg_am a JOIN member m ON m.classid = 'pg_am'::regclass AND m.objid = a.oid
	UNION ALL
	SELECT concat_ws(' | ', 'operator class', a.amname, c.opcname, f.opfname,
		c.opcintype::regtype, c.opckeytype, c.opcdefault, c.opcowner::regrole)
	FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_opfamily f ON f.oid = c.opcfamily
		JOIN member m ON m.classid = 'pg_opclass'::regclass AND m.objid = c.oid
	UNION ALL
	SELECT concat_ws(' | ', 'family operator', a.amname, f.opfname, o.amoplefttype::regtype,
		o.amoprighttype::regtype, o.amopstrategy, o.amoppurpose, o.amopopr::regoperator,
		s.opfname)
	FROM pg_amop o JOIN pg_opfamily f ON f.oid = o.amopfamily JOIN pg_am a ON a.oid = o.amopmethod
		LEFT JOIN pg_opfamily s ON s.oid = o.amopsortfamily
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid
	UNION ALL
	SELECT concat_ws(' | ', 'family function', a.amname, f.opfname, p.amproclefttype::regtype,
		p.amprocrighttype::regtype, p.amprocnum, p.amproc::regprocedure)
	FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily
		JOIN pg_am a ON a.oid = f.opfmethod
		JOIN member m ON m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid
)
SELECT line FROM fact ORDER BY line COLLATE "C";

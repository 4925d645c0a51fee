\echo Use "ALTER EXTENSION vector UPDATE TO '0.6.1'" to load this file. \quit

-- a - b is not b - a, though the operator was declared to be its own commutator.  ALTER OPERATOR
-- cannot take that back.  No other row knows of it: the commutator's commutator was the operator
-- itself, and dependencies are not recorded for commutators.
UPDATE pg_catalog.pg_operator
	SET oprcom = 0
	WHERE oid OPERATOR(pg_catalog.=) '-(vector, vector)'::pg_catalog.regoperator::pg_catalog.oid;

ALTER OPERATOR <= (vector, vector) SET (RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
ALTER OPERATOR >= (vector, vector) SET (RESTRICT = scalargesel, JOIN = scalargejoinsel);

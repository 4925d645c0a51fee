\echo Use "ALTER EXTENSION vector UPDATE TO '0.7.3'" to load this file. \quit

-- The catalog of 0.7.3 is that of 0.7.2.

\echo Use "ALTER EXTENSION vector UPDATE TO '0.6.2'" to load this file. \quit

-- The catalog of 0.6.2 is that of 0.6.1.

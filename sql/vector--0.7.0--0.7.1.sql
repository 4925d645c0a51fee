\echo Use "ALTER EXTENSION vector UPDATE TO '0.7.1'" to load this file. \quit

-- The catalog of 0.7.1 is that of 0.7.0.

\echo Use "ALTER EXTENSION vector UPDATE TO '0.8.5'" to load this file. \quit

-- The catalog of 0.8.5 is that of 0.8.4.

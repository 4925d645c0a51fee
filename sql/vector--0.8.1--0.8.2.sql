\echo Use "ALTER EXTENSION vector UPDATE TO '0.8.2'" to load this file. \quit

-- The catalog of 0.8.2 is that of 0.8.1.

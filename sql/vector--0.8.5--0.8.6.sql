\echo Use "ALTER EXTENSION vector UPDATE TO '0.8.6'" to load this file. \quit

-- The catalog of 0.8.6 is that of 0.8.5.

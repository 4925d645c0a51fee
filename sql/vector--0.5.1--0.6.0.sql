\echo Use "ALTER EXTENSION vector UPDATE TO '0.6.0'" to load this file. \quit

-- Vectors hardly compress.  Columns that exist keep the storage they have.
ALTER TYPE vector SET (STORAGE = external);

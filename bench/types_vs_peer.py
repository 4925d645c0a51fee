#!/usr/bin/env python3
"""Time the types of two servers against each other, one with this extension, one with its peer.

    bench/types_vs_peer.py OURS PEER [NAME]   two psql connection strings, superuser; NAME: only
                                              statements whose name contains it

Each statement runs several times on either side in turn; the least time counts.  What is timed is
the CPU time of the server process where it runs on this machine, else the time of the statement.
Both servers want shared_buffers of 1 GB, or the scans measure how pages are read.
Everything is created in a schema of its own, which is dropped at the end.
"""

import subprocess
import sys

ROUNDS = 7

SETUP = """
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
DROP SCHEMA IF EXISTS types_bench CASCADE;
CREATE SCHEMA types_bench;
SET search_path = types_bench, public;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SELECT setseed(0.5);
CREATE FUNCTION random_array(n int, seed int) RETURNS real[] LANGUAGE sql VOLATILE
  AS 'SELECT array_agg((random() - 0.5)::real) FROM generate_series(1, n) WHERE seed IS NOT NULL';
CREATE FUNCTION random_bits(n int, seed int) RETURNS varbit LANGUAGE sql VOLATILE
  AS $$SELECT string_agg((random() < 0.5)::int::text, '')::varbit FROM generate_series(1, n) WHERE seed IS NOT NULL$$;
CREATE TABLE v128 (v vector(128));
ALTER TABLE v128 ALTER v SET STORAGE PLAIN;
INSERT INTO v128 SELECT random_array(128, i)::vector FROM generate_series(1, 2000) i;
INSERT INTO v128 SELECT a.v FROM v128 a, generate_series(1, 49);
CREATE TABLE v768 (v vector(768));
ALTER TABLE v768 ALTER v SET STORAGE PLAIN;
INSERT INTO v768 SELECT random_array(768, i)::vector FROM generate_series(1, 1000) i;
INSERT INTO v768 SELECT a.v FROM v768 a, generate_series(1, 29);
CREATE TABLE h768 (v halfvec(768));
ALTER TABLE h768 ALTER v SET STORAGE PLAIN;
INSERT INTO h768 SELECT v::halfvec FROM v768;
CREATE TABLE h128 (v halfvec(128));
ALTER TABLE h128 ALTER v SET STORAGE PLAIN;
INSERT INTO h128 SELECT v::halfvec FROM v128;
CREATE TABLE b1024 (v bit(1024));
INSERT INTO b1024 SELECT random_bits(1024, i)::bit(1024) FROM generate_series(1, 2000) i;
INSERT INTO b1024 SELECT a.v FROM b1024 a, generate_series(1, 99);
CREATE TABLE s AS SELECT ('{' || (SELECT string_agg((j * 97 + i % 97 + 1) || ':' || (j + 1) * 0.01, ',') FROM generate_series(0, 99) j) || '}/10000')::sparsevec AS v
  FROM generate_series(1, 20000) i;
CREATE TABLE t768 AS SELECT v::text AS v FROM v768 LIMIT 5000;
CREATE TABLE t768d AS SELECT '[' || (SELECT string_agg((random() - 0.5)::text, ',') FROM generate_series(1, 768) WHERE i > 0) || ']' AS v FROM generate_series(1, 1000) i;
CREATE TABLE received (v vector(768));
ALTER TABLE received ALTER v SET STORAGE PLAIN;
VACUUM ANALYZE v128, v768, h768, h128, b1024, s, t768, t768d;
COPY (SELECT v FROM v768 LIMIT 10000) TO '{file}' WITH (FORMAT binary);
"""

# name, statement, target: how many times faster than the peer it should be
STATEMENTS = [
    ("l2 128", "SELECT max(v <-> (SELECT v FROM v128 LIMIT 1)) FROM v128", 1.3),
    ("ip 128", "SELECT max(v <#> (SELECT v FROM v128 LIMIT 1)) FROM v128", 1.3),
    ("cosine 128", "SELECT max(v <=> (SELECT v FROM v128 LIMIT 1)) FROM v128", 1.3),
    ("l1 128", "SELECT max(v <+> (SELECT v FROM v128 LIMIT 1)) FROM v128", 1.3),
    ("l2 768", "SELECT max(v <-> (SELECT v FROM v768 LIMIT 1)) FROM v768", 1.3),
    ("ip 768", "SELECT max(v <#> (SELECT v FROM v768 LIMIT 1)) FROM v768", 1.3),
    ("cosine 768", "SELECT max(v <=> (SELECT v FROM v768 LIMIT 1)) FROM v768", 1.3),
    ("l1 768", "SELECT max(v <+> (SELECT v FROM v768 LIMIT 1)) FROM v768", 1.3),
    ("scan 128, no distance", "SELECT max(vector_dims(v)) FROM v128", None),
    ("scan 768, no distance", "SELECT max(vector_dims(v)) FROM v768", None),
    ("half l2 128", "SELECT max(v <-> (SELECT v FROM h128 LIMIT 1)) FROM h128", 2),
    ("half l2 768", "SELECT max(v <-> (SELECT v FROM h768 LIMIT 1)) FROM h768", 2),
    ("half ip 768", "SELECT max(v <#> (SELECT v FROM h768 LIMIT 1)) FROM h768", 2),
    ("half cosine 768", "SELECT max(v <=> (SELECT v FROM h768 LIMIT 1)) FROM h768", 2),
    ("hamming 1024", "SELECT max(v <~> (SELECT v FROM b1024 LIMIT 1)) FROM b1024", 1.5),
    ("jaccard 1024", "SELECT max(v <%> (SELECT v FROM b1024 LIMIT 1)) FROM b1024", 1.5),
    ("scan 1024 bits, no distance", "SELECT max(length(v)) FROM b1024", None),
    ("sparse l2, 100 of 10000", "SELECT max(v <-> (SELECT v FROM s LIMIT 1)) FROM s", None),
    ("text input 768, shortest floats", "SELECT count(v::vector) FROM t768", 1.5),
    ("text input 768, doubles", "SELECT count(v::vector) FROM t768d", 1.5),
    ("text input 768, halfvec", "SELECT count(v::halfvec) FROM t768", 1.5),
    ("text output 768", "SELECT sum(length(v::text)) FROM (SELECT v FROM v768 LIMIT 5000) x", None),
    ("binary COPY in 768", "BEGIN; COPY received FROM '{file}' WITH (FORMAT binary); ROLLBACK", 1),
    ("avg 768", "SELECT avg(v) FROM v768", None),
    ("sum 768", "SELECT sum(v) FROM v768", None),
    ("half avg 768", "SELECT avg(v) FROM h768", None),
    ("half sum 768", "SELECT sum(v) FROM h768", None),
    ("order by 128", "SELECT v FROM v128 ORDER BY v OFFSET 99999", None),
]


class Server:
    """A psql session, and the CPU time of the process behind it."""

    def __init__(self, connection, file):
        self.file = file
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", connection],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.run("SELECT pg_backend_pid()")[0]

    def run(self, sql):
        self.psql.stdin.write(sql.replace("{file}", self.file) + ";\n\\echo ==done\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "==done\n":
                return lines
            lines.append(line.rstrip("\n"))
        sys.exit("psql ended")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/schedstat") as stat:
            return int(stat.read().split()[0]) / 1e9

    def clock(self):
        try:
            return self.cpu_seconds()
        except OSError:
            return float(self.run("SELECT extract(epoch FROM clock_timestamp())")[0])

    def seconds(self, sql):
        start = self.clock()
        self.run(sql)
        return self.clock() - start


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    servers = [Server(sys.argv[1], "/tmp/types_bench_ours.bin"),
               Server(sys.argv[2], "/tmp/types_bench_peer.bin")]
    only = sys.argv[3] if len(sys.argv) == 4 else ""
    try:
        for server in servers:
            server.run(SETUP)
        print(f"{'':34}{'ours ms':>10}{'peer ms':>10}{'times':>8}{'target':>8}")
        for name, sql, target in STATEMENTS:
            if only not in name:
                continue
            times = [[], []]
            for _ in range(ROUNDS):
                for server, list_ in zip(servers, times):
                    list_.append(server.seconds(sql))
            ours, peer = min(times[0]), min(times[1])
            print(f"{name:34}{ours * 1e3:10.1f}{peer * 1e3:10.1f}{peer / ours:8.2f}"
                  f"{target if target else '':>8}", flush=True)
    finally:
        for server in servers:
            server.run("DROP SCHEMA IF EXISTS types_bench CASCADE")


if __name__ == "__main__":
    main()

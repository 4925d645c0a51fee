"""Loading the rows: binary COPY, text input, table size."""

import numpy as np

from ann.job import QUERIES, SCHEMA, TABLE
from ann.processes import stopwatch
from ann.recorder import Measure
from ann.side import copy_rows

LOAD = "load"
TEXT_ROWS = 5000


def create_table(side, job, table):
    side.execute(f"DROP TABLE IF EXISTS {table}")
    side.execute(
        f"CREATE TABLE {table} (id int, bucket int, note int DEFAULT 0, embedding {job.column_type})"
        " WITH (autovacuum_enabled = off)"
    )


def fill(side, job, table, ids):
    """COPY the rows with the numbers `ids` into a table of create_table."""
    columns = ("id", "bucket", "embedding")
    others = (ids.astype(np.int32), job.buckets[ids])
    copy_rows(side.connection, table, columns, job.type_name, job.data.base[ids], others)


def load(recorder, sides, job):
    """Fill the tables of both sides; measures COPY and text input as it goes."""
    ids = np.arange(len(job.data.base))

    def copy_in(side, rep):
        side.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        create_table(side, job, TABLE)
        elapsed = stopwatch()
        fill(side, job, TABLE, ids)
        recorder.add(Measure(LOAD, "COPY, binary", "s", "less"), side, rep, elapsed())

    def queries_in(side, _):
        side.execute(f"DROP TABLE IF EXISTS {QUERIES}")
        side.execute(f"CREATE TABLE {QUERIES} (id int PRIMARY KEY, embedding {job.column_type})")
        numbers = np.arange(len(job.data.query), dtype=np.int32)
        copy_rows(
            side.connection, QUERIES, ("id", "embedding"), job.type_name, job.data.query, (numbers,)
        )
        side.execute(f"VACUUM (FREEZE, ANALYZE) {TABLE}")
        side.execute(f"VACUUM (FREEZE, ANALYZE) {QUERIES}")
        table = side.value(f"SELECT pg_table_size('{TABLE}')")
        recorder.add(Measure(LOAD, "table size", "bytes", "less"), side, 0, table)

    def text_in(side, rep):
        texts = f"SELECT embedding::text AS t FROM {TABLE} LIMIT {TEXT_ROWS}"
        side.execute(f"CREATE TEMP TABLE IF NOT EXISTS texts AS {texts}")
        elapsed = stopwatch()
        parsed = side.value(f"SELECT count(t::{job.column_type}) FROM texts")
        recorder.add(
            Measure(LOAD, "text to vector", "us", "less"), side, rep, elapsed() / parsed * 1e6
        )
        elapsed = stopwatch()
        side.value(
            f"SELECT count(embedding::text) FROM (SELECT * FROM {TABLE} LIMIT {TEXT_ROWS}) s"
        )
        recorder.add(
            Measure(LOAD, "vector to text", "us", "less"), side, rep, elapsed() / parsed * 1e6
        )

    recorder.alternate(sides, "load", 2 if len(ids) <= 50_000 else 1, copy_in)
    recorder.alternate(sides, "load of the queries", 1, queries_in)
    recorder.alternate(sides, "text input", job.search_reps, text_in)

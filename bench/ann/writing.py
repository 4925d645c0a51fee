"""Changing an indexed table: inserts, updates of another column, vacuum after deletes."""

import numpy as np

from ann.job import QUERIES, SCHEMA, WIDTH_SETTING
from ann.loading import create_table, fill
from ann.processes import stopwatch
from ann.recorder import Measure
from ann.searching import use_index

TABLE = f"{SCHEMA}.changing"
FRESH = f"{SCHEMA}.fresh"
SINGLE = 300  # rows inserted with a commit each
BATCH = 1000  # rows inserted, and rows updated, in one statement
VACUUMED = (0.05, 0.50)  # shares of the rows that are deleted before VACUUM


def writes(recorder, sides, job):
    """Rates on a table of job.write_rows rows that has the index."""
    rows = job.write_rows
    spare = SINGLE + BATCH
    if rows <= 2 * spare:
        recorder.notes.append(f"writes: needs more than {2 * spare} rows, not {rows}; left out.")
        return
    old, new = np.arange(rows - spare), np.arange(rows - spare, rows)
    group = job.title(f"writes, {len(old):,} rows")
    rate = lambda name: Measure(group, name, "1/s", "more")

    def start(side):
        """A fresh table with the index, and the rows that will be inserted."""
        create_table(side, job, TABLE)
        fill(side, job, TABLE, old)
        create_table(side, job, FRESH)
        fill(side, job, FRESH, new)
        side.set("max_parallel_maintenance_workers", job.workers)
        side.execute(job.create_index("changing_embedding_idx", TABLE))
        side.execute(f"VACUUM (FREEZE, ANALYZE) {TABLE}")
        side.execute(f"VACUUM (FREEZE, ANALYZE) {FRESH}")
        side.execute(f"DROP PROCEDURE IF EXISTS {SCHEMA}.insert_singly")
        # The loop is in the server; each row is a transaction of its own.
        side.execute(f"""
            CREATE PROCEDURE {SCHEMA}.insert_singly(first int, last int) LANGUAGE plpgsql AS $$
            BEGIN
              FOR i IN first..last LOOP
                INSERT INTO {TABLE} SELECT * FROM {FRESH} WHERE id = i;
                COMMIT;
              END LOOP;
            END $$""")
        side.execute(f"CREATE INDEX ON {FRESH} (id)")
        side.execute("CHECKPOINT")

    def change(side, rep):
        start(side)
        first = int(new[0])
        elapsed = stopwatch()
        side.execute(f"CALL {SCHEMA}.insert_singly({first}, {first + SINGLE - 1})")
        recorder.add(rate("insert, a commit a row"), side, rep, SINGLE / elapsed())
        wal = side.value("SELECT pg_current_wal_insert_lsn()")
        elapsed = stopwatch()
        side.execute(f"INSERT INTO {TABLE} SELECT * FROM {FRESH} WHERE id >= {first + SINGLE}")
        recorder.add(rate(f"insert, {BATCH} rows a commit"), side, rep, BATCH / elapsed())
        logged = side.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [wal])
        recorder.add(
            Measure(group, "write-ahead log a row inserted", "bytes", "less"),
            side,
            rep,
            float(logged) / BATCH,
        )
        elapsed = stopwatch()
        side.execute(f"UPDATE {TABLE} SET note = note + 1 WHERE id < {BATCH}")
        recorder.add(rate("update of another column"), side, rep, BATCH / elapsed())

    def vacuum(side, rep, share):
        start(side)
        gone = np.random.default_rng(9).random(len(old)) < share
        side.execute(f"DELETE FROM {TABLE} WHERE id = ANY(%s)", [old[gone].tolist()])
        elapsed = stopwatch()
        side.execute(f"VACUUM (INDEX_CLEANUP ON, PARALLEL 0) {TABLE}")
        name = f"VACUUM after deleting {share:.0%}"
        recorder.add(Measure(group, name, "s", "less"), side, rep, elapsed())
        if rep == 0:
            recall = recall_of(side, job, old[~gone])
            recorder.add(Measure(group, f"recall after {name}", "", "more"), side, 0, recall)

    usable = [s for s in sides if not recorder.failed(s, f"{job.method} index")]
    recorder.alternate(usable, f"{job.method} writes", 2, change)
    for share in VACUUMED:
        recorder.alternate(
            usable, f"{job.method} vacuum", 2, lambda side, rep: vacuum(side, rep, share)
        )


def recall_of(side, job, ids):
    """Recall at the default width over the rows of the changed table, which are `ids`."""
    if WIDTH_SETTING[job.method]:
        side.execute(f"RESET {WIDTH_SETTING[job.method]}")
    use_index(side, True)
    found = side.execute(
        f"SELECT q.id, ARRAY(SELECT i.id FROM {TABLE} i ORDER BY i.embedding {job.operator} q.embedding"
        f" LIMIT {job.k}) FROM {QUERIES} q WHERE q.id < 200"
    ).fetchall()
    use_index(side, False)
    return job.truth_over(ids).recall(found)

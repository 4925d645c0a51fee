"""Building the index: time, CPU, memory, write-ahead log, size."""

from ann.job import SCHEMA, TABLE
from ann.processes import PeakMemory, cpu_seconds, postmaster_of, stopwatch
from ann.recorder import Measure

INDEX = "items_embedding_idx"


def build(recorder, sides, job):
    """CREATE INDEX on both sides in turn; the index of the last repetition stays."""
    group = job.title("filled by inserts" if job.inserted else "build")
    if not all(side.local for side in sides):
        recorder.notes.append(
            "CPU and memory of builds need a server on this machine, reached by a Unix socket."
        )

    def measure(name, unit):
        return Measure(group, name, unit, "less")

    def once(side, rep):
        side.execute(f"DROP INDEX IF EXISTS {SCHEMA}.{INDEX}")
        side.set("max_parallel_maintenance_workers", job.workers)
        side.set("min_parallel_table_scan_size", 0)
        side.execute("CHECKPOINT")
        wal = side.value("SELECT pg_current_wal_insert_lsn()")
        if side.local:
            postmaster = postmaster_of(side.value("SELECT pg_backend_pid()"))
            cpu = cpu_seconds(postmaster)
            with PeakMemory(postmaster) as memory:
                seconds = timed(side)
            recorder.add(measure("CPU time", "s"), side, rep, cpu_seconds(postmaster) - cpu)
            recorder.add(measure("peak memory", "bytes"), side, rep, memory.peak)
        else:
            seconds = timed(side)
        recorder.add(measure("time", "s"), side, rep, seconds)
        logged = side.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [wal])
        recorder.add(measure("write-ahead log", "bytes"), side, rep, int(logged))
        size = side.value(f"SELECT pg_relation_size('{SCHEMA}.{INDEX}')")
        recorder.add(measure("index size", "bytes"), side, rep, size)
        print(f"  {side.label}: {seconds:.1f} s, {size / 1e6:.1f} MB", flush=True)

    def timed(side):
        if job.inserted:
            return timed_inserts(side)
        elapsed = stopwatch()
        side.execute(job.create_index(INDEX, TABLE))
        return elapsed()

    def timed_inserts(side):
        """The same rows into an index that was made on an empty table."""
        rows = f"{SCHEMA}.rows"
        side.execute(f"CREATE TABLE {rows} AS TABLE {TABLE}")
        side.execute(f"TRUNCATE {TABLE}")
        side.execute(job.create_index(INDEX, TABLE))
        elapsed = stopwatch()
        side.execute(f"INSERT INTO {TABLE} SELECT * FROM {rows} ORDER BY id")
        seconds = elapsed()
        side.execute(f"DROP TABLE {rows}")
        return seconds

    recorder.alternate(sides, f"{job.method} index", job.build_reps, once)

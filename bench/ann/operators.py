"""The distance operators through SQL, on values that need no detoasting."""

from ann.job import TABLE
from ann.processes import on_cpu_us, stopwatch
from ann.recorder import Measure
from ann.side import OPERATOR, pin

ROWS = 64  # every pair of them is measured; few, so that they stay in the CPU's cache
ROUNDS = 40


def operators(recorder, sides, job):
    """Time of one call of each operator, the executor's share included."""
    zero = f"array_fill(0, ARRAY[{job.data.dimensions}])::{job.type_name}"

    def once(side, rep):
        pin(side)
        side.execute("DROP TABLE IF EXISTS plain")
        side.execute(
            f"CREATE TEMP TABLE plain AS SELECT embedding FROM {TABLE} ORDER BY id LIMIT {ROWS}"
        )
        backend = side.value("SELECT pg_backend_pid()")
        for metric, operator in OPERATOR.items():
            # The sum makes a value that was never stored, hence is not compressed or out of line.
            loop = f"""
                DO $$ BEGIN FOR i IN 1..{ROUNDS} LOOP
                  PERFORM (
                    WITH flat AS MATERIALIZED (SELECT embedding + {zero} AS v FROM plain)
                    SELECT count(a.v {operator} b.v) FROM flat a, flat b);
                END LOOP; END $$"""
            side.execute(loop)  # warm-up
            cpu = on_cpu_us(backend) if side.local else None
            elapsed = stopwatch()
            side.execute(loop)
            seconds = elapsed()
            calls = ROUNDS * ROWS * ROWS
            add = lambda name, us: recorder.add(
                Measure("distance operators, a call", f"{metric} {operator}: {name}", "us", "less"),
                side,
                rep,
                us / calls,
            )
            add("time", seconds * 1e6)
            if cpu is not None:
                add("CPU time", on_cpu_us(backend) - cpu)

    recorder.alternate(sides, "distance operators", job.search_reps, once)

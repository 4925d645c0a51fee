"""Queries timed inside the server: recall against latency, exact search, filtered search."""

from ann import stats
from ann.job import QUERIES, SCHEMA, TABLE, WIDTH_SETTING
from ann.processes import on_cpu_us
from ann.recorder import Measure
from ann.side import pin

TARGETS = (0.90, 0.95, 0.98, 0.99)
STATISTICS = {"mean": "mean_us", "p50": "p50_us", "p99": "p99_us", "CPU time": "cpu_us"}


def define_loop(side, job, name, condition=""):
    """Create a function that runs every query once and returns its rows and microseconds.

    The loop is in the server, so that neither the client nor the network is timed.
    """
    side.execute(f"DROP FUNCTION IF EXISTS {SCHEMA}.{name}")
    side.execute(f"""
        CREATE FUNCTION {SCHEMA}.{name}(first int, last int)
        RETURNS TABLE (query int, ids int[], us float8) LANGUAGE plpgsql
        SET plan_cache_mode = force_generic_plan AS $$
        DECLARE
          q record;
          start timestamptz;
        BEGIN
          -- In a piece, as clients send them; not where the table keeps them out of line.
          FOR q IN SELECT s.id, subvector(s.embedding, 1, vector_dims(s.embedding)) AS embedding FROM {QUERIES} s
                   WHERE s.id BETWEEN first AND last ORDER BY s.id LOOP
            start := clock_timestamp();
            ids := ARRAY(SELECT i.id FROM {TABLE} i {condition}
                         ORDER BY i.embedding {job.operator} q.embedding LIMIT {job.k});
            us := extract(epoch FROM clock_timestamp() - start) * 1e6;
            query := q.id;
            RETURN NEXT;
          END LOOP;
        END $$""")


def run_loop(side, name, queries, truth):
    """One pass over the first `queries` queries: recall, rows returned, latencies, mean CPU time."""
    backend = side.value("SELECT pg_backend_pid()")
    cpu = on_cpu_us(backend) if side.local else None
    rows = side.execute(f"SELECT * FROM {SCHEMA}.{name}(0, %s)", [queries - 1]).fetchall()
    us = [row[2] for row in rows]
    if cpu is not None:
        cpu = (on_cpu_us(backend) - cpu) / len(rows)
    return {
        "recall": truth.recall([(row[0], row[1]) for row in rows]),
        "rows": sum(len(row[1]) for row in rows) / len(rows),
        "mean_us": sum(us) / len(us),
        "p50_us": stats.percentile(us, 0.50),
        "p99_us": stats.percentile(us, 0.99),
        "cpu_us": cpu,
    }


def use_index(side, wanted):
    """Leave the planner only one of the two: the index, or a sequential scan in one process."""
    side.set("enable_seqscan", "off" if wanted else "on")
    side.set("enable_indexscan", "on" if wanted else "off")
    side.set("max_parallel_workers_per_gather", 0)


def set_width(side, job, width):
    if WIDTH_SETTING[job.method]:
        side.set(WIDTH_SETTING[job.method], width)


def sweep(recorder, sides, job):
    """Recall against latency over the search widths; then the cost at equal recall."""
    queries = len(job.data.query)
    ready = []

    def prepare(side, _):
        define_loop(side, job, "search")
        use_index(side, True)
        if not pin(side):
            recorder.notes.append(f"{side.label}: the backend could not be pinned to a CPU.")
        for width in (job.widths[-1], job.widths[0]):
            set_width(side, job, width)
            run_loop(side, "search", queries, job.truth)  # warm-up, not recorded
        ready.append(side)

    def once(side, rep):
        set_width(side, job, width)
        found = run_loop(side, "search", queries, job.truth)
        recorder.curves.append(
            {"index": job.method, "side": side.key, "rep": rep, "width": width, **found}
        )

    sides = [s for s in sides if not recorder.failed(s, f"{job.method} index")]
    recorder.alternate(sides, f"{job.method} search", 1, prepare)
    for rep in range(job.search_reps):
        for width in job.widths:
            recorder.alternate(ready, f"{job.method} search", 1, lambda side, _: once(side, rep))
    for side in ready:
        at_equal_recall(recorder, side, job)


def at_equal_recall(recorder, side, job):
    """Read each repetition's curve at the target recalls."""
    answers = len(job.data.query) * job.k
    for rep in range(job.search_reps):
        points = curve(recorder, side, job.method, rep)
        for target in TARGETS:
            for statistic, key in STATISTICS.items():
                pairs = [(p["recall"], p[key]) for p in points if p[key] is not None]
                cost = stats.cost_at_recall(pairs, target, answers)
                measure = Measure(
                    job.title(f"query at recall {target:.2f}"), statistic, "us", "less"
                )
                recorder.add(measure, side, rep, cost)


def curve(recorder, side, method, rep):
    wanted = {"index": method, "side": side.key, "rep": rep}
    return [c for c in recorder.curves if all(c[key] == value for key, value in wanted.items())]


def width_at_recall(recorder, side, job, target):
    """The least whole width that reaches `target`, by interpolation; None if none measured does."""
    points = [(c["recall"], c["width"]) for c in curve(recorder, side, job.method, 0)]
    width = stats.cost_at_recall(points, target, len(job.data.query) * job.k)
    return None if width is None else int(-(-width // 1))


def exact(recorder, sides, job):
    """Sequential scan and sort: the price of exact answers without an index."""
    queries = min(len(job.data.query), 20)

    def once(side, rep):
        define_loop(side, job, "exact")
        use_index(side, False)
        pin(side)
        if rep == 0:
            run_loop(side, "exact", 2, job.truth)  # warm-up
        found = run_loop(side, "exact", queries, job.truth)
        for name, key in STATISTICS.items():
            if found[key] is not None and key != "p99_us":  # too few queries for a 99th percentile
                recorder.add(
                    Measure("exact search, sequential scan", name, "us", "less"),
                    side,
                    rep,
                    found[key],
                )
        if found["recall"] < 1:
            recorder.notes.append(
                f"{side.label}: exact search has recall {found['recall']:.4f}, not 1."
            )

    recorder.alternate(sides, "exact search", job.search_reps, once)

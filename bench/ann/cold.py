"""The first queries after a restart: time, and pages that had to be read."""

import json
import os

from ann import machine, stats
from ann.job import QUERIES, TABLE, WIDTH_SETTING
from ann.recorder import Measure
from ann.searching import use_index, width_at_recall

RECALL = 0.95


def drop_page_cache(directory):
    """Empty the system's page cache, or at least drop a cluster's files from it.  Says how."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="utf-8") as file:
            file.write("3\n")
        return "page cache dropped"
    except OSError:
        for parent, _, names in os.walk(directory):
            for name in names:
                try:
                    with open(os.path.join(parent, name), "rb") as file:
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                except OSError:
                    pass
        return "the cluster's files dropped from the page cache (posix_fadvise)"


def cold(recorder, sides, job):
    """Restart each server with a cold cache and run single queries on a new connection.

    Every query runs under EXPLAIN (ANALYZE, BUFFERS), which counts the pages but slows neither
    side in particular.
    """
    if any(side.server is None for side in sides):
        recorder.notes.append(
            "cold start: not measured, because the servers are not ours to restart."
        )
        return
    ready = [
        s
        for s in sides
        if not recorder.failed(s, f"{job.method} index")
        and width_at_recall(recorder, s, job, RECALL)
    ]

    def once(side, rep):
        width = width_at_recall(recorder, side, job, RECALL)
        side.execute("CHECKPOINT")
        side.close()
        side.server.stop()
        how = drop_page_cache(side.server.data)
        side.server.start()
        side.open()
        use_index(side, True)
        if WIDTH_SETTING[job.method]:
            side.set(WIDTH_SETTING[job.method], width)
        side.execute(
            f"SELECT sum(id) FROM {QUERIES}"
        )  # the queries themselves are not what is cold
        ms, read, touched = [], [], []
        for i in range(min(job.cold_queries, len(job.data.query))):
            literal = side.value(f"SELECT embedding::text FROM {QUERIES} WHERE id = {i}")
            plan = side.value(
                f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) SELECT id FROM {TABLE} "
                f"ORDER BY embedding {job.operator} '{literal}' LIMIT {job.k}"
            )
            plan = plan if isinstance(plan, list) else json.loads(plan)
            top = plan[0]["Plan"]
            ms.append(plan[0]["Execution Time"])
            read.append(top["Shared Read Blocks"])
            touched.append(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
        group = job.title(f"cold start at recall {RECALL:.2f}, {how}")
        add = lambda name, unit, value: recorder.add(
            Measure(group, name, unit, "less"), side, rep, value
        )
        add("first query", "ms", ms[0])
        add(f"mean of the first {len(ms)} queries", "ms", sum(ms) / len(ms))
        add(f"slowest of the first {len(ms)} queries", "ms", stats.percentile(ms, 1))
        add("pages read a query", "pages", sum(read) / len(read))
        add("pages touched a query", "pages", sum(touched) / len(touched))

    if machine.NOISY_LOAD * len(os.sched_getaffinity(0)) < os.getloadavg()[0]:
        recorder.notes.append(
            "cold start: other work on the machine may have read files back into the page cache."
        )
    recorder.alternate(ready, f"{job.method} cold start", 2, once)

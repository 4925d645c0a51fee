"""Queries with a WHERE clause that 50 %, 10 %, 1 % or 0.1 % of the rows pass."""

import numpy as np

from ann.job import BUCKETS, WIDTH_SETTING
from ann.recorder import Measure
from ann.searching import define_loop, pin, run_loop

SELECTIVITIES = (0.5, 0.1, 0.01, 0.001)
MAX_QUERIES = 100
ITERATIVE = {"hnsw": ("off", "strict_order"), "ivfflat": ("off", "relaxed_order"), "flat": (None,)}
WIDTHS = {"hnsw": 40, "ivfflat": 10}


def filtered(recorder, sides, job):
    """Latency, recall and rows of filtered queries, with and without an iterative scan.

    The planner is free to choose.  Each point is at one stated width, so that latencies have to
    be read together with the recall and the rows returned, which the report lists.
    """
    queries = min(len(job.data.query), MAX_QUERIES)
    width = WIDTHS.get(job.method)
    for selectivity in SELECTIVITIES:
        limit = round(selectivity * BUCKETS)
        truth = job.truth_over(np.flatnonzero(job.buckets < limit))
        for iterative in ITERATIVE[job.method]:

            def once(side, rep):
                if rep == 0:
                    define_loop(side, job, "filtered", f"WHERE i.bucket < {limit}")
                    pin(side)
                if width is not None:
                    side.set(WIDTH_SETTING[job.method], width)
                if iterative is not None:
                    side.set(f"{job.method}.iterative_scan", iterative)
                if rep == 0:
                    run_loop(side, "filtered", min(20, queries), truth)  # warm-up
                found = run_loop(side, "filtered", queries, truth)
                group = job.title(f"filtered, width {width}, iterative scan {iterative}")
                name = f"{selectivity * 100:g} % pass"
                recorder.add(
                    Measure(group, f"{name}: mean", "us", "less"), side, rep, found["mean_us"]
                )
                if rep == 0:
                    recorder.add(
                        Measure(group, f"{name}: recall", "", "more"), side, 0, found["recall"]
                    )
                    recorder.add(
                        Measure(group, f"{name}: rows of {job.k}", "", "more"),
                        side,
                        0,
                        found["rows"],
                    )

            usable = [s for s in sides if not recorder.failed(s, f"{job.method} index")]
            for side in usable:
                side.execute("RESET enable_seqscan")
                side.execute("RESET enable_indexscan")
                side.set("max_parallel_workers_per_gather", 0)
            recorder.alternate(
                usable, f"{job.method} filtered, iterative scan {iterative}", job.search_reps, once
            )

"""One run of bench/compare: sides, data, measurements in order, report."""

import datetime
import os
import time

from ann import (
    building,
    chroot,
    clients,
    cluster,
    cold,
    datasets,
    filtering,
    loading,
    machine,
    operators,
    paths,
    plots,
    report,
    searching,
    writing,
)
from ann.job import SCHEMA, Job
from ann.recorder import Recorder
from ann.side import Side

WIDTHS = {"hnsw": (10, 20, 40, 80, 160, 320), "ivfflat": (1, 2, 4, 8, 16, 32, 64), "flat": (1,)}
NAMES = {"tree": "this tree", "package": "pgvector"}
SOCKETS = "/srv/sockets"
FURTHER = {
    "clients": clients.clients,
    "filtered": filtering.filtered,
    "writes": writing.writes,
    "cold": cold.cold,
}


class Session:
    def __init__(self, options):
        self.options = options
        self.machine = machine.Machine()
        self.clusters = []
        self.sides = []

    def __enter__(self):
        try:
            specs = {"A": self.options.a, "B": self.options.b}
            for key, spec in specs.items():
                if spec == "none":
                    continue
                label = getattr(self.options, f"label_{key.lower()}") or NAMES.get(spec, key)
                if specs["A"] == specs["B"]:
                    label = f"{label} {key}"
                self.sides.append(self.make_side(key, spec, label).open())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for side in self.sides:
            side.close()
        for server in self.clusters:
            server.stop()

    def make_side(self, key, spec, label):
        """A side from a connection string, or from a server made for it."""
        if not chroot.is_inside():
            return Side(key, label, spec)
        if spec == "package":
            prefix, origin = cluster.PACKAGED, "Debian package"
        else:
            print(f"building {label}", flush=True)
            prefix = cluster.build_tree(key, paths.TREE if spec == "tree" else spec)
            origin = "built from source"
        settings = {
            "shared_buffers": f"{min(4096, machine.memory_bytes() // 4 >> 20)}MB",
            "maintenance_work_mem": f"{min(2048, machine.memory_bytes() // 8 >> 20)}MB",
            **dict(s.split("=", 1) for s in self.options.set),
        }
        environment = dict(e.split("=", 1) for e in getattr(self.options, f"env_{key.lower()}"))
        server = cluster.Cluster(key, origin, prefix, SOCKETS, settings, environment).create()
        self.clusters.append(server)
        server.start()
        return server.side(label)

    def jobs(self, data):
        o = self.options
        for spec in o.index:
            method, _, index_options = spec.partition(":")
            if method not in WIDTHS:
                raise SystemExit(f'--index knows {", ".join(WIDTHS)}, not "{method}"')
            yield Job(
                data=data,
                type_name=o.type,
                method=method,
                options=index_options,
                widths=tuple(int(w) for w in o.widths.split(",")) if o.widths else WIDTHS[method],
                k=o.k,
                workers=o.workers,
                inserted=o.inserted,
                build_reps=o.build_reps or 2,
                search_reps=o.search_reps,
                client_seconds=o.client_seconds or 5,
                write_rows=min(o.write_rows or 20_000, len(data.base)),
                cache=os.path.join(paths.CACHE, "truth"),
            )

    def measure(self):
        """Do all measurements; write and return the report."""
        o, recorder, started = self.options, Recorder(), time.time()
        wanted = o.measure.split(",")
        data = datasets.load(o.data, o.rows, o.queries, o.metric)
        jobs = list(self.jobs(data))
        self.step("load")
        loading.load(recorder, self.sides, jobs[0])
        if "operators" in wanted:
            self.step("distance operators")
            operators.operators(recorder, self.sides, jobs[0])
        if "exact" in wanted:
            self.step("exact search")
            searching.exact(recorder, self.sides, jobs[0])
        for job in jobs if set(wanted) - {"load", "operators", "exact"} else ():
            self.step(f"{job.method}: build")
            building.build(recorder, self.sides, job)
            if "search" in wanted:
                self.step(f"{job.method}: search")
                searching.sweep(recorder, self.sides, job)
            for name, measure in FURTHER.items():
                if name in wanted:
                    self.step(f"{job.method}: {name}")
                    measure(recorder, self.sides, job)
        for side in self.sides:
            side.open()  # without the settings of the measurements
        described = {side.key: side.describe() for side in self.sides}
        for side in self.sides:
            side.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        job = jobs[0]
        result = {
            "name": o.name,
            "date": datetime.date.today().isoformat(),
            "commit": machine.commit_of(paths.TREE),
            "seconds": time.time() - started,
            "machine": self.machine.describe(),
            "data": {
                "name": data.name,
                "rows": len(data.base),
                "dimensions": data.dimensions,
                "queries": len(data.query),
                "metric": data.metric,
                "type": job.type_name,
                "k": job.k,
            },
            "parameters": {
                "build_reps": job.build_reps,
                "search_reps": job.search_reps,
                "workers": job.workers,
                "inserted": job.inserted,
                "client_seconds": job.client_seconds,
                "write_rows": job.write_rows,
                "indexes": o.index,
            },
            "sides": described,
            "summary": recorder.rows(),
            "curves": recorder.curves,
            "failures": recorder.failures,
            "notes": list(dict.fromkeys(recorder.notes)),
            "noise": self.machine.verdict(recorder.repeat_variation()),
        }
        written = report.write(result, o.output)
        plots.draw(result, o.output)
        return written

    def step(self, title):
        """Announce a step; each starts on fresh, unpinned backends."""
        print(f"== {title}", flush=True)
        for side in self.sides:
            side.open()

"""Queries a second with several connections, by pgbench with prepared statements."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from ann.job import QUERIES, TABLE, WIDTH_SETTING
from ann.recorder import Measure, Refused
from ann.searching import width_at_recall

RECALL = 0.95  # both sides search as widely as this takes them


def find_pgbench():
    found = shutil.which("pgbench") or max(
        glob.glob("/usr/lib/postgresql/*/bin/pgbench"), default=None
    )
    if found is None:
        raise SystemExit("pgbench is not installed; leave `clients` out of --measure")
    return found


def clients(recorder, sides, job):
    """Rates of both sides for each number of clients, each at its own width for RECALL."""
    script = (
        f"\\set q random(0, {len(job.data.query) - 1})\n"
        f"SELECT id FROM {TABLE} ORDER BY embedding {job.operator} "
        f"(SELECT embedding FROM {QUERIES} WHERE id = :q) LIMIT {job.k};\n"
    )
    widths = {}
    for side in sides:
        widths[side.key] = width_at_recall(recorder, side, job, RECALL)
    ready = [side for side in sides if widths[side.key] is not None]
    described = ", ".join(f"{side.label}: {widths[side.key]}" for side in ready)
    recorder.notes.append(
        f"{job.method}: width of the clients' queries, for recall {RECALL:.2f}: {described or 'not reached'}."
    )

    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()

        def once(side, rep):
            rate = run_pgbench(side, job, widths[side.key], count, file.name)
            measure = Measure(
                job.title(f"clients, queries a second at recall {RECALL:.2f}"),
                f"{count} client{'s' if count > 1 else ''}",
                "1/s",
                "more",
            )
            recorder.add(measure, side, rep, rate)

        for count in job.clients:
            recorder.alternate(ready, f"{job.method} clients", 2, once)


def run_pgbench(side, job, width, count, script):
    """Transactions a second of `count` clients over the job's client_seconds."""
    settings = {"enable_seqscan": "off", "jit": "off", WIDTH_SETTING[job.method]: width}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items() if name)
    command = [
        find_pgbench(),
        "-n",
        "-M",
        "prepared",
        "-c",
        str(count),
        "-j",
        str(min(count, os.cpu_count())),
    ]
    command += ["-T", str(job.client_seconds), "-f", script, side.conninfo]
    done = subprocess.run(
        command,
        env={**os.environ, "PGOPTIONS": options},
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not match:
        raise Refused(f"pgbench failed: {done.stderr.strip()}")
    return float(match.group(1))

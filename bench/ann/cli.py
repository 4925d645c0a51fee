"""bench/compare: the command line, and the order in which things are measured."""

import argparse
import datetime
import os
import sys

from ann import chroot
from ann.paths import RESULTS

HOST = "/host"  # where the machine's own files are inside the chroot
QUICK = {
    "data": "text",
    "rows": 10_000,
    "queries": 200,
    "build_reps": 2,
    "client_seconds": 2,
    "write_rows": 3_000,
}
ALL = ("load", "operators", "exact", "build", "search", "clients", "filtered", "writes", "cold")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/compare",
        description="Measure two servers' `vector` extensions side by side, in pairs A B A B.",
        epilog="Without connection strings two servers are made in a Debian 13 chroot below bench/cache; that needs root.",
    )
    side = "`tree` (this source tree), `package` (Debian's pgvector), a directory of an extension's source, or a connection string"
    parser.add_argument(
        "--a", default="tree", metavar="SIDE", help=f"the first side: {side}; default: tree"
    )
    parser.add_argument(
        "--b",
        default="package",
        metavar="SIDE",
        help="the second side, or `none`; default: package",
    )
    for key in "ab":
        parser.add_argument(
            f"--label-{key}", metavar="TEXT", help=f"name of side {key.upper()} in the report"
        )
        parser.add_argument(
            f"--env-{key}",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=f"put into the environment of side {key.upper()}'s server",
        )
    parser.add_argument(
        "--quick", action="store_true", help="a small text set and short runs: under 5 minutes"
    )
    parser.add_argument(
        "--data",
        help="sift, text, minilm, synthetic; a .hdf5, .npy, .fvecs or .bvecs file; BASE:QUERY files",
    )
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--queries", type=int, help="use only the first queries")
    parser.add_argument(
        "--metric", choices=("l2", "ip", "cosine"), help="default: the data set's own"
    )
    parser.add_argument("--type", default="vector", choices=("vector", "halfvec"))
    parser.add_argument(
        "--index",
        action="append",
        metavar="METHOD[:OPTIONS]",
        help='"hnsw:m=16,ef_construction=64" (default), "ivfflat:lists=100", "flat"; may be repeated',
    )
    parser.add_argument("--widths", help="comma-separated ef_search or probes of the sweep")
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument(
        "--workers",
        type=int,
        default=max(0, os.cpu_count() - 1),
        help="parallel workers of a build",
    )
    parser.add_argument(
        "--measure", default=",".join(ALL), help=f"comma-separated, of {','.join(ALL)}"
    )
    parser.add_argument("--build-reps", type=int)
    parser.add_argument(
        "--inserted",
        action="store_true",
        help="insert the rows into an empty index instead of building one on them",
    )
    parser.add_argument("--search-reps", type=int, default=3)
    parser.add_argument("--client-seconds", type=int, help="length of each run of pgbench")
    parser.add_argument(
        "--write-rows",
        type=int,
        help="rows of the table that is inserted into, updated and vacuumed",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="setting of the servers we make",
    )
    parser.add_argument(
        "--name", help="of the files in the output directory; default: data set and date"
    )
    parser.add_argument(
        "--output", default=RESULTS, help="directory of the results; default: results"
    )
    parser.add_argument(
        "--mirror", help="Debian archive for the chroot; default: the one apt is configured with"
    )
    options = parser.parse_args(arguments)
    for name, value in (QUICK if options.quick else {}).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.data = options.data or "sift"
    options.index = options.index or ["hnsw:m=16,ef_construction=64"]
    unknown = set(options.measure.split(",")) - set(ALL)
    if unknown:
        parser.error(f"--measure knows {', '.join(ALL)}, not {', '.join(sorted(unknown))}")
    return options


def is_conninfo(side):
    return "=" in side or side.startswith(("postgres://", "postgresql://"))


def inside_path(path):
    """How a file of the machine is called in the chroot."""
    return HOST + os.path.abspath(path)


def arguments_inside(options, arguments):
    """The arguments again, with paths as the chroot sees them: later ones override."""
    out = list(arguments)
    if os.path.exists(options.data.split(":")[0]):
        out += ["--data", ":".join(inside_path(p) for p in options.data.split(":"))]
    for key in "ab":
        side = getattr(options, key)
        if os.path.isdir(side):
            out += [
                f"--{key}",
                inside_path(side),
                f"--label-{key}",
                getattr(options, f"label_{key}") or os.path.basename(os.path.abspath(side)),
            ]
    if options.output != RESULTS:
        out += ["--output", inside_path(options.output)]
    return out


def main(arguments):
    options = parse(arguments)
    given = [is_conninfo(side) for side in (options.a, options.b) if side != "none"]
    if len(set(given)) != 1:
        raise SystemExit("give connection strings for all sides or for none")
    if not given[0] and not chroot.is_inside():
        chroot.check_host()
        held = chroot.lock()  # noqa: F841, until the end
        chroot.prepare([options.data], options.mirror)
        chroot.reenter(arguments_inside(options, arguments))
    try:
        from ann import session  # needs the packages that the chroot has
    except ImportError as error:
        raise SystemExit(
            f"{error}: needs python3-numpy, python3-psycopg (3.1 or later), python3-matplotlib, python3-h5py"
        )
    if not options.name:
        options.name = f"{os.path.basename(options.data.split(':')[0]).split('.')[0]}-{datetime.datetime.now():%Y%m%d-%H%M}"
    with session.Session(options) as run:
        report = run.measure()
    sys.stdout.write(report)

"""Named and given data sets: where the rows come from, and which metric they are meant for."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from ann import formats
from ann.paths import BENCH, DATA

GENERATED = {"sift": "l2", "text": "cosine", "minilm": "cosine", "synthetic": "cosine"}
HELD_OUT = 1000  # queries taken from the end of a file that has none


@dataclass
class DataSet:
    """Rows to index and queries, both float32, and the metric."""

    name: str
    metric: str
    base: np.ndarray
    query: np.ndarray

    @property
    def dimensions(self):
        return self.base.shape[1]


def generate(name):
    """Make a data set of ours if it is not there.  Returns the paths of its rows and queries."""
    paths = [os.path.join(DATA, f"{name}_{part}.npy") for part in ("base", "query")]
    if not all(os.path.exists(path) for path in paths):
        print(f"generating the data set {name}: this is done once", flush=True)
        subprocess.run([sys.executable, "-m", f"data.{name}", DATA], cwd=BENCH, check=True)
    return paths


def load(spec, rows=None, queries=None, metric=None):
    """The data set that SPEC names, cut to its first `rows` and `queries`.

    spec  a generated set (sift, text, minilm, synthetic), a file (.hdf5, .fvecs, .bvecs, .npy), or
          BASE:QUERY, two files.  A single file of rows gives its last rows up as queries.
    """
    name = os.path.basename(spec.split(":")[0]).split(".")[0].removesuffix("_base")
    if spec in GENERATED:
        base, query = map(formats.read_rows, generate(spec))
        own = GENERATED[spec]
    elif spec.endswith((".hdf5", ".h5")):
        base, query, own = formats.read_hdf5(spec)
    elif ":" in spec:
        base, query = map(formats.read_rows, spec.split(":"))
        own = "l2"
    else:
        all_rows = formats.read_rows(spec)
        held_out = min(HELD_OUT, len(all_rows) // 10)
        base, query = all_rows[: len(all_rows) - held_out], all_rows[len(all_rows) - held_out :]
        own = "l2"
    base = np.ascontiguousarray(base[:rows], np.float32)
    query = np.ascontiguousarray(query[:queries], np.float32)
    if base.shape[1] != query.shape[1]:
        raise ValueError(
            f"{spec}: rows of {base.shape[1]} and queries of {query.shape[1]} dimensions"
        )
    return DataSet(name, metric or own, base, query)

"""What is to be measured on what: the settings that every measurement shares."""

from dataclasses import dataclass, field

import numpy as np

from ann.datasets import DataSet
from ann.side import OPERATOR
from ann.truth import Truth

SCHEMA = "ann_bench"
TABLE = f"{SCHEMA}.items"
QUERIES = f"{SCHEMA}.queries"
WIDTH_SETTING = {"hnsw": "hnsw.ef_search", "ivfflat": "ivfflat.probes", "flat": None}
BUCKETS = 1000  # a row's bucket is uniform in 0..999: bucket < 10 selects 1 %


@dataclass
class Job:
    """One data set with one index definition, and how thoroughly to measure it."""

    data: DataSet
    type_name: str = "vector"
    method: str = "hnsw"
    options: str = ""  # of CREATE INDEX ... WITH
    widths: tuple = (10, 20, 40, 80, 160, 320)
    k: int = 10
    workers: int = 1
    build_reps: int = 2
    inserted: bool = False  # rows go into an empty index, instead of an index being built on them
    search_reps: int = 3
    clients: tuple = (1, 2, 4, 8)
    client_seconds: int = 5
    write_rows: int = 20_000
    cold_queries: int = 20
    cache: str = None
    buckets: np.ndarray = field(init=False)
    truth: Truth = field(init=False)

    def __post_init__(self):
        self.buckets = np.random.default_rng(5).integers(0, BUCKETS, len(self.data.base), np.int32)
        self.truth = self.truth_over(None)

    def truth_over(self, ids):
        """Ground truth over the rows whose numbers are in `ids` (None: all)."""
        return Truth(self.data.base, self.data.query, self.k, self.data.metric, ids, self.cache)

    @property
    def operator(self):
        return OPERATOR[self.data.metric]

    @property
    def column_type(self):
        return f"{self.type_name}({self.data.dimensions})"

    @property
    def operator_class(self):
        return f"{self.type_name}_{self.data.metric}_ops"

    def create_index(self, name, table):
        options = f" WITH ({self.options})" if self.options else ""
        return f"CREATE INDEX {name} ON {table} USING {self.method} (embedding {self.operator_class}){options}"

    def title(self, what):
        """Heading of a group of measures that depend on the index."""
        return f"{self.method}{' ' + self.options if self.options else ''}: {what}"

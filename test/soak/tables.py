"""The tables of the workload: every type, access method, operator class and kind of table."""

from dataclasses import dataclass, field

DENSE = ("l2", "ip", "cosine", "l1")
BITS = ("hamming", "jaccard")
CLASSES = {
    "hnsw": {"vector": DENSE, "halfvec": DENSE, "sparsevec": DENSE, "bit": BITS},
    "ivfflat": {"vector": DENSE[:3], "halfvec": DENSE[:3], "bit": BITS[:1]},
    "flat": {"vector": DENSE, "halfvec": DENSE, "sparsevec": DENSE, "bit": BITS},
}
OPERATOR = {"l2": "<->", "ip": "<#>", "cosine": "<=>", "l1": "<+>", "hamming": "<~>",
            "jaccard": "<%>"}
KINDS = ("plain", "plain", "partial", "expression", "unlogged", "partitioned", "temporary")
DIMENSIONS = {
    "vector": (1, 2, 3, 16, 33, 40, 100, 300, 513),
    "halfvec": (1, 2, 3, 17, 64, 72, 200, 301),
    "bit": (1, 8, 45, 64, 300),
    "sparsevec": (5, 50, 500, 30000),
}
STYLES = ("uniform", "clusters", "grid", "wild")


@dataclass
class Index:
    name: str
    method: str
    metric: str
    expression: str   # what is indexed, as the queries write it
    type: str         # its type, with dimensions
    predicate: str    # of a partial index, or ''
    options: str
    place: str = ""   # a tablespace

    @property
    def opclass(self):
        return f"{self.type.split('(')[0]}_{self.metric}_ops"

    def create(self, table, extra=""):
        where = f" WHERE {self.predicate}" if self.predicate else ""
        place = f" TABLESPACE {self.place}" if self.place else ""
        return (f"CREATE INDEX {extra} {self.name} ON {table} USING {self.method} "
                f"(({self.expression}) {self.opclass}){self.options}{place}{where}")

    def distance(self, literal):
        return f"({self.expression}) {OPERATOR[self.metric]} {literal}"

    def has_floor(self):
        """Whether most of the nearest must be found.  Four links a node do not do it: 1,400 rows of
        200 dimensions without any structure, m = 2 and ef_search = 100, asked for their own value,
        are found in 4 of 10 cases, with m = 4 in 97 of 100."""
        return "(m = 2," not in self.options


@dataclass
class Table:
    name: str
    kind: str
    type: str
    dims: int
    style: str
    place: str = ""                       # a tablespace, or ''
    indexes: list = field(default_factory=list)
    cut_short: bool = False              # a vacuum or an insert was, since the last vacuum

    def create(self):
        persistence = {"unlogged": "UNLOGGED ", "temporary": "TEMPORARY "}.get(self.kind, "")
        columns = f"(id int PRIMARY KEY, note int NOT NULL, val {self.type}({self.dims}))"
        if self.kind == "partitioned":
            yield f"CREATE TABLE {self.name} {columns} PARTITION BY HASH (id)"
            for part in range(3):
                yield (f"CREATE TABLE {self.name}_p{part} PARTITION OF {self.name} "
                       f"FOR VALUES WITH (MODULUS 3, REMAINDER {part})")
            return
        tail = f" TABLESPACE {self.place}" if self.place else ""
        yield f"CREATE {persistence}TABLE {self.name} {columns}{tail}"
        # Values out of line in one table of a few: they come back through TOAST.
        if self.dims == 300 and self.type == "vector":
            yield f"ALTER TABLE {self.name} ALTER val SET STORAGE EXTERNAL"

    def text(self, values):
        """A literal of the column's type from what value() made."""
        if values is None:
            return None
        if self.type == "bit":
            return "".join(map(str, values))
        if self.type == "sparsevec":
            return "{%s}/%d" % (",".join(f"{i + 1}:{x:.8g}" for i, x in values.items()),
                                self.dims)
        return "[%s]" % ",".join(f"{x:.8g}" for x in values)

    def value(self, rng):
        if rng.random() < 0.03:
            return None
        if self.type == "bit":
            if rng.random() < 0.02:
                return [0] * self.dims
            share = 0.3 if self.style != "clusters" else rng.choice((0.1, 0.5, 0.9))
            return [int(rng.random() < share) for _ in range(self.dims)]
        if self.type == "sparsevec":
            # Of a topic: values of one topic have elements in common.
            first = rng.choice((0, self.dims // 3, self.dims // 2))
            width = min(self.dims - first, 40)
            count = rng.randrange(0, min(width, 12) + 1)
            found = {}
            for i in sorted(rng.sample(range(first, first + width), count)):
                found[i] = self.element(rng) or 1.0
            return found
        if rng.random() < 0.02:
            return [0.0] * self.dims
        if self.style == "clusters":
            center = rng.randrange(8) * 7.5
            return [center + (i % 5) + rng.gauss(0, 0.7) for i in range(self.dims)]
        if self.style == "wild":
            size = rng.uniform(-20, 3) if self.type == "halfvec" else rng.uniform(-30, 12)
            return [rng.uniform(-1, 1) * 10 ** size for _ in range(self.dims)]
        return [self.element(rng) for _ in range(self.dims)]

    def element(self, rng):
        if self.style == "grid":
            return float(rng.randrange(-3, 4))
        if self.style == "wild":
            return rng.uniform(-1, 1) * 10 ** rng.uniform(-3, 3)
        return rng.uniform(-10, 10)


def options_of(rng, method):
    if method == "hnsw":
        m = rng.choice((2, 4, 8, 16))
        return f" WITH (m = {m}, ef_construction = {max(2 * m, rng.choice((16, 32, 64)))})"
    if method == "ivfflat":
        return f" WITH (lists = {rng.choice((1, 3, 10, 40))})"
    return ""


def make_table(rng, name, method, kinds=KINDS, place=""):
    """A random table with up to three indexes of that access method."""
    kind = rng.choice(kinds)
    type_ = rng.choice(sorted(CLASSES[method]))
    dims = rng.choice(DIMENSIONS[type_])
    if method == "ivfflat":
        dims = max(dims, 2)   # in one dimension, directions are no clusters
    table = Table(name, kind, type_, dims, rng.choice(STYLES), place)
    expression, indexed = "val", f"{type_}({table.dims})"
    if kind == "expression":
        # What is indexed is of another type than the column.
        if type_ == "vector":
            cast = rng.choice(("halfvec", "bit"))
            if cast == "halfvec" and table.style == "wild":
                table.style = "uniform"      # a half has room for 65504
            expression = (f"binary_quantize(val)::bit({table.dims})" if cast == "bit" else
                          f"val::halfvec({table.dims})")
            indexed = f"{cast}({table.dims})"
        elif type_ == "halfvec":
            expression, indexed = f"val::vector({table.dims})", f"vector({table.dims})"
    predicate = "note % 2 = 0" if kind == "partial" else ""
    metrics = CLASSES[method][indexed.split("(")[0]]
    for metric in rng.sample(metrics, min(len(metrics), rng.choice((1, 2, 3)))):
        table.indexes.append(Index(f"{name}_{metric}", method, metric, expression, indexed,
                                   predicate, options_of(rng, method), place))
    return table

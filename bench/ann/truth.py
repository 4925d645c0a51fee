"""Exact nearest neighbours, and recall against them.

Recall counts by distance: a returned row is a hit if it is no farther than the true k-th
neighbour, so that of several rows at that distance any may be returned.
"""

import hashlib
import os

import numpy as np

METRICS = ("l2", "ip", "cosine")
SPARE = 32  # candidates beyond k that are looked at again in double precision
# Rounding of single precision in the servers, not a margin for errors: of the k-th distance, and
# for the cosine, which is a difference to 1, of at least FLOOR.
TOLERANCE = 1e-6
FLOOR = {"l2": 0.0, "ip": 0.0, "cosine": 0.1}


def distances(base, row, metric):
    """Distances in double precision of `row` to each row of `base`; squared for l2."""
    base = np.asarray(base, np.float64)
    row = np.asarray(row, np.float64)
    if metric == "l2":
        difference = base - row
        return np.einsum("ij,ij->i", difference, difference)
    if metric == "ip":
        return -(base @ row)
    lengths = np.linalg.norm(base, axis=1) * np.linalg.norm(row)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - (base @ row) / lengths


def kth_distances(base, query, k, metric):
    """For each query the distance of its k-th nearest row of `base`, in double precision.

    A matrix product in single precision finds k + SPARE candidates, which are then measured
    again.  With fewer than k rows, the farthest row counts.
    """
    if metric not in METRICS:
        raise ValueError(f'metric "{metric}" is not one of {", ".join(METRICS)}')
    base = np.asarray(base, np.float32)
    query = np.asarray(query, np.float32)
    k = min(k, len(base))
    keep = min(k + SPARE, len(base))
    squares = np.einsum("ij,ij->i", base, base)
    scale = 1 / np.sqrt(np.maximum(squares, 1e-30)) if metric == "cosine" else None
    out = np.empty(len(query))
    for start in range(0, len(query), 64):
        products = query[start : start + 64] @ base.T
        if metric == "l2":
            rough = squares - 2 * products
        elif metric == "cosine":
            rough = -products * scale
        else:
            rough = -products
        nearest = np.argpartition(rough, keep - 1, axis=1)[:, :keep]
        for i, candidates in enumerate(nearest, start):
            out[i] = np.sort(distances(base[candidates], query[i], metric))[k - 1]
    return out


class Truth:
    """The k-th distances of a query set over the rows that `ids` selects (all by default)."""

    def __init__(self, base, query, k, metric, ids=None, cache=None):
        self.base, self.query, self.metric = base, query, metric
        self.allowed = None if ids is None else frozenset(ids.tolist())
        rows = len(base) if ids is None else len(ids)
        self.k = min(k, rows)
        make = lambda: kth_distances(base if ids is None else base[ids], query, k, metric)
        self.kth = cached(cache, fingerprint(base, query, k, metric, ids), make)

    def hits(self, i, ids):
        """How many of the `ids` returned for query i belong to its k nearest."""
        ids = list(dict.fromkeys(int(x) for x in ids))[: self.k]
        if self.allowed is not None:
            ids = [x for x in ids if x in self.allowed]
        if not ids:
            return 0
        got = distances(self.base[ids], self.query[i], self.metric)
        limit = self.kth[i] + TOLERANCE * max(abs(self.kth[i]), FLOOR[self.metric])
        return int(np.count_nonzero(got <= limit))

    def recall(self, answers):
        """Mean recall of `answers`, pairs of query number and returned row numbers."""
        total = sum(self.hits(i, ids) for i, ids in answers)
        return total / (len(answers) * self.k)


def fingerprint(base, query, k, metric, ids):
    """A name for the cache that changes with the data: shapes, parameters and a sample of rows."""
    digest = hashlib.sha256(repr((base.shape, query.shape, k, metric)).encode())
    for rows in (base[:: max(1, len(base) // 64)], query):
        digest.update(np.ascontiguousarray(rows).tobytes())
    if ids is not None:
        digest.update(np.ascontiguousarray(ids).tobytes())
    return digest.hexdigest()[:24]


def cached(directory, name, make):
    """The array NAME of DIRECTORY, made and stored if it is not there; just made without one."""
    if directory is None:
        return make()
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, name + ".npy")
    if not os.path.exists(path):
        with open(path + ".tmp", "wb") as file:
            np.save(file, make())
        os.replace(path + ".tmp", path)
    return np.load(path)

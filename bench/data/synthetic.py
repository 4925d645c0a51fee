"""A synthetic set: 1,536 dimensions, of which about 24 matter; unit length, float32.

usage: python3 -m data.synthetic DIRECTORY [ROWS]

Recipe, all from numpy's default_rng(11):
  1. 500 cluster centres, standard normal in 24 dimensions; cluster sizes by a Zipf law (1/rank);
  2. a row = its centre + 0.45 * standard normal, in 24 dimensions;
  3. lifted to 1,536: tanh(row @ W1 / sqrt(24)) @ W2 / sqrt(96), W1 24 x 96 and W2 96 x 1536
     standard normal: a curved surface, not a plane;
  4. plus 0.05 * standard normal in every dimension, then scaled to length 1.
Embeddings of text show such a spectrum: few directions carry most of the variance.
"""

import sys

import numpy as np

from data.output import save_set

DIMENSIONS = 1536
INTRINSIC = 24
HIDDEN = 96
CLUSTERS = 500
QUERIES = 1000
ROWS = 100_000


def main(directory, rows=ROWS):
    rng = np.random.default_rng(11)
    centres = rng.standard_normal((CLUSTERS, INTRINSIC))
    share = 1 / np.arange(1, CLUSTERS + 1)
    first = rng.standard_normal((INTRINSIC, HIDDEN)) / np.sqrt(INTRINSIC)
    second = (rng.standard_normal((HIDDEN, DIMENSIONS)) / np.sqrt(HIDDEN)).astype(np.float32)
    total = rows + QUERIES
    cluster = rng.choice(CLUSTERS, total, p=share / share.sum())
    out = np.empty((total, DIMENSIONS), np.float32)
    for start in range(0, total, 10_000):  # in blocks, to bound the memory
        part = slice(start, min(start + 10_000, total))
        low = centres[cluster[part]]
        low = low + 0.45 * rng.standard_normal(low.shape)
        lifted = np.tanh(low @ first).astype(np.float32) @ second
        lifted += 0.05 * rng.standard_normal(lifted.shape, dtype=np.float32)
        out[part] = lifted / np.linalg.norm(lifted, axis=1, keepdims=True)
    save_set(directory, "synthetic", out[QUERIES:], out[:QUERIES])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))

"""Where things are; imports nothing that a bare machine lacks."""

import os

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREE = os.path.dirname(BENCH)
CACHE = os.path.join(BENCH, "cache")
DATA = os.path.join(CACHE, "data")
RESULTS = os.path.join(TREE, "results")

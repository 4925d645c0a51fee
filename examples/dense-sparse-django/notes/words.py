"""Sparse vectors of texts: tf-idf, each word in a place that is computed from it."""

import math
import re
import zlib
from collections import Counter

from minilm import notes
from pgvector import SparseVector

DIMENSIONS = 10_000
STOP_WORDS = set("a an and are as at be before by do does for from get i if in is it my no not of on or so that the this to up was we what when with".split())


def words(text):
    return [w for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in STOP_WORDS]


def place(word):
    return zlib.crc32(word.encode()) % DIMENSIONS


TEXTS = [text for _, text in notes()]
FREQUENCY = Counter(place(w) for text in TEXTS for w in set(words(text)))


def sparse(text):
    """Of length 1; places count from 0 in Python, and from 1 in the database's text format."""
    counts = Counter(place(w) for w in words(text))
    weights = {i: n * math.log(len(TEXTS) / FREQUENCY.get(i, 1)) for i, n in sorted(counts.items())}
    length = math.sqrt(sum(w * w for w in weights.values())) or 1
    return SparseVector({i: w / length for i, w in weights.items()}, DIMENSIONS)

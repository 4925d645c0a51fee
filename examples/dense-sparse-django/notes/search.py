"""The searches: each orders the whole table by a distance, exactly."""

from minilm import embed_one
from pgvector.django import CosineDistance, HammingDistance, JaccardDistance, L1Distance, L2Distance, MaxInnerProduct

from .models import Note
from .words import sparse

DENSE = {"cosine distance": CosineDistance, "Euclidean distance": L2Distance, "negative inner product": MaxInnerProduct, "taxicab distance": L1Distance}


def bits(dense):
    return "".join("1" if x > 0 else "0" for x in dense)


def searches(question):
    """(field, name of the distance, expression) of every search."""
    dense = embed_one(question)
    for name, distance in DENSE.items():
        yield "dense", name, distance("dense", dense)
    for name, distance in DENSE.items():
        yield "sparse", name, distance("sparse", sparse(question))
    yield "bits", "Hamming distance", HammingDistance("bits", bits(dense))
    yield "bits", "Jaccard distance", JaccardDistance("bits", bits(dense))


def nearest(distance, limit=3):
    return Note.objects.annotate(distance=distance).order_by("distance")[:limit]


def within(distance, limit):
    return Note.objects.annotate(distance=distance).filter(distance__lt=limit).order_by("distance")


def fused(question, limit=3):
    """Both kinds in one order: a note scores 1 / (60 + its place) in each of the two."""
    by_meaning = nearest(CosineDistance("dense", embed_one(question)), 50)
    by_words = within(MaxInnerProduct("sparse", sparse(question)), 0)[:50]  # 0: no word in common
    scores = {}
    for found in (by_meaning, by_words):
        for i, note in enumerate(found):
            scores[note] = scores.get(note, 0) + 1 / (60 + i)
    return sorted(scores, key=scores.get, reverse=True)[:limit]

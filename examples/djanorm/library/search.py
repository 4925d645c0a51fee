"""The notes nearest to a question, by each of djanorm's distances."""

from dorm import transaction
from dorm.contrib.pgvector import CosineDistance, L2Distance, MaxInnerProduct
from dorm.db.connection import get_connection
from minilm import embed_one

from .models import Note

DISTANCES = {"cosine": CosineDistance, "l2": L2Distance, "inner product": MaxInnerProduct}


def ordered(question, distance="cosine", topic=None):
    found = Note.objects.filter(topic=topic) if topic else Note.objects.all()
    return found.annotate(distance=DISTANCES[distance]("embedding", embed_one(question))).order_by("distance")


def nearest(question, distance="cosine", topic=None, limit=5, ef_search=100, probes=10):
    """`ef_search` and `probes` are how hard hnsw and ivfflat look, for this request alone."""
    with transaction.atomic():
        get_connection().execute_script(f"SET LOCAL hnsw.ef_search = {ef_search:d}; SET LOCAL ivfflat.probes = {probes:d}")
        return list(ordered(question, distance, topic)[:limit])

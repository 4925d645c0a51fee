from django.db import models
from django.db.models import F, Func
from pgvector.django import BitField, SparseVectorField, VectorField

from .indexes import FlatIndex
from .words import DIMENSIONS


class Bits(Func):
    function = "binary_quantize"
    template = "%(function)s(%(expressions)s)::bit(384)"


class Note(models.Model):
    topic = models.CharField(max_length=40)
    body = models.TextField()
    # What it means: the sentence model's embedding.
    dense = VectorField(dimensions=384, null=True)
    # What it says: a weight for each word, in one of 10,000 places.
    sparse = SparseVectorField(dimensions=DIMENSIONS, null=True)
    # One bit for each dimension of the dense vector; the database derives it.
    bits = models.GeneratedField(expression=Bits(F("dense")), output_field=BitField(length=384, null=True), db_persist=True)

    class Meta:
        indexes = [
            FlatIndex(name="dense_flat", fields=["dense"], opclasses=["vector_cosine_ops"]),
            FlatIndex(name="sparse_flat", fields=["sparse"], opclasses=["sparsevec_ip_ops"]),
        ]

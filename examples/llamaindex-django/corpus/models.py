from django.db import models
from minilm import embed_one
from pgvector.django import VectorField


class Document(models.Model):
    title = models.CharField(max_length=200, unique=True)

    def __str__(self):
        return self.title


class Annotation(models.Model):
    """A passage of a document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="annotations")
    raw_text = models.TextField(blank=True)
    # None where there is no text to embed, or where it has not been embedded yet.
    embedding = VectorField(dimensions=384, null=True, blank=True)

    def save(self, *args, **kwargs):
        self.embedding = embed_one(self.raw_text) if self.raw_text.strip() else None
        super().save(*args, **kwargs)

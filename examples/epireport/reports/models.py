from django.db import models
from minilm import embed_one
from pgvector.django import VectorField


class EpiReport(models.Model):
    region = models.CharField(max_length=60)
    disease = models.CharField(max_length=60)
    year = models.IntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    # Of title and text, 384 numbers; none as long as nobody has computed it.
    embedding = VectorField(dimensions=384, null=True, blank=True)

    class Meta:
        indexes = [models.Index(name="structure", fields=["region", "disease", "year"])]

    def embed(self):
        self.embedding = embed_one(f"{self.title}. {self.text}")

    def __str__(self):
        return self.title

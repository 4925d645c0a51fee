from django.db import models
from django.db.models import F, Func, Value
from pgvector.django import VectorField

MODEL = "word-vectors"


class Embed(Func):
    """pgml.embed(model, text), cast to the vector's type."""

    function = "pgml.embed"
    template = "%(function)s(%(expressions)s)::vector(384)"


class TodoItem(models.Model):
    description = models.CharField(max_length=256)
    due_date = models.DateField(null=True, blank=True)
    completed = models.BooleanField(default=False)
    # The database computes it, whoever writes the description and by whatever means.
    embedding = models.GeneratedField(
        expression=Embed(Value(MODEL), F("description")),
        output_field=VectorField(dimensions=384, null=True),
        db_persist=True,
    )

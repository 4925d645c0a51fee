"""Reports by structure, by meaning, and by both: one table, one query."""

import re

from django.db import connection
from django.db.models import Avg, F
from minilm import embed, embed_one
from pgvector.django import CosineDistance

from .models import EpiReport


def by_structure(region="", disease="", year=None):
    filters = {"region": region, "disease": disease, "year": year}
    return EpiReport.objects.filter(**{name: value for name, value in filters.items() if value})


def by_meaning(reports, question, limit=5):
    """The filters come first, and the nearest in meaning are sought among what is left: exactly."""
    return nearest(reports, embed_one(question), limit)


def mark_the_reasons(found, question):
    """Gives each report its sentences, the nearest to the question marked: [(sentence, whether it is)]."""
    if not found:
        return
    texts = [re.split(r"(?<=[.!?])\s+", report.text) for report in found]
    asked, *embeddings = embed([question, *(sentence for text in texts for sentence in text)])
    similarities = iter([asked @ embedding for embedding in embeddings])
    for report, text in zip(found, texts):
        own = [next(similarities) for _ in text]
        report.sentences = [(sentence, similarity == max(own)) for sentence, similarity in zip(text, own)]


def similar(report, limit=5):
    return nearest(EpiReport.objects.exclude(pk=report.pk), report.embedding, limit)


def nearest(reports, embedding, limit):
    if embedding is None:
        return []
    found = (
        reports.filter(embedding__isnull=False)
        .annotate(distance=CosineDistance("embedding", embedding))
        .order_by("distance")[:limit]
    )
    found = list(found)
    for report in found:
        report.similarity = round(1 - report.distance, 3)
    return found


def near_duplicates(closer_than=0.2):
    """Pairs of reports that say nearly the same, the closest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, b.id, a.embedding <=> b.embedding AS distance"
            " FROM reports_epireport a JOIN reports_epireport b ON a.id < b.id"
            " WHERE a.embedding <=> b.embedding < %s ORDER BY distance",
            [closer_than],
        )
        pairs = cursor.fetchall()
    reports = EpiReport.objects.in_bulk([id for pair in pairs for id in pair[:2]])
    return [(reports[a], reports[b], round(1 - distance, 3)) for a, b, distance in pairs]


def unusual(limit=5):
    """The reports farthest from what reports are about on average."""
    center = EpiReport.objects.aggregate(center=Avg("embedding"))["center"]
    if center is None:
        return []
    far = EpiReport.objects.filter(embedding__isnull=False).annotate(distance=CosineDistance("embedding", center))
    found = list(far.order_by(F("distance").desc())[:limit])
    for report in found:
        report.similarity = round(1 - report.distance, 3)
    return found

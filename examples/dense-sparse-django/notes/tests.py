import math

from django.core.management import call_command
from django.db import DataError, connection, transaction
from django.test import TestCase
from pgvector import SparseVector
from pgvector.django import CosineDistance, L2Distance, MaxInnerProduct

from .models import Note
from .search import fused, nearest, searches, within
from .words import DIMENSIONS, sparse


def setting(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


class NotesTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("load", stdout=open("/dev/null", "w"))

    def test_vectors_both_ways(self):
        item = Note.objects.create(topic="t", body="b", dense=[0.5] * 384, sparse=SparseVector({0: 5.5, 42: 1.25}, DIMENSIONS))
        item.refresh_from_db()
        self.assertEqual(list(item.dense), [0.5] * 384)
        self.assertEqual((item.sparse.indices(), item.sparse.values(), item.sparse.dimensions()), ([0, 42], [5.5, 1.25], DIMENSIONS))
        self.assertEqual(item.bits, "1" * 384)
        with connection.cursor() as cursor:
            # From 0 in Python, from 1 in the database.
            cursor.execute("SELECT sparse::text FROM notes_note WHERE id = %s", [item.id])
            self.assertEqual(cursor.fetchone()[0], "{1:5.5,43:1.25}/10000")

    def test_every_distance_is_exact(self):
        """Against distances that are computed here, over all notes."""
        question = "ideas for a birthday"
        rows = list(Note.objects.all())
        plain = {
            "cosine distance": lambda a, b: 1 - dot(a, b) / math.sqrt(dot(a, a) * dot(b, b)),
            "Euclidean distance": lambda a, b: math.dist(a, b),
            "negative inner product": lambda a, b: -dot(a, b),
            "taxicab distance": lambda a, b: sum(abs(x - y) for x, y in zip(a, b)),
            "Hamming distance": lambda a, b: sum(x != y for x, y in zip(a, b)),
            "Jaccard distance": lambda a, b: 1 - both(a, b) / (len(a) - sum(x == y == "0" for x, y in zip(a, b))),
        }
        dot = lambda a, b: sum(x * y for x, y in zip(a, b))
        both = lambda a, b: sum(x == y == "1" for x, y in zip(a, b))
        checked = 0
        for field, name, distance in searches(question):
            target = distance.get_source_expressions()[1].value
            target = SparseVector.from_text(target).to_list() if field == "sparse" else eval(target) if field == "dense" else target
            value = lambda note: getattr(note, field).to_list() if field == "sparse" else getattr(note, field)
            expected = sorted(plain[name](value(note), target) for note in rows)[:10]
            found = [note.distance for note in nearest(distance, 10)]
            for got, wanted in zip(found, expected, strict=True):
                self.assertAlmostEqual(got, wanted, places=4, msg=f"{field}, {name}")
            checked += 1
        self.assertEqual(checked, 10)

    def test_within_a_distance(self):
        first = nearest(L2Distance("dense", Note.objects.get(body="Sharpen the kitchen knives").dense), 2)
        self.assertEqual(first[0].distance, 0)
        self.assertEqual([note.body for note in within(CosineDistance("dense", first[0].dense), 0.2)], ["Sharpen the kitchen knives"])

    def test_the_flat_index_gives_what_the_table_gives(self):
        for distance, index in (
            (CosineDistance("dense", Note.objects.first().dense), "dense_flat"),
            (MaxInnerProduct("sparse", sparse("renew the passport before the holiday")), "sparse_flat"),
        ):
            with transaction.atomic():
                setting("SET LOCAL enable_indexscan = off")
                by_table = [(note.id, note.distance) for note in nearest(distance, 20)]
            with transaction.atomic():
                setting("SET LOCAL enable_indexscan = on; SET LOCAL enable_seqscan = off")
                self.assertIn(f"Index Scan using {index}", nearest(distance, 20).explain())
                self.assertEqual([(note.id, note.distance) for note in nearest(distance, 20)], by_table)

    def test_missing_vectors_come_last(self):
        Note.objects.create(topic="t", body="no vectors")
        found = nearest(CosineDistance("dense", Note.objects.first().dense), 1000)
        self.assertEqual((len(found), found[len(found) - 1].body), (401, "no vectors"))

    def test_words_and_meaning(self):
        bodies = [note.body for note in fused("What does Lena eat?", 10)]
        by_words = [note.body for note in within(MaxInnerProduct("sparse", sparse("What does Lena eat?")), 0)]
        self.assertTrue(by_words and all("Lena" in body or "eat" in body for body in by_words), by_words)
        self.assertLessEqual(set(by_words), set(bodies))  # a name means little: the words find it
        self.assertTrue(set(bodies) - set(by_words))  # and meaning the others
        note = Note.objects.get(body="Sharpen the kitchen knives")
        self.assertEqual(fused(note.body, 1), [note])

    def test_a_wrong_number_of_dimensions_is_an_error(self):
        with self.assertRaises(DataError), transaction.atomic():
            Note.objects.create(topic="t", body="b", dense=[1, 2, 3])
        self.assertEqual(Note.objects.count(), 400)

import subprocess
import unittest

import dorm_setup  # noqa: F401
from dorm import transaction
from dorm.db.connection import close_all, get_connection
from library.models import Note
from library.search import nearest, ordered
from minilm import embed_one

QUESTION = "make sure we do not lose data if a machine fails"


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


PLAIN = {
    "cosine": lambda a, b: 1 - dot(a, b) / (dot(a, a) * dot(b, b)) ** 0.5,
    "l2": lambda a, b: sum((x - y) ** 2 for x, y in zip(a, b)) ** 0.5,
    "inner product": lambda a, b: -dot(a, b),
}


class NotesTest(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        close_all()

    def test_distances_are_those_computed_here(self):
        target = embed_one(QUESTION)
        for distance, plain in PLAIN.items():
            expected = sorted(plain(note.embedding, target) for note in Note.objects.all())[:5]
            found = [note.distance for note in nearest(QUESTION, distance)]
            self.assertEqual(len(found), 5)
            for got, wanted in zip(found, expected):
                self.assertAlmostEqual(got, wanted, places=4, msg=distance)

    def test_finds_by_meaning_and_topic(self):
        self.assertIn("backup", nearest(QUESTION, limit=1)[0].body.lower())
        found = nearest("lower my monthly expenses", topic="travel")
        self.assertEqual({note.topic for note in found}, {"travel"})

    def test_both_indexes_are_used_and_find_the_nearest(self):
        for distance, index in (("cosine", "notes_hnsw"), ("l2", "notes_ivfflat")):
            exact = [note.id for note in nearest(QUESTION, distance)]
            with transaction.atomic():
                get_connection().execute_script("SET LOCAL enable_seqscan = off")
                self.assertIn(f"Index Scan using {index}", str(ordered(QUESTION, distance)[:5].explain()))
                self.assertEqual([note.id for note in nearest(QUESTION, distance)], exact)

    def test_settings_last_for_the_request(self):
        nearest(QUESTION, ef_search=300, probes=7)
        for setting, default in (("hnsw.ef_search", "40"), ("ivfflat.probes", "1")):
            self.assertEqual(list(get_connection().execute(f"SHOW {setting}")[0].values())[0], default)

    def test_storage_parameters_arrive(self):
        found = {row["indexname"]: row["indexdef"] for row in get_connection().execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'notes'")}
        self.assertIn("USING hnsw (embedding vector_cosine_ops) WITH (ef_construction='64', m='16')", found["notes_hnsw"])
        self.assertIn("USING ivfflat (embedding) WITH (lists='10')", found["notes_ivfflat"])

    def test_a_note_without_embedding(self):
        bare = Note.objects.create(topic="none", body="nothing")
        try:
            self.assertIsNone(Note.objects.get(id=bare.id).embedding)
            self.assertEqual([note.distance for note in nearest(QUESTION, topic="none")], [None])
        finally:
            bare.delete()

    def test_zz_migrating_back_removes_everything(self):
        subprocess.run(["dorm", "migrate", "library", "zero"], check=True, capture_output=True)
        left = get_connection().execute("SELECT extname FROM pg_extension WHERE extname = 'vector'")
        self.assertEqual(list(left), [])


if __name__ == "__main__":
    unittest.main()

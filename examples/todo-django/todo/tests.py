from django.core.management import call_command
from django.db import DataError, connection, transaction
from minilm import TOP, notes
from rest_framework.test import APITestCase

from .models import TodoItem


class TodoTest(APITestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("load", stdout=open("/dev/null", "w"))

    def search(self, **query):
        response = self.client.get("/api/todo/search/", query)
        self.assertEqual(response.status_code, 200)
        return response.json()

    def add(self, description, **more):
        response = self.client.post("/api/todo/", {"description": description, **more}, format="json")
        self.assertEqual(response.status_code, 201, response.content)
        return response.json()["id"]

    def test_finds_by_meaning(self):
        # No word in common.
        first = self.add("Walk the dog before breakfast")
        found = self.search(q="exercise for our puppy", limit=3)
        self.assertIn(first, [item["id"] for item in found])
        self.assertEqual(len(found), 3)
        self.assertEqual(found, sorted(found, key=lambda item: item["similarity"]))

    def test_similarity_is_the_cosine_distance(self):
        item = TodoItem.objects.get(description="Sharpen the kitchen knives")
        found = self.search(q=item.description, limit=1)[0]
        self.assertEqual((found["id"], round(found["similarity"], 6)), (item.id, 0))
        second = self.search(q="sharpen the knives in the kitchen, sharpen", limit=1)[0]
        self.assertEqual(second["id"], item.id)
        self.assertTrue(0 < second["similarity"] < 0.3, second)

    def test_completed_and_limit(self):
        for completed in (True, False):
            found = self.search(q="bread", completed=str(completed).lower(), limit=7)
            self.assertEqual([item["completed"] for item in found], [completed] * 7)
        self.assertEqual(len(self.search(q="bread", limit=1)), 1)
        self.assertEqual(self.client.get("/api/todo/search/", {"q": "bread", "limit": "x"}).status_code, 400)
        self.assertEqual(self.client.get("/api/todo/search/").status_code, 400)

    def test_a_browser_gets_a_page_with_a_form(self):
        page = self.client.get("/api/todo/", HTTP_ACCEPT="text/html")
        self.assertContains(page, 'name="description"')
        self.assertNotContains(page, 'name="embedding"')

    def test_an_edit_changes_the_embedding(self):
        key = self.add("Tune the piano")
        before = TodoItem.objects.get(id=key).embedding
        self.client.patch(f"/api/todo/{key}/", {"completed": True}, format="json")
        self.assertEqual(list(TodoItem.objects.get(id=key).embedding), list(before))
        self.client.patch(f"/api/todo/{key}/", {"description": "File the tax return"}, format="json")
        after = TodoItem.objects.get(id=key)
        self.assertNotEqual(list(after.embedding), list(before))
        self.assertEqual(self.search(q="file the tax return", limit=1)[0]["id"], key)
        # By SQL as well: the column is the database's.
        TodoItem.objects.filter(id=key).update(description="Tune the piano")
        self.assertEqual(list(TodoItem.objects.get(id=key).embedding), list(before))

    def test_a_text_without_known_words_has_no_embedding(self):
        key = self.add("xqzzt")
        self.assertIsNone(TodoItem.objects.get(id=key).embedding)
        self.assertNotIn(key, [item["id"] for item in self.search(q="bread", limit=1000)])
        self.assertEqual(self.search(q="xqzzt"), [])

    def test_an_unknown_model_is_an_error(self):
        with self.assertRaises(DataError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pgml.embed('no-such-model', 'text')")
        self.assertEqual(caught.exception.__cause__.sqlstate, "22023")

    def test_the_column_is_generated_and_stored(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attgenerated, format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = 'todo_todoitem'::regclass AND attname = 'embedding'"
            )
            self.assertEqual(cursor.fetchone(), ("s", "vector(384)"))

    def test_the_topic_asked_about_is_mostly_among_the_first_three(self):
        topics = {text: topic for topic, text in notes()}
        questions = (TOP / "examples/notes/queries.txt").read_text(encoding="utf-8").splitlines()
        right = 0
        for question, topic in zip(questions, dict.fromkeys(topics.values()), strict=True):
            right += topic in [topics[item["description"]] for item in self.search(q=question, limit=3)]
        self.assertGreaterEqual(right, 16)  # of 20

"""The searches themselves.  What a person sees of them: browser_tests.py."""

import math

from django.core.management import call_command
from django.db import connection
from django.test import TestCase
from minilm import embed_one

from . import search
from .models import EpiReport


def cosine(a, b):
    dot = lambda x, y: sum(i * j for i, j in zip(x, y))
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


class SearchTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("load", stdout=open("/dev/null", "w"))

    def get(self, **query):
        response = self.client.get("/api/search/", query)
        self.assertEqual(response.status_code, 200)
        return response.json()

    def test_structured(self):
        found = self.get(region="Lake District", disease="Cholera")
        self.assertEqual(found["kind"], "structured")
        self.assertEqual([(r["disease"], r["year"]) for r in found["results"]], [("Cholera", 2024), ("Cholera", 2022)])
        self.assertEqual([r["similarity"] for r in found["results"]], [None, None])
        self.assertEqual(len(self.get()["results"]), EpiReport.objects.count())

    def test_structured_search_uses_its_index(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        self.assertIn("structure", search.by_structure(region="Capital", disease="Measles", year="2023").explain())

    def test_semantic(self):
        for question, title in (
            ("breathing problems caught from the air conditioning of a building", "Legionnaires' disease around a cooling tower"),
            ("shepherds ill after drinking raw milk", "Brucellosis from unboiled goat milk"),
            ("old people dying because it was too hot", "Deaths in the heat of July"),
            ("bitten by a dog without getting the injection", "Rabies after dog bites"),
        ):
            found = self.get(q=question)
            self.assertEqual((found["kind"], len(found["results"])), ("semantic", 5))
            self.assertEqual(found["results"][0]["title"], title)

    def test_hybrid_ranks_what_the_filters_leave(self):
        question = "dirty drinking water"
        everywhere, here = self.get(q=question), self.get(q=question, region="Highlands")
        self.assertEqual(here["kind"], "hybrid")
        self.assertEqual({r["region"] for r in here["results"]}, {"Highlands"})
        self.assertEqual(here["candidates"], EpiReport.objects.filter(region="Highlands").count())
        self.assertEqual(len(here["results"]), 5)
        self.assertGreater(everywhere["results"][0]["similarity"], here["results"][0]["similarity"])
        # The same order and the same numbers as the whole table has, without the others.
        ranked = search.by_meaning(EpiReport.objects.all(), question, limit=1000)
        self.assertEqual([(r["id"], r["similarity"]) for r in here["results"]],
                         [(r.id, r.similarity) for r in ranked if r.region == "Highlands"][:5])

    def test_the_similarities_shown_are_right(self):
        question = "mosquitoes breeding in old tyres"
        embedding = embed_one(question)
        found = self.get(q=question)["results"]
        expected = sorted((round(cosine(r.embedding, embedding), 3) for r in EpiReport.objects.all()), reverse=True)[:5]
        for report, similarity in zip(found, expected, strict=True):
            self.assertAlmostEqual(report["similarity"], similarity, delta=0.0011)

    def test_similar_to_a_report(self):
        report = EpiReport.objects.get(title="Skin anthrax after a cow was slaughtered")
        found = search.similar(report)
        self.assertNotIn(report, found)
        self.assertEqual((len(found), found[0].title), (5, "Anthrax in a village of herders"))
        page = self.client.get(f"/report/{report.pk}/")
        self.assertContains(page, "Anthrax in a village of herders")
        self.assertContains(page, f"{found[0].similarity:.3f}")

    def test_repeated_and_unusual(self):
        pairs = search.near_duplicates()
        self.assertIn({"Skin anthrax after a cow was slaughtered", "Anthrax in a village of herders"}, [{a.title, b.title} for a, b, _ in pairs])
        self.assertTrue(all(similarity >= 0.8 for _, _, similarity in pairs))
        self.assertLess(len(pairs), 10)
        self.assertTrue({r.disease for r in search.unusual()} & {"Heat", "Carbon monoxide", "Snakebite", "Lead poisoning"})

    def test_reports_without_an_embedding(self):
        bare = EpiReport.objects.create(region="Capital", disease="Measles", year=2025, title="Not embedded yet")
        self.assertIn("Not embedded yet", [r["title"] for r in self.get(year=2025)["results"]])
        self.assertEqual(self.get(q="measles", year=2025)["results"], [])
        self.assertEqual(search.similar(bare), [])
        self.assertEqual(self.client.get(f"/report/{bare.pk}/").status_code, 200)
        self.assertEqual(self.client.get("/overview/").status_code, 200)
        bare.embed()
        bare.save()
        self.assertEqual(len(self.get(q="measles", year=2025)["results"]), 1)

    def test_odd_input(self):
        for query in ({"q": "?!", "year": "x"}, {"q": "'; DROP TABLE reports_epireport; --"}, {"q": "x" * 5000}, {"region": "<b>nowhere</b>"}, {"q": "鸡瘟"}):
            self.assertEqual(self.client.get("/", query).status_code, 200)
        self.assertEqual(self.get(region="nowhere")["results"], [])
        self.assertNotContains(self.client.get("/", {"q": "<b>bold</b>"}), "<b>bold</b>")
        self.assertEqual(self.client.get("/report/0/").status_code, 404)

    def test_no_reports_at_all(self):
        EpiReport.objects.all().delete()
        for address in ("/", "/?q=measles", "/overview/"):
            self.assertEqual(self.client.get(address).status_code, 200)

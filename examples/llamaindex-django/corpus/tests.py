from django.core.management import call_command
from django.db.models import F
from django.test import TestCase
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery
from minilm import embed_one
from pgvector.django import CosineDistance

from .models import Annotation, Document
from .store import DjangoAnnotationStore, MiniLM


class StoreTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        call_command("load", stdout=open("/dev/null", "w"))

    def retrieve(self, question, limit=4, store=None, **filters):
        index = VectorStoreIndex.from_vector_store(store or DjangoAnnotationStore(), embed_model=MiniLM())
        conditions = [MetadataFilter(key=key, value=value, operator=operator) for key, (operator, value) in filters.items()]
        retriever = index.as_retriever(similarity_top_k=limit, filters=MetadataFilters(filters=conditions) if conditions else None)
        return retriever.retrieve(question)

    def test_finds_the_passage_that_answers(self):
        for question, words in (
            ("how much vacation do I get", "twenty-eight days of holiday"),
            ("was the vehicle ever damaged", "one accident, in 2021"),
            ("can I sublet", "let parts of the shop to others"),
            ("who owns the code", "belongs to the company"),
        ):
            found = self.retrieve(question)
            self.assertEqual(len(found), 4)
            self.assertIn(words, found[0].text)
            self.assertEqual([f.score for f in found], sorted((f.score for f in found), reverse=True))

    def test_scores_are_similarities_by_the_database(self):
        question = "how much vacation do I get"
        for found in self.retrieve(question):
            row = Annotation.objects.annotate(distance=CosineDistance("embedding", embed_one(question))).get(pk=found.node_id)
            self.assertAlmostEqual(found.score, 1 - row.distance, places=6)
            self.assertEqual(found.metadata["document"], row.document.title)

    def test_with_ordinary_filters(self):
        van = Document.objects.get(title__contains="van")
        found = self.retrieve("when do I have to pay", document_id=(FilterOperator.EQ, van.pk))
        self.assertEqual({f.metadata["document_id"] for f in found}, {van.pk})
        self.assertTrue(any("13,200" in f.text for f in found))
        same = self.retrieve("when do I have to pay", store=DjangoAnnotationStore(document_id=van.pk))
        self.assertEqual([f.node_id for f in same], [f.node_id for f in found])
        found = self.retrieve("how do I get out of this", limit=50, raw_text=(FilterOperator.TEXT_MATCH_INSENSITIVE, "NOTICE"))
        self.assertEqual({f.node_id for f in found}, {str(a.pk) for a in Annotation.objects.filter(raw_text__icontains="notice")})
        found = self.retrieve("pay", limit=50, document_id=(FilterOperator.IN, [van.pk]), raw_text=(FilterOperator.TEXT_MATCH, "price"))
        self.assertEqual(len(found), 2)
        self.assertEqual(self.retrieve("pay", document_id=(FilterOperator.EQ, 0)), [])

    def test_filters_that_it_does_not_know_are_refused(self):
        either = MetadataFilters(filters=[MetadataFilter(key="document_id", value=1)], condition=FilterCondition.OR)
        for filters in (either, MetadataFilters(filters=[MetadataFilter(key="raw_text", value="x", operator=FilterOperator.NE)])):
            with self.assertRaises(NotImplementedError):
                DjangoAnnotationStore().query(VectorStoreQuery(query_embedding=[0.1] * 384, filters=filters))

    def test_missing_embeddings_do_not_disturb(self):
        bare = Annotation.objects.get(raw_text="")
        self.assertIsNone(bare.embedding)
        everything = self.retrieve("anything", limit=1000)
        self.assertEqual(len(everything), Annotation.objects.count() - 1)
        # Ordered without the store, they come last.
        last = Annotation.objects.order_by(CosineDistance("embedding", embed_one("anything")), "id").last()
        self.assertEqual(last, bare)
        self.assertIsNone(Annotation.objects.annotate(d=CosineDistance("embedding", F("embedding"))).get(pk=bare.pk).d)

    def test_saving_embeds(self):
        passage = Annotation.objects.first()
        before = list(passage.embedding)
        passage.raw_text = "Cats may be kept in the shop."
        passage.save()
        passage.refresh_from_db()
        self.assertNotEqual(list(passage.embedding), before)
        self.assertEqual(self.retrieve("pets allowed?")[0].text, passage.raw_text)
        passage.raw_text = "  "
        passage.save()
        passage.refresh_from_db()
        self.assertIsNone(passage.embedding)

    def test_llamaindex_adds_and_deletes(self):
        document = Document.objects.create(title="Added by LlamaIndex")
        index = VectorStoreIndex.from_vector_store(DjangoAnnotationStore(), embed_model=MiniLM())
        index.insert_nodes([TextNode(text="Bees are kept on the roof.", metadata={"document_id": document.pk})])
        self.assertEqual(self.retrieve("honey")[0].text, "Bees are kept on the roof.")
        DjangoAnnotationStore().delete(str(document.pk))
        self.assertEqual(document.annotations.count(), 0)
        self.assertEqual(Annotation.objects.count(), 34)

    def test_without_a_question_it_lists(self):
        result = DjangoAnnotationStore().query(VectorStoreQuery(similarity_top_k=3))
        self.assertEqual(result.ids, [str(pk) for pk in Annotation.objects.order_by("id").values_list("pk", flat=True)[:3]])

import unittest

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVector, PGVectorStore
from langchain_postgres.v2.indexes import DistanceStrategy, HNSWIndex, HNSWQueryOptions, IVFFlatIndex, IVFFlatQueryOptions
from sqlalchemy import create_engine, text

from common import *

TEXTS = {"one": [1, 2, 3], "two": [1, 1, 1], "three": [0, -2.5, 4]}


class Known(Embeddings):
    """Embeddings that are written down above: what is tested is the store."""

    def embed_query(self, query):
        return TEXTS.get(query, QUERY)

    def embed_documents(self, texts):
        return [TEXTS[t] for t in texts]


def documents():
    return [Document(page_content=name, metadata={"length": len(name)}) for name in TEXTS]


class Store(unittest.TestCase):
    def setUp(self):
        with create_engine(url("postgresql+psycopg")).begin() as conn:
            conn.execute(text("DROP TABLE IF EXISTS notes, langchain_pg_embedding, langchain_pg_collection"))
        self.engine = PGEngine.from_connection_string(url("postgresql+psycopg"))
        self.engine.init_vectorstore_table("notes", 3)

    def store(self, strategy, options=None):
        return PGVectorStore.create_sync(self.engine, Known(), "notes", distance_strategy=strategy, index_query_options=options)

    def test_all_strategies_with_every_index(self):
        self.store(DistanceStrategy.EUCLIDEAN).add_documents(documents())
        strategies = ((DistanceStrategy.EUCLIDEAN, METRICS[0][2]), (DistanceStrategy.COSINE_DISTANCE, METRICS[2][2]), (DistanceStrategy.INNER_PRODUCT, METRICS[1][2]))
        for index, options in ((None, None), (HNSWIndex, HNSWQueryOptions(ef_search=50)), (IVFFlatIndex, IVFFlatQueryOptions(probes=10))):
            for strategy, distance in strategies:
                with self.subTest(index=index, strategy=strategy):
                    store = self.store(strategy, options)
                    if index:
                        arguments = {"lists": 1} if index is IVFFlatIndex else {"m": 8, "ef_construction": 32}
                        store.apply_vector_index(index(name="note_index", distance_strategy=strategy, **arguments))
                        self.assertTrue(store.is_valid_index("note_index"))
                    found = store.similarity_search_with_score("something else", k=3)
                    expected = nearest(distance, TEXTS, QUERY)
                    self.assertEqual([document.page_content for document, _ in found], [name for name, _ in expected])
                    for (_, got), (_, wanted) in zip(found, expected):
                        self.assertAlmostEqual(abs(got), abs(wanted), places=5)  # of an inner product it gives the amount
                    if index:
                        store.reindex("note_index")
                        store.drop_vector_index("note_index")

    def test_filter_and_maximal_marginal_relevance(self):
        self.store(DistanceStrategy.COSINE_DISTANCE).add_documents(documents())
        store = self.store(DistanceStrategy.COSINE_DISTANCE)
        self.assertEqual({d.page_content for d in store.max_marginal_relevance_search("x", k=3)}, set(TEXTS))

    def test_the_older_store(self):
        store = PGVector(Known(), connection=url("postgresql+psycopg"), collection_name="notes", use_jsonb=True, embedding_length=3)
        store.add_documents(documents(), ids=list(TEXTS))
        found = store.similarity_search_with_score("something else", k=3)
        self.assertEqual([d.page_content for d, _ in found], [name for name, _ in nearest(METRICS[2][2], TEXTS, QUERY)])
        found = store.similarity_search("x", k=3, filter={"length": {"$eq": 5}})
        self.assertEqual([d.page_content for d in found], ["three"])
        store.delete(ids=["one"])
        self.assertEqual(len(store.similarity_search("x", k=3)), 2)


if __name__ == "__main__":
    unittest.main()

import unittest

import psycopg
from haystack import Document
from haystack.document_stores.errors import DocumentStoreError, DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret
from haystack_integrations.components.retrievers.pgvector import PgvectorEmbeddingRetriever, PgvectorKeywordRetriever
from haystack_integrations.document_stores.pgvector import PgvectorDocumentStore

from common import *

TEXTS = {1: "a cat on a mat", 2: "a dog in the fog", 3: "a whale off Wales"}
# Haystack gives the cosine and the inner product as similarities, and the L2 distance as it is.
FUNCTIONS = {"l2_distance": math.dist, "inner_product": dot, "cosine_similarity": lambda a, b: 1 - cosine(a, b)}


def documents():
    return [Document(id=str(key), content=TEXTS[key], embedding=[float(x) for x in row], meta={"length": len(TEXTS[key])}) for key, row in ROWS.items()]


class Haystack(unittest.TestCase):
    def setUp(self):
        self.stores = []

    def tearDown(self):
        for store in self.stores:
            store.close()

    def store(self, written=True, **options):
        store = PgvectorDocumentStore(connection_string=Secret.from_token(url("postgresql")), embedding_dimension=3, recreate_table=True,
                                      hnsw_recreate_index_if_exists=True, **options)
        self.stores.append(store)
        if written:
            self.assertEqual(store.write_documents(documents()), 3)
        return store

    def test_values_both_ways(self):
        for kind in ("vector", "halfvec"):
            store = self.store(vector_type=kind)
            store.write_documents([Document(id="4", content="no embedding")])
            found = {document.id: document.embedding for document in store.filter_documents()}
            self.assertEqual(found, {"1": ROWS[1], "2": ROWS[2], "3": ROWS[3], "4": None})

    def test_distances_by_scan_and_by_index(self):
        for function, similarity in FUNCTIONS.items():
            expected = sorted(((str(key), similarity(row, QUERY)) for key, row in ROWS.items()), key=lambda pair: pair[1], reverse=function != "l2_distance")
            for kind in ("vector", "halfvec"):
                for strategy in ("exact_nearest_neighbor", "hnsw"):
                    store = self.store(vector_type=kind, vector_function=function, search_strategy=strategy, hnsw_ef_search=60,
                                       hnsw_index_creation_kwargs={"m": 12, "ef_construction": 50})
                    store._connection.execute(f"SET {'enable_seqscan' if strategy == 'hnsw' else 'enable_indexscan'} = off")
                    found = PgvectorEmbeddingRetriever(document_store=store, top_k=3).run(query_embedding=QUERY)["documents"]
                    self.assertEqual([document.id for document in found], [key for key, _ in expected])
                    for document, (_, wanted) in zip(found, expected):
                        self.assertAlmostEqual(document.score, wanted, places=5)
                    store._connection.commit()
                    with psycopg.connect() as conn:
                        indexes = conn.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'haystack_hnsw_index'").fetchall()
                    self.assertEqual(len(indexes), strategy == "hnsw")
                    if indexes:
                        short = {"l2_distance": "l2", "inner_product": "ip", "cosine_similarity": "cosine"}[function]
                        self.assertIn(f"USING hnsw (embedding {kind}_{short}_ops) WITH (m='12', ef_construction='50')", indexes[0][0])
                        self.assertEqual(store._connection.execute("SHOW hnsw.ef_search").fetchone()[0], "60")

    def test_filters_and_keywords(self):
        store = self.store()
        longer = {"field": "meta.length", "operator": ">", "value": 14}
        found = PgvectorEmbeddingRetriever(document_store=store, top_k=3, filters=longer).run(query_embedding=QUERY)["documents"]
        self.assertEqual([document.id for document in found], ["2", "3"])
        found = PgvectorKeywordRetriever(document_store=store).run(query="whales")["documents"]
        self.assertEqual([document.id for document in found], ["3"])
        store.delete_documents(["3"])
        self.assertEqual(store.count_documents(), 2)

    def test_errors(self):
        store = self.store()
        with self.assertRaises(DuplicateDocumentError):
            store.write_documents(documents()[:1])
        self.assertEqual(store.write_documents(documents()[:1], policy=DuplicatePolicy.OVERWRITE), 1)
        with self.assertRaises(DocumentStoreError) as caught:
            store.write_documents([Document(content="short", embedding=[1.0, 2.0])])
        self.assertEqual(caught.exception.__cause__.sqlstate, DIMENSIONS_SQLSTATE)
        self.assertIn(DIMENSIONS_MESSAGE, str(caught.exception))
        self.assertEqual(store.count_documents(), 3)


if __name__ == "__main__":
    unittest.main()

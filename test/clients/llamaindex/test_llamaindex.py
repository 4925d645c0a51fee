import asyncio
import unittest

from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery, VectorStoreQueryMode)
from llama_index.vector_stores.postgres import PGVectorStore
from sqlalchemy import create_engine, text

from common import *

NODES = {"a cat on a mat": [1, 2, 3], "a dog in the fog": [1, 1, 1], "a whale off Wales": [0, -2.5, 4]}


def nodes():
    return [TextNode(text=name, id_=str(i), embedding=vector, metadata={"length": len(name)}, relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document {i}")})
            for i, (name, vector) in enumerate(NODES.items())]


class Store(unittest.TestCase):
    def setUp(self):
        self.engine = create_engine(url("postgresql+psycopg2"))
        with self.engine.begin() as conn:
            conn.execute(text("DROP TABLE IF EXISTS data_notes"))

    def store(self, **options):
        s = server()
        store = PGVectorStore.from_params(host=s["host"], port=str(s["port"]), database=s["database"], user=s["user"], password=s["password"], table_name="notes", embed_dim=3, **options)
        store.add(nodes())
        return store

    def names(self, result):
        return [node.text for node in result.nodes]

    def test_dense_search_with_an_index_and_without(self):
        for options in ({}, {"hnsw_kwargs": {"hnsw_m": 16, "hnsw_ef_construction": 64, "hnsw_ef_search": 40, "hnsw_dist_method": "vector_cosine_ops"}},
                        {"use_halfvec": True, "hnsw_kwargs": {"hnsw_m": 16, "hnsw_ef_construction": 64, "hnsw_ef_search": 40, "hnsw_dist_method": "halfvec_cosine_ops"}}):
            with self.subTest(options=str(options)):
                self.setUp()
                store = self.store(**options)
                result = store.query(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=3))
                expected = nearest(METRICS[2][2], NODES, QUERY)
                self.assertEqual(self.names(result), [name for name, _ in expected])
                for got, (_, wanted) in zip(result.similarities, expected):
                    self.assertAlmostEqual(got, 1 - wanted, places=3)
                with self.engine.connect() as conn:
                    indexes = conn.execute(text("SELECT count(*) FROM pg_indexes WHERE tablename = 'data_notes' AND indexdef LIKE '%USING hnsw%'")).scalar()
                self.assertEqual(indexes, 1 if options else 0)
                asyncio.run(store.close()) if hasattr(store, "close") else None

    def test_filters_and_deletion(self):
        store = self.store()
        filters = MetadataFilters(filters=[MetadataFilter(key="length", value=14, operator=FilterOperator.GT)])
        self.assertEqual(set(self.names(store.query(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=3, filters=filters)))), {"a dog in the fog", "a whale off Wales"})
        store.delete("document 1")
        self.assertEqual(len(store.query(VectorStoreQuery(query_embedding=QUERY, similarity_top_k=3)).nodes), 2)

    def test_hybrid_search(self):
        store = self.store(hybrid_search=True, text_search_config="english")
        result = store.query(VectorStoreQuery(query_embedding=[1, 2, 3], query_str="whale", similarity_top_k=1, sparse_top_k=1, mode=VectorStoreQueryMode.HYBRID))
        self.assertEqual(set(self.names(result)), {"a cat on a mat", "a whale off Wales"})
        result = store.query(VectorStoreQuery(query_str="dog", sparse_top_k=2, similarity_top_k=2, mode=VectorStoreQueryMode.TEXT_SEARCH))
        self.assertEqual(self.names(result), ["a dog in the fog"])


if __name__ == "__main__":
    unittest.main()

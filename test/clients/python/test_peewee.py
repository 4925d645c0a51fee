import unittest

from peewee import DataError, Model, PostgresqlDatabase, fn
from pgvector import SparseVector
from pgvector.peewee import FixedBitField, HalfVectorField, SparseVectorField, VectorField

from common import *

s = server()
database = PostgresqlDatabase(s["database"], host=s["host"], port=s["port"], user=s["user"], password=s["password"])


class Item(Model):
    v = VectorField(dimensions=3, null=True)
    h = HalfVectorField(dimensions=3, null=True)
    b = FixedBitField(max_length=3, null=True)
    s = SparseVectorField(dimensions=3, null=True)

    class Meta:
        database = database
        table_name = "items"


Item.add_index("v vector_l2_ops", using="hnsw")
Item.add_index("h halfvec_ip_ops", using="ivfflat")


class Peewee(unittest.TestCase):
    def setUp(self):
        database.connect()
        database.execute_sql("DROP TABLE IF EXISTS items")
        database.create_tables([Item])
        for key, row in ROWS.items():
            Item.create(id=key, v=row, h=row, b=BITS[key], s=SparseVector(row))

    def tearDown(self):
        database.close()

    def test_values_both_ways(self):
        for item in Item.select():
            self.assertEqual((list(item.v), list(item.h), item.b, item.s.to_list()), (ROWS[item.id], ROWS[item.id], BITS[item.id], ROWS[item.id]))

    def test_distances(self):
        # The lists of an index that was made on an empty table are where they happen to be.
        database.execute_sql("SET enable_seqscan = off; SET ivfflat.probes = 100")
        methods = {"<->": "l2_distance", "<#>": "max_inner_product", "<=>": "cosine_distance", "<+>": "l1_distance"}
        for op, _, distance in METRICS:
            for column, query in ((Item.v, QUERY), (Item.h, QUERY), (Item.s, SparseVector(QUERY))):
                far = getattr(column, methods[op])(query)
                assert_nearest(self, list(Item.select(Item.id, far).order_by(far).limit(5).tuples()), distance)
        self.assertEqual(sorted(Item.select(Item.id, Item.b.hamming_distance(BIT_QUERY)).tuples()),
                         [(key, BIT_METRICS[0][2](bits, BIT_QUERY)) for key, bits in BITS.items()])

    def test_aggregate_and_error(self):
        self.assertEqual(len(Item.select(fn.avg(Item.v).coerce(True)).scalar()), 3)
        with self.assertRaises(DataError) as caught:
            Item.create(v=[1, 2])
        self.assertIn(DIMENSIONS_MESSAGE, str(caught.exception))


if __name__ == "__main__":
    unittest.main()

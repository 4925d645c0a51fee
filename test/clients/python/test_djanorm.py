import unittest

import dorm
from dorm import transaction
from dorm.contrib.pgvector import CosineDistance, HnswIndex, IvfflatIndex, L2Distance, MaxInnerProduct, VectorExtension, VectorField
from dorm.db.connection import close_all, get_connection
from dorm.migrations.operations import AddIndex, CreateModel
from dorm.migrations.state import ProjectState

from common import *

s = server()
dorm.configure(DATABASES={"default": {"ENGINE": "postgresql", "NAME": s["database"], "HOST": s["host"], "PORT": s["port"], "USER": s["user"], "PASSWORD": s["password"]}},
               INSTALLED_APPS=[])


class Item(dorm.Model):
    id = dorm.IntegerField(primary_key=True)
    v = VectorField(dimensions=3, null=True)

    class Meta:
        app_label = "clients"
        db_table = "items"


DISTANCES = {"<->": L2Distance, "<#>": MaxInnerProduct, "<=>": CosineDistance}
HNSW = [HnswIndex(fields=["v"], name=f"hnsw_{name}", opclass=f"vector_{name}_ops", m=16, ef_construction=64) for name in ("l2", "ip", "cosine")]
IVFFLAT = [IvfflatIndex(fields=["v"], name=f"ivfflat_{name}", opclass=f"vector_{name}_ops", lists=1) for name in ("l2", "ip", "cosine")]


def fetch(sql):
    return get_connection().execute(sql)


SCHEMA = [VectorExtension(), CreateModel("Item", [("id", dorm.IntegerField(primary_key=True)), ("v", VectorField(dimensions=3, null=True))], {"db_table": "items"})]
state = ProjectState()
for operation in SCHEMA:
    operation.state_forwards("clients", state)


def migrate(operations, backwards=False):
    for operation in reversed(operations) if backwards else operations:
        change = operation.database_backwards if backwards else operation.database_forwards
        change("clients", get_connection(), state, state)


class Djanorm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        get_connection().execute_script("DROP TABLE IF EXISTS items; DROP EXTENSION IF EXISTS vector CASCADE")
        migrate(SCHEMA)

    @classmethod
    def tearDownClass(cls):
        migrate(SCHEMA, backwards=True)
        left = fetch("SELECT 1 AS one FROM pg_extension WHERE extname = 'vector'")
        close_all()
        assert not left, "migrating backwards left the extension"

    def setUp(self):
        Item.objects.all().delete()
        Item.objects.bulk_create([Item(id=key, v=row) for key, row in ROWS.items()])

    def test_values_both_ways(self):
        self.assertEqual({item.id: item.v for item in Item.objects.all()}, ROWS)
        Item.objects.create(id=4)
        self.assertIsNone(Item.objects.get(id=4).v)
        item = Item.objects.get(id=1)
        item.v = [4, -5, 6.5]
        item.save()
        self.assertEqual(Item.objects.get(id=1).v, [4, -5, 6.5])
        self.assertEqual(fetch("SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'v'")[0]["type"], "vector(3)")

    def check_distances(self):
        for op, _, distance in METRICS[:3]:
            found = Item.objects.annotate(distance=DISTANCES[op]("v", QUERY)).order_by("distance")[:5]
            assert_nearest(self, [(item.id, item.distance) for item in found], distance)

    def test_distances_by_scan_and_by_index(self):
        self.check_distances()
        for indexes, setting in ((HNSW, "hnsw.ef_search = 100"), (IVFFLAT, "ivfflat.probes = 10")):
            for index in indexes:
                migrate([AddIndex("Item", index)])
            with transaction.atomic():
                get_connection().execute_script(f"SET LOCAL enable_seqscan = off; SET LOCAL {setting}")
                self.check_distances()
                plan = fetch("EXPLAIN SELECT id FROM items ORDER BY v <=> '[1,2,2]' LIMIT 2")
                self.assertIn(f"Index Scan using {indexes[2].name} on items", str(plan))
            for index in indexes:
                migrate([AddIndex("Item", index)], backwards=True)

    def test_errors_leave_the_transaction_usable(self):
        with self.assertRaises(Exception) as caught, transaction.atomic():
            fetch("SELECT '[1,2]'::vector(3)")
        self.assertEqual(Item.objects.count(), 3)
        self.assertIn(DIMENSIONS_MESSAGE, str(caught.exception))


if __name__ == "__main__":
    unittest.main()

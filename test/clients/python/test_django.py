import unittest

import django
from django.conf import settings

from common import *

s = server()
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": s["database"], "HOST": s["host"], "PORT": s["port"], "USER": s["user"], "PASSWORD": s["password"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", INSTALLED_APPS=["django.contrib.postgres"], USE_TZ=True)
django.setup()

from django.contrib.postgres.indexes import OpClass  # noqa: E402
from django.db import DataError, connection, migrations, models, transaction  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.models import Avg, F, Func, Sum  # noqa: E402
from pgvector.django import (BitField, CosineDistance, HalfVectorField, HammingDistance, HnswIndex, IvfflatIndex, JaccardDistance,  # noqa: E402
                             L1Distance, L2Distance, MaxInnerProduct, SparseVectorField, VectorExtension, VectorField)
from pgvector import SparseVector  # noqa: E402


class Cast(Func):
    function = "CAST"
    template = "(%(expressions)s)::halfvec(3)"


class Item(models.Model):
    v = VectorField(dimensions=3, null=True, blank=True)
    h = HalfVectorField(dimensions=3, null=True, blank=True)
    b = BitField(length=3, null=True, blank=True)
    s = SparseVectorField(dimensions=3, null=True, blank=True)
    signs = models.GeneratedField(expression=Func(F("v"), function="binary_quantize", template="%(function)s(%(expressions)s)::bit(3)"),
                                  output_field=BitField(length=3), db_persist=True)

    class Meta:
        app_label = "clients"
        db_table = "items"
        indexes = [
            HnswIndex(name="v_l2", fields=["v"], m=16, ef_construction=64, opclasses=["vector_l2_ops"]),
            HnswIndex(name="v_ip", fields=["v"], opclasses=["vector_ip_ops"]),
            HnswIndex(name="v_cosine", fields=["v"], opclasses=["vector_cosine_ops"]),
            HnswIndex(name="v_l1", fields=["v"], opclasses=["vector_l1_ops"]),
            HnswIndex(name="s_l2", fields=["s"], opclasses=["sparsevec_l2_ops"]),
            HnswIndex(name="b_hamming", fields=["b"], opclasses=["bit_hamming_ops"]),
            HnswIndex(name="b_jaccard", fields=["b"], opclasses=["bit_jaccard_ops"]),
            HnswIndex(OpClass(Cast("v"), name="halfvec_cosine_ops"), name="half_of_v"),
            IvfflatIndex(name="h_l2", fields=["h"], lists=1, opclasses=["halfvec_l2_ops"]),
            IvfflatIndex(name="h_cosine", fields=["h"], lists=1, opclasses=["halfvec_cosine_ops"]),
        ]


class Migration(migrations.Migration):
    initial = True
    operations = [
        VectorExtension(),
        migrations.CreateModel("Item", fields=[(field.name, field.clone()) for field in Item._meta.local_fields], options={"db_table": "items"}),
    ] + [migrations.AddIndex("Item", index.clone()) for index in Item._meta.indexes] + [
        migrations.AddField("Item", "extra", VectorField(dimensions=2, null=True)),
        migrations.AlterField("Item", "extra", VectorField(null=True)),
        migrations.RemoveField("Item", "extra"),
    ]


DISTANCES = {"<->": L2Distance, "<#>": MaxInnerProduct, "<=>": CosineDistance, "<+>": L1Distance}


def migrate(backwards=False):
    migration = Migration("0001_initial", "clients")
    state = MigrationLoader(connection).project_state()
    with connection.schema_editor(atomic=True) as editor:
        (migration.unapply if backwards else migration.apply)(state, editor)


class Django(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS items; DROP EXTENSION IF EXISTS vector CASCADE")
        migrate()

    @classmethod
    def tearDownClass(cls):
        migrate(backwards=True)
        tables = connection.introspection.table_names()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'vector'")
            left = cursor.fetchone()[0]
        connection.close()
        assert "items" not in tables and left == 0, "migrating backwards left something"

    def setUp(self):
        Item.objects.all().delete()
        for key, row in ROWS.items():
            Item.objects.create(id=key, v=row, h=row, b=BITS[key], s=SparseVector(row))

    def test_indexes_are_there(self):
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, "items")
        self.assertEqual({name: constraints[name]["type"] for name in (index.name for index in Item._meta.indexes)},
                         {index.name: index.suffix for index in Item._meta.indexes})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef('half_of_v'::regclass), pg_get_indexdef('v_l2'::regclass)")
            half, l2 = cursor.fetchone()
        self.assertIn("((v)::halfvec(3)) halfvec_cosine_ops", half)
        self.assertIn("m='16', ef_construction='64'", l2)

    def test_values_both_ways(self):
        for item in Item.objects.all():
            row = ROWS[item.id]
            self.assertEqual((list(item.v), list(item.h), item.b, item.s.to_list()), (row, row, BITS[item.id], row))
            self.assertEqual(item.signs, "".join("1" if x > 0 else "0" for x in row))
        item = Item.objects.get(id=1)
        item.v = [4, -5, 6]
        item.full_clean()
        item.save()
        item.refresh_from_db()
        self.assertEqual((list(item.v), item.signs), ([4, -5, 6], "101"))
        self.assertEqual(Item.objects.get(v=[4, -5, 6]).id, 1)

    def test_distances_by_scan_and_by_index(self):
        for off in ("enable_indexscan", "enable_seqscan"):
            with connection.cursor() as cursor:
                cursor.execute(f"RESET ALL; SET {off} = off")
            for op, _, distance in METRICS:
                for field, query in (("v", QUERY), ("h", QUERY), ("s", SparseVector(QUERY))):
                    far = DISTANCES[op](field, query)
                    found = Item.objects.annotate(distance=far).order_by(far).values_list("id", "distance")[:5]
                    assert_nearest(self, list(found), distance)
            for (_, _, distance), kind in zip(BIT_METRICS, (HammingDistance, JaccardDistance)):
                found = Item.objects.annotate(distance=kind("b", BIT_QUERY)).values_list("id", "distance")
                self.assertEqual({key: round(value, 6) for key, value in found}, {key: round(distance(bits, BIT_QUERY), 6) for key, bits in BITS.items()})
        plan = Item.objects.order_by(L2Distance("v", QUERY))[:2].explain()
        self.assertIn("Index Scan using v_l2 on items", plan)
        with connection.cursor() as cursor:
            cursor.execute("RESET ALL")

    def test_filters_aggregates_and_other_rows(self):
        near = Item.objects.alias(distance=L2Distance("v", QUERY)).filter(distance__lt=1.1)
        self.assertEqual([item.id for item in near], [1])
        totals = Item.objects.aggregate(avg=Avg("v"), sum=Sum("h"))
        self.assertEqual((len(totals["avg"]), list(totals["sum"])), (3, [2, 0.5, 8]))
        first = Item.objects.get(id=1)
        self.assertEqual(Item.objects.exclude(id=1).order_by(L2Distance("v", first.v)).first().id, 2)
        self.assertEqual(Item.objects.annotate(distance=CosineDistance(F("v"), F("h"))).values_list("distance", flat=True)[0], 0)

    def test_errors_leave_the_transaction_usable(self):
        with self.assertRaises(DataError) as caught, transaction.atomic():
            Item.objects.create(v=[1, 2])
        self.assertIn(DIMENSIONS_MESSAGE, str(caught.exception))
        self.assertEqual(Item.objects.count(), 3)


if __name__ == "__main__":
    unittest.main()

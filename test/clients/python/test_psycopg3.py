import asyncio
import unittest

import numpy as np
import psycopg
from pgvector import Bit, HalfVector, SparseVector, Vector
from pgvector.psycopg import register_vector, register_vector_async

from common import *


class Psycopg3(unittest.TestCase):
    def setUp(self):
        self.conn = psycopg.connect(autocommit=True)
        self.conn.execute("DROP TABLE IF EXISTS items")
        self.conn.execute(CREATE)
        register_vector(self.conn)

    def tearDown(self):
        self.conn.close()

    def fill(self, placeholder="%s"):
        for key, row in ROWS.items():
            self.conn.execute(f"INSERT INTO items VALUES ({', '.join([placeholder] * 5)})",
                              (key, Vector(row), HalfVector(row), Bit(BITS[key]), SparseVector(row)))

    def test_values_both_ways_as_text_and_binary(self):
        for placeholder in ("%t", "%b"):
            for binary in (False, True):
                with self.subTest(placeholder=placeholder, binary=binary):
                    self.conn.execute("TRUNCATE items")
                    self.fill(placeholder)
                    rows = self.conn.execute("SELECT * FROM items ORDER BY id", binary=binary).fetchall()
                    for key, v, h, b, s in rows:
                        self.assertEqual(list(v.to_list()), ROWS[key])
                        self.assertEqual(list(h.to_list()), ROWS[key])
                        self.assertEqual(s.to_list(), ROWS[key])
                        self.assertEqual(Bit.from_binary(b).to_text() if binary else b, BITS[key])
                    self.assertEqual(len(rows), 3)

    def test_numpy_null_and_arrays(self):
        self.conn.execute("INSERT INTO items (id, v) VALUES (1, %s), (2, NULL)", (np.array([1, 2, 3]),))
        self.assertEqual([row[0] and row[0].to_list() for row in self.conn.execute("SELECT v FROM items ORDER BY id")],
                         [[1, 2, 3], None])
        array = self.conn.execute("SELECT %b::vector[]", ([Vector([1, 2]), Vector([3])],), binary=True).fetchone()[0]
        self.assertEqual([v.to_list() for v in array], [[1, 2], [3]])

    def test_binary_copy_in_and_out(self):
        with self.conn.cursor().copy("COPY items FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "vector", "halfvec", "bit", "sparsevec"])
            for key, row in ROWS.items():
                copy.write_row((key, Vector(row), HalfVector(row), Bit(BITS[key]), SparseVector(row)))
        with self.conn.cursor().copy("COPY items (id, v, s) TO STDOUT WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "vector", "sparsevec"])
            self.assertEqual({key: (v.to_list(), s.to_list()) for key, v, s in copy.rows()},
                             {key: (row, row) for key, row in ROWS.items()})

    def test_distances_by_scan_and_by_index(self):
        self.fill()
        for method in (None, "hnsw", "ivfflat"):
            for op, name, distance in METRICS:
                for column, kind, query in (("v", "vector", Vector(QUERY)), ("h", "halfvec", HalfVector(QUERY)),
                                            ("s", "sparsevec", SparseVector(QUERY))):
                    if method == "ivfflat" and (name == "l1" or kind == "sparsevec"):
                        continue
                    with self.subTest(method=method, op=op, column=column):
                        if method:
                            self.conn.execute("DROP INDEX IF EXISTS i")
                            options = "WITH (lists = 1)" if method == "ivfflat" else "WITH (m = 8, ef_construction = 32)"
                            self.conn.execute(f"CREATE INDEX i ON items USING {method} ({column} {kind}_{name}_ops) {options}")
                            self.conn.execute("SET enable_seqscan = off")
                        sql = f"SELECT id, {column} {op} %s FROM items ORDER BY {column} {op} %s LIMIT 5"
                        if method:
                            plan = "\n".join(row[0] for row in self.conn.execute("EXPLAIN " + sql, (query, query)))
                            self.assertIn("Index Scan using i on items", plan)
                        assert_nearest(self, self.conn.execute(sql, (query, query), binary=True).fetchall(), distance)

    def test_bits(self):
        self.fill()
        for method in (None, "hnsw"):
            for op, name, distance in BIT_METRICS:
                if method:
                    self.conn.execute(f"DROP INDEX IF EXISTS i; CREATE INDEX i ON items USING {method} (b bit_{name}_ops); SET enable_seqscan = off")
                op = op.replace("%", "%%")
                found = self.conn.execute(f"SELECT id, b {op} %s FROM items ORDER BY b {op} %s", (Bit(BIT_QUERY),) * 2).fetchall()
                assert_nearest(self, sorted(found, key=lambda pair: (pair[1], pair[0])), distance, BITS, BIT_QUERY)

    def test_errors_arrive_with_their_class(self):
        with self.assertRaises(psycopg.errors.DataException) as caught:
            self.conn.execute("INSERT INTO items (id, v) VALUES (1, %s)", (Vector([1, 2]),))
        self.assertEqual((caught.exception.diag.sqlstate, caught.exception.diag.message_primary),
                         (DIMENSIONS_SQLSTATE, DIMENSIONS_MESSAGE))
        with self.assertRaises(psycopg.errors.InvalidTextRepresentation):
            self.conn.execute("SELECT '[1,'::vector")
        with self.assertRaises(psycopg.errors.DataException):
            self.conn.execute("INSERT INTO items (id, v) VALUES (1, %b)", (Vector([1, float("nan"), 2]),))
        self.assertEqual(self.conn.execute("SELECT 1").fetchone(), (1,))

    def test_aggregates_and_settings_of_a_transaction(self):
        self.fill()
        self.assertEqual(self.conn.execute("SELECT avg(v) FROM items").fetchone()[0].to_list(),
                         Vector([sum(column) / 3 for column in zip(*ROWS.values())]).to_list())
        with self.conn.transaction():
            self.conn.execute("SET LOCAL hnsw.ef_search = 100")
            self.assertEqual(self.conn.execute("SHOW hnsw.ef_search").fetchone(), ("100",))
        self.assertEqual(self.conn.execute("SHOW hnsw.ef_search").fetchone(), ("40",))

    def test_async(self):
        async def run():
            async with await psycopg.AsyncConnection.connect() as conn:
                await register_vector_async(conn)
                cursor = await conn.execute("SELECT %s <-> '[0,0]', %s", (Vector([3, 4]), HalfVector([1])), binary=True)
                return await cursor.fetchone()
        distance, value = asyncio.run(run())
        self.assertEqual((distance, value.to_list()), (5, [1]))


if __name__ == "__main__":
    unittest.main()

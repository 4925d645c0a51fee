import unittest

import numpy as np
import pg8000.native
from pgvector import HalfVector, SparseVector, Vector
from pgvector.pg8000 import register_vector

from common import *


class Pg8000(unittest.TestCase):
    def setUp(self):
        self.conn = pg8000.native.Connection(**server())
        self.conn.run("DROP TABLE IF EXISTS items")
        self.conn.run(CREATE)
        register_vector(self.conn)
        for key, row in ROWS.items():
            self.conn.run("INSERT INTO items VALUES (:id, :v, :h, :b, :s)", id=key, v=Vector(row), h=HalfVector(row), b=BITS[key], s=SparseVector(row))

    def tearDown(self):
        self.conn.close()

    def test_values_both_ways(self):
        for key, v, h, b, s in self.conn.run("SELECT * FROM items"):
            self.assertEqual((v.to_list(), h.to_list(), b, s.to_list()), (ROWS[key], ROWS[key], BITS[key], ROWS[key]))
        self.assertEqual(self.conn.run("SELECT v FROM items WHERE v = :v", v=np.array([1, 2, 3]))[0][0].to_list(), [1, 2, 3])

    def test_distances_by_scan_and_by_index(self):
        for method in (None, "hnsw", "ivfflat"):
            for op, name, distance in METRICS:
                if method == "ivfflat" and name == "l1":
                    continue
                if method:
                    self.conn.run("DROP INDEX IF EXISTS i")
                    self.conn.run(f"CREATE INDEX i ON items USING {method} (v vector_{name}_ops)" + (" WITH (lists = 1)" if method == "ivfflat" else ""))
                    self.conn.run("SET enable_seqscan = off")
                found = self.conn.run(f"SELECT id, v {op} :q FROM items ORDER BY v {op} :q LIMIT 5", q=Vector(QUERY))
                assert_nearest(self, [tuple(row) for row in found], distance)

    def test_errors_arrive_with_their_class(self):
        with self.assertRaises(pg8000.exceptions.DatabaseError) as caught:
            self.conn.run("INSERT INTO items (id, v) VALUES (4, :v)", v=Vector([1, 2]))
        self.assertEqual((caught.exception.args[0]["C"], caught.exception.args[0]["M"]), (DIMENSIONS_SQLSTATE, DIMENSIONS_MESSAGE))


if __name__ == "__main__":
    unittest.main()

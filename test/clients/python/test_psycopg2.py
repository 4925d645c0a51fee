import io
import unittest

import numpy as np
import psycopg2
from pgvector import HalfVector, SparseVector, Vector
from pgvector.psycopg2 import register_vector

from common import *


class Psycopg2(unittest.TestCase):
    def setUp(self):
        self.conn = psycopg2.connect("")
        self.conn.autocommit = True
        self.cur = self.conn.cursor()
        self.cur.execute("DROP TABLE IF EXISTS items; " + CREATE)
        register_vector(self.conn)

    def tearDown(self):
        self.conn.close()

    def fill(self):
        for key, row in ROWS.items():
            self.cur.execute("INSERT INTO items VALUES (%s, %s, %s, %s, %s)",
                             (key, Vector(row), HalfVector(row), BITS[key], SparseVector(row)))

    def test_values_both_ways(self):
        self.fill()
        self.cur.execute("INSERT INTO items (id, v) VALUES (4, %s), (5, NULL)", (np.array([7, 8, 9]),))
        self.cur.execute("SELECT id, v, h, b, s FROM items ORDER BY id")
        rows = self.cur.fetchall()
        for key, v, h, b, s in rows[:3]:
            self.assertEqual((v.to_list(), h.to_list(), b, s.to_list()), (ROWS[key], ROWS[key], BITS[key], ROWS[key]))
        self.assertEqual(rows[3][1].to_list(), [7, 8, 9])
        self.assertIsNone(rows[4][1])

    def test_arrays(self):
        self.cur.execute("SELECT ARRAY[%s::vector, %s], ARRAY[%s::sparsevec]", (Vector([1, 2]), Vector([3]), SparseVector([0, 4])))
        vectors, sparse = self.cur.fetchone()
        self.assertEqual([v.to_list() for v in vectors], [[1, 2], [3]])
        self.assertEqual(sparse[0].to_list(), [0, 4])

    def test_copy_as_text(self):
        self.cur.copy_expert("COPY items (id, v, s) FROM STDIN", io.StringIO("1\t[1,2,3]\t{1:5}/3\n2\t[4,5,6]\t{}/3\n"))
        out = io.StringIO()
        self.cur.copy_expert("COPY (SELECT id, v, s FROM items ORDER BY id) TO STDOUT", out)
        self.assertEqual(out.getvalue(), "1\t[1,2,3]\t{1:5}/3\n2\t[4,5,6]\t{}/3\n")

    def test_distances_by_scan_and_by_index(self):
        self.fill()
        for method in (None, "hnsw", "ivfflat"):
            for op, name, distance in METRICS:
                if method == "ivfflat" and name == "l1":
                    continue
                if method:
                    options = "WITH (lists = 1)" if method == "ivfflat" else ""
                    self.cur.execute(f"DROP INDEX IF EXISTS i; CREATE INDEX i ON items USING {method} (v vector_{name}_ops) {options}; SET enable_seqscan = off")
                self.cur.execute(f"SELECT id, v {op} %(q)s FROM items ORDER BY v {op} %(q)s LIMIT 5", {"q": Vector(QUERY)})
                assert_nearest(self, self.cur.fetchall(), distance)

    def test_errors_arrive_with_their_class(self):
        with self.assertRaises(psycopg2.errors.DataException) as caught:
            self.cur.execute("INSERT INTO items (id, v) VALUES (1, %s)", (Vector([1, 2]),))
        self.assertEqual((caught.exception.pgcode, caught.exception.diag.message_primary), (DIMENSIONS_SQLSTATE, DIMENSIONS_MESSAGE))
        with self.assertRaises(psycopg2.errors.InvalidTextRepresentation):
            self.cur.execute("SELECT 'x'::halfvec")
        with self.assertRaises(psycopg2.errors.ProgramLimitExceeded):
            self.cur.execute("CREATE TABLE wide (v vector(2001)); CREATE INDEX ON wide USING hnsw (v vector_l2_ops)")


if __name__ == "__main__":
    unittest.main()

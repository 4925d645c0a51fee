import unittest

import asyncpg
from pgvector import HalfVector, SparseVector, Vector
from pgvector.asyncpg import register_vector

from common import *


class Asyncpg(unittest.IsolatedAsyncioTestCase):
    """Everything goes as binary, and every statement is prepared."""

    async def asyncSetUp(self):
        self.conn = await asyncpg.connect()
        await self.conn.execute("DROP TABLE IF EXISTS items")
        await self.conn.execute(CREATE)
        await register_vector(self.conn)

    async def asyncTearDown(self):
        await self.conn.close()

    async def fill(self):
        await self.conn.executemany(
            "INSERT INTO items VALUES ($1, $2, $3, $4, $5)",
            [(key, Vector(row), HalfVector(row), asyncpg.BitString(BITS[key]), SparseVector(row)) for key, row in ROWS.items()])

    async def test_values_both_ways(self):
        await self.fill()
        for record in await self.conn.fetch("SELECT * FROM items"):
            row = ROWS[record["id"]]
            self.assertEqual((record["v"].to_list(), record["h"].to_list(), record["s"].to_list()), (row, row, row))
            self.assertEqual(record["b"].as_string(), BITS[record["id"]])
        self.assertEqual([v.to_list() for v in await self.conn.fetchval("SELECT $1::vector[]", [Vector([1]), Vector([2, 3])])],
                         [[1], [2, 3]])

    async def test_copy(self):
        await self.conn.copy_records_to_table("items", records=[(key, Vector(row)) for key, row in ROWS.items()], columns=["id", "v"])
        self.assertEqual(await self.conn.fetchval("SELECT sum(v) FROM items"), Vector([sum(column) for column in zip(*ROWS.values())]))

    async def test_distances_by_scan_and_by_index(self):
        await self.fill()
        for method in (None, "hnsw", "ivfflat"):
            for op, name, distance in METRICS:
                for column, kind, query in (("v", "vector", Vector(QUERY)), ("h", "halfvec", HalfVector(QUERY)), ("s", "sparsevec", SparseVector(QUERY))):
                    if method == "ivfflat" and (name == "l1" or kind == "sparsevec"):
                        continue
                    if method:
                        options = "WITH (lists = 1)" if method == "ivfflat" else ""
                        await self.conn.execute(f"DROP INDEX IF EXISTS i; CREATE INDEX i ON items USING {method} ({column} {kind}_{name}_ops) {options}; SET enable_seqscan = off")
                    found = await self.conn.fetch(f"SELECT id, {column} {op} $1 FROM items ORDER BY {column} {op} $1 LIMIT 5", query)
                    assert_nearest(self, [tuple(record) for record in found], distance)

    async def test_generic_plan_after_many_executions(self):
        await self.fill()
        statement = await self.conn.prepare("SELECT id FROM items ORDER BY v <-> $1 LIMIT 1")
        for _ in range(10):
            self.assertEqual(await statement.fetchval(Vector([1, 1, 1.1])), 2)

    async def test_errors_arrive_with_their_class(self):
        with self.assertRaises(asyncpg.exceptions.DataError) as caught:
            await self.conn.execute("INSERT INTO items (id, v) VALUES (1, $1)", Vector([1, 2]))
        self.assertEqual((caught.exception.sqlstate, str(caught.exception)), (DIMENSIONS_SQLSTATE, DIMENSIONS_MESSAGE))
        with self.assertRaises(asyncpg.exceptions.DataError) as caught:
            await self.conn.fetchval("SELECT $1::vector <-> '[1,2,3]'", Vector([1, 2]))
        self.assertEqual(str(caught.exception), "different vector dimensions 2 and 3")


if __name__ == "__main__":
    unittest.main()

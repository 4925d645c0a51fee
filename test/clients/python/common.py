"""What every Python client is asked: the rows, the distances, and the answers computed here."""

import math
import os

ROWS = {1: [1, 2, 3], 2: [1, 1, 1], 3: [0, -2.5, 4]}
QUERY = [1, 2, 2]
BITS = {1: "101", 2: "111", 3: "010"}
BIT_QUERY = "110"


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def cosine(a, b):
    return 1 - dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


def common_bits(a, b):
    return sum(x == y == "1" for x, y in zip(a, b))


# operator, operator class without the type's name, distance
METRICS = [
    ("<->", "l2", math.dist),
    ("<#>", "ip", lambda a, b: -dot(a, b)),
    ("<=>", "cosine", cosine),
    ("<+>", "l1", lambda a, b: sum(abs(x - y) for x, y in zip(a, b))),
]
BIT_METRICS = [
    ("<~>", "hamming", lambda a, b: sum(x != y for x, y in zip(a, b))),
    ("<%>", "jaccard", lambda a, b: 1 - common_bits(a, b) / (len(a) - sum(x == y == "0" for x, y in zip(a, b)))),
]


def nearest(distance, rows=None, query=None):
    """(id, distance), the nearest first."""
    rows, query = (ROWS, QUERY) if rows is None else (rows, query)
    return sorted(((key, distance(row, query)) for key, row in rows.items()), key=lambda pair: pair[1])


def assert_nearest(test, found, distance, rows=None, query=None):
    """found: (id, distance) in the order in which the database gave them."""
    expected = nearest(distance, rows, query)
    test.assertEqual([key for key, _ in found], [key for key, _ in expected])
    for (_, got), (_, wanted) in zip(found, expected):
        test.assertAlmostEqual(got, wanted, places=5)


CREATE = "CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3))"
DIMENSIONS_MESSAGE = "expected 3 dimensions, not 2"
DIMENSIONS_SQLSTATE = "22000"


def server():
    """For clients that do not read libpq's environment themselves."""
    return {"host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "user": os.environ["PGUSER"],
            "password": os.environ["PGPASSWORD"], "database": os.environ["PGDATABASE"]}


def url(driver):
    s = server()
    return f"{driver}://{s['user']}:{s['password']}@{s['host']}:{s['port']}/{s['database']}"

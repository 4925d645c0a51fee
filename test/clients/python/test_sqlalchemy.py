import unittest

from pgvector import HalfVector, SparseVector, Vector
from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, avg, sum
from sqlalchemy import Index, Integer, create_engine, exc, select, text
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from common import *


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id = mapped_column(Integer, primary_key=True)
    v = mapped_column(VECTOR(3))
    h = mapped_column(HALFVEC(3))
    b = mapped_column(BIT(3))
    s = mapped_column(SPARSEVEC(3))


METHODS = {"<->": "l2_distance", "<#>": "max_inner_product", "<=>": "cosine_distance", "<+>": "l1_distance"}


class SQLAlchemy:
    driver = None

    def setUp(self):
        self.engine = create_engine(url(f"postgresql+{self.driver}"))
        with self.engine.begin() as conn:
            conn.execute(text("DROP TABLE IF EXISTS items"))
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session:
            session.add_all(Item(id=key, v=row, h=row, b=BITS[key], s=SparseVector(row)) for key, row in ROWS.items())
            session.commit()

    def tearDown(self):
        self.engine.dispose()

    def test_values_both_ways(self):
        with Session(self.engine) as session:
            for item in session.scalars(select(Item)):
                self.assertEqual((list(item.v), list(item.h), item.s.to_list()), (ROWS[item.id], ROWS[item.id], ROWS[item.id]))
                self.assertEqual(item.b, BITS[item.id])
            item = session.get(Item, 1)
            item.v = [4, 5, 6]
            session.commit()
            self.assertEqual(list(session.get(Item, 1).v), [4, 5, 6])

    def test_distances_by_scan_and_by_index(self):
        with self.engine.connect() as conn:
            for method in (None, "hnsw", "ivfflat"):
                for op, name, distance in METRICS:
                    for column, kind, query in ((Item.v, "vector", QUERY), (Item.h, "halfvec", QUERY), (Item.s, "sparsevec", SparseVector(QUERY))):
                        if method == "ivfflat" and (name == "l1" or kind == "sparsevec"):
                            continue
                        index = None
                        if method:
                            index = Index("i", column, postgresql_using=method, postgresql_with={"lists": 1} if method == "ivfflat" else {"m": 16, "ef_construction": 64},
                                          postgresql_ops={column.key: f"{kind}_{name}_ops"})
                            index.create(conn)
                            conn.execute(text("SET enable_seqscan = off"))
                        far = getattr(column, METHODS[op])(query)
                        assert_nearest(self, [tuple(row) for row in conn.execute(select(Item.id, far).order_by(far).limit(5))], distance)
                        if index is not None:
                            index.drop(conn)
                            Item.__table__.indexes.discard(index)

    def test_bits_aggregates_and_filters(self):
        with Session(self.engine) as session:
            far = Item.b.hamming_distance(BIT_QUERY)
            self.assertEqual(dict(session.execute(select(Item.id, far)).all()), {key: BIT_METRICS[0][2](bits, BIT_QUERY) for key, bits in BITS.items()})
            self.assertEqual(list(session.scalar(select(sum(Item.v)))), [2, 0.5, 8])
            self.assertEqual(len(session.scalar(select(avg(Item.v)))), 3)
            self.assertEqual(session.scalars(select(Item.id).filter(Item.v.l2_distance(QUERY) < 1.1)).all(), [1])

    def test_errors_arrive_as_data_errors(self):
        with Session(self.engine) as session:
            session.add(Item(id=9, v=[1, 2]))
            with self.assertRaises((exc.DataError, exc.StatementError)) as caught:
                session.commit()
            self.assertIn(DIMENSIONS_MESSAGE, str(caught.exception))


class WithPsycopg3(SQLAlchemy, unittest.TestCase):
    driver = "psycopg"


class WithPsycopg2(SQLAlchemy, unittest.TestCase):
    driver = "psycopg2"


if __name__ == "__main__":
    unittest.main()

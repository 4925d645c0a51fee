import unittest
from typing import Any, Optional

from pgvector import SparseVector
from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, avg
from sqlmodel import Field, Index, Session, SQLModel, create_engine, select, text

from common import *


class Item(SQLModel, table=True):
    __tablename__ = "items"
    id: Optional[int] = Field(default=None, primary_key=True)
    v: Optional[Any] = Field(default=None, sa_type=VECTOR(3))
    h: Optional[Any] = Field(default=None, sa_type=HALFVEC(3))
    b: Optional[Any] = Field(default=None, sa_type=BIT(3))
    s: Optional[Any] = Field(default=None, sa_type=SPARSEVEC(3))
    __table_args__ = (Index("by_hnsw", "v", postgresql_using="hnsw", postgresql_ops={"v": "vector_l2_ops"}),
                      Index("by_ivfflat", "h", postgresql_using="ivfflat", postgresql_with={"lists": 1}, postgresql_ops={"h": "halfvec_cosine_ops"}))


class SQLModelTest(unittest.TestCase):
    def setUp(self):
        self.engine = create_engine(url("postgresql+psycopg"))
        with Session(self.engine) as session:
            session.exec(text("DROP TABLE IF EXISTS items"))
            session.commit()
        SQLModel.metadata.create_all(self.engine)
        with Session(self.engine) as session:
            session.add_all(Item(id=key, v=row, h=row, b=BITS[key], s=SparseVector(row)) for key, row in ROWS.items())
            session.commit()

    def tearDown(self):
        self.engine.dispose()

    def test_values_both_ways(self):
        with Session(self.engine) as session:
            for item in session.exec(select(Item)):
                self.assertEqual((list(item.v), list(item.h), item.b, item.s.to_list()), (ROWS[item.id], ROWS[item.id], BITS[item.id], ROWS[item.id]))

    def test_nearest_neighbours_and_indexes(self):
        with Session(self.engine) as session:
            session.exec(text("SET enable_seqscan = off"))
            for far, distance, index in ((Item.v.l2_distance(QUERY), METRICS[0][2], "by_hnsw"), (Item.h.cosine_distance(QUERY), METRICS[2][2], "by_ivfflat"),
                                         (Item.s.max_inner_product(SparseVector(QUERY)), METRICS[1][2], None), (Item.v.l1_distance(QUERY), METRICS[3][2], None)):
                assert_nearest(self, [tuple(row) for row in session.exec(select(Item.id, far).order_by(far).limit(5))], distance)
                if index:
                    column, op = ("v", "<->") if index == "by_hnsw" else ("h", "<=>")
                    plan = session.exec(text(f"EXPLAIN SELECT id FROM items ORDER BY {column} {op} '[1,2,2]' LIMIT 5")).all()
                    self.assertIn(f"using {index}", plan[1][0])
            self.assertEqual(len(session.exec(select(avg(Item.v))).first()), 3)


if __name__ == "__main__":
    unittest.main()

import dorm
from dorm.contrib.pgvector import HnswIndex, IvfflatIndex, VectorField


class Note(dorm.Model):
    topic = dorm.CharField(max_length=40)
    body = dorm.TextField()
    embedding = VectorField(dimensions=384, null=True)

    class Meta:
        db_table = "notes"
        indexes = [
            HnswIndex(fields=["embedding"], name="notes_hnsw", opclass="vector_cosine_ops", m=16, ef_construction=64),
            IvfflatIndex(fields=["embedding"], name="notes_ivfflat", opclass="vector_l2_ops", lists=10),
        ]

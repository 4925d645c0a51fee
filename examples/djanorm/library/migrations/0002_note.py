"""The table.  Its indexes are made when it has rows, which IVFFlat learns from."""

import dorm
from dorm.contrib.pgvector import VectorField
from dorm.migrations.operations import CreateModel

dependencies = [("library", "0001_enable_pgvector")]

operations = [
    CreateModel(
        name="Note",
        fields=[
            ("id", dorm.BigAutoField(primary_key=True)),
            ("topic", dorm.CharField(max_length=40)),
            ("body", dorm.TextField()),
            ("embedding", VectorField(dimensions=384, null=True)),
        ],
        options={"db_table": "notes"},
    ),
]

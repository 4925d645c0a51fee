from django.contrib.postgres.indexes import PostgresIndex


class FlatIndex(PostgresIndex):
    """An index that looks at every vector, by a short code of it: faster than the table, and exact."""

    suffix = "flat"

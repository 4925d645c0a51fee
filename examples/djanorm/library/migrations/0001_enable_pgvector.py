"""As `dorm makemigrations --enable-pgvector library` writes it."""

from dorm.contrib.pgvector import VectorExtension

dependencies = []

operations = [
    VectorExtension(),
]

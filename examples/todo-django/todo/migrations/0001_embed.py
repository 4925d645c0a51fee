"""pgml.embed(), as PostgresML has it, made of word vectors."""

from pathlib import Path

from django.db import migrations
from pgvector.django import VectorExtension

from todo.words import load_words

SQL = (Path(__file__).resolve().parents[1] / "pgml.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    operations = [
        VectorExtension(),
        migrations.RunSQL(SQL, "DROP SCHEMA pgml CASCADE"),
        migrations.RunPython(load_words, migrations.RunPython.noop),
    ]

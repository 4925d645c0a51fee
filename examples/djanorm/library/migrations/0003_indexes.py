"""`dorm makemigrations` 4.5 writes plain Index objects here, without their storage parameters."""

from dorm.migrations.operations import AddIndex

from library.models import Note

dependencies = [("library", "0002_note")]

operations = [AddIndex("Note", index) for index in Note._meta.indexes]

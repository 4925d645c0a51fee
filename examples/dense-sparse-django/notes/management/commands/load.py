from django.core.management.base import BaseCommand
from minilm import embed, notes

from notes.models import Note
from notes.words import sparse


class Command(BaseCommand):
    help = "Loads 400 notes"

    def handle(self, **options):
        topics, texts = zip(*notes())
        Note.objects.bulk_create(
            Note(topic=topic, body=text, dense=row, sparse=sparse(text))
            for topic, text, row in zip(topics, texts, embed(texts).tolist())
        )
        self.stdout.write(f"{Note.objects.count()} notes")

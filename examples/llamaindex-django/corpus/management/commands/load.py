from pathlib import Path

from django.core.management.base import BaseCommand

from corpus.models import Annotation, Document

FILE = Path(__file__).resolve().parents[3] / "contracts.txt"


class Command(BaseCommand):
    help = "Loads four short contracts (invented), a passage a row"

    def handle(self, **options):
        document = None
        for block in FILE.read_text(encoding="utf-8").strip().split("\n\n"):
            if block.startswith("# "):
                document = Document.objects.create(title=block[2:])
            else:
                Annotation.objects.create(document=document, raw_text=block)
        Annotation.objects.create(document=document, raw_text="")  # a page without text: no embedding
        self.stdout.write(f"{Document.objects.count()} contracts, {Annotation.objects.count()} passages")

import functools
from pathlib import Path

from django.core.management.base import BaseCommand
from minilm import embed

from reports.models import EpiReport

FILE = Path(__file__).resolve().parents[3] / "reports.txt"


def read():
    """Blocks of a line `region | disease | year | title` and the text below it."""
    for block in FILE.read_text(encoding="utf-8").strip().split("\n\n"):
        head, text = block.split("\n", 1)
        region, disease, year, title = head.split(" | ")
        yield EpiReport(region=region, disease=disease, year=int(year), title=title, text=text)


@functools.cache  # the tests load them again and again
def embeddings():
    return embed(f"{report.title}. {report.text}" for report in read()).tolist()


class Command(BaseCommand):
    help = "Loads the reports (invented) and computes their embeddings"

    def handle(self, **options):
        reports = list(read())
        for report, row in zip(reports, embeddings(), strict=True):
            report.embedding = row
        EpiReport.objects.bulk_create(reports)
        self.stdout.write(f"{len(reports)} reports")

import sys

from django.core.management.base import BaseCommand

from notes.search import fused, nearest, searches

QUESTIONS = ["ideas for a birthday", "water is leaking in the bathroom"]


class Command(BaseCommand):
    help = "Answers two questions, and then those that are typed"

    def answer(self, question):
        self.stdout.write(f"\n==== {question}")
        for field, name, distance in searches(question):
            self.stdout.write(f"\n  {field} vectors, {name}")
            for note in nearest(distance):
                self.stdout.write(f"    {note.distance:8.3f}  {note.body}")
        self.stdout.write("\n  both: meaning and words")
        for i, note in enumerate(fused(question), 1):
            self.stdout.write(f"    {i:8}  {note.body}")

    def handle(self, **options):
        for question in QUESTIONS:
            self.answer(question)
        while sys.stdin.isatty():
            try:
                question = input("\nA question (empty to end): ").strip()
            except EOFError:
                break
            if not question:
                break
            self.answer(question)

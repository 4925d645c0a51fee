from datetime import date, timedelta

from django.core.management.base import BaseCommand
from minilm import notes

from todo.models import TodoItem


class Command(BaseCommand):
    help = "Loads 400 to-dos; every fourth is done"

    def handle(self, **options):
        today = date.today()
        TodoItem.objects.bulk_create(
            TodoItem(description=text, due_date=today + timedelta(days=i % 60), completed=i % 4 == 0)
            for i, (_, text) in enumerate(notes(), 1)
        )
        self.stdout.write(f"{TodoItem.objects.count()} to-dos")

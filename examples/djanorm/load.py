import dorm_setup  # noqa: F401
from library.models import Note
from minilm import embed, notes

topics, texts = zip(*notes())
Note.objects.bulk_create([
    Note(topic=topic, body=text, embedding=row) for topic, text, row in zip(topics, texts, embed(texts).tolist())
])
print(f"{Note.objects.count()} notes")

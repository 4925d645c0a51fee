import sys

import dorm_setup  # noqa: F401
from library.search import DISTANCES, nearest

QUESTIONS = [("make sure we do not lose data if a machine fails", None), ("lower my monthly expenses", "travel")]


def answer(question, topic=None):
    print(f"\n==== {question}" + (f" (only the topic {topic})" if topic else ""))
    for distance in DISTANCES:
        print(f"\n  {distance}")
        for note in nearest(question, distance, topic, limit=3):
            print(f"    {note.distance:6.3f}  {note.body}")


for question, topic in QUESTIONS:
    answer(question, topic)
while sys.stdin.isatty():
    try:
        question = input("\nA question (empty to end): ").strip()
    except EOFError:
        break
    if not question:
        break
    answer(question)

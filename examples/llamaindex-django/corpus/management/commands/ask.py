import sys

from django.core.management.base import BaseCommand
from llama_index.core import VectorStoreIndex
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters

from corpus.store import DjangoAnnotationStore, MiniLM

QUESTIONS = [
    ("what happens if I pay late?", None),
    ("how do I get out of this?", None),
    ("how do I get out of this?", MetadataFilter(key="raw_text", value="notice", operator=FilterOperator.TEXT_MATCH_INSENSITIVE)),
]


class Command(BaseCommand):
    help = "Finds the passages that answer three questions, and then those that are typed"

    def answer(self, question, condition=None):
        index = VectorStoreIndex.from_vector_store(DjangoAnnotationStore(), embed_model=MiniLM())
        filters = MetadataFilters(filters=[condition]) if condition else None
        self.stdout.write(f"\n==== {question}" + (f" (only passages with “{condition.value}”)" if condition else ""))
        for found in index.as_retriever(similarity_top_k=4, filters=filters).retrieve(question):
            self.stdout.write(f"  {found.score:.3f}  {found.metadata['document']}\n         {found.text}")

    def handle(self, **options):
        for question, condition in QUESTIONS:
            self.answer(question, condition)
        while sys.stdin.isatty():
            try:
                question = input("\nA question (empty to end): ").strip()
            except EOFError:
                break
            if not question:
                break
            self.answer(question)

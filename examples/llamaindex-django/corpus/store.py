"""Django's tables as a vector store of LlamaIndex: nothing is kept twice."""

from typing import Any

from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from minilm import embed, embed_one
from pgvector.django import CosineDistance

from .models import Annotation

LOOKUPS = {
    FilterOperator.EQ: "",
    FilterOperator.IN: "__in",
    FilterOperator.GT: "__gt",
    FilterOperator.LT: "__lt",
    FilterOperator.TEXT_MATCH: "__contains",
    FilterOperator.TEXT_MATCH_INSENSITIVE: "__icontains",
}


class MiniLM(BaseEmbedding):
    """The examples' sentence model, as LlamaIndex wants it."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return embed_one(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return embed(texts).tolist()

    def _get_query_embedding(self, query: str) -> list[float]:
        return embed_one(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return embed_one(query)


class DjangoAnnotationStore(BasePydanticVectorStore):
    """Of all annotations, or of one document's; filters name fields of the model."""

    stores_text: bool = True
    flat_metadata: bool = True
    document_id: int | None = None

    @property
    def client(self) -> Any:
        return None

    def annotations(self):
        everything = Annotation.objects.all()
        return everything if self.document_id is None else everything.filter(document_id=self.document_id)

    def filtered(self, filters: MetadataFilters | None):
        found = self.annotations()
        if filters is None:
            return found
        if filters.condition != FilterCondition.AND:
            raise NotImplementedError("only conditions that are all to be met")
        for one in filters.filters:
            if getattr(one, "operator", None) not in LOOKUPS:
                raise NotImplementedError(f"filter: {one}")
            found = found.filter(**{one.key + LOOKUPS[one.operator]: one.value})
        return found

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        found = self.filtered(query.filters)
        if query.doc_ids:
            found = found.filter(document_id__in=query.doc_ids)
        if query.query_embedding is not None:
            found = found.filter(embedding__isnull=False).annotate(distance=CosineDistance("embedding", query.query_embedding)).order_by("distance")
        else:
            found = found.order_by("id")
        found = list(found.select_related("document")[: query.similarity_top_k])
        return VectorStoreQueryResult(
            nodes=[node(annotation) for annotation in found],
            similarities=[1 - annotation.distance if query.query_embedding is not None else 1.0 for annotation in found],
            ids=[str(annotation.pk) for annotation in found],
        )

    def add(self, nodes: list[BaseNode], **kwargs: Any) -> list[str]:
        """Each node becomes an annotation of the document that its metadata names."""
        added = [Annotation(document_id=n.metadata["document_id"], raw_text=n.get_content(), embedding=n.get_embedding()) for n in nodes]
        return [str(annotation.pk) for annotation in Annotation.objects.bulk_create(added)]

    def delete(self, ref_doc_id: str, **kwargs: Any) -> None:
        self.annotations().filter(document_id=ref_doc_id).delete()


def node(annotation: Annotation) -> TextNode:
    return TextNode(
        id_=str(annotation.pk),
        text=annotation.raw_text,
        metadata={"document_id": annotation.document_id, "document": annotation.document.title},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=str(annotation.document_id))},
    )

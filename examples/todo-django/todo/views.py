from django.db.models.expressions import RawSQL
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from .models import MODEL, TodoItem


class TodoItemSerializer(serializers.ModelSerializer):
    # The cosine distance to the question: 0 is the same, 1 is unrelated.
    similarity = serializers.FloatField(read_only=True, required=False)

    class Meta:
        model = TodoItem
        fields = ["id", "description", "due_date", "completed", "similarity"]


class TodoItemViewSet(viewsets.ModelViewSet):
    queryset = TodoItem.objects.order_by("id")
    serializer_class = TodoItemSerializer

    @action(detail=False)
    def search(self, request):
        """GET /api/todo/search/?q=TEXT&completed=false&limit=5"""
        query = request.query_params.get("q", "").strip()
        limit = request.query_params.get("limit", "5")
        if not query or not limit.isdecimal():
            raise ValidationError("q must be a text, limit a number")
        results = TodoItem.objects.annotate(
            similarity=RawSQL("pgml.embed(%s, %s)::vector(384) <=> embedding", [MODEL, query])
        ).filter(similarity__isnull=False)
        completed = request.query_params.get("completed")
        if completed is not None:
            results = results.filter(completed=completed == "true")
        results = results.order_by("similarity")[: int(limit)]
        return Response(self.get_serializer(results, many=True).data)

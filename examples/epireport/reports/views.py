from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render

from . import search
from .models import EpiReport

QUESTIONS = [
    "people got sick from contaminated drinking water",
    "disease passed from animals to herders",
    "vaccination campaign for children in remote places",
    "breathing problems caught in buildings",
]


def asked(request):
    """The question and the filters of the address, and what they find."""
    question = request.GET.get("q", "").strip()
    filters = {name: request.GET.get(name, "").strip() for name in ("region", "disease", "year")}
    if not filters["year"].isdecimal():
        filters["year"] = ""
    reports = search.by_structure(**filters)
    if question:
        kind, found = ("hybrid" if any(filters.values()) else "semantic"), search.by_meaning(reports, question)
    else:
        kind, found = "structured", list(reports.order_by("-year", "region", "disease"))
    return question, filters, kind, reports.count(), found


def page(request):
    question, filters, kind, candidates, found = asked(request)
    if question:
        search.mark_the_reasons(found, question)
    choices = {
        name: [str(value) for value in EpiReport.objects.order_by(name).values_list(name, flat=True).distinct()]
        for name in filters
    }
    return render(request, "page.html", {
        "question": question, "filters": filters, "kind": kind, "candidates": candidates, "found": found,
        "total": EpiReport.objects.count(), "choices": choices, "questions": QUESTIONS,
        "chosen": [value for value in filters.values() if value],
    })


def report(request, pk):
    shown = get_object_or_404(EpiReport, pk=pk)
    return render(request, "report.html", {"report": shown, "similar": search.similar(shown)})


def overview(request):
    return render(request, "overview.html", {"pairs": search.near_duplicates(), "unusual": search.unusual()})


def api(request):
    question, filters, kind, candidates, found = asked(request)
    return JsonResponse({"question": question, "filters": filters, "kind": kind, "candidates": candidates, "results": [
        {"id": r.id, "region": r.region, "disease": r.disease, "year": r.year, "title": r.title,
         "similarity": getattr(r, "similarity", None)} for r in found
    ]})

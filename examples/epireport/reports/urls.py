from django.urls import path

from . import views

urlpatterns = [
    path("", views.page, name="page"),
    path("report/<int:pk>/", views.report, name="report"),
    path("overview/", views.overview, name="overview"),
    path("api/search/", views.api, name="api"),
]

"""The addresses of Explore: its page, its two forms, and one for each experiment."""

from django.urls import path

from . import explore

urlpatterns = [
    path("", explore.explore, name="explore"),
    path("matrix/", explore.matrix, name="explore-matrix"),
    path("sweep/", explore.sweep, name="explore-sweep"),
    path("<slug:experiment_id>/", explore.experiment, name="experiment"),
    path("<slug:experiment_id>/answer/", explore.answer, name="experiment-answer"),
    path("<slug:experiment_id>/answer.json", explore.answer_json, name="experiment-json"),
    path("<slug:experiment_id>/answer.csv", explore.answer_csv, name="experiment-csv"),
    path("<slug:experiment_id>/stop/", explore.stop, name="experiment-stop"),
]

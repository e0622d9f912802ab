"""The URLs of Explore: its page, its forms, and each experiment."""

from django.urls import path

from dashboard.models import Experiment

from . import views

urlpatterns = [
    path("", views.explore, name="explore"),
    path("matrix/", views.matrix, name="explore-matrix"),
    path("sweep/", views.sweep, name="explore-sweep"),
    path("mix/", views.mix, name="explore-mix"),
    path("capacity/", views.capacity, name="explore-capacity"),
    path(
        "matrix/estimate/",
        views.estimate,
        {"kind": Experiment.Kind.MATRIX},
        name="explore-matrix-estimate",
    ),
    path(
        "sweep/estimate/",
        views.estimate,
        {"kind": Experiment.Kind.SWEEP},
        name="explore-sweep-estimate",
    ),
    path(
        "mix/estimate/",
        views.estimate,
        {"kind": Experiment.Kind.MIX},
        name="explore-mix-estimate",
    ),
    path(
        "capacity/estimate/",
        views.estimate,
        {"kind": Experiment.Kind.CAPACITY},
        name="explore-capacity-estimate",
    ),
    path("<slug:experiment_id>/", views.experiment, name="experiment"),
    path("<slug:experiment_id>/answer/", views.answer, name="experiment-answer"),
    path("<slug:experiment_id>/answer.json", views.answer_json, name="experiment-json"),
    path("<slug:experiment_id>/answer.csv", views.answer_csv, name="experiment-csv"),
    path("<slug:experiment_id>/stop/", views.stop, name="experiment-stop"),
]

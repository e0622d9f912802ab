"""The URLs of the actions on stored runs."""

from django.urls import path

from . import card, compare, imports, views

urlpatterns = [
    path("import/", imports.import_, name="import-run"),
    path("import/<slug:import_id>/", imports.importing, name="importing"),
    path("experiments/<slug:experiment_id>/", views.experiment_runs, name="experiment-runs"),
    path(
        "experiments/<slug:experiment_id>/delete/",
        views.delete_experiment,
        name="delete-experiment",
    ),
    path("compare/", compare.compare, name="compare"),
    path("<slug:run_id>/describe/", views.describe, name="describe"),
    path("<slug:run_id>/pin/", views.pin, name="pin"),
    path("<slug:run_id>/delete/", views.delete, name="delete"),
    path("<slug:run_id>/restore/", views.restore, name="restore"),
    path("<slug:run_id>/again/", views.again, name="again"),
    path("<slug:run_id>/card.svg", card.card, name="card"),
    path("<slug:run_id>/export/<slug:name>", views.export, name="export"),
]

"""The addresses of what can be done with a stored run."""

from django.urls import path

from . import archive, compare

urlpatterns = [
    path("take-in/", archive.take_in, name="take-in"),
    path("compare/", compare.compare, name="compare"),
    path("<slug:run_id>/describe/", archive.describe, name="describe"),
    path("<slug:run_id>/pin/", archive.pin, name="pin"),
    path("<slug:run_id>/delete/", archive.delete, name="delete"),
    path("<slug:run_id>/restore/", archive.restore, name="restore"),
    path("<slug:run_id>/again/", archive.again, name="again"),
    path("<slug:run_id>/export/<slug:name>", archive.export, name="export"),
]

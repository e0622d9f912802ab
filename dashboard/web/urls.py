"""The addresses of the page; names are what templates and scripts use."""

from django.urls import include, path

from . import charts, views
from .runs_address import runs

urlpatterns = [
    path("", views.bench, name="bench"),
    path("fire/", views.form, name="form"),
    path("calibrate/", views.calibrate, name="calibrate"),
    path("line/", views.line, name="line"),
    path("claims/", include("dashboard.web.claims_urls")),
    path("explore/", include("dashboard.web.explore_urls")),
    path("xray/", include("dashboard.web.xray_urls")),
    path("runs/", runs, name="runs"),
    path("runs/", include("dashboard.web.archive_urls")),
    path("runs/<slug:run_id>/", views.run, name="run"),
    path("runs/<slug:run_id>/stage/", views.stage, name="stage"),
    path("runs/<slug:run_id>/result/", views.result, name="result"),
    path("runs/<slug:run_id>/numbers/", views.numbers, name="numbers"),
    path("runs/<slug:run_id>/charts/<slug:chart>/", charts.picture, name="chart"),
    path("runs/<slug:run_id>/charts/<slug:chart>/table/", charts.table, name="chart-table"),
    path("runs/<slug:run_id>/frames", views.frames, name="frames"),
    path("runs/<slug:run_id>/stop/", views.stop, name="stop"),
]

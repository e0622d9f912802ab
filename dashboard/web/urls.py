"""The URLs of the page; templates and scripts use their names."""

from django.urls import include, path

from .bench import views as bench
from .charts import views as charts
from .runs_address import runs
from .where import views as where

urlpatterns = [
    path("", bench.bench, name="bench"),
    path("", include("dashboard.web.accounts.urls")),
    path("fire/", bench.form, name="form"),
    path("calibrate/", bench.calibrate, name="calibrate"),
    path("queue/", bench.queue, name="queue"),
    path("claims/", include("dashboard.web.claims.urls")),
    path("explore/", include("dashboard.web.explore.urls")),
    path("survey/", include("dashboard.web.survey.urls")),
    path("xray/", include("dashboard.web.xray.urls")),
    path("runs/", runs, name="runs"),
    path("runs/", include("dashboard.web.history.urls")),
    path("runs/<slug:run_id>/", bench.run, name="run"),
    path("runs/<slug:run_id>/stage/", bench.stage, name="stage"),
    path("runs/<slug:run_id>/result/", bench.result, name="result"),
    path("runs/<slug:run_id>/numbers/", bench.numbers, name="numbers"),
    path("runs/<slug:run_id>/charts/<slug:chart>/", charts.picture, name="chart"),
    path("runs/<slug:run_id>/charts/<slug:chart>/table/", charts.table, name="chart-table"),
    path("runs/<slug:run_id>/frames", bench.frames, name="frames"),
    path("runs/<slug:run_id>/where/", where.where, name="where"),
    path("samplings/<slug:sampling_id>/stop/", where.stop, name="where-stop"),
    path("runs/<slug:run_id>/stop/", bench.stop, name="stop"),
    path("runs/<slug:run_id>/advice/<slug:number>/", bench.fire_advice, name="fire-advice"),
]

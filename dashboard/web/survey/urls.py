"""The URLs of Survey, below /survey/."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.survey, name="survey"),
    path("start/", views.start, name="survey-start"),
    path("estimate/", views.estimate, name="survey-estimate"),
    path("<slug:experiment_id>/", views.result, name="survey-result"),
    path("<slug:experiment_id>/answer/", views.answer, name="survey-answer"),
    path("<slug:experiment_id>/answer.json", views.answer_json, name="survey-json"),
    path("<slug:experiment_id>/answer.csv", views.answer_csv, name="survey-csv"),
    path("<slug:experiment_id>/answer.md", views.answer_markdown, name="survey-markdown"),
]

"""The URLs of the claims page."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.claims, name="claims"),
    path("progress/", views.progress, name="claims-progress"),
    path("stop/", views.stop, name="claims-stop"),
    path("fire/<slug:name>/", views.fire, name="claim-fire"),
    path("sweep/<slug:name>/", views.sweep, name="claim-sweep"),
]

"""The addresses of the page of claims."""

from django.urls import path

from . import claims

urlpatterns = [
    path("", claims.claims, name="claims"),
    path("progress/", claims.progress, name="claims-progress"),
    path("stop/", claims.stop, name="claims-stop"),
    path("fire/<slug:name>/", claims.fire, name="claim-fire"),
    path("sweep/<slug:name>/", claims.sweep, name="claim-sweep"),
]

"""The addresses of the X-ray's page."""

from django.urls import path

from . import xray

urlpatterns = [
    path("", xray.xray, name="xray"),
    path("<slug:number>/", xray.result, name="xray-result"),
    path("<slug:number>/trace.json", xray.trace, name="xray-trace"),
]

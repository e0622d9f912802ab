"""The URLs of the X-ray page."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.xray, name="xray"),
    path("<slug:number>/", views.result, name="xray-result"),
    path("<slug:number>/beside/", views.beside, name="xray-beside"),
    path("<slug:number>/trace.json", views.trace, name="xray-trace"),
]

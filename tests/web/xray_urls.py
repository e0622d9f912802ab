"""The dashboard's addresses with those of the X-ray."""

from django.urls import include, path

from dashboard.urls import urlpatterns as dashboard_urls

urlpatterns = [path("xray/", include("dashboard.web.xray_urls")), *dashboard_urls]

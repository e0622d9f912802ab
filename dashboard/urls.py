"""The dashboard's addresses."""

from django.urls import include, path

urlpatterns = [path("", include("dashboard.web.urls"))]

handler400 = "dashboard.web.errors.bad_request"
handler403 = "dashboard.web.errors.permission_denied"
handler404 = "dashboard.web.errors.not_found"
handler500 = "dashboard.web.errors.server_error"

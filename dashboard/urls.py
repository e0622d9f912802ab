"""The dashboard's addresses."""

from django.urls import include, path

urlpatterns = [path("", include("dashboard.web.urls"))]

handler400 = "dashboard.web.shared.errors.bad_request"
handler403 = "dashboard.web.shared.errors.permission_denied"
handler404 = "dashboard.web.shared.errors.not_found"
handler500 = "dashboard.web.shared.errors.server_error"

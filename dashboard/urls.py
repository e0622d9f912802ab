"""The dashboard's addresses."""

from django.urls import include, path, re_path

from dashboard.web.serving.static_files import static_file

urlpatterns = [
    # Any name at all, so that each has an answer of its own: `path` would have none for a newline.
    re_path(r"^static/(?P<name>[\s\S]*)\Z", static_file, name="static"),
    path("", include("dashboard.web.urls")),
]

handler400 = "dashboard.web.shared.errors.bad_request"
handler403 = "dashboard.web.shared.errors.permission_denied"
handler404 = "dashboard.web.shared.errors.not_found"
handler500 = "dashboard.web.shared.errors.server_error"

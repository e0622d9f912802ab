"""The URLs of an exposed dashboard's users; 404 if it is not exposed."""

from django.urls import path

from . import views

urlpatterns = [
    path("login/", views.login_page, name="login"),
    path("logout/", views.logout_page, name="logout"),
    path("audit/", views.audit, name="audit"),
    path("ws/", views.not_upgraded, name="websocket"),
]

"""Where the shop is."""

from django.urls import path

from . import views

urlpatterns = [
    path("articles/", views.articles),
    path("articles-async/", views.articles_async),
]

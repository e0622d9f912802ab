"""The paths of the scenario `fan-out`, below its name; its views import httpx and Requests."""

from django.urls import path

from liveapp.views import fan_out

urlpatterns = [
    path("sequential/", fan_out.sequential),
    path("threads/", fan_out.threads),
    path("gather/", fan_out.gather),
    path("async-sequential/", fan_out.async_sequential),
]

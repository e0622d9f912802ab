"""The paths of the scenario `external-api`, below its name; its views import httpx and Requests."""

from django.urls import path

from liveapp.views import external_api

urlpatterns = [
    path("sync-requests/", external_api.sync_requests),
    path("sync-requests-shared/", external_api.sync_requests_shared),
    path("sync-httpx/", external_api.sync_httpx),
    path("sync-httpx-shared/", external_api.sync_httpx_shared),
    path("async-httpx/", external_api.async_httpx),
    path("async-httpx-shared/", external_api.async_httpx_shared),
]

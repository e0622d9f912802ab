"""The paths of the scenario `file-io`, below its name; its views import aiofiles."""

from django.urls import path

from liveapp.views import file_io

urlpatterns = [
    path("sync/", file_io.sync),
    path("async-naive/", file_io.async_naive),
    path("async-threads/", file_io.async_threads),
    path("aiofiles/", file_io.aiofiles_),
]

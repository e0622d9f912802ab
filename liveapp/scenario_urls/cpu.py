"""The paths of the scenario `cpu`, below its name; its views import Pillow."""

from django.urls import path

from liveapp.views import cpu

urlpatterns = [
    path("sync/", cpu.sync),
    path("async-naive/", cpu.async_naive),
    path("async-threads/", cpu.async_threads),
    path("process-pool/", cpu.process_pool),
    path("celery/", cpu.celery),
]

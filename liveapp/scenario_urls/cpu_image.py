"""The paths of the scenario `cpu-image`, below its name; its views import Pillow."""

from django.urls import path

from liveapp.views import cpu_image

urlpatterns = [
    path("sync/", cpu_image.sync),
    path("async-naive/", cpu_image.async_naive),
    path("async-threads/", cpu_image.async_threads),
    path("process-pool/", cpu_image.process_pool),
    path("celery/", cpu_image.celery),
]

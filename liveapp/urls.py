"""One path a variant: /SCENARIO/VARIANT/, with its parameters in the query."""

from django.urls import path

from .views import mixed, ping, sleep

handler400 = "liveapp.parameters.bad_request"

urlpatterns = [
    path("ping/", ping.ping),
    path("sleep/sync/", sleep.sync),
    path("sleep/async/", sleep.async_),
    path("sleep/async-blocking/", sleep.async_blocking),
    path("mixed/bridged/", mixed.bridged),
    path("mixed/bridged-threads/", mixed.bridged_threads),
]

"""One path per variant: /SCENARIO/VARIANT/, with its parameters in the query."""

from django.urls import URLPattern, URLResolver, path
from django.urls.resolvers import RoutePattern

from .views import (
    middleware,
    mixed,
    orm_get,
    orm_limits,
    orm_slow,
    ping,
    results,
    sleep,
    streaming,
    upload,
    websocket,
)


def imported_later(scenario: str) -> URLResolver:
    """Return the paths of a scenario whose views need libraries that others do not.

    Django imports them with the first request to one of these paths. (`include` would import them
    at once: with those of all scenarios a server takes nearly twice as long to start.)
    """
    module = f"{__package__}.scenario_urls.{scenario.replace('-', '_')}"
    return URLResolver(RoutePattern(f"{scenario}/"), module)


handler400 = "liveapp.parameters.bad_request"

urlpatterns = [
    path("ping/", ping.ping),
    path("sleep/sync/", sleep.sync),
    path("sleep/async/", sleep.async_),
    path("sleep/async-blocking/", sleep.async_blocking),
    path("mixed/bridged/", mixed.bridged),
    path("mixed/bridged-threads/", mixed.bridged_threads),
    path("mixed/gather-bridged/", mixed.gather_bridged),
    path("mixed/gather-bridged-threads/", mixed.gather_bridged_threads),
    path("mixed/async-blocking/", mixed.async_blocking),
    path("streaming/sync/", streaming.sync),
    path("streaming/async/", streaming.async_),
    # `chains.py` has the paths of those with other middleware.
    path("middleware/sync-none/", middleware.sync),
    path("middleware/sync-default/", middleware.sync),
    path("middleware/sync-plus-one/", middleware.sync),
    path("middleware/sync-plus-one-first/", middleware.sync),
    path("middleware/async-none/", middleware.async_),
    path("middleware/async-default/", middleware.async_),
    path("middleware/async-plus-one/", middleware.async_),
    path("middleware/async-plus-one-first/", middleware.async_),
    path("orm-get/sync/", orm_get.sync),
    path("orm-get/async/", orm_get.async_),
    path("orm-get/sync-sequential/", orm_get.sync_sequential),
    path("orm-get/async-gather/", orm_get.async_gather),
    path("orm-limits/sync-in-async/", orm_limits.sync_in_async),
    path("orm-limits/atomic-in-async/", orm_limits.atomic_in_async),
    path("orm-limits/atomic-bridged/", orm_limits.atomic_bridged),
    path("orm-slow/sync/", orm_slow.sync),
    path("orm-slow/async/", orm_slow.async_),
    path("orm-slow/sync-pooled/", orm_slow.sync_pooled),
    path("orm-slow/async-pooled/", orm_slow.async_pooled),
    path("upload/sync/", upload.sync),
    path("upload/async/", upload.async_),
    path("upload/async-naive/", upload.async_naive),
    path("results/<uuid:task_id>/", results.result),
    path("websocket/long-polling/", websocket.long_polling),
    imported_later("external-api"),
    imported_later("fan-out"),
    imported_later("file-io"),
    imported_later("cpu"),
    imported_later("cpu-image"),
]


def websocket_urlpatterns() -> list[URLPattern]:
    """Return the paths of the websockets, which need Channels."""
    from .consumers import AsyncEcho, SyncEcho  # noqa: PLC0415

    return [
        path("ws/async/", AsyncEcho.as_asgi()),
        path("ws/sync/", SyncEcho.as_asgi()),
    ]

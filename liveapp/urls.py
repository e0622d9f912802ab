"""One path per variant: /SCENARIO/VARIANT/, with its parameters in the query."""

from django.urls import URLPattern, path

from .views import (
    cpu,
    cpu_image,
    external_api,
    fan_out,
    file_io,
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
    path("external-api/sync-requests/", external_api.sync_requests),
    path("external-api/sync-requests-shared/", external_api.sync_requests_shared),
    path("external-api/sync-httpx/", external_api.sync_httpx),
    path("external-api/sync-httpx-shared/", external_api.sync_httpx_shared),
    path("external-api/async-httpx/", external_api.async_httpx),
    path("external-api/async-httpx-shared/", external_api.async_httpx_shared),
    path("fan-out/sequential/", fan_out.sequential),
    path("fan-out/threads/", fan_out.threads),
    path("fan-out/gather/", fan_out.gather),
    path("fan-out/async-sequential/", fan_out.async_sequential),
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
    path("file-io/sync/", file_io.sync),
    path("file-io/async-naive/", file_io.async_naive),
    path("file-io/async-threads/", file_io.async_threads),
    path("file-io/aiofiles/", file_io.aiofiles_),
    path("upload/sync/", upload.sync),
    path("upload/async/", upload.async_),
    path("upload/async-naive/", upload.async_naive),
    path("cpu/sync/", cpu.sync),
    path("cpu/async-naive/", cpu.async_naive),
    path("cpu/async-threads/", cpu.async_threads),
    path("cpu/process-pool/", cpu.process_pool),
    path("cpu/celery/", cpu.celery),
    path("cpu-image/sync/", cpu_image.sync),
    path("cpu-image/async-naive/", cpu_image.async_naive),
    path("cpu-image/async-threads/", cpu_image.async_threads),
    path("cpu-image/process-pool/", cpu_image.process_pool),
    path("cpu-image/celery/", cpu_image.celery),
    path("results/<uuid:task_id>/", results.result),
    path("websocket/long-polling/", websocket.long_polling),
]


def websocket_urlpatterns() -> list[URLPattern]:
    """Return the paths of the websockets, which need Channels."""
    from .consumers import AsyncEcho, SyncEcho  # noqa: PLC0415

    return [
        path("ws/async/", AsyncEcho.as_asgi()),
        path("ws/sync/", SyncEcho.as_asgi()),
    ]

"""The probe around an ASGI application: it stamps and counts, and changes nothing else."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from .calls import Probe, ask, wrapped


async def plain_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    kind = scope["type"]
    await send({"type": f"{kind}.response.start", "status": 200, "headers": [(b"a", b"b")]})
    await send({"type": f"{kind}.response.body", "body": b"x"})


async def test_a_plain_asgi_application_is_stamped(probe: Probe) -> None:
    start, body = await ask(wrapped(probe, plain_asgi, "asgi"), "/")
    assert start["headers"][0] == (b"a", b"b")
    name, value = start["headers"][1]
    assert name == b"liveburst"
    assert [int(part) for part in value.split()][1:] == [-1, -1, os.getpid()]
    assert body == {"type": "http.response.body", "body": b"x"}
    assert probe.counters.LOAD.report()["in_app"] == 0


async def test_a_request_has_left_before_its_client_can_send_the_next(probe: Probe) -> None:
    """Before its last body is sent; and the process is not quiet before the work after it ends."""
    seen: list[tuple[int, bool]] = []

    async def send(message: dict[str, Any]) -> None:
        seen.append((probe.counters.LOAD.in_app, probe.counters.LOAD.is_quiet()))

    async def streams_and_works_on(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"x"})
        seen.append((probe.counters.LOAD.in_app, probe.counters.LOAD.is_quiet()))

    await wrapped(probe, streams_and_works_on, "asgi")({"type": "http"}, None, send)
    assert seen == [(1, False), (1, False), (0, False), (0, False)]
    assert (probe.counters.LOAD.in_app, probe.counters.LOAD.is_quiet()) == (0, True)


async def test_another_scope_than_http_passes_through(probe: Probe) -> None:
    sent = await ask(wrapped(probe, plain_asgi, "asgi"), "/", type="websocket")
    assert sent[0]["headers"] == [(b"a", b"b")]
    assert probe.counters.LOAD.report()["requests"] == 0


async def test_a_cancelled_request_has_left(probe: Probe) -> None:
    async def forever(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(ask(wrapped(probe, forever, "asgi"), "/"))
    await asyncio.sleep(0)
    assert probe.counters.LOAD.report()["in_app"] == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert probe.counters.LOAD.report()["in_app"] == 0

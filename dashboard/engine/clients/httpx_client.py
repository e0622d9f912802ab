"""HTTPX: a client for each request, as in many examples, or one for all."""

from __future__ import annotations

from typing import Any

import httpx

from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing
from dashboard.wire.tls import client_context

from .driver import Call
from .tasks import TaskDriver

# Events of httpcore, each emitted just before what it is named after.
CONNECTING = "connection.connect_tcp.started"
SENDING_HEAD = "http11.send_request_headers.started"
SENDING_BODY = "http11.send_request_body.started"


class HttpxDriver(TaskDriver):
    """Drives one firing by HTTPX; subclasses decide how many clients there are."""

    failures = (
        (httpx.TimeoutException, Failure.TIMEOUT),
        (httpx.RemoteProtocolError, Failure.MALFORMED),
        (httpx.DecodingError, Failure.MALFORMED),
        (httpx.ConnectError, Failure.UNREACHABLE),
        (httpx.ReadError, Failure.CLOSED),
    )

    def __init__(self, firing: Firing) -> None:
        super().__init__(firing)
        # Without TLS the default stays: reading the certificates is what a client costs.
        self._verify: Any = client_context(firing.host, firing.ca) if firing.tls else True

    async def _send(self, client: httpx.AsyncClient, call: Call) -> int:
        async def note(event: str, info: object) -> None:
            if event == CONNECTING:
                call.connecting = self.now()
            elif event == SENDING_HEAD:
                call.sent_first = call.sent = self.now()
            elif event == SENDING_BODY and self._firing.body:
                call.sent = self.now()

        response = await client.request(
            self._firing.method,
            self.url(),
            headers=self.headers(),
            content=self.body(),
            extensions={"trace": note},
            timeout=None,  # `_fire` has one, which counts from `due`
        )
        self.read_head(call, response.headers)
        return response.status_code

    def _failure(self, error: Exception) -> Failure:
        """Distinguish three causes of the same exception, by its text."""
        if isinstance(error, httpx.RemoteProtocolError):
            text = str(error).lower()
            if "disconnected" in text or "peer closed" in text:
                return Failure.CLOSED
            if "too long" in text:
                return Failure.ENDLESS_HEAD
        return super()._failure(error)


class HttpxPerRequestDriver(HttpxDriver):
    """A new `httpx.AsyncClient` for each request."""

    async def _request(self, call: Call) -> int:
        async with httpx.AsyncClient(trust_env=False, verify=self._verify) as client:
            return await self._send(client, call)

    async def _close_client(self) -> None:
        """Do nothing: the clients share nothing."""


class HttpxSharedDriver(HttpxDriver):
    """One `httpx.AsyncClient`, whose limits allow as many connections as may be in flight."""

    def __init__(self, firing: Firing) -> None:
        concurrency = firing.load.concurrency
        limits = httpx.Limits(
            max_connections=concurrency,
            max_keepalive_connections=concurrency if firing.keep_alive else 0,
        )
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=client_context(firing.host, firing.ca),
            limits=limits,
        )
        super().__init__(firing)

    async def _request(self, call: Call) -> int:
        return await self._send(self._client, call)

    async def _close_client(self) -> None:
        await self._client.aclose()

"""aiohttp: one session for all requests, as its documentation recommends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp import http_exceptions
from yarl import URL

from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing
from dashboard.wire.tls import client_context

from .driver import Call
from .tasks import TaskDriver


class AiohttpDriver(TaskDriver):
    """One session, whose connector allows as many connections as may be in flight."""

    failures = (
        (aiohttp.ServerTimeoutError, Failure.TIMEOUT),
        (aiohttp.ClientConnectorSSLError, Failure.TLS),
        (aiohttp.ClientConnectorError, Failure.UNREACHABLE),
        (aiohttp.ServerDisconnectedError, Failure.CLOSED),
        (aiohttp.ClientPayloadError, Failure.CLOSED),
        (http_exceptions.LineTooLong, Failure.ENDLESS_HEAD),
        (http_exceptions.HttpProcessingError, Failure.MALFORMED),
        (aiohttp.ClientResponseError, Failure.MALFORMED),
        (aiohttp.ClientOSError, Failure.RESET),
    )

    def __init__(self, firing: Firing) -> None:
        connector = aiohttp.TCPConnector(
            limit=firing.load.concurrency,
            ssl=client_context(firing.host, firing.ca),
            force_close=not firing.keep_alive,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trace_configs=[self._trace()],
            trust_env=False,
        )
        super().__init__(firing)
        self._url = URL(self.url(), encoded=True)

    async def _request(self, call: Call) -> int:
        request = self._session.request(
            self._firing.method,
            self._url,
            headers=self.headers(),
            data=self.body(),
            allow_redirects=False,
            trace_request_ctx=call,
        )
        async with request as response:
            self.read_head(call, response.headers)
            await response.read()
            return response.status

    async def _close_client(self) -> None:
        await self._session.close()

    def _trace(self) -> aiohttp.TraceConfig:
        """Return hooks that stamp a call; aiohttp calls each just before what it is named after."""

        async def connecting(session: Any, context: SimpleNamespace, params: Any) -> None:
            context.trace_request_ctx.connecting = self.now()

        async def sending_head(session: Any, context: SimpleNamespace, params: Any) -> None:
            call = context.trace_request_ctx
            call.sent_first = call.sent = self.now()

        async def sending_body(session: Any, context: SimpleNamespace, params: Any) -> None:
            context.trace_request_ctx.sent = self.now()

        trace = aiohttp.TraceConfig()
        trace.on_connection_create_start.append(connecting)
        trace.on_request_headers_sent.append(sending_head)
        trace.on_request_chunk_sent.append(sending_body)
        return trace

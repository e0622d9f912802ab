"""The probe around an ASGI application. Standard library alone, Python 3.9."""

from __future__ import annotations

from typing import Any

from liveburst_counters import LOAD
from liveburst_loop import watch_call
from liveburst_once import Once
from liveburst_request import REQUEST_KEY, Request, new_request, now, set_current_request
from liveburst_worker import HEADER_BYTES, Worker


class ASGIProbe:
    """The project's ASGI application, stamped and counted.

    Scopes other than http pass through; of a websocket only its steps in the loop are watched.
    """

    def __init__(self, application: Any, worker: Worker) -> None:
        self.application = application
        self.worker = worker

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request as the project does."""
        if scope["type"] != "http":
            await self.pass_through(scope, receive, send)
            return
        request = new_request(scope.get("query_string", b""))
        request.counters.enter_app()
        self.worker.introduce()
        set_current_request(request)
        leave = Once(request.counters.leave_app)

        async def send_stamped(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ())]
                request.note_answer(message.get("status", 0), headers)
                header = (HEADER_BYTES, self.worker.header(request).encode())
                message = {**message, "headers": [*headers, header]}
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                leave()  # before it is sent: its client's next request may enter meanwhile
            await send(message)

        try:
            call = self.application({**scope, REQUEST_KEY: request}, receive, send_stamped)
            await watch_call(call, request)
        except BaseException as error:
            request.note_error(error)
            raise
        finally:
            leave()
            request.over = True
            request.counters.finish()

    async def pass_through(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve a scope that is no request."""
        call = self.application(scope, receive, send)
        if scope["type"] != "websocket":
            await call
            return
        session = Request(LOAD, now())
        set_current_request(session)
        try:
            await watch_call(call, session)
        finally:
            session.over = True

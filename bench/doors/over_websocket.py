"""Bad messages on the page's websocket."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from typing import Any

from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .dashboard import Dashboard
from .door import Fault
from .values import json_texts, json_values, octets, scalars, texts

TIMEOUT_S = 30.0
PAUSE_S = (0.0, 0.5)
INTERNAL_ERRORS = (1011, 4500)
SENTINEL = "watching"  # the event that follows a good message


class WebsocketDoor:
    """Messages of any text or bytes; after each a good one shows whether the socket is open."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._sockets = ExitStack()
        self._socket: ClientConnection | None = None

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """Texts, near misses of the messages of docs/frame.md, and bytes."""
        keys = st.sampled_from(["watch", "replay", "seen"]) | texts
        runs = st.sampled_from([self._dashboard.run, "none"])
        near = st.dictionaries(keys, runs | scalars | json_values, max_size=3).map(json.dumps)
        return near | json_texts | octets

    def answer(self, given: str | bytes) -> str:
        """Return `ignored`, or `closed` with its code."""
        try:
            return self._attempt(given, PAUSE_S[0]) or self._attempt(given, PAUSE_S[1]) or "reset"
        except TimeoutError:
            self.close()
            raise Fault("no answer on the websocket") from None

    def _attempt(self, given: str | bytes, pause_s: float) -> str | None:
        """Send it, and after a pause a good message; None if the connection ended without a code.

        That is so if the good message arrives when the websocket is already closed.
        """
        page = self._opened()
        try:
            page.send(_sendable(given))
            with suppress(TimeoutError):
                while pause_s:
                    page.recv(pause_s)
            page.send(json.dumps({"watch": self._dashboard.run}))
            self._wait(page)
        except ConnectionClosed as closed:
            self.close()
            if closed.rcvd is None:
                return None
            if closed.rcvd.code in INTERNAL_ERRORS:
                raise Fault(f"closed with {closed.rcvd.code}") from None
            return f"closed {closed.rcvd.code}"
        return "ignored"

    def _wait(self, page: ClientConnection) -> None:
        """Receive until the good message is answered, which a watched run's frames may precede."""
        while True:
            message = page.recv(TIMEOUT_S)
            if isinstance(message, str) and json.loads(message).get("event") == SENTINEL:
                return

    def _opened(self) -> ClientConnection:
        if self._socket is None:
            address = self._dashboard.address
            opening = connect(
                f"{address.replace('http', 'ws', 1)}/ws/", origin=address, open_timeout=TIMEOUT_S
            )  # type: ignore[call-overload]
            self._socket = self._sockets.enter_context(opening)
        return self._socket

    def check(self) -> None:
        """Check that the dashboard answers."""
        self._dashboard.check_alive()

    def close(self) -> None:
        """Close the websocket."""
        self._socket = None
        self._sockets.close()


def _sendable(given: str | bytes) -> str | bytes:
    """Return a text without lone surrogates, which no websocket can carry."""
    return given.encode("utf-8", "replace").decode() if isinstance(given, str) else given

"""Fetching a result that is not there yet: an answer 202 says where, and is asked again.

The request is over when the answer is another one. Its stamps are those of the first answer, so
that the wait for the result stands behind them.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast
from urllib.parse import urljoin, urlsplit

from dashboard.engine.recording.recorder import Stamps
from dashboard.wire.failure import Failure
from dashboard.wire.plan import Firing
from dashboard.wire.request_mode import PLAIN

from .connection import Connection, Owner
from .request import encode_request

ACCEPTED = 202
LOCATION = b"location"


class Poller:
    """Owns polling connections on behalf of another owner, which never sees an answer 202."""

    def __init__(self, owner: Owner, firing: Firing) -> None:
        self._owner = owner
        self._firing = firing
        self._every_s = (firing.manner.poll_every_ms or 0) / 1000
        self.origin_ns = owner.origin_ns
        self.request = owner.request

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """A whole answer came: the result, or where that will be."""
        polling = cast("PollingConnection", connection)
        if polling.status != ACCEPTED:
            polling.restore_first()
            self._owner.answered(polling, done, reusable)
        elif path := self._path_of(polling):
            again = replace(self._firing, path=path, method="GET", body="", manner=PLAIN)
            polling.poll_later(encode_request(again), self._every_s, reusable)
        else:
            self._owner.failed(polling, Failure.NO_RESULT)

    def failed(self, connection: Connection, failure: Failure) -> None:
        """No answer will come."""
        self._owner.failed(connection, failure)

    def left(self, connection: Connection) -> None:
        """An idle connection is of no more use."""
        self._owner.left(connection)

    def hand_over(self, old: Connection, new: Connection) -> None:
        """The request goes on upon another connection."""
        self._owner.hand_over(old, new)

    def _path_of(self, connection: PollingConnection) -> str | None:
        """Where the result will be; None where that is not said, or not on the same server."""
        if not connection.location:
            return None
        firing = self._firing
        scheme = "https" if firing.tls else "http"
        here = f"{scheme}://{firing.host}:{firing.port}"
        found = urlsplit(urljoin(here + (connection.path or firing.path), connection.location))
        hosts = (urlsplit(here).netloc, *_named_hosts(firing))
        if found.scheme != scheme or found.netloc not in hosts:
            return None
        connection.path = found.path + (f"?{found.query}" if found.query else "")
        return connection.path


def _named_hosts(firing: Firing) -> list[str]:
    """Whom our requests say that they ask: a server may answer with that name."""
    return [text for name, text in firing.headers if name.lower() == "host"]


class PollingConnection(Connection):
    """A connection that asks again, for what the last answer said, while there is no result."""

    __slots__ = ("_asks", "_first", "_here", "_timer", "location", "path")

    def __init__(self, owner: Owner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._timer: asyncio.TimerHandle | None = None  # there while we wait to ask again
        self._here = True  # whether that can be asked on this connection
        self._forget()

    def _forget(self) -> None:
        self._asks: bytes | None = None  # what is sent next; None: the request itself
        self._first: tuple[int, Stamps] | None = None  # first byte and stamps of the first answer
        self.location: str | None = None  # what the last answer said
        self.path: str | None = None  # that was asked for last

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of an answer."""
        if name.lower() == LOCATION:
            self.location = value.decode("latin-1")

    def send_next(self, request: int, due: int) -> None:
        """Use the open connection once more, for another request."""
        self._forget()
        super().send_next(request, due)

    def drop(self) -> None:
        """Close at once, and ask no more."""
        if self._timer is not None:
            self._timer.cancel()
        super().drop()

    def poll_later(self, asks: bytes, every_s: float, reusable: bool) -> None:
        """There is no result yet: ask so after a while, here or on a new connection."""
        if self._first is None:
            self._first = (self.first_byte, self.stamps)
        self._asks = asks
        self._here = reusable
        self._timer = asyncio.get_running_loop().call_later(every_s, self._poll)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone; while we wait that is no harm, since we can come back."""
        if self._timer is None:
            super().connection_lost(error)
        self._here = False

    def restore_first(self) -> None:
        """What is recorded of this request is what the first answer said."""
        if self._first is not None:
            self.first_byte, self.stamps = self._first

    def _poll(self) -> None:
        self._timer = None
        if self._here:
            self.location = None
            self.status = 0
            self._parts = None
            self._send()
        else:
            self._owner.hand_over(self, self._successor())

    def _successor(self) -> PollingConnection:
        """A new connection that goes on with this request."""
        new = type(self)(self._owner, self.request, self.due)
        for name in ("connecting", "sent_first", "sent", "path", "_asks", "_first"):
            setattr(new, name, getattr(self, name))
        return new

    def _send(self) -> None:
        if self._asks is None:
            super()._send()
        else:
            self._transport.write(self._asks)  # type: ignore[union-attr]

"""Polling for a result: a response 202 names its address, which is requested until it is there.

The request is over with the first response that is not a 202. The stamps recorded are those of
the first response, so the wait for the result comes after them. A connection that waits for its
next poll stays AWAITING: the request is in flight.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from dashboard.engine.recording.request_record import NO_STAMPS, Stamps
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.http_status import ACCEPTED
from dashboard.wire.plan.plan import Firing
from dashboard.wire.plan.request_mode import PLAIN
from dashboard.wire.units import MS_PER_S

from .base_connection import AWAITING
from .connection import Connection, Owner
from .request import encode_request

LOCATION = b"location"


class PollingOwner(Owner, Protocol):
    """An owner whose firing has the polling interval and the address."""

    firing: Firing


@dataclass(slots=True)
class Polls:
    """What is known of one request's polls; `record` holds the rest."""

    next_write: bytes | None = None  # the bytes to send next; None: the request itself
    path: str | None = None  # polled last
    location: str | None = None  # in the last response: where the result will be
    first_response: tuple[int, Stamps] | None = None  # its first byte and stamps


class PollingConnection(Connection):
    """Requests the result again while the response is a 202; reports only what follows."""

    __slots__ = ("_firing", "_poll_timer", "polls")
    _owner: PollingOwner

    def __init__(self, owner: PollingOwner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._firing = owner.firing
        self._poll_timer: asyncio.TimerHandle | None = None  # set while waiting for the next poll
        self.polls = Polls()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note where the result will be."""
        if name.lower() == LOCATION:
            self.polls.location = value.decode("latin-1")

    def send_next(self, request: int, due: int) -> None:
        """Send another request on the open connection."""
        self.polls = Polls()
        super().send_next(request, due)

    def abort(self) -> None:
        """Close at once, and poll no more."""
        if self._poll_timer is not None:
            self._poll_timer.cancel()
        super().abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request, unless it waits for a poll, which can use a new connection."""
        if self._poll_timer is None:
            super().connection_lost(error)
        else:
            self.reusable, self._parser = False, None

    def _send(self) -> None:
        if self.polls.next_write is None:
            super()._send()
        else:
            self.state = AWAITING
            self._transport.write(self.polls.next_write)  # type: ignore[union-attr]

    def _finish(self) -> None:
        """Report the result, or poll for it."""
        if self.record.status != ACCEPTED:
            if self.polls.first_response is not None:
                self.record.first_byte, self.record.stamps = self.polls.first_response
            super()._finish()
        elif path := self._result_path():
            self._schedule_poll(path)
        else:
            self._owner.request_failed(self, Failure.NO_RESULT)

    def _schedule_poll(self, path: str) -> None:
        """Request the result after a while, here or on a new connection."""
        if self.polls.first_response is None:
            self.polls.first_response = (self.record.first_byte, self.record.stamps)
        poll = replace(self._firing, path=path, method="GET", body="", request_mode=PLAIN)
        self.polls.next_write = encode_request(poll)
        self.polls.path = path
        delay_s = (self._firing.request_mode.poll_every_ms or 0) / MS_PER_S
        self._poll_timer = asyncio.get_running_loop().call_later(delay_s, self._send_poll)

    def _send_poll(self) -> None:
        self._poll_timer = None
        if self.reusable:
            self.polls.location = None
            self._head = None
            self.record.status = 0
            self._send()
        else:
            self._owner.request_moved(self, self._successor())

    def _successor(self) -> PollingConnection:
        """Return a new connection that continues this request."""
        record = self.record
        record.status, record.first_byte, record.stamps = 0, UNKNOWN, NO_STAMPS
        new = type(self)(self._owner, record.request, record.due)
        new.record, new.polls = record, self.polls
        self.polls.location = None
        return new

    def _result_path(self) -> str | None:
        """Return path and query of the result; None without one on the same server."""
        if not self.polls.location:
            return None
        firing = self._firing
        scheme = "https" if firing.tls else "http"
        server = f"{scheme}://{firing.host}:{firing.port}"
        url = urlsplit(urljoin(server + (self.polls.path or firing.path), self.polls.location))
        if url.scheme != scheme or url.netloc not in (urlsplit(server).netloc, *_hosts(firing)):
            return None
        return url.path + (f"?{url.query}" if url.query else "")


def _hosts(firing: Firing) -> list[str]:
    """Return the Host headers of the firing: a server may name itself so in a Location."""
    return [text for name, text in firing.headers if name.lower() == "host"]

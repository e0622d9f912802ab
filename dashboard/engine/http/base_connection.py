"""The states of a connection, and what moves it from one to the next.

    CONNECTING ──▶ SENDING ──▶ AWAITING ──▶ IDLE
                      ▲            │          │
                      └────────────┴──────────┘         any state ──▶ CLOSED

    from         to         moved by    when
    CONNECTING   SENDING    transport   connection_made()
    SENDING      AWAITING   itself      the whole request is written
    AWAITING     SENDING    owner       send_next(), after a complete response
    AWAITING     IDLE       owner       hold(), after a complete response
    IDLE         SENDING    owner       send_next()
    any          CLOSED     owner       abort(): failed, timed out, stopped, or not reusable
    IDLE         CLOSED     transport   the peer closes, or sends what was not requested

CONNECTING, SENDING and AWAITING carry a request (`in_flight`); IDLE and CLOSED carry none. The
transport's callbacks send and report; only the owner, a driver, decides what follows a response
or a failure. An open load holds its connections; a burst sends the next request at once. SENDING
lasts only where a body is deferred (100-continue), paced, or larger than the socket takes:
otherwise one write sends the request, and `state` goes straight to AWAITING.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Final

from dashboard.engine.recording.request_record import RequestRecord


class State(Enum):
    """Where a connection is in its life."""

    CONNECTING = "connecting"
    SENDING = "sending"
    AWAITING = "awaiting response"
    IDLE = "idle"
    CLOSED = "closed"


# Read on every request: a global is faster than an attribute of the enum.
CONNECTING: Final = State.CONNECTING
SENDING: Final = State.SENDING
AWAITING: Final = State.AWAITING
IDLE: Final = State.IDLE
CLOSED: Final = State.CLOSED


class BaseConnection(asyncio.Protocol):
    """A connection in one of these states, with the record of the request that it carries."""

    __slots__ = ("_transport", "record", "state")

    def __init__(self, request: int, due: int) -> None:
        self.state = CONNECTING
        self.record = RequestRecord(request, due)
        self._transport: asyncio.Transport | None = None

    @property
    def in_flight(self) -> bool:
        """Whether a request on it is still to be answered."""
        return self.state is not IDLE and self.state is not CLOSED

    def hold(self) -> None:
        """Keep the connection open without a request."""
        self.state = IDLE

    def abort(self) -> None:
        """Close at once. Nothing is reported: the caller has recorded the request."""
        self.state = CLOSED
        if self._transport is not None:
            self._transport.abort()

"""Sending a file that is made while it is sent, so that none is held in memory.

Every file is the same pattern. It leaves as quickly as the connection takes it, or at a pace of
its own where clients are to be slow.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import TYPE_CHECKING

from dashboard.wire.frame import UNKNOWN

from .connection import Connection

if TYPE_CHECKING:
    from .flight import Flight

BLOCK = b"0123456789abcdef" * 4096  # what waits in a connection is at most one of these
PIECE_S = 0.02  # between two writes of a slow client
NS_PER_S = 1e9


class Remaining:
    """What of a file has not left yet; at `bytes_per_s`, or as quickly as it can."""

    def __init__(self, size: int, bytes_per_s: float | None) -> None:
        self.bytes = size
        self._size = size
        self._bytes_per_s = bytes_per_s
        self._begun_ns = monotonic_ns()

    def due(self) -> int:
        """How many bytes may leave now."""
        if self._bytes_per_s is None:
            return self.bytes
        passed_s = (monotonic_ns() - self._begun_ns) / NS_PER_S
        left_already = self._size - self.bytes
        return min(self.bytes, int(passed_s * self._bytes_per_s) - left_already)


class UploadConnection(Connection):
    """A connection whose requests have a file as their body."""

    __slots__ = ("_paused", "_remaining", "_timer")

    def __init__(self, flight: Flight, request: int, due: int) -> None:
        super().__init__(flight, request, due)
        self._remaining: Remaining | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None

    def drop(self) -> None:
        """Close at once, and write nothing more."""
        self._remaining = None
        if self._timer is not None:
            self._timer.cancel()
        super().drop()

    def pause_writing(self) -> None:
        """The connection takes no more for now."""
        self._paused = True

    def resume_writing(self) -> None:
        """It does again."""
        self._paused = False
        self._pump()

    def _send(self) -> None:
        """The head, and then the file as it is taken; `sent` is known when its end is written."""
        self.sent_first, self.sent = monotonic_ns() - self._origin, UNKNOWN
        self._lasting = False  # unless all of it is sent: an early answer leaves half a request
        sends = self._sends
        self._remaining = Remaining(sends.upload_size, sends.send_bytes_per_s)
        self._transport.write(sends.opening)  # type: ignore[union-attr]
        self._pump()

    def _pump(self) -> None:
        remaining = self._remaining
        while remaining is not None and remaining.bytes and not self._paused:
            size = min(remaining.due(), len(BLOCK))
            if size <= 0:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(PIECE_S, self._pump)
                return
            remaining.bytes -= size
            self._transport.write(BLOCK[:size])  # type: ignore[union-attr]
        if remaining is not None and not remaining.bytes:
            self._finish()

    def _finish(self) -> None:
        self._remaining = None
        self._lasting = self._sends.keep_alive
        self.sent = monotonic_ns() - self._origin
        self._transport.write(self._sends.closing)  # type: ignore[union-attr]

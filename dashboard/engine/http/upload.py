"""Sending a file that is made while it is sent, so that none is held in memory.

Every file is the same pattern. It leaves as quickly as the connection takes it, or at a pace of
its own where clients are to be slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from time import monotonic_ns

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.multipart import BLOCK  # what waits in a connection is at most one of these
from dashboard.wire.units import NS_PER_S

from .connection import Connection, Owner

PIECE_S = 0.02  # between two writes of a slow client
# What the system takes of a slow client's file before it leaves: as much as its line carries in
# a tenth of a second, and enough for TCP to flow. Without a limit that is megabytes on loopback,
# and a server that reads late would find there what a slow line had still to bring.
SLOW_BUFFER_S, SLOW_BUFFER_BYTES = 0.1, 32 * 1024


class Remaining:
    """What of a file has not left yet; at `bytes_per_s`, or as quickly as it can."""

    def __init__(self, size: int, bytes_per_s: float | None) -> None:
        self.bytes = size
        self._bytes_per_s = bytes_per_s
        self.begin_anew()

    def begin_anew(self) -> None:
        """The rest goes at its pace from now on: a slow line does not catch up what it missed."""
        self._size = self.bytes
        self._begun_ns = monotonic_ns()

    def due(self) -> int:
        """How many bytes may leave now: whole pieces, or each byte would be a write of its own."""
        if self._bytes_per_s is None:
            return self.bytes
        passed_s = (monotonic_ns() - self._begun_ns) / NS_PER_S
        pieces_s = passed_s // PIECE_S * PIECE_S
        left_already = self._size - self.bytes
        return min(self.bytes, int(pieces_s * self._bytes_per_s) - left_already)


class UploadConnection(Connection):
    """A connection whose requests have a file as their body."""

    __slots__ = ("_paused", "_remaining", "_timer")

    def __init__(self, owner: Owner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._remaining: Remaining | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once, or at a pace."""
        pace = self._sends.send_bytes_per_s
        if pace is not None:
            size = max(SLOW_BUFFER_BYTES, int(pace * SLOW_BUFFER_S))
            line = transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        super().connection_made(transport)

    def drop(self) -> None:
        """Close at once, and write nothing more."""
        self._remaining = None
        if self._timer is not None:
            self._timer.cancel()
        super().drop()

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone. What it said before is read first: an early refusal is an answer.

        A server that closes on a body which it has not read resets the connection, and a write
        that fails is noticed before the answer that has arrived.
        """
        self._remaining = None
        self._lasting = False  # nothing more is sent on it, whatever the answer promises
        if error is not None and self.busy:
            self._take_what_came()
        super().connection_lost(error)

    def _take_what_came(self) -> None:
        transport = self._transport
        if transport is None or transport.get_extra_info("ssl_object") is not None:
            return  # encrypted: what is left there is no text
        line = transport.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError):
            while self.busy and (data := os.read(line, len(BLOCK))):
                self.data_received(data)

    def pause_writing(self) -> None:
        """The connection takes no more for now."""
        self._paused = True

    def resume_writing(self) -> None:
        """It does again."""
        self._paused = False
        if self._remaining is not None:
            self._remaining.begin_anew()
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

"""Uploading a file that is generated while it is sent, so that none is held in memory.

Every file is the same pattern. It leaves as fast as the connection takes it, or at a given pace
where clients are to be slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from time import monotonic_ns

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan.multipart import BLOCK  # at most one of these waits in a connection
from dashboard.wire.units import NS_PER_S

from .base_connection import AWAITING, SENDING
from .connection import Connection, Owner

PIECE_S = 0.02  # between two writes of a slow client
# What the system buffers of a slow client's file: as much as its line carries in a tenth of a
# second, and enough for TCP to flow. Without a limit that is megabytes on loopback, and a server
# that reads late would find there what a slow line had still to bring.
SLOW_BUFFER_S, SLOW_BUFFER_BYTES = 0.1, 32 * 1024


class PacedUpload:
    """The bytes of a file that are still to be sent, at `bytes_per_s` or without a limit."""

    def __init__(self, size: int, bytes_per_s: float | None) -> None:
        self.bytes_left = size
        self._bytes_per_s = bytes_per_s
        self.restart_pace()

    def restart_pace(self) -> None:
        """Pace the rest from now on: a slow line does not catch up on what it missed."""
        self._size = self.bytes_left
        self._started_ns = monotonic_ns()

    def bytes_due(self) -> int:
        """Return how many bytes may be sent now, in whole pieces to avoid tiny writes."""
        if self._bytes_per_s is None:
            return self.bytes_left
        elapsed_s = (monotonic_ns() - self._started_ns) / NS_PER_S
        pieces_s = elapsed_s // PIECE_S * PIECE_S
        sent = self._size - self.bytes_left
        return min(self.bytes_left, int(pieces_s * self._bytes_per_s) - sent)


class UploadConnection(Connection):
    """Sends a file as the body of each request."""

    __slots__ = ("_file", "_paused", "_timer")

    def __init__(self, owner: Owner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._file: PacedUpload | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Limit the send buffer of a slow client, then send."""
        pace = self._template.send_bytes_per_s
        if pace is not None:
            size = max(SLOW_BUFFER_BYTES, int(pace * SLOW_BUFFER_S))
            connected = transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        super().connection_made(transport)

    def abort(self) -> None:
        """Close at once, and write nothing more."""
        self._file = None
        if self._timer is not None:
            self._timer.cancel()
        super().abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Read what arrived before the peer closed: an early refusal is a response.

        A server that closes without reading the body resets the connection, and the failing
        write is noticed before the response that has arrived.
        """
        self._file = None
        self._keep_alive = False  # whatever that response promises
        if error is not None and self.in_flight:
            self._read_rest()
        super().connection_lost(error)

    def _read_rest(self) -> None:
        transport = self._transport
        if transport is None or transport.get_extra_info("ssl_object") is not None:
            return  # what is left there is encrypted
        descriptor = transport.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError):
            while self.in_flight and (data := os.read(descriptor, len(BLOCK))):
                self.data_received(data)

    def pause_writing(self) -> None:
        """Stop writing: the socket is full."""
        self._paused = True

    def resume_writing(self) -> None:
        """Continue writing."""
        self._paused = False
        if self._file is not None:
            self._file.restart_pace()
        self._pump()

    def _send(self) -> None:
        """Write the head, then the file; `sent` is stamped when its end is written.

        SENDING until then: an early response leaves half a request, so the connection is closed.
        """
        self.state = SENDING
        self.record.sent_first, self.record.sent = monotonic_ns() - self._origin_ns, UNKNOWN
        template = self._template
        self._file = PacedUpload(template.upload_size, template.send_bytes_per_s)
        self._transport.write(template.first_write)  # type: ignore[union-attr]
        self._pump()

    def _pump(self) -> None:
        file = self._file
        while file is not None and file.bytes_left and not self._paused:
            size = min(file.bytes_due(), len(BLOCK))
            if size <= 0:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(PIECE_S, self._pump)
                return
            file.bytes_left -= size
            self._transport.write(BLOCK[:size])  # type: ignore[union-attr]
        if file is not None and not file.bytes_left:
            self._end_upload()

    def _end_upload(self) -> None:
        self._file = None
        self.state = AWAITING
        self.record.sent = monotonic_ns() - self._origin_ns
        self._transport.write(self._template.last_write)  # type: ignore[union-attr]

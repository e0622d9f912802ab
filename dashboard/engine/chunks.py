"""How an answer comes in pieces: how many, and the longest wait between two of them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from dashboard.wire import frame
from dashboard.wire.frame import UNKNOWN

from .connection import Connection

if TYPE_CHECKING:
    from .flight import Flight

TYPES = frame.COLUMNS["chunks"]
MAX_FRAME_ROWS = 20_000


class ChunkRecorder:
    """A row for each answer that was watched, until it leaves in a frame."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int]] = []

    def add(self, request: int, chunks: int, longest_gap: int) -> None:
        """An answer is whole."""
        self._rows.append((request, chunks, longest_gap))

    def columns(self) -> dict[str, memoryview] | None:
        """What came since the last time, at most a frame of it; None where nothing did."""
        rows, self._rows = self._rows[:MAX_FRAME_ROWS], self._rows[MAX_FRAME_ROWS:]
        if not rows:
            return None
        columns = zip(*rows, strict=True)
        return {
            name: memoryview(array(frame.TYPE_CODES[kind], column))
            for (name, kind), column in zip(TYPES.items(), columns, strict=True)
        }


class ChunksConnection(Connection):
    """A connection that notes when each piece of a body arrives.

    Pieces that arrive in one read are one: the wait between them was nobody's.
    """

    __slots__ = ("_chunks", "_last_piece", "_longest_gap", "_recorder")

    def __init__(self, flight: Flight, request: int, due: int) -> None:
        super().__init__(flight, request, due)
        self._recorder = flight.chunks
        self._chunks = 0
        self._longest_gap = self._last_piece = UNKNOWN

    def on_body(self, _: bytes) -> None:
        """A piece of the body."""
        if self._last_piece == self._arrived:
            return
        if self._chunks:
            self._longest_gap = max(self._longest_gap, self._arrived - self._last_piece)
        self._chunks += 1
        self._last_piece = self._arrived

    def on_message_complete(self) -> None:
        """The last byte of the answer."""
        super().on_message_complete()
        if self.status and not self._surplus:
            self._recorder.add(self.request, self._chunks, self._longest_gap)
            self._chunks = 0
            self._longest_gap = self._last_piece = UNKNOWN

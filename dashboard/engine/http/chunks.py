"""How a response arrives in pieces: how many, and the longest wait between two of them."""

from __future__ import annotations

from typing import Protocol

from dashboard.engine.recording.chunk_recorder import ChunkRecorder
from dashboard.wire.frame import UNKNOWN

from .connection import Connection, Owner


class ChunkOwner(Owner, Protocol):
    """An owner that also records how responses arrive in pieces."""

    chunks: ChunkRecorder


class ChunksConnection(Connection):
    """Notes when each piece of a body arrives. Pieces that arrive in one read count as one."""

    __slots__ = ("_chunks", "_last_piece", "_longest_gap", "_recorder")

    def __init__(self, owner: ChunkOwner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._recorder = owner.chunks
        self._chunks = 0
        self._longest_gap = self._last_piece = UNKNOWN

    def on_body(self, _: bytes) -> None:
        """Count a piece, unless it came in the same read as the last one."""
        if self._last_piece == self._received:
            return
        if self._chunks:
            self._longest_gap = max(self._longest_gap, self._received - self._last_piece)
        self._chunks += 1
        self._last_piece = self._received

    def on_message_complete(self) -> None:
        """Record the pieces of a final response."""
        super().on_message_complete()
        if self.record.status and not self._surplus:
            self._recorder.add(self.record.request, self._chunks, self._longest_gap)
            self._chunks = 0
            self._longest_gap = self._last_piece = UNKNOWN

"""How an answer comes in pieces: how many, and the longest wait between two of them."""

from __future__ import annotations

from typing import Protocol

from dashboard.engine.recording.chunk_recorder import ChunkRecorder
from dashboard.wire.frame import UNKNOWN

from .connection import Connection, Owner


class ChunkOwner(Owner, Protocol):
    """An owner that also records how responses come in pieces."""

    chunks: ChunkRecorder


class ChunksConnection(Connection):
    """A connection that notes when each piece of a body arrives.

    Pieces that arrive in one read are one: the wait between them was nobody's.
    """

    __slots__ = ("_chunks", "_last_piece", "_longest_gap", "_recorder")

    def __init__(self, owner: ChunkOwner, request: int, due: int) -> None:
        super().__init__(owner, request, due)
        self._recorder = owner.chunks
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

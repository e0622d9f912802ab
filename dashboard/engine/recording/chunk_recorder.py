"""Rows of the frame `chunks`: how a response came in pieces, until they leave in a frame."""

from __future__ import annotations

from array import array

from dashboard.wire import frame

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

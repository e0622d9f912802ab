"""The rows of the frame `chunks`: how a response arrived in pieces."""

from __future__ import annotations

from array import array

from dashboard.wire import frame

TYPES = frame.COLUMNS["chunks"]
MAX_FRAME_ROWS = 20_000


class ChunkRecorder:
    """One row per response that was watched, until it leaves in a frame."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int]] = []

    def add(self, request: int, chunks: int, longest_gap: int) -> None:
        """Append the row of a complete response; `longest_gap` in nanoseconds, or UNKNOWN."""
        self._rows.append((request, chunks, longest_gap))

    def columns(self) -> dict[str, memoryview] | None:
        """Return the rows since the last call, at most one frame of them; None if none."""
        rows, self._rows = self._rows[:MAX_FRAME_ROWS], self._rows[MAX_FRAME_ROWS:]
        if not rows:
            return None
        columns = zip(*rows, strict=True)
        return {
            name: memoryview(array(frame.TYPE_CODES[kind], column))
            for (name, kind), column in zip(TYPES.items(), columns, strict=True)
        }

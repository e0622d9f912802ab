"""The engine's memory: one preallocated row a request, written in the order of completion.

A row is packed in one call; a column is then a view on every thirteenth number, copied out
of the rows by C when a frame is cut. While the pipe is full no frame is cut: the rows wait
here, nothing is lost, and memory stays what it was from the beginning.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from typing import Protocol, TypeAlias

from dashboard.wire import frame
from dashboard.wire.plan import Firing

MAX_FRAME_ROWS = 20_000
TYPES = frame.COLUMNS["samples"]
# Native order and size, for `pack_into` is twice as fast then; columns are cut to the types
# of the wire, whose first bytes are those of the same number in 64 bits (little-endian).
ROW = struct.Struct(f"{len(TYPES)}q")


# entered, view_entered (or NO_VIEW), view_left; and a process id.
Stamps: TypeAlias = tuple[int, int, int, int]


class Carried(Protocol):
    """A request in the hands of whoever fires it; instants since the origin, or UNKNOWN."""

    request: int
    due: int
    connecting: int
    sent_first: int
    sent: int
    stamps: Stamps
    first_byte: int
    told: tuple[int, int]  # request and `sent_first`, as the last `begun` frame had them


class Recorder:
    """What happened to each request of a firing; instants are since `origin_ns`."""

    def __init__(self, firing: Firing, origin_ns: int) -> None:
        self.origin_ns = origin_ns
        self.rows = 0
        self._lane, self._round = firing.lane, firing.round
        self._memory = bytearray(ROW.size * len(firing.numbers))
        self._taken = 0

    def finish(self, carried: Carried, done: int, status: int, error: int) -> None:
        """A request is over, however it ended."""
        row = self.rows
        entered, view_entered, view_left, process = carried.stamps
        ROW.pack_into(
            self._memory,
            row * ROW.size,
            # The order of TYPES.
            carried.request,
            carried.due,
            carried.connecting,
            carried.sent_first,
            carried.sent,
            entered,
            view_entered,
            view_left,
            carried.first_byte,
            done,
            status,
            error,
            process,
        )
        self.rows = row + 1

    def columns(self, begin: int, end: int) -> dict[str, memoryview]:
        """The rows from `begin` to before `end`, as columns in the types of the wire."""
        rows = memoryview(self._memory)[begin * ROW.size : end * ROW.size]
        return {
            name: _column(rows, number, frame.TYPE_CODES[kind])
            for number, (name, kind) in enumerate(TYPES.items())
        }

    def samples(self, kind: str = "samples") -> bytes | None:
        """A frame of what has been finished since the last one; None when nothing has.

        A kind that has fewer columns than samples have gets those.
        """
        begin, end = self._taken, min(self.rows, self._taken + MAX_FRAME_ROWS)
        if begin == end:
            return None
        self._taken = end
        return self._frame(kind, self.columns(begin, end))

    def pieces(self, columns: dict[str, memoryview] | None) -> bytes | None:
        """A frame of how answers came in pieces; None where there is nothing to tell."""
        return self._frame("chunks", columns) if columns else None

    def begun(self, in_flight: Iterable[Carried]) -> bytes | None:
        """A frame of what is in flight and was not told yet: as due, or as sent."""
        rows: list[tuple[int, int, int]] = []
        for carried in in_flight:
            news = (carried.request, carried.sent_first)
            if carried.told != news:
                carried.told = news
                rows.append((carried.request, carried.due, carried.sent_first))
        if not rows:
            return None
        columns = zip(*rows, strict=True)
        return self._frame(
            "begun",
            {
                name: memoryview(array(frame.TYPE_CODES[kind], column))
                for (name, kind), column in zip(
                    frame.COLUMNS["begun"].items(), columns, strict=True
                )
            },
        )

    def _frame(self, kind: str, columns: dict[str, memoryview]) -> bytes:
        return frame.encode(
            kind, lane=self._lane, round=self._round, origin_ns=self.origin_ns, columns=columns
        )


def _column(rows: memoryview, number: int, code: str) -> memoryview:
    """A copy of the `number`-th value of each row."""
    size = struct.calcsize(code)
    values = rows.cast(code)  # type: ignore[call-overload]
    each = values[number * 8 // size :: ROW.size // size]
    return memoryview(each.tobytes()).cast(code)  # type: ignore[call-overload, no-any-return]

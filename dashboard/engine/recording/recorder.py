"""The rows of a firing: one per finished request, preallocated, in the order of completion.

A row is packed in one call; a column is a strided view of the rows, copied by C when a frame
is cut. While the pipe is full no frame is cut: the rows wait here, nothing is lost, and memory
use stays as it was from the beginning.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable

from dashboard.wire import frame
from dashboard.wire.plan.plan import Firing

from .request_record import STAMP_COLUMNS, RequestRecord

MAX_FRAME_ROWS = 20_000
TYPES = frame.COLUMNS["samples"]
# Native order and size: `pack_into` is twice as fast with it. Columns are cut to the types of
# the wire, whose bytes are the first ones of the same number in 64 bits (little-endian).
ROW = struct.Struct(f"{len(TYPES)}q")
ROW_BYTES = ROW.size  # a global: read on every request
NUMBER_BYTES = 8


class Recorder:
    """What happened to each request of a firing; instants are nanoseconds since `origin_ns`."""

    def __init__(
        self,
        *,
        lane: int,
        round: int,
        capacity: int,
        origin_ns: int,
        share: frame.FrameExtra | None = None,
    ) -> None:
        """`share` are the header fields of a firing that several load generators share."""
        self.origin_ns = origin_ns
        self.rows = 0
        self._lane, self._round = lane, round
        self._share: frame.FrameExtra = share or {}
        self._memory = bytearray(ROW_BYTES * capacity)
        self._framed = 0  # rows that have left in frames

    @classmethod
    def of(cls, firing: Firing, origin_ns: int) -> Recorder:
        """Return a recorder with a row for each request of a firing."""
        shared = firing.engines > 1
        return cls(
            lane=firing.lane,
            round=firing.round,
            capacity=len(firing.numbers),
            origin_ns=origin_ns,
            share={"engine": firing.engine, "engines": firing.engines} if shared else None,
        )

    def add(self, record: RequestRecord) -> None:
        """Append the row of a request that is over, with or without a response."""
        row = self.rows
        entered, view_entered, view_left, process = record.stamps
        ROW.pack_into(
            self._memory,
            row * ROW_BYTES,
            # The order of TYPES: `verify_row_order` holds it.
            record.request,
            record.due,
            record.connecting,
            record.sent_first,
            record.sent,
            entered,
            view_entered,
            view_left,
            record.first_byte,
            record.done,
            record.status,
            record.error,
            process,
        )
        self.rows = row + 1

    @property
    def has_rows(self) -> bool:
        """True if rows wait for the next frame."""
        return self._framed < self.rows

    def columns(self, begin: int, end: int) -> dict[str, memoryview]:
        """Return rows `begin` to `end` (exclusive) as columns in the types of the wire."""
        rows = memoryview(self._memory)[begin * ROW_BYTES : end * ROW_BYTES]
        return {
            name: _column(rows, position, frame.TYPE_CODES[kind])
            for position, (name, kind) in enumerate(TYPES.items())
        }

    def samples(self, kind: str = "samples") -> bytes | None:
        """Return a frame of the rows since the last one; None if there are none.

        A `kind` with fewer columns than `samples` gets only those.
        """
        begin, end = self._framed, min(self.rows, self._framed + MAX_FRAME_ROWS)
        if begin == end:
            return None
        self._framed = end
        return self._frame(kind, self.columns(begin, end))

    def pieces(self, columns: dict[str, memoryview] | None) -> bytes | None:
        """Return a frame of kind `chunks` with these columns; None if there are none."""
        return self._frame("chunks", columns) if columns else None

    def begun(self, in_flight: Iterable[RequestRecord], at_ns: int) -> bytes:
        """Return a frame of the requests that became due or were sent since the last one.

        Call when all rows have left in frames: `at_ns` is the instant up to which viewers then
        have everything. The frame has no rows if nothing began.
        """
        rows: list[tuple[int, int, int]] = []
        for record in in_flight:
            if record.announced != record.sent_first:
                record.announced = record.sent_first
                rows.append((record.request, record.due, record.sent_first))
        types = frame.COLUMNS["begun"].items()
        columns = {
            name: memoryview(array(frame.TYPE_CODES[kind], [row[position] for row in rows]))
            for position, (name, kind) in enumerate(types)
        }
        return self._frame("begun", columns, {"at_ns": at_ns, **self._share})

    def _frame(
        self, kind: str, columns: dict[str, memoryview], extra: frame.FrameExtra | None = None
    ) -> bytes:
        return frame.encode(
            kind,
            lane=self._lane,
            round=self._round,
            origin_ns=self.origin_ns,
            columns=columns,
            extra=extra,
        )


def _column(rows: memoryview, position: int, code: str) -> memoryview:
    """Return a copy of the number at `position` in each row."""
    size = struct.calcsize(code)
    values = rows.cast(code)  # type: ignore[call-overload]
    column = values[position * NUMBER_BYTES // size :: ROW_BYTES // size]
    return memoryview(column.tobytes()).cast(code)  # type: ignore[call-overload, no-any-return]


def verify_row_order() -> None:
    """Raise AssertionError unless `add` packs a row in the order of TYPES.

    TypeError if a column has no field in RequestRecord. Each field is set to the position of its
    column and read back as a column, so any two that are swapped are found.
    """
    positions = {name: position for position, name in enumerate(TYPES)}
    fields = {name: position for name, position in positions.items() if name not in STAMP_COLUMNS}
    entered, view_entered, view_left, process = (positions[name] for name in STAMP_COLUMNS)
    recorder = Recorder(lane=0, round=0, capacity=1, origin_ns=0)
    recorder.add(RequestRecord(**fields, stamps=(entered, view_entered, view_left, process)))
    packed = {name: column[0] for name, column in recorder.columns(0, 1).items()}
    if packed != positions:
        raise AssertionError(
            f"a row: expected the order of its columns {positions}, found {packed}"
        )


verify_row_order()

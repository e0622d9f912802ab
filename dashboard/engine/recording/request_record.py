"""What is known of one request so far: the fields of its row in the frame `samples`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from dashboard.wire.frame import UNKNOWN

# entered, view_entered (or NO_VIEW), view_left, process id: the probe's part of a row.
Stamps: TypeAlias = tuple[int, int, int, int]
STAMP_COLUMNS: Final = ("entered", "view_entered", "view_left", "process")
NO_STAMPS: Final[Stamps] = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


@dataclass(slots=True, eq=False)
class RequestRecord:
    """One request; instants are nanoseconds since the firing's origin, UNKNOWN until they occur.

    Fields are named as the columns of the frame (docs/frame.md).
    """

    request: int
    due: int
    connecting: int = UNKNOWN
    sent_first: int = UNKNOWN
    sent: int = UNKNOWN
    stamps: Stamps = NO_STAMPS
    first_byte: int = UNKNOWN
    done: int = UNKNOWN
    status: int = 0  # until the response is complete
    error: int = 0  # a `Failure`, as an int: reading an enum member takes longer
    announced: int | None = None  # `sent_first` in the last `begun` frame; None before the first

    def reset(self, request: int, due: int) -> None:
        """Begin another request. As `__init__`, but without its cost: 0.4 µs of 15 a request."""
        self.request = request
        self.due = due
        self.connecting = self.sent_first = self.sent = self.first_byte = self.done = UNKNOWN
        self.stamps = NO_STAMPS
        self.status = self.error = 0
        self.announced = None

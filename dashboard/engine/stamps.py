"""What the probe says in its response header: the server's side of a request."""

from __future__ import annotations

from typing import Final, TypeAlias

from dashboard.wire.frame import UNKNOWN

PROBE_HEADER: Final = b"liveburst"
LARGEST_INSTANT = 2**63 - 1  # what its column can hold
LARGEST_PROCESS = 2**31 - 1

# entered, view_entered, view_left: instants of the monotonic clock; and a process id.
Stamps: TypeAlias = tuple[int, int, int, int]
NO_STAMPS: Final[Stamps] = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


def read_stamps(value: bytes) -> Stamps:
    """Read `ENTERED VIEW_ENTERED VIEW_LEFT PROCESS`; of a garbled one nothing is known."""
    try:
        entered, view_entered, view_left, process = map(int, value.split())
    except ValueError:
        return NO_STAMPS
    smallest = min(entered, view_entered, view_left, process)
    largest = max(entered, view_entered, view_left)
    if smallest < UNKNOWN or largest > LARGEST_INSTANT or process > LARGEST_PROCESS:
        return NO_STAMPS
    return entered, view_entered, view_left, process

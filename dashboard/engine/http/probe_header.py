"""What the probe says in its response header: the server's side of a request."""

from __future__ import annotations

import re
from typing import Final

from dashboard.engine.recording.recorder import Stamps
from dashboard.wire.frame import NO_VIEW, UNKNOWN

END_OF_HEAD: Final = b"\r\n\r\n"
PROBE_HEADER: Final = "liveburst"
PROBE_LINE: Final = re.compile(rb"\r\n%s:([^\r\n]*)" % PROBE_HEADER.encode(), re.IGNORECASE)
# Without it there is no such line, and no need to search for one: servers that change the case
# of a header's name change the first letters of its words.
PROBE_MARK: Final = b"urst:"
LARGEST_INSTANT = 2**63 - 1  # what its column can hold
LARGEST_PROCESS = 2**31 - 1

NO_STAMPS: Final[Stamps] = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)


def find_stamps(answer: bytes, origin_ns: int, sent_first: int, first_byte: int) -> Stamps:
    """What the probe's header says of this request; see `placed`.

    `answer` begins with its head, which alone is searched: a page may speak of the probe.
    """
    found = PROBE_LINE.search(answer, 0, answer.find(END_OF_HEAD))
    return NO_STAMPS if found is None else placed(found[1], origin_ns, sent_first, first_byte)


def placed(value: bytes, origin_ns: int, earliest: int, latest: int) -> Stamps:
    """The header's instants since the origin, where they belong to this request.

    Stamps that lie before `earliest` or after `latest` (both since the origin), or are out of
    order, belong to another request or to another clock: they say nothing of this one.
    """
    *instants, process = read_stamps(value)
    entered, view_entered, view_left = (
        instant if instant < 0 else instant - origin_ns for instant in instants
    )
    for instant in (entered, view_entered, view_left, latest):
        if instant not in (UNKNOWN, NO_VIEW):
            if instant < earliest:
                return NO_STAMPS
            earliest = instant
    return entered, view_entered, view_left, process


def read_stamps(value: bytes) -> Stamps:
    """Read `ENTERED VIEW_ENTERED VIEW_LEFT PROCESS`; of a garbled one nothing is known."""
    try:
        entered, view_entered, view_left, process = map(int, value.split())
    except ValueError:
        return NO_STAMPS
    smallest = min(entered, view_left, process)
    largest = max(entered, view_entered, view_left)
    if (
        smallest < UNKNOWN
        or view_entered < NO_VIEW
        or largest > LARGEST_INSTANT
        or process > LARGEST_PROCESS
    ):
        return NO_STAMPS
    return entered, view_entered, view_left, process

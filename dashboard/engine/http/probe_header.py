"""The probe's response header: the server's side of a request."""

from __future__ import annotations

import re
from typing import Final

from dashboard.engine.recording.request_record import NO_STAMPS, Stamps
from dashboard.wire.frame import NO_VIEW, UNKNOWN

END_OF_HEAD: Final = b"\r\n\r\n"
PROBE_HEADER: Final = "liveburst"
PROBE_LINE: Final = re.compile(rb"\r\n%s:([^\r\n]*)" % PROBE_HEADER.encode(), re.IGNORECASE)
# A response without it has no such line, and need not be searched: servers that change the case
# of a header's name change the first letters of its words.
PROBE_MARK: Final = b"urst:"
MAX_INSTANT = 2**63 - 1  # what its column can hold
MAX_PROCESS_ID = 2**31 - 1


def find_stamps(response: bytes, origin_ns: int, sent_first: int, first_byte: int) -> Stamps:
    """Return the stamps of the probe's header; NO_STAMPS without one. See `valid_stamps`.

    `response` begins with its head. Only that is searched: a page may mention the probe.
    """
    line = PROBE_LINE.search(response, 0, response.find(END_OF_HEAD))
    return NO_STAMPS if line is None else valid_stamps(line[1], origin_ns, sent_first, first_byte)


def valid_stamps(value: bytes, origin_ns: int, earliest: int, latest: int) -> Stamps:
    """Return the header's instants since the origin; NO_STAMPS if they are not this request's.

    Stamps before `earliest` or after `latest` (both since the origin), or out of order, belong to
    another request or another clock.
    """
    *instants, process = parse_stamps(value)
    entered, view_entered, view_left = (
        instant if instant < 0 else instant - origin_ns for instant in instants
    )
    for instant in (entered, view_entered, view_left, latest):
        if instant not in (UNKNOWN, NO_VIEW):
            if instant < earliest:
                return NO_STAMPS
            earliest = instant
    return entered, view_entered, view_left, process


def parse_stamps(value: bytes) -> Stamps:
    """Parse `ENTERED VIEW_ENTERED VIEW_LEFT PROCESS`; return NO_STAMPS if it is malformed."""
    try:
        entered, view_entered, view_left, process = map(int, value.split())
    except ValueError:
        return NO_STAMPS
    smallest = min(entered, view_left, process)
    largest = max(entered, view_entered, view_left)
    if (
        smallest < UNKNOWN
        or view_entered < NO_VIEW
        or largest > MAX_INSTANT
        or process > MAX_PROCESS_ID
    ):
        return NO_STAMPS
    return entered, view_entered, view_left, process

"""The types of the Trace Event Format, which Perfetto and chrome://tracing open.

The format is "Trace Event Format", Google, 2016. Instants (`ts`) and lengths (`dur`) are in
microseconds.
"""

from collections.abc import Mapping
from typing import TypedDict


class ChromeEvent(TypedDict, total=False):
    """One event; which keys it has depends on its phase, `ph`.

    `X` is a span, `M` a name, `s` and `f` are the ends of an arrow, whose `id` they share. A
    process (`pid`) has rows (`tid`).
    """

    ph: str
    name: str
    cat: str
    id: int
    pid: int
    tid: int
    ts: float
    dur: float
    bp: str
    args: Mapping[str, object]


class ChromeTrace(TypedDict):
    """A whole file."""

    displayTimeUnit: str
    traceEvents: list[ChromeEvent]

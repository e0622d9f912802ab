"""A run in the Trace Event Format, which Perfetto and chrome://tracing open.

A lane is a process. Requests that overlap have rows of their own; a request is an `X` event with
its segments inside.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Iterator

from dashboard.analysis.samples.stats import SEGMENTS
from dashboard.models import Run
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import NO_VIEW, Frame
from dashboard.wire.traces.chrome_trace import ChromeEvent
from dashboard.wire.units import NS_PER_US

from .samples import sample_frames


def trace_pieces(run: Run) -> Iterator[str]:
    """Yield one JSON object, one line per event."""
    rows: defaultdict[int, _Rows] = defaultdict(_Rows)
    yield '{"displayTimeUnit": "ms", "traceEvents": [\n'
    yield ",\n".join(json.dumps(_name(lane.position, lane.name)) for lane in run.lanes.all())
    for decoded in sample_frames(run):
        events = [json.dumps(event) for event in _events(decoded, rows[decoded.lane])]
        yield "".join(f",\n{event}" for event in events)
    yield "\n]}\n"


class _Rows:
    """The rows of a lane: the first free one takes the next request.

    Requests come in the order in which they ended, so only requests of the same or an earlier frame
    have taken rows; a few frames are slightly out of order.
    """

    def __init__(self) -> None:
        self._free: list[tuple[int, int]] = []  # when it becomes free, and which
        self._rows = 0

    def take(self, begin: int, end: int) -> int:
        """Return a row that is free between two instants, and take it."""
        if self._free and self._free[0][0] <= begin:
            row = heapq.heappop(self._free)[1]
        else:
            self._rows += 1
            row = self._rows
        heapq.heappush(self._free, (end, row))
        return row


def _events(decoded: Frame, rows: _Rows) -> Iterator[ChromeEvent]:
    columns, origin_ns = decoded.columns, decoded.origin_ns
    for at in sorted(range(decoded.rows), key=lambda at: columns["due"][at]):
        due, done = columns["due"][at], columns["done"][at]
        row = rows.take(origin_ns + due, origin_ns + done)
        place: ChromeEvent = {"pid": decoded.lane + 1, "tid": row}
        arguments = _arguments(decoded, at)
        name = f"request {arguments['request']}"
        yield {**_span(name, origin_ns, due, done), **place, "args": arguments}
        for segment, (first, last) in SEGMENTS.items():
            begin, end = columns[first][at], columns[last][at]
            if begin >= 0 and end > begin:
                yield {**_span(segment, origin_ns, begin, end), **place}


def _arguments(decoded: Frame, at: int) -> dict[str, object]:
    columns = decoded.columns
    status, error = columns["status"][at], columns["error"][at]
    arguments: dict[str, object] = {
        "round": decoded.round,
        "request": columns["request"][at],
        "status": status,
    }
    if error != Failure.NONE:
        arguments["error"] = failure_name(error, status)
    if columns["view_entered"][at] == NO_VIEW:
        arguments["view"] = "not called"
    return arguments


def _span(name: str, origin_ns: int, begin_ns: int, end_ns: int) -> ChromeEvent:
    ts, dur = (origin_ns + begin_ns) / NS_PER_US, (end_ns - begin_ns) / NS_PER_US
    return {"ph": "X", "name": name, "ts": ts, "dur": dur}


def _name(lane: int, name: str) -> ChromeEvent:
    return {"ph": "M", "name": "process_name", "pid": lane + 1, "args": {"name": name}}

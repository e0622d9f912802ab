"""A run in the Trace Event Format, which Perfetto and chrome://tracing open.

The format: "Trace Event Format", Google, 2016. Instants (`ts`) and lengths (`dur`) are in
microseconds. A lane is a process. Requests that overlap stand on rows of their own; a request is
an `X` event with its segments inside.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from dashboard.analysis.samples.stats import SEGMENTS
from dashboard.models import Run
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import NO_VIEW, Frame
from dashboard.wire.units import NS_PER_US

from .samples import sample_frames


def trace_pieces(run: Run) -> Iterator[str]:
    """One JSON object, an event a line."""
    rows: defaultdict[int, _Rows] = defaultdict(_Rows)
    yield '{"displayTimeUnit": "ms", "traceEvents": [\n'
    yield ",\n".join(json.dumps(_name(lane.position, lane.name)) for lane in run.lanes.all())
    for found in sample_frames(run):
        events = [json.dumps(event) for event in _events(found, rows[found.lane])]
        yield "".join(f",\n{event}" for event in events)
    yield "\n]}\n"


class _Rows:
    """The rows of a lane: the first that is free takes the next request.

    Requests come in the order in which they ended, so a row is looked for among those that were
    taken by requests of the same frame and before; few frames are out of order by a little.
    """

    def __init__(self) -> None:
        self._free: list[tuple[int, int]] = []  # when it becomes free, and which
        self._rows = 0

    def take(self, begin: int, end: int) -> int:
        """A row where nothing stands between two instants."""
        if self._free and self._free[0][0] <= begin:
            row = heapq.heappop(self._free)[1]
        else:
            self._rows += 1
            row = self._rows
        heapq.heappush(self._free, (end, row))
        return row


def _events(found: Frame, rows: _Rows) -> Iterator[dict[str, Any]]:
    columns = found.columns
    for at in sorted(range(found.rows), key=lambda at: columns["due"][at]):
        due, done = columns["due"][at], columns["done"][at]
        row = rows.take(found.origin_ns + due, found.origin_ns + done)
        where = {"pid": found.lane + 1, "tid": row}
        status, error = columns["status"][at], columns["error"][at]
        said: dict[str, Any] = {
            "round": found.round,
            "request": columns["request"][at],
            "status": status,
        }
        if error != Failure.NONE:
            said["error"] = failure_name(error, status)
        if columns["view_entered"][at] == NO_VIEW:
            said["view"] = "not called"
        name = f"request {said['request']}"
        yield {**_span(name, found.origin_ns, due, done), **where, "args": said}
        for segment, (first, last) in SEGMENTS.items():
            begin, end = columns[first][at], columns[last][at]
            if begin >= 0 and end > begin:
                yield {**_span(segment, found.origin_ns, begin, end), **where}


def _span(name: str, origin_ns: int, begin_ns: int, end_ns: int) -> dict[str, Any]:
    ts, dur = (origin_ns + begin_ns) / NS_PER_US, (end_ns - begin_ns) / NS_PER_US
    return {"ph": "X", "name": name, "ts": ts, "dur": dur}


def _name(lane: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": "process_name", "pid": lane + 1, "args": {"name": name}}

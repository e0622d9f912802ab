"""Sampled firings in the Trace Event Format, which Perfetto and chrome://tracing open.

A lane is a process, a state one of its threads. Its axis is no clock: the calls of a state are laid
next to each other, the most expensive first, each as long as the time that requests spent in it.
Instants (`ts`) and lengths (`dur`) are in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS
from dashboard.wire.report.where import STATES, LaneWhere, WhereReport
from dashboard.wire.traces.chrome_trace import ChromeEvent, ChromeTrace

from .flame import Node, flame

US_PER_MS = 1000


def perfetto(report: WhereReport) -> ChromeTrace:
    """Return the trace as one JSON object."""
    return {
        "displayTimeUnit": "ms",
        "traceEvents": [
            event
            for number, lane in enumerate(report["lanes"], start=1)
            for event in _events(lane, number)
        ],
    }


def _events(lane: LaneWhere, process: int) -> Iterator[ChromeEvent]:
    yield _name("process_name", lane["lane"], process, 0)
    for state, root in flame(lane).items():
        thread = 1 + STATES.index(state)
        yield _name("thread_name", STATE_CAPTIONS[state], process, thread)
        yield from _calls(root, process, thread)


def _calls(root: Node, process: int, thread: int) -> Iterator[ChromeEvent]:
    """Yield the events of a tree without recursion: stacks may be deep.

    A sum of rounded lengths may exceed that of the caller, so each ends with its caller at the
    latest: overlapping events are refused.
    """
    pending = [(root, 0.0, root.ms)]
    while pending:
        node, begin_ms, end_ms = pending.pop()
        if node is not root:
            yield {
                "ph": "X",
                "name": node.function,
                "pid": process,
                "tid": thread,
                "ts": begin_ms * US_PER_MS,
                "dur": (end_ms - begin_ms) * US_PER_MS,
                "args": {"file": node.path, "line": node.line or None, "looks": node.looks},
            }
        for child in node.sorted_children():
            child_end_ms = min(begin_ms + child.ms, end_ms)
            pending.append((child, begin_ms, child_end_ms))
            begin_ms = child_end_ms


def _name(what: str, name: str, process: int, thread: int) -> ChromeEvent:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"name": name}}

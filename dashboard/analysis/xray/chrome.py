"""Export an X-ray in the Trace Event Format, for Perfetto and chrome://tracing.

A span is an `X` event, the name of a thread an `M` event, a thread hop an arrow from `s` to `f`, to
its work and back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dashboard.wire.traces.chrome_trace import ChromeEvent, ChromeTrace
from dashboard.wire.units import NS_PER_US

from .trace import Hop, Span, Xray

PROCESS = 1
_IDS_PER_PROCESS = 1_000_000  # of arrows: two for each hop
_ROWS_PER_THREAD = 1000  # rows are numbered from a thousand per thread, so that they stay together


def chrome_trace(xray: Xray, title: str) -> ChromeTrace:
    """Return the trace as one JSON object; `title` names the process."""
    rows = _rows(xray.spans)
    return {
        "displayTimeUnit": "ms",
        "traceEvents": [
            _name("process_name", title, 0),
            *_row_names(xray, rows),
            *(_complete(span, rows[span.number]) for span in xray.spans),
            *(event for hop in xray.hops for event in _arrows(hop, rows)),
        ],
    }


def as_processes(traces: Sequence[ChromeTrace]) -> ChromeTrace:
    """Return several traces as one, each a process of its own, all from the same instant."""
    events = [
        _of_process(event, process)
        for process, trace in enumerate(traces, PROCESS)
        for event in trace["traceEvents"]
    ]
    return {**traces[0], "traceEvents": events}


def _of_process(event: ChromeEvent, process: int) -> ChromeEvent:
    """Return an event of this process; an arrow's number must be different in each."""
    moved: ChromeEvent = {**event, "pid": process}
    if "id" in event:
        moved["id"] = event["id"] + process * _IDS_PER_PROCESS
    return moved


def _rows(spans: Sequence[Span]) -> list[int]:
    """Return the row (`tid`) of each span.

    Spans on one row may be after or inside each other, but not overlap. In an event loop several
    things are in progress at once, so that a thread may need more than one row.
    """
    rows = [0] * len(spans)
    open_spans: defaultdict[int, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: (span.start_ns, span.number)):
        row = (span.thread + 1) * _ROWS_PER_THREAD
        last = row + _ROWS_PER_THREAD - 1
        while row < last and not _fits(span, open_spans[row]):
            row += 1
        open_spans[row].append(span)
        rows[span.number] = row
    return rows


def _fits(span: Span, open_spans: list[Span]) -> bool:
    """Return True if the row's other spans are over, or the innermost of them contains it."""
    while open_spans and open_spans[-1].end_ns <= span.start_ns:
        open_spans.pop()
    return not open_spans or span.end_ns <= open_spans[-1].end_ns


def _row_names(xray: Xray, rows: Sequence[int]) -> Iterator[ChromeEvent]:
    for row in sorted(set(rows)):
        thread = xray.threads[row // _ROWS_PER_THREAD - 1]
        kind = " (event loop)" if thread.loop else ""
        yield _name("thread_name", thread.name + kind, row)
        yield {**_name("thread_sort_index", "", row), "args": {"sort_index": row}}


def _name(what: str, name: str, row: int) -> ChromeEvent:
    return {"ph": "M", "name": what, "pid": PROCESS, "tid": row, "args": {"name": name}}


def _complete(span: Span, row: int) -> ChromeEvent:
    return {
        "ph": "X",
        "name": span.name,
        "cat": span.kind,
        "pid": PROCESS,
        "tid": row,
        "ts": span.start_ns / NS_PER_US,
        "dur": span.length_ns / NS_PER_US,
        "args": {"kind": span.kind, "finished": span.finished},
    }


def _arrows(hop: Hop, rows: Sequence[int]) -> Iterator[ChromeEvent]:
    """Yield arrows from the call to its work, and from the end of the work back to the call."""
    call, work = hop.call, hop.work
    ends = (
        ("s", 2 * call.number, call.start_ns, rows[call.number]),
        ("f", 2 * call.number, work.start_ns, rows[work.number]),
        ("s", 2 * call.number + 1, work.end_ns, rows[work.number]),
        ("f", 2 * call.number + 1, call.end_ns, rows[call.number]),
    )
    for phase, number, at_ns, row in ends:
        yield {
            "ph": phase,
            "name": "hop",
            "cat": "hop",
            "id": number,
            "pid": PROCESS,
            "tid": row,
            "ts": at_ns / NS_PER_US,
            "bp": "e",
        }

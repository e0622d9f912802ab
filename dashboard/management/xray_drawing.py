"""An X-ray as a person reads it in a terminal: a lane for each thread, all on one time axis."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

from dashboard.analysis.xray import Hop, Span, Xray
from dashboard.wire.plural import counted

AXIS = 40  # characters
BUSY, ELSEWHERE, SHORT = "█", "·", "▏"
MOST_ROWS = 400  # in all; what is left out is counted, and stands in the JSON


def drawing(xray: Xray) -> Iterator[str]:
    """The lines of the drawing: a heading for each thread, and below it its spans.

    A hop's call is dotted, since its own thread is free meanwhile or waits.
    """
    hops = {hop.call.number: hop for hop in xray.hops}
    backs = {hop.work.number: hop for hop in xray.hops}
    shown = {span.number for span in xray.spans[:MOST_ROWS]}
    yield f"{'start':>11} {'length':>11}  {_ruler(xray)}"
    for position, thread in enumerate(xray.threads):
        notes = [
            *(["event loop"] if thread.loop else []),
            *(["started for this request"] if thread.started else []),
        ]
        yield f"{letter(position)}  {thread.name}" + (f" ({', '.join(notes)})" if notes else "")
        for span in xray.spans:
            if span.thread == position and span.number in shown:
                yield _row(xray, span, hops.get(span.number), backs.get(span.number))
    if left_out := len(xray.spans) - len(shown) + xray.dropped:
        yield f"and {counted(left_out, 'more span')}"


def letter(thread: int) -> str:
    """A, B, … Z, A1, B1, …: what a thread is called in the drawing."""
    again, place = divmod(thread, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again) if again else "")


def _ruler(xray: Xray) -> str:
    last = f"{xray.length_ns / 1e6:.2f} ms"
    return f"0{last:>{AXIS - 1}}"


def _row(xray: Xray, span: Span, hop: Hop | None, back: Hop | None) -> str:
    length = f"{span.length_ns / 1e6:8.2f} ms" if span.finished else "not over"
    text = f"{'  ' * span.depth}{span.kind} {span.name}"
    if hop:
        text += f" → {letter(hop.work.thread)}, waited {hop.wait_ns / 1e6:.2f} ms"
        text += f" ({hop.queued_ns / 1e6:.2f} in line)" if hop.queued_ns else ""
    if back:
        text += f" ← {letter(back.call.thread)}"
    bar = _bar(xray, span, ELSEWHERE if hop else BUSY)
    return f"{span.start_ns / 1e6:8.2f} ms {length:>11}  {bar}  {text}"


def _bar(xray: Xray, span: Span, ink: str) -> str:
    """The span on the axis; what would be shorter than a character is a thin line."""
    scale = AXIS / max(xray.length_ns, 1)
    first = min(int(span.start_ns * scale), AXIS - 1)
    cells = round(span.length_ns * scale)
    drawn = ink * min(cells, AXIS - first) if cells else SHORT
    return f"{' ' * first}{drawn}".ljust(AXIS)

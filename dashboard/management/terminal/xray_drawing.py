"""An X-ray drawn in the terminal: a lane for each thread, all on one time axis."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from string import ascii_uppercase

from rich.cells import cell_len

from dashboard.analysis.xray.trace import Hop, Span, Xray
from dashboard.wire.plural import counted
from dashboard.wire.units import NS_PER_MS

AXIS, SHORTEST_AXIS = 40, 10  # characters
TIMES = 25  # characters of start and length before the axis
TEXT = 30  # characters after the axis for a span's description, if possible
USUAL_WIDTH = 140
NO_BREAK = "\N{NO-BREAK SPACE}"
BUSY, ELSEWHERE, SHORT = "█", "·", "▏"
MOST_ROWS = 400  # in all; those left out are counted, and are in the JSON


def draw_xray(xray: Xray, width: int = USUAL_WIDTH) -> Iterator[str]:
    """Yield the lines of the drawing: a heading for each thread, and below it its spans.

    A hop's call is dotted, since its own thread is free meanwhile or waits. In a narrow terminal
    the axis is shorter, and long descriptions are wrapped.
    """
    axis = max(SHORTEST_AXIS, min(AXIS, width - TIMES - TEXT))
    for line in _lines(xray, axis):
        yield from _wrapped(line, width, TIMES)


def _wrapped(line: str, width: int, indent: int) -> Iterator[str]:
    """Yield a line, wrapped between words if it is too long."""
    if cell_len(line) <= width:
        yield line
        return
    head = min(indent, width // 2)
    whole = line.replace(" ms", NO_BREAK + "ms")  # a number stays with its unit
    lines = textwrap.wrap(
        whole,
        width,
        subsequent_indent=" " * head,
        drop_whitespace=False,
        replace_whitespace=False,
        break_on_hyphens=False,
    )
    yield from (wrapped.replace(NO_BREAK, " ") for wrapped in lines)


def _lines(xray: Xray, axis: int) -> Iterator[str]:
    hops = {hop.call.number: hop for hop in xray.hops}
    backs = {hop.work.number: hop for hop in xray.hops}
    shown = {span.number for span in xray.spans[:MOST_ROWS]}
    yield f"{'start':>11} {'length':>11}  {_ruler(xray, axis)}"
    for position, thread in enumerate(xray.threads):
        notes = [
            *(["event loop"] if thread.loop else []),
            *(["started for this request"] if thread.started else []),
        ]
        yield f"{letter(position)}  {thread.name}" + (f" ({', '.join(notes)})" if notes else "")
        for span in xray.spans:
            if span.thread == position and span.number in shown:
                yield _row(xray, axis, span, hops.get(span.number), backs.get(span.number))
    if left_out := len(xray.spans) - len(shown) + xray.dropped:
        yield f"and {counted(left_out, 'more span')}"


def letter(thread: int) -> str:
    """Return the name of a thread in the drawing: A, B, … Z, A1, B1 and so on."""
    again, place = divmod(thread, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again) if again else "")


def _ruler(xray: Xray, axis: int) -> str:
    last = f"{xray.length_ns / NS_PER_MS:.2f} ms"
    begin = "0" if len(last) < axis - 1 else ""  # else it would look like a digit of the end
    return begin + last.rjust(axis - len(begin))


def _row(xray: Xray, axis: int, span: Span, hop: Hop | None, back: Hop | None) -> str:
    length = f"{span.length_ns / NS_PER_MS:8.2f} ms" if span.finished else "not over"
    text = f"{'  ' * span.depth}{span.kind} {span.name}"
    if hop:
        text += f" → {letter(hop.work.thread)}, waited {hop.wait_ns / NS_PER_MS:.2f} ms"
        text += f" ({hop.queued_ns / NS_PER_MS:.2f} queued)" if hop.queued_ns else ""
    if back:
        text += f" ← {letter(back.call.thread)}"
    bar = _bar(xray, axis, span, ELSEWHERE if hop else BUSY)
    return f"{span.start_ns / NS_PER_MS:8.2f} ms {length:>11}  {bar}  {text}"


def _bar(xray: Xray, axis: int, span: Span, ink: str) -> str:
    """Return the span on the axis; one shorter than a character is a thin line."""
    scale = axis / max(xray.length_ns, 1)
    first = min(int(span.start_ns * scale), axis - 1)
    cells = round(span.length_ns * scale)
    drawn = ink * min(cells, axis - first) if cells else SHORT
    return f"{' ' * first}{drawn}".ljust(axis)

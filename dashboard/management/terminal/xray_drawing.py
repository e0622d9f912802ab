"""An X-ray drawn in the terminal: a lane for each thread, all on one time axis."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from rich.cells import cell_len

from dashboard.analysis.xray.trace import Hop, Span, Xray
from dashboard.wire.plural import counted
from dashboard.wire.units import NS_PER_MS

AXIS, SHORT_AXIS, SHORTEST_AXIS = 40, 24, 10  # characters
TIMES, GAP = 25, 2  # characters of start and length before the axis, and of the gap after it
TEXT = 50  # characters after the axis for a span's description, if possible
DEEPEST = 6  # ancestors that a description is indented for; the number of others is written
USUAL_WIDTH = 140
NO_BREAK = "\N{NO-BREAK SPACE}"
BUSY, ELSEWHERE, SHORT = "█", "·", "▏"
MOST_ROWS = 400  # in all; those left out are counted, and are in the JSON


@dataclass(frozen=True)
class Axis:
    """A time axis from the start of a request: its length in characters, and in ns."""

    cells: int
    length_ns: int

    def bar(self, span: Span, ink: str) -> str:
        """Return the span on the axis; one shorter than a character is a thin line."""
        scale = self.cells / self.length_ns
        first = min(int(span.start_ns * scale), self.cells - 1)
        cells = round(span.length_ns * scale)
        drawn = ink * min(cells, self.cells - first) if cells else SHORT
        return f"{' ' * first}{drawn}".ljust(self.cells)

    @property
    def ruler(self) -> str:
        """The line above it: where it begins and ends."""
        last = f"{self.length_ns / NS_PER_MS:.2f} ms"
        begin = "0" if len(last) < self.cells - 1 else ""  # else it would look like a digit
        return begin + last.rjust(self.cells - len(begin))


def axis_for(xrays: Sequence[Xray], width: int) -> Axis:
    """Return one axis for some X-rays, as long as the longest of them.

    It has fewer characters in a narrow terminal, and where that keeps descriptions on one line.
    """
    length_ns = max(1, *(xray.length_ns for xray in xrays))
    longest = max(cell_len(text) for xray in xrays for _, text in _lines(xray, Axis(1, length_ns)))
    least = max(SHORTEST_AXIS, min(SHORT_AXIS, width - TIMES - TEXT))
    return Axis(max(least, min(AXIS, width - TIMES - GAP - longest)), length_ns)


def draw_xray(xray: Xray, width: int = USUAL_WIDTH, axis: Axis | None = None) -> Iterator[str]:
    """Yield the lines of the drawing: a heading for each thread, and below it its spans.

    A hop's call is dotted, since its own thread is free meanwhile or waits. A description that is
    too long for a line is wrapped in its own column, below its first line.
    """
    for head, text in _lines(xray, axis or axis_for([xray], width)):
        yield from _wrapped(head, text, width)


def _wrapped(head: str, text: str, width: int) -> Iterator[str]:
    """Yield a head and its text, wrapped between words if it is too long."""
    if cell_len(head + text) <= width:
        yield head + text
        return
    indent = len(text) - len(text.lstrip())
    # Where the column is too narrow for a text, it begins on a line of its own.
    column = len(head) if width - len(head) >= min(TEXT, width // 3) else TIMES // 3
    if column < len(head):
        yield head.rstrip()
        head = " " * column
    indent = min(indent, (width - column) // 3)
    whole = text.strip().replace(" ms", NO_BREAK + "ms")  # a number stays with its unit
    wrapper = _Wrapper(
        width - column,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_on_hyphens=False,
    )
    for line in wrapper.wrap(whole):
        yield head + line.replace(NO_BREAK, " ")
        head = " " * column


class _Wrapper(textwrap.TextWrapper):
    """Wraps between words, and dotted names after a dot."""

    wordsep_simple_re = re.compile(r"( +)|(?<=[^\W\d]\.)(?=\w)")


def _lines(xray: Xray, axis: Axis) -> Iterator[tuple[str, str]]:
    """Yield the head of each line, which is never wrapped, and its text."""
    hops = {hop.call.number: hop for hop in xray.hops}
    backs = {hop.work.number: hop for hop in xray.hops}
    shown = {span.number for span in xray.spans[:MOST_ROWS]}
    yield f"{'start':>11} {'length':>11}  {axis.ruler}", ""
    for position, thread in enumerate(xray.threads):
        notes = [
            *(["event loop"] if thread.loop else []),
            *(["started for this request"] if thread.started else []),
        ]
        note = f" ({', '.join(notes)})" if notes else ""
        yield f"{letter(position)}  ", f"{thread.name}{note}"
        for span in xray.spans:
            if span.thread == position and span.number in shown:
                bar = axis.bar(span, ELSEWHERE if span.number in hops else BUSY)
                yield _row(span, bar, hops.get(span.number), backs.get(span.number))
    if left_out := len(xray.spans) - len(shown) + xray.dropped:
        yield "", f"and {counted(left_out, 'more span')}"


def letter(thread: int) -> str:
    """Return the name of a thread in the drawing: A, B, … Z, A1, B1 and so on."""
    again, place = divmod(thread, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again) if again else "")


def _row(span: Span, bar: str, hop: Hop | None, back: Hop | None) -> tuple[str, str]:
    length = f"{span.length_ns / NS_PER_MS:8.2f} ms" if span.finished else "not over"
    text = f"{_indent(span.depth)}{span.kind} {span.name}"
    if hop:
        text += f" → {letter(hop.work.thread)}, waited {hop.wait_ns / NS_PER_MS:.2f} ms"
        text += f" ({hop.queued_ns / NS_PER_MS:.2f} queued)" if hop.queued_ns else ""
    if back:
        text += f" ← {letter(back.call.thread)}"
    return f"{span.start_ns / NS_PER_MS:8.2f} ms {length:>11}  {bar}  ", text


def _indent(depth: int) -> str:
    """Return two spaces per ancestor; beyond DEEPEST, the number of the others."""
    beyond = depth - DEEPEST
    return "  " * min(depth, DEEPEST) + (f"+{beyond} " if beyond > 0 else "")

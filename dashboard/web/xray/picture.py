"""The picture of an X-ray: a band for each thread on one time axis, laid out for SVG.

All lengths are in the drawing's own units, WIDTH of them for the whole request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashboard.analysis.xray.trace import Hop, Span, Xray
from dashboard.web.charts.plot_area import Tick
from dashboard.web.shared.format import format_ms
from dashboard.wire.units import NS_PER_MS

from .time_axis import WIDTH, Break, TimeAxis, axis_of

AXIS_HEIGHT = 22
HEADING_HEIGHT = 22
ROW_HEIGHT = 18
BAR_HEIGHT = 16
BAND_GAP = 10
MIN_WIDTH = 1.5  # of a bar
CHARACTER_WIDTH = 6.6
MARGIN = 5
MAX_BARS = 2000  # for a browser to draw; the table and the trace have all spans


@dataclass(frozen=True)
class Bar:
    """A span. `label` is empty if there is no room for it; `title` has all details."""

    x: float
    y: float
    width: float
    kind: str
    label: str
    title: str

    @property
    def text_x(self) -> float:
        """The x of its label."""
        return self.x + MARGIN

    @property
    def text_y(self) -> float:
        """The y of its label's baseline."""
        return self.y + BAR_HEIGHT - 4


@dataclass(frozen=True)
class Band:
    """A thread: its heading and the area of its rows."""

    y: float
    height: float
    name: str
    note: str


@dataclass(frozen=True)
class Arrow:
    """A thread hop, there or back."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Picture:
    """What the template draws."""

    height: float
    bands: tuple[Band, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    arrows: tuple[Arrow, ...]
    breaks: tuple[Break, ...]
    left_out: int
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT


def picture(xray: Xray, axis: TimeAxis | None = None) -> Picture:
    """Lay out an X-ray on a time axis, by default its own, which is broken if it must be."""
    axis = axis or axis_of(xray)
    spans = xray.spans[:MAX_BARS]
    rows = _rows(spans)
    tops: list[float] = []
    bands = []
    y: float = AXIS_HEIGHT
    for position, thread in enumerate(xray.threads):
        own = [rows[span.number] for span in spans if span.thread == position]
        height = HEADING_HEIGHT + ROW_HEIGHT * (max(own, default=-1) + 1)
        notes = ["event loop"] * thread.loop + ["started for this request"] * thread.started
        bands.append(Band(y, height, thread.name, ", ".join(notes)))
        tops.append(y + HEADING_HEIGHT)
        y += height + BAND_GAP
    at = {span.number: tops[span.thread] + ROW_HEIGHT * rows[span.number] for span in spans}
    hops = {hop.call.number: hop for hop in xray.hops if hop.work.number in at}
    return Picture(
        height=y,
        bands=tuple(bands),
        bars=tuple(
            _bar(xray, axis, span, at[span.number], hops.get(span.number)) for span in spans
        ),
        ticks=tuple(axis.ticks()),
        arrows=tuple(arrow for hop in hops.values() for arrow in _arrows(axis, hop, at)),
        breaks=tuple(axis.breaks),
        left_out=len(xray.spans) - len(spans) + xray.dropped,
    )


def _rows(spans: Sequence[Span]) -> list[int]:
    """Return each span's row in its thread's band: below its parent, reusing rows that are free."""
    rows: list[int] = []
    ends: dict[tuple[int, int], int] = {}  # of the last span in (thread, row)
    for span in spans:
        parent = spans[span.parent] if span.parent is not None else None
        below = parent is not None and parent.thread == span.thread
        row = rows[parent.number] + 1 if below and parent is not None else 0
        while ends.get((span.thread, row), 0) > span.start_ns:
            row += 1
        ends[span.thread, row] = span.end_ns
        rows.append(row)
    return rows


def _bar(xray: Xray, axis: TimeAxis, span: Span, y: float, hop: Hop | None) -> Bar:
    x = axis.x(span.start_ns)
    width = max(MIN_WIDTH, axis.x(span.end_ns) - x)
    room = int((width - 2 * MARGIN) / CHARACTER_WIDTH)
    label = span.name if len(span.name) <= room else f"{span.name[: room - 1]}…"
    length = format_ms(span.length_ns / NS_PER_MS) if span.finished else "unfinished"
    title = f"{span.kind} {span.name}: {length} from {format_ms(span.start_ns / NS_PER_MS)}"
    if hop:
        thread = xray.threads[hop.work.thread].name
        title += f"; waited {format_ms(hop.wait_ns / NS_PER_MS)} for {thread}"
        if hop.queued_ns:
            title += f", of which queued {format_ms(hop.queued_ns / NS_PER_MS)}"
    kind = "hop" if hop else span.kind
    return Bar(x, y, width, kind, label if room > 2 else "", title)


def _arrows(axis: TimeAxis, hop: Hop, at: dict[int, float]) -> Iterator[Arrow]:
    call_y, work_y = (at[span.number] + BAR_HEIGHT / 2 for span in (hop.call, hop.work))
    for call_ns, work_ns in (
        (hop.call.start_ns, hop.work.start_ns),
        (hop.call.end_ns, hop.work.end_ns),
    ):
        yield Arrow(axis.x(call_ns), call_y, axis.x(work_ns), work_y)

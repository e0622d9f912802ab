"""The waterfall of one round as SVG paths, one for each shade.

The rules are those of static/js/charts/segments.js and row-layout.js.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, isnan, nan

import numpy as np

from dashboard.analysis.samples.lane_samples import Columns
from dashboard.web.charts.plot_area import PlotArea
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_MS

MAX_PITCH = 28.0  # of a row
HALF = 0.5  # rows are at halves of a unit, which are pixels of a picture twice the size
GAP_FROM = 2.0
GAP = 0.5
MARK = 3.5  # half the size of an error's ✕
STAMPS = ("due", "connecting", "sent_first", "sent", "entered", "view_entered", "view_left", "done")
Stamps = Mapping[str, float]  # in ms; NaN if unknown


@dataclass(frozen=True)
class Bars:
    """The paths by segment, and that of the errors' marks."""

    paths: dict[str, str]
    errors: str


def bars_of(samples: Columns, area: PlotArea, end_ms: float) -> Bars:
    """Draw the samples of one round, a row for each request or for several that share one."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    marks: list[str] = []
    requests = int(samples["request"].max()) + 1 if samples["request"].size else 1
    rows = _Rows(requests, area)
    for row, at in rows.shown(samples):
        top, height = rows.place(row)
        stamps = {name: _ms(samples[name][at]) for name in STAMPS}
        right = area.left
        for segment, begin_ms, to_ms in segments(stamps):
            left, right = (area.x(min(ms / end_ms, 1)) for ms in (begin_ms, to_ms))
            parts[segment].append(_rectangle(left, top, max(right - left, HALF), height))
        if samples["error"][at] != Failure.NONE:
            marks.append(_cross(min(right + MARK, area.right - MARK), top + height / 2))
    return Bars({segment: "".join(path) for segment, path in parts.items()}, "".join(marks))


class _Rows:
    """Where requests are drawn: of several on one row the first that failed, or the first."""

    def __init__(self, requests: int, area: PlotArea) -> None:
        self._area = area
        self._per_row = max(1, ceil(requests / area.inner_height))
        pitch = min(area.inner_height / ceil(requests / self._per_row), MAX_PITCH)
        self._pitch = max(int(pitch / HALF) * HALF, HALF)

    def shown(self, samples: Columns) -> Iterator[tuple[int, int]]:
        """Yield each row with the index of the sample that is drawn there."""
        failed = samples["error"] != Failure.NONE
        order = np.lexsort((samples["request"], ~failed))  # failed ones first
        rows = samples["request"][order].astype(int) // self._per_row
        numbers, firsts = np.unique(rows, return_index=True)
        yield from zip(numbers.tolist(), order[firsts].tolist(), strict=True)

    def place(self, row: int) -> tuple[float, float]:
        """Return the top and the height of a row's bar."""
        gap = GAP if self._pitch >= GAP_FROM else 0
        return self._area.top + row * self._pitch, self._pitch - gap


def segments(stamps: Stamps) -> Iterator[tuple[str, float, float]]:
    """Yield the segments of a bar, each from and to; an unknown one joins the next."""
    no_probe = isnan(stamps["entered"])
    from_ms = stamps["due"]
    for segment, until_ms in (
        ("delay", stamps["connecting"]),
        ("delay" if isnan(stamps["connecting"]) else "connecting", stamps["sent_first"]),
        ("delay", stamps["sent"]),
        ("server", stamps["entered"]),
        ("framework", stamps["view_entered"]),
        ("view", stamps["view_left"]),
        ("server" if no_probe else "delivery", stamps["done"]),
    ):
        to_ms = min(until_ms, stamps["done"])
        if to_ms > from_ms:  # also False for NaN
            yield segment, from_ms, to_ms
            from_ms = to_ms


def _ms(nanoseconds: int) -> float:
    return nan if nanoseconds == UNKNOWN else float(nanoseconds) / NS_PER_MS


def _rectangle(left: float, top: float, width: float, height: float) -> str:
    return f"M{left:.1f} {top:g}h{width:.1f}v{height:g}h-{width:.1f}z"


def _cross(x: float, y: float) -> str:
    size = f"{2 * MARK:g}"
    return f"M{x - MARK:.1f} {y - MARK:.1f}l{size} {size}m0 -{size}l-{size} {size}"

"""The views of a mix in a run: a row each, with its p95 at each lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.analysis.text.numbers import percent
from dashboard.web.shared.format import format_interval, format_ms, format_ratio
from dashboard.wire.report.report import Report
from dashboard.wire.report.views import ViewComparisonReport, ViewLaneReport, ViewReport


@dataclass(frozen=True)
class ViewCell:
    """A view at a lane; without a comparison, as at the baseline, `ratio` is empty."""

    p50: str
    p95: str
    failed: str
    ratio: str
    interval: str


@dataclass(frozen=True)
class MixedViewRow:
    """A view of the mix, with its share of the requests."""

    view: str
    share: str
    requests: str
    cells: list[ViewCell]
    sentence: str


def mixed_view_rows(report: Report | None) -> list[MixedViewRow]:
    """Return the views of a mix; empty for other runs, and before there is a report."""
    return [_row(view) for view in report.get("mixed_views", ())] if report else []


def _row(view: ViewReport) -> MixedViewRow:
    comparisons: Sequence[ViewComparisonReport | None] = [None, *view["comparisons"]]
    return MixedViewRow(
        view=view["view"],
        share=percent(view["share"]),
        requests=f"{sum(lane['requests'] for lane in view['lanes']):,}",
        cells=[
            _cell(lane, comparison)
            for lane, comparison in zip(view["lanes"], comparisons, strict=True)
        ],
        sentence=view["sentence"],
    )


def _cell(lane: ViewLaneReport, comparison: ViewComparisonReport | None) -> ViewCell:
    failed = lane["requests"] - lane["ok"]
    ratio = comparison["ratio"] if comparison else None
    interval = comparison["interval"] if comparison else None
    return ViewCell(
        p50=format_ms(lane["latency_ms"]["p50"]),
        p95=format_ms(lane["latency_ms"]["p95"]),
        failed=f"{failed:,} failed" if failed else "",
        ratio=format_ratio(ratio, interval) if ratio else "",
        interval=format_interval(ratio, interval),
    )
